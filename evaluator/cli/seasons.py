"""Verbs of a season: new, reveal, open, amend, close, list."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from evaluator.board import seasons
from evaluator.board.queue import for_planning
from evaluator.board.submissions import read_tree
from evaluator.board.suites import Season
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
from evaluator.core.errors import DocumentError, EvaluatorError
from evaluator.core.files import sha256

HELP = """Draft, open and close seasons. A season freezes what the board asks and how it scores.

\b
1. new      a draft with its reference models, and the hash of a secret seed
            for fresh tasks
2. reveal   the seed, once the submissions are there that it is used on
3. open     freezes suites, request sets and scorers; every reference model
            must be measured
4. amend    an open season takes over a change of the code, with the reason;
            numbers become stale
5. close    no later result enters it; it is shown for ever as it asked
"""
app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help=HELP)
Name = Annotated[
    str, typer.Argument(help="Name of the season, as in board.yaml: 2027-1.", metavar="NAME")
]
TYPED = {
    "references": "--reference",
    **{part: f"--{part}" for part in ("title", "summary", "by", "reason")},
}
"""Part of a season -> the option it is typed as."""


@app.command()
def new(
    name: Name,
    title: Annotated[str, typer.Option(help="Name for people.", metavar="TEXT")],
    summary: Annotated[str, typer.Option(help="What is new in it, and why.", metavar="TEXT")],
    reference: Annotated[
        list[str],
        typer.Option(
            help="<org>/<model> to measure before it opens; may be repeated.", metavar="MODEL"
        ),
    ],
    secret: Annotated[
        Path | None,
        typer.Option(
            help="File to write a fresh seed to; keep it out of git until `reveal`.", metavar="FILE"
        ),
    ] = None,
    tree: TreeOption = TREE,
) -> None:
    r"""Draft a season. Its reference models, and the hash of a seed that nobody has seen.

    \b
    Examples:
      evaluator season new 2027-1 --title "First of 2027" \
        --summary "Adds matching in Chinese." \
        --reference starter/large --secret ~/2027-1.seed
    """
    read = _read(tree)
    seed = secrets.token_hex(16) if secret else ""
    draft = Season(
        name=name,
        title=title,
        summary=summary,
        references=tuple(reference),
        seed_sha256=sha256(seed.encode()) if seed else "",
        seed="",
        opened="",
        closed="",
        suites={},
        asked={},
        amendments=(),
    )
    try:
        draft = seasons.new_season(read, draft)
    except DocumentError as error:
        raise as_typed(error, TYPED) from None
    if secret:
        _keep_secret(secret, seed)
        out.print(f"{secret}: the seed; keep it secret until `evaluator season reveal {name}`")
    _write(tree, draft)


def _keep_secret(path: Path, seed: str) -> None:
    """Write a seed to a new file that its owner alone can read."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(f"{seed}\n")
    except FileExistsError:
        raise EvaluatorError(f"{path}: is there already; name a new file") from None
    except OSError as error:
        raise EvaluatorError(f"{path}: cannot be written: {error.strerror}") from None


@app.command()
def reveal(
    name: Name,
    secret: Annotated[
        Path, typer.Option(help="File that `new` wrote the seed to.", metavar="FILE")
    ],
    tree: TreeOption = TREE,
) -> None:
    """Reveal the seed of a draft. Its hash was committed; fresh tasks are made from it."""
    read = _read(tree)
    try:
        seed = secret.read_text("utf-8").strip()
    except UnicodeDecodeError:
        raise EvaluatorError(f"{secret}: not UTF-8, so not what `season new` wrote") from None
    except OSError as error:
        raise EvaluatorError(f"{secret}: cannot be read: {error.strerror}") from None
    _write(tree, seasons.reveal_seed(seasons.find_season(read, name), seed))


@app.command(name="open")
def open_(name: Name, tree: TreeOption = TREE) -> None:
    """Open a draft: freeze suites, request sets and scorers. Tells all that stands in the way."""
    read = _read(tree)
    _write(tree, seasons.open_season(read, seasons.find_season(read, name), _today()))


@app.command()
def amend(
    name: Name,
    by: LoginOption,
    reason: Annotated[str, typer.Option(help="Why what was frozen moves.", metavar="TEXT")],
    tree: TreeOption = TREE,
) -> None:
    """Let an open season ask what the code asks now. The plan lists what becomes stale."""
    season = seasons.find_season(_read(tree), name)
    moved = seasons.amend_season(season, by=by, reason=reason, day=_today())
    try:
        _write(tree, moved)
    except DocumentError as error:
        raise as_typed(error, TYPED) from None
    changes = moved.amendments[-1]["changes"]
    show_table(("task", "part", "before", "after"), [list(change.values()) for change in changes])


@app.command()
def close(name: Name, tree: TreeOption = TREE) -> None:
    """Close an open season. No later result enters it, and it stays at its address."""
    season = seasons.find_season(_read(tree), name)
    _write(tree, seasons.close_season(season, _today()))


@app.command(name="list")
def list_(tree: TreeOption = TREE, as_json: JsonOption = False) -> None:
    """List all seasons of the board."""
    read = _read(tree)
    if as_json:
        show_json([seasons.season_data(s) | {"name": s.name, "state": s.state}
                   for s in read.seasons])  # fmt: skip
        return
    if not read.seasons:
        out.print("no season yet: the board ranks by the code of now")
        return
    rows = [[s.name, s.state, s.opened or "-", s.closed or "-", s.title] for s in read.seasons]
    show_table(("season", "state", "opened", "closed", "title"), rows)


def _read(tree: Path) -> Tree:
    must_be_tree(tree)
    return read_tree(tree, for_planning)


def _write(tree: Path, season: Season) -> None:
    path = seasons.write_season(tree, season)
    out.print(f"{shown(path.resolve())}: {season.state}; commit it")


def _today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")
