"""What an audit says: of each result, and of the whole board."""

from __future__ import annotations

from dataclasses import dataclass

from evaluator.board.attest import Attestation
from evaluator.board.history import Change
from evaluator.board.recompute import Recomputed
from evaluator.board.tree import Standing
from evaluator.core.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """One result: who added it, and how far its numbers could be followed."""

    standing: Standing
    """The result and where it stands."""
    added: Change | None
    """The change that first added it; None if it is not committed yet."""
    recomputed: Recomputed
    """What its responses and columns give."""
    attested: Attestation | None
    """The signature that covers it; None if there is none that holds."""

    @property
    def workflow(self) -> str:
        """Address of the run that brought it: as signed, as committed, or as it says itself."""
        committed = self.added.workflow if self.added else ""
        signed = self.attested.workflow if self.attested else ""
        return signed or committed or str(self.standing.result["run"]["runner"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit saw, and what it could not see."""

    head: str
    """The commit that was audited: the anchor for the next time."""
    commits: int
    """Commits looked at."""
    results: tuple[Audited, ...]
    """Every result of the tree, by path."""
    findings: tuple[Fault, ...]
    """What must not be; paths are below submissions/."""
    notes: tuple[Fault, ...]
    """What a reader should know and what breaks no promise."""
    unseen: tuple[str, ...]
    """What this audit could not prove, and why."""
