"""What verbs share: options and faults in them, the tree they look at, how a path is shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from evaluator.board.submissions import must_be_there
from evaluator.core.errors import DocumentError, EvaluatorError, one_line
from evaluator.core.trees import tree_of
from evaluator.tasks.protocol import PROTOCOLS


def _known_protocol(name: str) -> str:
    if name not in PROTOCOLS:
        raise typer.BadParameter(f"must be {' or '.join(PROTOCOLS)}")
    return name


def _known_device(name: str) -> str:
    if name not in ("cpu", "cuda"):
        raise typer.BadParameter("must be cpu or cuda")
    return name


def as_login(text: str) -> str:
    """Return a GitHub login as it is written down: people type it with a leading @, too."""
    return text.strip().removeprefix("@")


LoginOption = Annotated[
    str,
    typer.Option("--by", help="GitHub login of who decides.", parser=as_login, metavar="LOGIN"),
]
TreeOption = Annotated[
    Path,
    typer.Option(
        "--tree", help="Folder of submissions.", envvar="EVALUATOR_SUBMISSIONS", metavar="FOLDER"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
TasksArgument = Annotated[
    list[str] | None, typer.Argument(help="Names of tasks; default: all.", metavar="TASK")
]
PathsArgument = Annotated[
    list[Path] | None,
    typer.Argument(help="Submissions (<org>/<model> folders); default: all.", metavar="SUBMISSION"),
]
ProtocolOption = Annotated[
    str,
    typer.Option(
        "--protocol",
        help="board, or lm-eval: as lm-evaluation-harness 0.4.13 asks.",
        callback=_known_protocol,
        metavar="PROTOCOL",
    ),
]
DeviceOption = Annotated[
    str,
    typer.Option("--device", help="cpu or cuda.", callback=_known_device, metavar="DEVICE"),
]
TREE = tree_of(Path())
"""Where the command was started: `submissions`, or `board` in a fork with its own."""


def must_be_tree(tree: Path) -> None:
    """Refuse a folder that holds no board; from here on it is the tree that is worked on."""
    if not (tree / "board.yaml").is_file():
        raise EvaluatorError(
            f"{tree}: no board.yaml there. Run this at the root of the repository, or name another "
            "folder of submissions."
        )
    os.environ["EVALUATOR_SUBMISSIONS"] = str(tree)  # a board's own tasks stand in it


def must_have(device: str) -> None:
    """Refuse a GPU that this machine lacks: no model is to blame for it."""
    if device == "cpu":
        return
    import torch

    if not torch.cuda.is_available():
        raise EvaluatorError(
            f"--device cuda: PyTorch {torch.__version__} finds no GPU here. Does `nvidia-smi` find "
            "one? A build of PyTorch for processors alone does not."
        )


def submission_at(path: Path) -> tuple[Path, str]:
    """Return the tree and the name, <org>/<model>, of a submission's folder.

    From here on that tree is worked on.

    Raises:
        EvaluatorError: a path that is no <org>/<model> of a board, or not there.
    """
    home = path.resolve()
    tree, name = home.parent.parent, f"{home.parent.name}/{home.name}"
    if not (tree / "board.yaml").is_file():
        meant = f"{TREE / path}" if (TREE / path).is_dir() else f"{TREE}/<org>/<model>"
        raise EvaluatorError(f"{path}: no submission; name its folder, {meant}")
    must_be_tree(tree)
    try:
        must_be_there(tree, name)
    except DocumentError as error:
        (fault,) = error.faults
        raise EvaluatorError(f"{shown(tree / name)}: {fault.message}") from None
    return tree, name


def shown(path: Path) -> str:
    """Return a path as seen from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def as_typed(error: DocumentError, typed: Mapping[str, str]) -> EvaluatorError:
    """Return faults by the options that were typed, where they are of a document made from them.

    Args:
        error: the faults of the document.
        typed: name of a part of it, wherever it stands -> argument or option.
    """
    told = []
    for fault in error.faults:
        names = [step for step in fault.pointer.split("/") if step and not step.isdecimal()]
        option = typed.get(names[-1], "") if names else ""
        told.append(one_line(f"{option}: {fault.message}") if option else str(fault))
    return EvaluatorError("\n".join(told))
