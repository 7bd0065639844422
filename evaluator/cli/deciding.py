"""Verbs that write down what people decided: decide."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from evaluator.board import deciding
from evaluator.board.decisions import responses_of
from evaluator.board.moves import moved_cells
from evaluator.board.submissions import read_tree
from evaluator.board.tree import Tree
from evaluator.cli.options import (
    TREE,
    JsonOption,
    LoginOption,
    TreeOption,
    as_typed,
    must_be_tree,
    shown,
)
from evaluator.cli.show import out, show_json, show_table
from evaluator.core.errors import DocumentError
from evaluator.core.files import Json

Action = Annotated[
    str,
    typer.Argument(
        help="exclude, restore, rescore, annotate, decline, withdraw or takedown.", metavar="ACTION"
    ),
]
Concerned = Annotated[str, typer.Argument(help="<org>/<model> it concerns.", metavar="SUBMISSION")]
ReasonOption = Annotated[
    str, typer.Option(help="Why, in words; it is shown beside the number.", metavar="TEXT")
]
TaskOption = Annotated[str, typer.Option(help="Task it concerns; default: all.", metavar="TASK")]
RunOption = Annotated[
    str, typer.Option(help="Run it concerns, 8 hex digits; default: all.", metavar="RUN")
]
EvidenceOption = Annotated[
    list[str] | None,
    typer.Option(help="https address of what shows it; may be repeated.", metavar="ADDRESS"),
]
TYPED = {
    "action": "ACTION",
    "submission": "SUBMISSION",
    **{part: f"--{part}" for part in ("task", "run", "by", "reason", "evidence")},
}
"""Part of a decision -> what it is typed as."""


def decide(
    action: Action,
    submission: Concerned,
    by: LoginOption,
    reason: ReasonOption,
    task: TaskOption = "",
    run: RunOption = "",
    evidence: EvidenceOption = None,
    tree: TreeOption = TREE,
    as_json: JsonOption = False,
) -> None:
    r"""Write a decision about a model's numbers. Ranking, plan and site follow it.

    \b
    exclude   a number is no longer ranked; it stays and is shown as excluded
    restore   lifts an exclusion or a withdrawal
    rescore   kept responses are scored anew before the number counts again
    annotate  shows a note beside the number
    decline   the model has seen a task's test set: no number, no rank on its
              suites; at most one task a suite, with evidence
    withdraw  the contributor takes the model, or one task of it, off the board
    takedown  removes kept responses, never a result

    \b
    Examples:
      evaluator decide exclude my-org/my-model --task gsm8k --by ada \
        --reason "ran a wrong revision"
      evaluator decide decline my-org/my-model --task mmlu --by ada \
        --reason "in its training data" --evidence https://example.org/paper
    """
    must_be_tree(tree)
    before = read_tree(tree)
    said: Json = {
        "schema": 1,
        "action": action,
        "submission": "/".join(submission.rstrip("/").split("/")[-2:]),
        "task": task,
        "run": run,
        "by": by,
        **deciding.moment(before.decisions, datetime.now(UTC)),
        "reason": reason.strip(),
        "evidence": evidence,
    }
    decision = {key: value for key, value in said.items() if value or key == "submission"}
    held = [path for path in responses_of(tree, before, decision) if path.exists()]
    path = _write(tree, before, decision)
    moved = moved_cells(before, read_tree(tree), decision["submission"])
    if as_json:
        show_json({"path": shown(path.resolve()), "moved": moved})
        return
    out.print(f"{shown(path.resolve())}: written; commit it")
    for kept in held:
        if not kept.exists():
            out.print(f"{shown(kept.resolve())}: removed; commit that too")
    _show_moved(moved)


def _write(tree: Path, before: Tree, decision: Json) -> Path:
    try:
        return deciding.write_decision(tree, before, decision)
    except DocumentError as error:
        raise as_typed(error, TYPED) from None


def _show_moved(moved: list[Json]) -> None:
    if moved:
        show_table(("task", "before", "now", "why"), [list(row.values()) for row in moved])
    else:
        out.print("no number moves")
