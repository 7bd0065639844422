"""Who changed which file, when, in which commit: read from git in one pass."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evaluator.core.errors import EvaluatorError
from evaluator.core.safe_yaml import HIDDEN

NOTHING = "0" * 40
"""The blob id that git prints where there is no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One file that differs between a commit and one of its parents."""

    path: str
    """Relative to the root of the repository."""
    status: str
    """A added, M modified, D deleted, T another kind of file."""
    before: str
    """Blob id in the parent, `NOTHING` for an added file."""
    after: str
    """Blob id in the commit, `NOTHING` for a deleted file."""
    parent: str
    """Commit id of that parent, '' for a first commit."""
    commit: str
    """40 hex digits."""
    author: str
    """Name of the author."""
    date: str
    """Day of the commit in UTC, YYYY-MM-DD."""
    subject: str
    """First line of the message."""
    workflow: str
    """What the message's trailer `Workflow:` names: the address of a run, '' if none does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit with what it changes against each of its parents."""

    id: str
    """40 hex digits."""
    parents: tuple[str, ...]
    """Their ids: none for a first commit, several for a merge."""
    changes: tuple[Change, ...]
    """Changed files below the folders that were asked for, parent by parent."""


def run_git(repository: Path, *words: str, stdin: bytes = b"") -> bytes:
    """Run git and return what it printed.

    Raises:
        EvaluatorError: git failed; says what it said.
    """
    command = ["git", "--no-replace-objects", "-C", str(repository), *words]
    done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().split("\n")[0]
        raise EvaluatorError(f"git {words[0]} in {repository}: {said}")
    return done.stdout


def in_git(folder: Path) -> bool:
    """Tell whether `folder` is inside a git repository with at least one commit."""
    return knows(folder, "HEAD")


def knows(repository: Path, commit: str) -> bool:
    """Tell whether `repository` is a git repository that has a commit, however it is named."""
    words = ["git", "-C", str(repository), "rev-parse", "--verify", "-q", "--end-of-options"]
    done = subprocess.run([*words, f"{commit}^{{commit}}"], capture_output=True, check=False)
    return done.returncode == 0


def read_commits(repository: Path, *paths: str) -> list[Commit]:
    """Return all commits that HEAD descends from, parents first, from one `git log`.

    Every commit is there, also one that changes nothing below `paths`. A merge is compared with
    each of its parents, so that nothing can be dropped or changed in one unseen; and the settings
    of this machine (renames, signatures, replaced objects) play no part.
    """
    out = run_git(
        repository, "log", "-z", "--format=raw", "--raw", "--no-abbrev", "--no-renames", "--root",
        "--diff-merges=separate", "--full-history", "--sparse", "--topo-order", "--reverse",
        "--no-notes", "--no-show-signature", "--no-decorate", "--no-color", "HEAD", "--", *paths,
    )  # fmt: skip
    heads: dict[str, dict[str, str]] = {}
    changes: dict[str, list[Change]] = {}
    head: dict[str, str] = {}
    fields = iter(out.decode("utf-8", errors="surrogateescape").split("\0"))
    for field in fields:
        if field.startswith("commit "):
            head = _read_head(field)
            heads.setdefault(head["commit"], head)
        last = field.rsplit("\n", 1)[-1]
        if last.startswith(":"):
            changes.setdefault(head["commit"], []).append(_to_change(head, last, next(fields)))
    return [
        Commit(
            id=commit,
            parents=tuple(head["parents"].split()),
            changes=tuple(changes.get(commit, ())),
        )
        for commit, head in heads.items()
    ]


def _read_head(text: str) -> dict[str, str]:
    """Return commit, from, parents, author, date and subject of one entry of the raw form.

    Lines of the message begin with four spaces, so none can pass for another part.
    """
    first, *lines = text.split("\n")
    _, commit, *source = first.split(" ")
    end = lines.index("") if "" in lines else len(lines)
    parents = [line.removeprefix("parent ") for line in lines[:end] if line.startswith("parent ")]
    author = next(line for line in lines if line.startswith("author "))
    committer = next(line for line in lines if line.startswith("committer "))
    seconds = int(committer.rsplit(" ", 2)[1])
    message = [line[4:] for line in lines[end + 1 :] if not line or line.startswith("    ")]
    return {
        "commit": commit,
        "parent": source[1].rstrip(")") if source else " ".join(parents[:1]),
        "parents": " ".join(parents),
        "author": printable(author.removeprefix("author ").rsplit(" <", 1)[0]),
        "date": datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d"),
        "subject": printable("\n".join(message).strip().split("\n")[0]),
        "workflow": printable(_trailer("Workflow: ", message)),
    }


def _trailer(key: str, message: Sequence[str]) -> str:
    """Return what a trailer says: a line of the last paragraph of a message, not of its first."""
    paragraphs = "\n".join(message).strip().split("\n\n")
    found = [line for line in paragraphs[-1].split("\n") if line.startswith(key)]
    return found[-1].removeprefix(key).strip() if found and len(paragraphs) > 1 else ""


def _to_change(head: dict[str, str], raw: str, path: str) -> Change:
    _, _, before, after, status = raw.split(" ")
    return Change(
        path=path,
        status=status[0],
        before=before,
        after=after,
        parent=head["parent"],
        commit=head["commit"],
        author=head["author"],
        date=head["date"],
        subject=head["subject"],
        workflow=head["workflow"],
    )


def printable(text: str) -> str:
    """Return text of a stranger without what a terminal or a page would obey."""
    return HIDDEN.sub("\ufffd", text.encode("utf-8", errors="replace").decode())


def read_history(repository: Path, below: str = "submissions") -> list[Change]:
    """Return every change of a file below a folder on the way of first parents, oldest first."""
    commits = {commit.id: commit for commit in read_commits(repository, below)}
    found: list[Change] = []
    step = next(reversed(commits), "")
    while step in commits:  # the parent of a shallow clone's first commit is not there
        parent = next(iter(commits[step].parents), "")
        found += reversed([c for c in commits[step].changes if c.parent == parent])
        step = parent
    return found[::-1]


def additions(changes: Iterable[Change]) -> dict[str, Change]:
    """Return path -> the change that first added it."""
    first: dict[str, Change] = {}
    for change in changes:
        if change.status == "A":
            first.setdefault(change.path, change)
    return first


def days_added(root: Path) -> dict[str, str]:
    """Return submission -> day that its submission.yaml was added below `root`; {} outside git."""
    if not in_git(root):
        return {}
    top, prefix = (
        run_git(root, "rev-parse", word).decode().rstrip("\n")
        for word in ("--show-toplevel", "--show-prefix")
    )
    added = additions(read_history(Path(top), prefix or "."))
    return {
        path.removeprefix(prefix).removesuffix("/submission.yaml"): change.date
        for path, change in added.items()
        if path.endswith("/submission.yaml")
    }


def read_blobs(repository: Path, ids: Iterable[str]) -> dict[str, bytes]:
    """Return blob id -> content, from one `git cat-file`."""
    wanted = sorted({blob for blob in ids if blob != NOTHING})
    out = run_git(
        repository, "cat-file", "--batch", stdin="".join(f"{b}\n" for b in wanted).encode()
    )
    found = {}
    for blob in wanted:
        head, _, out = out.partition(b"\n")
        size = int(head.split()[2])
        found[blob], out = out[:size], out[size + 1 :]
    return found
