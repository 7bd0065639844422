"""The command line: each verb calls one step of the flow."""

from __future__ import annotations

import errno
import os
import sys
from dataclasses import replace
from inspect import cleandoc
from pathlib import Path
from typing import Annotated

import typer

from evaluator import __version__
from evaluator.cli import (
    auditing,
    checking,
    ci,
    comparing,
    data,
    deciding,
    measuring,
    opening,
    planning,
    ranking,
    scoring,
    seasons,
    site,
    submitting,
    tasks,
)
from evaluator.cli.options import TREE, shown
from evaluator.cli.show import err, out, show_faults
from evaluator.cli.verb import Verb
from evaluator.core.errors import DocumentError, EvaluatorError, Fault

HELP = """A leaderboard for language models that lives in a git repository.

A model author adds submissions/<org>/<model>/ with submission.yaml and card.md. Then:

\b
  evaluator submit SOURCE   make the folder of a submission
  evaluator check           is everything in the tree what it must be?
  evaluator plan            what is still to be measured?
  evaluator run SUBMISSION  measure it (goes on where it was stopped)
  evaluator score           score kept responses again, without a model
  evaluator rank            the ranked table, with its uncertainty
  evaluator compare A B     two models, task by task and item by item
  evaluator audit           where every number came from; was one changed?
  evaluator decide          write down what people decided about a number
  evaluator season          draft, open and close a season
  evaluator site build      the website, below build/site
  evaluator init-board      a board of your own in a fork

Exit code 0: all is well. 1: something is wrong with what was looked at. 2: wrong use.
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
VERBS = (
    submitting.submit,
    checking.check,
    planning.plan,
    measuring.run,
    scoring.merge,
    scoring.score,
    ranking.rank,
    comparing.compare,
    comparing.profile,
    auditing.audit,
    deciding.decide,
    opening.init_board,
)
GROUPS = {
    "data": data.app,
    "tasks": tasks.app,
    "season": seasons.app,
    "site": site.app,
    "ci": ci.app,
}
for verb in VERBS:
    app.command()(verb)
for name, group in GROUPS.items():
    app.add_typer(group, name=name)
for group in (app, *GROUPS.values()):
    for command in group.registered_commands:
        command.cls = Verb
        # raw docstrings spell the mark of a part that is not to be wrapped
        command.help = cleandoc(getattr(command.callback, "__doc__", "")).replace("\\b\n", "\b\n")


OF_THE_DISK = (errno.EACCES, errno.EDQUOT, errno.ENOSPC, errno.EPERM, errno.EROFS)
"""Why a disk takes nothing, wherever that is met: no fault of ours."""


def main() -> None:
    """Run the command line; a fault of the user's is a sentence and exit code 1."""
    try:
        app()
    except DocumentError as error:
        show_faults([_from_here(fault) for fault in error.faults], Path(), annotate=False)
        sys.exit(1)
    except EvaluatorError as error:
        err.print(str(error))
        sys.exit(1)
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        err.print(f"{error.filename or 'the disk'}: {error.strerror}; work where you may write")
        sys.exit(1)


def _from_here(fault: Fault) -> Fault:
    """Return a fault of a file of the tree with the path that it has from here."""
    tree = Path(os.environ.get("EVALUATOR_SUBMISSIONS", TREE))
    inside = (tree / Path(fault.path).parts[0]).exists()
    return replace(fault, path=shown(tree.resolve() / fault.path)) if inside else fault


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit
