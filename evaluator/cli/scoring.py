"""The verbs that need no model: merge joins shards, score reads kept responses again."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from evaluator.board import rescoring
from evaluator.board.rescoring import Rescored
from evaluator.board.submissions import read_board, read_submission, read_tree
from evaluator.cli.measuring import SubmissionArgument, ToOption, told
from evaluator.cli.options import (
    TREE,
    JsonOption,
    PathsArgument,
    TreeOption,
    must_be_tree,
    submission_at,
)
from evaluator.cli.show import err as stderr
from evaluator.cli.show import out, show_json
from evaluator.core.errors import EvaluatorError


def merge(
    path: SubmissionArgument,
    shards: Annotated[
        Path, typer.Argument(help="Folder that all shards were collected in.", metavar="SHARDS")
    ],
    to: ToOption = None,
) -> None:
    r"""Join the shards of a submission and score them. No model is needed.

    A shard that is missing, doubled, of another measurement or of another version is refused, and
    the other tasks are scored all the same.

    \b
    Examples:
      evaluator run submissions/my-org/my-model --shard 1/2
      evaluator run submissions/my-org/my-model --shard 2/2
      evaluator merge submissions/my-org/my-model build/shards
    """
    from evaluator.measure.join import join_task
    from evaluator.measure.manifest import read_lock

    tree, name = submission_at(path)
    submission, _ = read_submission(tree, name)
    keep_below, manifest = read_board(tree).responses_bytes, read_lock(tree / name / "lock.json")
    found = sorted({folder.parent.name for folder in shards.glob("*/*-of-*")})
    if not found:
        raise EvaluatorError(f"{shards}: no shard there (<measurement>/<I>-of-<N>/shard.json)")
    well = True
    for asked in found:
        try:
            out.print(told(join_task(submission, manifest, shards / asked, to or tree, keep_below)))
        except EvaluatorError as error:
            well = False
            stderr.print(str(error))
    if not well:
        raise typer.Exit(1)


def score(
    paths: PathsArgument = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Score every kept response, not only what the plan names.")
    ] = False,
    tree: TreeOption = TREE,
    as_json: JsonOption = False,
) -> None:
    r"""Score kept responses again, without a model. For a mended scorer, metric or right answer.

    Without --all: what `evaluator plan` lists as rescore. With --all also the rest, where a result
    of the present scorer must come out equal. A new result stands beside the old one,
    `<run>.s<scorer>.json`. What moved, and by how much, is printed as Markdown for the changelog.

    \b
    Examples:
      evaluator score
      evaluator score --all
      evaluator score submissions/my-org/my-model
    """
    chosen = [submission_at(path) for path in paths or []]
    tree, names = chosen[0][0] if chosen else tree, [name for _, name in chosen]
    must_be_tree(tree)
    read = read_tree(tree)
    wanted = rescoring.chosen(read, names, everything=everything)
    done = list(rescoring.rescore_tree(tree, read, wanted))
    moves = [move for one in done if one.outcome == "written" for move in one.moves]
    if as_json:
        show_json([asdict(one) for one in done])
    else:
        _show_scores(done)
        if any(one.outcome == "written" for one in done):
            out.print(f"\n{rescoring.numbers_text(moves)}")
    if any(one.outcome in FAULTS for one in done):
        raise typer.Exit(1)


FAULTS = ("differs", "failed")
"""What scoring anew must not come to."""


def _show_scores(done: list[Rescored]) -> None:
    for one in done:
        if one.outcome in FAULTS:
            stderr.print(f"{one.path}: {one.reason or 'its responses give other numbers'}")
        elif one.outcome == "written":
            out.print(f"{one.reason}: scored anew")
        else:
            out.print(f"{one.path}: {one.reason or one.outcome}")
    if not done:
        out.print("nothing to score anew; --all scores everything")
