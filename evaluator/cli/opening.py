"""evaluator init-board: a board of one's own in a fork."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from evaluator.board.init_board import NewBoard, open_board, origin_of, read_upstream
from evaluator.cli.options import as_typed
from evaluator.cli.show import out
from evaluator.core.errors import DocumentError

PROMPTS: dict[str, Callable[[], Any]] = {
    "title": partial(typer.prompt, "Title of the board"),
    "suites": partial(typer.prompt, "Suites, as a,b,c; the first is the home page", default="core"),
    "colour": partial(typer.prompt, "Colour of the site", default="#0b5d66"),
    "gpu_runner": partial(
        typer.prompt, "Labels of the runner with a GPU", default="self-hosted,linux,x64,gpu"
    ),
    "cpu_runner": partial(typer.prompt, "Label of the runner for all else", default="ubuntu-24.04"),
    "repository": partial(typer.prompt, "Address of the repository, https://..."),
    "private": partial(typer.confirm, "Private, with no link that leads outside", default=True),
}
"""Option -> asks for it."""
TYPED = {
    "gpu": "--gpu-runner",
    "cpu": "--cpu-runner",
    **{part: f"--{part}" for part in ("title", "suites", "colour", "repository")},
}
"""Part of board.yaml -> the option it is typed as."""
SPELLED = {"private": "--private or --public"}


def init_board(
    title: Annotated[str | None, typer.Option(help="Its name.", metavar="TEXT")] = None,
    suites: Annotated[
        str | None, typer.Option(help="As a,b,c; the first is the home page.", metavar="SUITES")
    ] = None,
    colour: Annotated[
        str | None, typer.Option(help="As #rrggbb; made readable if need be.", metavar="COLOUR")
    ] = None,
    gpu_runner: Annotated[
        str | None,
        typer.Option(help="Labels of the runner that measures, as a,b,c.", metavar="LABELS"),
    ] = None,
    cpu_runner: Annotated[
        str | None, typer.Option(help="Label of the runner for all else.", metavar="LABEL")
    ] = None,
    private: Annotated[
        bool | None, typer.Option("--private/--public", help="Whether pages may link outwards.")
    ] = None,
    repository: Annotated[
        str | None,
        typer.Option(
            help="https address of the fork; default: that of `origin`.", metavar="ADDRESS"
        ),
    ] = None,
) -> None:
    r"""Open a board of your own in a clone of a fork. Asks for what no option says.

    It writes one new file, board/board.yaml. From then on every command works on board/ and the
    public submissions are left alone, so that changes from upstream merge without a conflict.

    \b
    Example:
      evaluator init-board --title "Acme models" --suites core,finance \
        --colour "#7a1fa2" --gpu-runner self-hosted,gpu \
        --cpu-runner ubuntu-24.04 --private
    """
    known = read_upstream(Path())["suites"]
    said = {"title": title, "suites": suites, "colour": colour, "gpu_runner": gpu_runner,
            "cpu_runner": cpu_runner, "private": private,
            "repository": repository or origin_of(Path()) or None}  # fmt: skip
    if suites is None:
        out.print(f"Suites to choose from: {', '.join(known)}")
    told = _ask_for_the_rest(said)
    new = NewBoard(
        title=told["title"],
        colour=told["colour"],
        suites=_words(told["suites"]),
        gpu_runner=_words(told["gpu_runner"]),
        cpu_runner=told["cpu_runner"],
        private=told["private"],
        repository=told["repository"],
    )
    path = _write(new)
    out.print(f"{path}: {new.title}, {'private' if new.private else 'public'}, no submission yet")
    out.print("Tell the forge which runners to use, and that they are there:")
    labels = shlex.quote(json.dumps(list(new.gpu_runner)))
    out.print(f"  gh variable set GPU_RUNNER --body {labels}", soft_wrap=True)
    out.print(f"  gh variable set CPU_RUNNER --body {shlex.quote(new.cpu_runner)}", soft_wrap=True)
    out.print("  gh variable set GPU_ENABLED --body true")
    out.print("Then: git add board && git commit, and add submissions as board/<org>/<model>/")


def _write(new: NewBoard) -> Path:
    try:
        return open_board(Path(), new)
    except DocumentError as error:
        raise as_typed(error, TYPED) from None


def _ask_for_the_rest(said: dict[str, Any]) -> dict[str, Any]:
    """Return every option as it was said, or as it is answered now.

    Raises:
        typer.BadParameter: nobody is there to answer; names all options that are still open.
    """
    told = dict(said)
    for name in [name for name, value in said.items() if value is None]:
        try:
            told[name] = PROMPTS[name]()
        except typer.Abort:
            if sys.stdin.isatty():
                raise
            open_ones = [SPELLED.get(n, f"--{n.replace('_', '-')}") for n in told
                         if told[n] is None]  # fmt: skip
            raise typer.BadParameter(
                f"nobody is here to be asked; say {', '.join(open_ones)}"
            ) from None
    return told


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)
