"""evaluator init-board: a board of one's own in a fork."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated

import typer

from evaluator.board.init_board import NewBoard, open_board
from evaluator.cli.show import out


def init_board(
    title: Annotated[str, typer.Option(prompt="Title of the board", help="Its name.")],
    suites: Annotated[
        str, typer.Option(prompt="Suites, the first on the home page", help="As a,b,c.")
    ] = "core",
    colour: Annotated[
        str, typer.Option(prompt="Colour of the site", help="As #rrggbb; made readable if need be.")
    ] = "#0b5d66",
    gpu_runner: Annotated[
        str, typer.Option(prompt="Labels of the runner with a GPU", help="As a,b,c.")
    ] = "self-hosted,linux,x64,gpu",
    cpu_runner: Annotated[
        str, typer.Option(prompt="Label of the runner for all else", help="One label.")
    ] = "ubuntu-24.04",
    private: Annotated[
        bool,
        typer.Option(
            "--private/--public",
            prompt="Private, with no link that leads outside",
            help="Whether pages may link outwards.",
        ),
    ] = True,
    repository: Annotated[
        str, typer.Option(help="https address of the fork; default: that of `origin`.")
    ] = "",
) -> None:
    r"""Open a board of your own in a clone of a fork; asks for what no option says.

    \b
    It writes one new file, board/board.yaml. From then on every command works on board/ and the
    public submissions are left alone, so that changes from upstream merge without a conflict.

    \b
    Example:
      evaluator init-board --title "Acme models" --suites core,finance --colour "#7a1fa2" \
        --gpu-runner self-hosted,gpu --cpu-runner ubuntu-24.04 --private
    """
    new = NewBoard(
        title=title,
        colour=colour,
        suites=_words(suites),
        gpu_runner=_words(gpu_runner),
        cpu_runner=cpu_runner,
        private=private,
        repository=repository,
    )
    path = open_board(Path(), new)
    out.print(f"{path}: {title}, {'private' if private else 'public'}, no submission yet")
    out.print("Tell the forge which runners to use, and that they are there:")
    labels = shlex.quote(json.dumps(list(new.gpu_runner)))
    out.print(f"  gh variable set GPU_RUNNER --body {labels}", soft_wrap=True)
    out.print(f"  gh variable set CPU_RUNNER --body {shlex.quote(cpu_runner)}", soft_wrap=True)
    out.print("  gh variable set GPU_ENABLED --body true")
    out.print("Then: git add board && git commit, and add submissions as board/<org>/<model>/")


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip() for part in text.split(",")) if word)
