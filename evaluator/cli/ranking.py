"""Verbs from results to an order: rank."""

from __future__ import annotations

from typing import Annotated

import typer

from evaluator.board import ranking
from evaluator.board.submissions import read_tree
from evaluator.cli.options import TREE, JsonOption, TreeOption, must_be_tree
from evaluator.cli.show import out, show_json, show_ranking
from evaluator.core.errors import EvaluatorError, did_you_mean


def rank(
    suite: Annotated[
        str, typer.Argument(help="Suite; default: that of the home page.", metavar="SUITE")
    ] = "",
    tree: TreeOption = TREE,
    as_json: JsonOption = False,
) -> None:
    """Show the ranked table. Rank intervals, index with interval, tie groups, every task."""
    must_be_tree(tree)
    read = read_tree(tree, ranking.for_ranking)
    name = suite or read.board.home
    if name not in read.board.suites:
        nearest = did_you_mean(name, read.board.suites)
        raise EvaluatorError(f"no suite {name!r}{nearest}; known: {', '.join(read.board.suites)}")
    found = ranking.rank(read, read.board.suites[name])
    if as_json:
        from evaluator.board.publish import ranking_data

        show_json(ranking_data(found))
    elif found.places or found.unranked:
        show_ranking(found)
    else:
        out.print(f"no submission asks for the suite {name}")
