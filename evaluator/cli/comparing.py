"""Verbs that set side by side: two models (compare), a model with itself (profile)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.board import compare as comparing
from evaluator.board.cells import find_cell
from evaluator.board.profile import KINDS, profile_of
from evaluator.board.submissions import read_tree
from evaluator.board.tree import Tree
from evaluator.cli.options import TREE, JsonOption, TreeOption, must_be_tree
from evaluator.cli.show import out, show_json, show_table
from evaluator.core.errors import EvaluatorError
from evaluator.core.files import Json
from evaluator.measure.result import read_result
from evaluator.tasks import load_task


def compare(
    a: Annotated[
        str, typer.Argument(help="<org>/<model>, its folder, or a result file.", metavar="A")
    ],
    b: Annotated[str, typer.Argument(help="The other one.", metavar="B")],
    task: Annotated[
        list[str] | None,
        typer.Option(
            help="Task to compare on; may be repeated; default: all of both.", metavar="TASK"
        ),
    ] = None,
    items: Annotated[
        bool, typer.Option("--items", help="List the items that one of them alone got right.")
    ] = False,
    tree: TreeOption = TREE,
    as_json: JsonOption = False,
) -> None:
    r"""Compare two models task by task. Is the difference more than the chance of the items?

    For each task: the paired difference with its 95 % interval, the p-value of McNemar's exact or
    of the paired permutation test, the same after Holm's procedure over all tasks, and the smallest
    difference that the test set could have shown. Results that were asked or scored differently
    are not compared; the part that differs is named.

    \b
    Examples:
      evaluator compare starter/large starter/medium
      evaluator compare starter/large starter/small --task starter_choice --items
    """
    files = [name.endswith(".json") for name in (a, b)]
    names: dict[str, list[str]] = {}
    if all(files):
        found = _compare_files(a, b, as_json=as_json)
    elif any(files):
        raise typer.BadParameter("name two result files, or two submissions")
    else:
        must_be_tree(tree)
        read = read_tree(tree)
        for name in task or ():
            load_task(name)
        found = comparing.compare_submissions(read, _id_of(a), _id_of(b), task or ())
        names = _item_names(tree, read, found) if items else {}
    if as_json:
        show_json(found)
        return
    _show(found)
    if items:
        _show_items(found, names)
    if not found["tasks"]:
        raise EvaluatorError("nothing to compare: no task has a number of both")


def _compare_files(a: str, b: str, *, as_json: bool) -> Json:
    """Compare two result files; a refusal is JSON too where JSON was asked for."""
    try:
        return comparing.compare_files(read_result(Path(a)), read_result(Path(b)))
    except comparing.Incomparable as error:
        if as_json:
            show_json({"a": a, "b": b, "differ": error.parts})
        raise


def profile(
    model: Annotated[
        str, typer.Argument(help="<org>/<model> or its folder; default: all.", metavar="MODEL")
    ] = "",
    tree: TreeOption = TREE,
    as_json: JsonOption = False,
) -> None:
    r"""Show what stands beside the scores. Robustness, fairness, what answers rest on.

    The board declares in board.yaml, under `varied`, which tasks are asked again and how: in
    another form, about other people, or with a part taken away. The loss is a paired difference
    over the items with its 95 % interval; `proven` after Holm's procedure over a model's rows;
    `turned` is the share of changed items whose answer is another.

    \b
    Examples:
      evaluator profile
      evaluator profile starter/large --json
    """
    must_be_tree(tree)
    read = read_tree(tree)
    entries = [comparing.find_entry(read, _id_of(model))] if model else read.entries
    found = {entry.submission.id: profile_of(read, entry) for entry in entries}
    if as_json:
        show_json(found)
        return
    rows = [[name, *_loss_texts(row)] for name, told in found.items() for row in told["rows"]]
    if not rows:
        out.print("no varied task is asked: declare some in board.yaml under `varied`")
        return
    show_table(("model", "task", "family", "clean", "varied", "loss", "95 % interval", "changed",
                "turned", "proven"), rows, keys=2)  # fmt: skip
    _show_columns(found)


def _show_columns(found: dict[str, Json]) -> None:
    rows = [
        [name, suite, *(_with_interval(columns[kind]) for kind in KINDS)]
        for name, told in found.items()
        for suite, columns in told["suites"].items()
    ]
    out.print("")
    show_table(("model", "suite", *KINDS), rows, keys=2)


def _with_interval(told: Json | None) -> str:
    if told is None:
        return "-"
    return f"{100 * told['value']:.1f} ({100 * told['low']:.1f} to {100 * told['high']:.1f})"


def _loss_texts(row: Json) -> list[str]:
    if row["loss"] is None:
        why = f"{row['state']} ({row['side'] + ': ' if row['side'] else ''}{row['reason']})"
        return [row["task"], row["family"], "-", "-", "-", why, "-", "-", "-"]
    return [
        row["task"],
        row["family"],
        f"{100 * row['clean']:.1f}",
        f"{100 * row['varied']:.1f}",
        f"{100 * row['loss']:+z.1f}",
        f"{100 * row['low']:+z.1f} to {100 * row['high']:+z.1f}",
        str(row["changed"]),
        "-" if row["turned"] is None else f"{100 * row['turned']:.1f}",
        "yes" if row["proven"] else "no",
    ]


def _id_of(name: str) -> str:
    """Return <org>/<model> of an id or of a folder."""
    return "/".join(name.rstrip("/").split("/")[-2:])


def _show(found: Json) -> None:
    rows = [
        [
            row["task"],
            row["metric"],
            str(row["n"]),
            f"{100 * row['a']:.1f}",
            f"{100 * row['b']:.1f}",
            f"{100 * row['difference']:+.1f}",
            f"{100 * row['low']:+.1f} to {100 * row['high']:+.1f}",
            str(len(row["only_a"])),
            str(len(row["only_b"])),
            f"{row['p']:.2g}",
            f"{row['p_holm']:.2g}",
            f"{100 * row['smallest']:.1f}" if row["smallest"] else "-",
            row["better"] or "-",
            row["test"],
        ]
        for row in found["tasks"]
    ]
    out.print(f"a: {found['a']}\nb: {found['b']}\n")
    head = ("task", "metric", "n", "a", "b", "a - b", "95 % interval", "only a", "only b", "p",
            "p Holm", "smallest", "better", "test")  # fmt: skip
    if rows:
        show_table(head, rows)
    for gap in found["gaps"]:
        out.print(f"{gap['task']}: not compared; a {gap['a']}, b {gap['b']}")


def _item_names(tree: Path, read: Tree, found: Json) -> dict[str, list[str]]:
    """Return task -> the ids of its items, where one of the two has kept its responses."""
    names: dict[str, list[str]] = {}
    for row in found["tasks"]:
        for side in ("a", "b"):
            entry = comparing.find_entry(read, found[side])
            standing = find_cell(read, entry, row["task"]).standing
            if standing and not names.get(row["task"]):
                names[row["task"]] = comparing.item_ids(tree, standing)
    return names


def _show_items(found: Json, names: dict[str, list[str]]) -> None:
    for row in found["tasks"]:
        ids = names.get(row["task"]) or [str(i) for i in range(row["n"])]
        for side in ("a", "b"):
            only = [ids[i] for i in row[f"only_{side}"]]
            out.print(f"\n{row['task']}, only {side} is right: {', '.join(only) or 'none'}")
