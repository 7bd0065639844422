"""The verb that follows every number back: audit."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from evaluator.board.audit import Progress
from evaluator.board.audited import Audit, Audited
from evaluator.cli.options import (
    TREE,
    DeviceOption,
    JsonOption,
    TreeOption,
    must_be_tree,
    must_have,
    shown,
)
from evaluator.cli.progress import show_progress
from evaluator.cli.show import err as stderr
from evaluator.cli.show import out, show_faults, show_json, show_table
from evaluator.core.errors import Fault, counted
from evaluator.core.files import Json


def audit(
    tree: TreeOption = TREE,
    anchor: Annotated[
        str,
        typer.Option(
            help="Commit that you saw last: nothing since may have changed.", metavar="COMMIT"
        ),
    ] = "",
    deep: Annotated[
        int, typer.Option(min=0, help="Measure this many random items again.", metavar="N")
    ] = 0,
    seed: Annotated[
        int | None, typer.Option(help="Draw the items of an earlier --deep again.", metavar="SEED")
    ] = None,
    device: DeviceOption = "cpu",
    as_json: JsonOption = False,
) -> None:
    r"""Follow every number back. What it came from, and whether it was ever changed.

    Reads the tree and all commits; needs the test data for metrics that only responses give. Says
    what it could not see. Exit code 1 on any finding.

    \b
    Examples:
      evaluator audit
      evaluator audit --anchor 1a2b3c4d5e6f
      evaluator audit --deep 50
      evaluator audit --json
    """
    from evaluator.board import audit as step

    must_be_tree(tree)
    if deep:
        must_have(device)
    with show_progress() as start:
        found = step.audit(tree, anchor, start("results"))
        if deep:
            found = _go_deep(tree, found, deep, seed, device, start("items asked again"))
    if as_json:
        show_json(_audit_data(found))
    else:
        _show_audit(found)
    if found.findings:
        show_faults(found.findings, Path(shown(tree.resolve())), annotate=False)
        raise typer.Exit(1)


def _go_deep(
    tree: Path, found: Audit, n: int, seed: int | None, device: str, progress: Progress
) -> Audit:
    """Measure items again and add what came of it; prints the seed of the draw."""
    from evaluator.backends.base import DeviceChoice
    from evaluator.board.audit_deep import audit_deep
    from evaluator.measure.measurement import Settings

    seed = secrets.randbits(32) if seed is None else seed
    settings = Settings(out=tree, work=Path("build/runs"), machine=DeviceChoice(device=device))
    again = audit_deep(tree, found.results, n, seed, settings, progress)
    stderr.print(f"measured {counted(again.measured, 'item')} again, drawn with --seed {seed}")
    return replace(
        found,
        findings=tuple(sorted({*found.findings, *again.findings})),
        unseen=(*found.unseen, *again.unseen),
    )


def _show_audit(found: Audit) -> None:
    rows = [_row(row) for row in found.results]
    show_table(
        (
            "result",
            "value",
            "added",
            "commit",
            "by",
            "trust",
            "signed by",
            "workflow",
            "follows from",
        ),
        rows,
    )
    for message, files in _by_message(found.notes).items():
        at = files[0] if len(files) == 1 else f"{len(files)} files, such as {files[0]}"
        out.print(f"note: {at}: {message}")
    for sentence in found.unseen:
        out.print(f"not seen: {sentence}")
    out.print(
        f"{counted(len(found.results), 'result')}, {counted(found.commits, 'commit')}, "
        f"{counted(len(found.findings), 'finding')}; audited {found.head} "
        "(name it as --anchor next time)"
    )


def _by_message(notes: Iterable[Fault]) -> dict[str, list[str]]:
    """Return what is noted -> the files that it is noted of: one commit may have moved hundreds."""
    found: dict[str, list[str]] = {}
    for note in notes:
        place, _, message = str(note).partition(": ")
        found.setdefault(message, []).append(place)
    return found


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
        row.attested.signer if row.attested else "-",
        row.workflow or "-",
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
                "signed_by": row.attested.signer if row.attested else "",
                "workflow": row.workflow,
                "follows_from": row.recomputed.tier,
                "unseen": row.recomputed.unseen,
            }
            for row in found.results
        ],
        "findings": [asdict(fault) for fault in found.findings],
        "notes": [asdict(fault) for fault in found.notes],
        "unseen": list(found.unseen),
    }
