"""The verb that follows every number back: audit."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from evaluator.board.audit import Audit, Audited
from evaluator.cli.options import TREE, JsonOption, TreeOption, must_be_tree, shown
from evaluator.cli.show import out, progress_bar, show_faults, show_json, show_table
from evaluator.core.files import Json


def audit(
    tree: TreeOption = TREE,
    anchor: Annotated[
        str, typer.Option(help="Commit that you saw last: nothing since may have changed.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    r"""Follow every number back: keys, hashes, metrics, and the history: was any ever changed?

    Reads the tree and all commits; needs the test data for metrics that only responses give. Says
    what it could not see. Exit code 1 on any finding.

    \b
    Examples:
      evaluator audit
      evaluator audit --anchor 1a2b3c4d5e6f
      evaluator audit --json
    """
    from evaluator.board import audit as step

    must_be_tree(tree)
    with progress_bar() as start:
        found = step.audit(tree, anchor, start("results"))
    if as_json:
        show_json(_audit_data(found))
    else:
        _show_audit(found)
    if found.findings:
        show_faults(found.findings, Path(shown(tree.resolve())), annotate=False)
        raise typer.Exit(1)


def _show_audit(found: Audit) -> None:
    rows = [_row(row) for row in found.results]
    show_table(
        ("result", "value", "added", "commit", "by", "trust", "workflow", "follows from"), rows
    )
    for note in found.notes:
        out.print(f"note: {note}")
    for sentence in found.unseen:
        out.print(f"not seen: {sentence}")
    out.print(
        f"{len(found.results)} results, {found.commits} commits, {len(found.findings)} findings; "
        f"audited {found.head} (name it as --anchor next time)"
    )


def _row(row: Audited) -> list[str]:
    result, run = row.standing.result, row.standing.result["run"]
    added = row.added
    return [
        row.standing.path,
        f"{result['metrics'][result['primary']]['value']:.4f}",
        added.date if added else "-",
        added.commit[:12] if added else "-",
        added.author if added else "-",
        run["trust"],
        run["runner"] or "-",
        row.recomputed.tier,
    ]


def _audit_data(found: Audit) -> Json:
    return {
        "head": found.head,
        "commits": found.commits,
        "results": [
            {
                "path": row.standing.path,
                "key": row.standing.result["key"],
                "added": None
                if row.added is None
                else {
                    "commit": row.added.commit,
                    "date": row.added.date,
                    "author": row.added.author,
                    "subject": row.added.subject,
                },
                "trust": row.standing.result["run"]["trust"],
                "workflow": row.standing.result["run"]["runner"],
                "follows_from": row.recomputed.tier,
                "unseen": row.recomputed.unseen,
            }
            for row in found.results
        ],
        "findings": [asdict(fault) for fault in found.findings],
        "notes": [asdict(fault) for fault in found.notes],
        "unseen": list(found.unseen),
    }
