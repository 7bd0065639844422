"""Verbs that look at what was committed: check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.board.check import check_tree
from evaluator.board.check_change import check_change, check_model_unchanged
from evaluator.board.flags import find_flags
from evaluator.board.submissions import read_standings
from evaluator.cli.options import (
    TREE,
    PathsArgument,
    TreeOption,
    must_be_tree,
    shown,
    submission_at,
)
from evaluator.cli.show import out, show_faults, show_flags
from evaluator.core.errors import Fault


def check(
    paths: PathsArgument = None,
    tree: TreeOption = TREE,
    base: Annotated[
        str,
        typer.Option(
            help="Commit to compare with: check the change as a pull request.", metavar="COMMIT"
        ),
    ] = "",
    head: Annotated[
        str, typer.Option(help="Commit that holds the change, with --base.", metavar="COMMIT")
    ] = "HEAD",
    base_tree: Annotated[
        Path | None,
        typer.Option(
            help="Folder of submissions at the base commit, with --base.", metavar="FOLDER"
        ),
    ] = None,
    annotate: Annotated[
        bool, typer.Option("--annotate", help="Print faults as annotations of GitHub Actions.")
    ] = False,
) -> None:
    r"""Check board, submissions and results. Every fault at once, with file, line and what to do.

    Where nothing is wrong, warnings tell what a person should look at; they change no exit code.

    \b
    Examples:
      evaluator check
      evaluator check submissions/my-org/my-model
      evaluator check --base origin/main
    """
    names: list[str] | None = None
    faults: list[Fault] = []
    if paths:
        chosen = [submission_at(path) for path in paths]
        tree, names = chosen[0][0], [name for _, name in chosen]
    must_be_tree(tree)
    if base:
        names, faults = check_change(tree.resolve().parent, base, head, tree.resolve().name)
        existing = [name for name in names if (tree / name).is_dir()]
        for name in existing if base_tree else []:
            faults += check_model_unchanged(base_tree or tree, tree, name)
        names = existing
    faults = sorted({*faults, *check_tree(tree, names)})
    if faults:
        show_faults(faults, Path(shown(tree.resolve())), annotate=annotate)
        raise typer.Exit(1)
    show_flags(_flags(tree, names), Path(shown(tree.resolve())), annotate=annotate)
    looked = "the whole tree" if names is None else ", ".join(names) or "no submission changed"
    out.print(f"ok: {looked}")


def _flags(tree: Path, names: list[str] | None) -> list[Fault]:
    """Return what a person should look at, of the named submissions or of all."""
    found = find_flags(read_standings(tree))
    return [f for f in found if names is None or "/".join(f.path.split("/")[:2]) in names]
