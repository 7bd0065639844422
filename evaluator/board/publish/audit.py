"""What the page of the audit shows: every result's way into the board, and what was found."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

from evaluator.board.audit import audit
from evaluator.board.audited import Audit, Audited
from evaluator.board.history import in_git
from evaluator.board.publish.site import Site
from evaluator.board.publish.values import slug
from evaluator.core.errors import Fault
from evaluator.core.files import Json

SHOWN = 200
"""Results that the page lists; the file lists all."""


def audit_data(site: Site) -> Json | None:
    """Return what `data/audit.json` holds; None outside git, where nothing can be proved.

    Kept responses are not scored again here, since a build has no test data: `evaluator audit`
    does that.
    """
    if not site.changes or not in_git(site.root):
        return None
    found = _audited(site.root, site.changes[-1].commit)
    official = {
        cell.standing.path
        for cells in site.cells.values()
        for cell in cells.values()
        if cell.standing
    }
    return {
        "head": found.head,
        "commits": found.commits,
        "results": [_result(row, official) for row in found.results],
        "findings": [_fault(fault) for fault in found.findings],
        "notes": [_fault(fault) for fault in found.notes],
        "unseen": [text for text in found.unseen if "could not be scored again" not in text],
    }


def audit_page(data: Json) -> Json:
    """Return what the page shows beside the data: counts, and the newest results."""
    results = data["results"]
    newest = sorted(results, key=lambda row: (row["date"] or "9", row["path"]), reverse=True)
    return data | {
        "counts": {
            "results": len(results),
            "official": sum(row["official"] for row in results),
            "kept": sum(row["kept"] for row in results),
            "signed": sum(bool(row["signed_by"]) for row in results),
        },
        "trust": dict(sorted(Counter(row["trust"] for row in results).items())),
        "newest": newest[:SHOWN],
    }


@lru_cache(maxsize=1)  # one build asks once for each language
def _audited(root: Path, commit: str) -> Audit:
    return audit(root, rescoring=False)


def _result(row: Audited, official: set[str]) -> Json:
    result, added = row.standing.result, row.added
    return {
        "path": row.standing.path,
        "model": result["submission"],
        "slug": slug(result["submission"]),
        "task": row.standing.task,
        "value": result["metrics"][result["primary"]]["value"],
        "official": row.standing.path in official,
        "kept": result["responses"]["kept"],
        "responses_sha256": result["responses"]["sha256"],
        "key": result["key"],
        "trust": result["run"]["trust"],
        "commit": added.commit if added else "",
        "date": added.date if added else "",
        "author": added.author if added else "",
        "workflow": row.workflow,
        "signed_by": row.attested.signer if row.attested else "",
    }


def _fault(fault: Fault) -> Json:
    return {"path": fault.path, "message": fault.message}
