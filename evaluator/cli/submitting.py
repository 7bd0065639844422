"""Verbs for those who bring a model: submit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.board.submit import submit as make
from evaluator.cli.options import TREE, TreeOption, shown
from evaluator.cli.show import out


def submit(
    source: Annotated[
        str, typer.Argument(help="State file, folder of model files, or owner/name@commit.")
    ],
    name: Annotated[str, typer.Option(help="<org>/<model>: the folder to make.")],
    kind: Annotated[str, typer.Option(help="causal, seq2seq, classifier, masked or onnx.")],
    licence: Annotated[str, typer.Option(help="SPDX identifier of the model's licence.")],
    training_data: Annotated[str, typer.Option(help="What it was trained on.")],
    maintainer: Annotated[list[str], typer.Option(help="GitHub login; may be given again.")],
    suite: Annotated[list[str], typer.Option(help="Suite to be measured on; may be given again.")],
    architecture: Annotated[
        Path | None, typer.Option(help="For a state file: folder of config.json and tokenizer.")
    ] = None,
    task: Annotated[
        list[str] | None, typer.Option(help="For a classifier: a task whose labels it has.")
    ] = None,
    dtype: Annotated[str, typer.Option(help="float32, bfloat16 or float16.")] = "float32",
    title: Annotated[str, typer.Option(help="Name for people; default: the model's folder.")] = "",
    organisation: Annotated[str, typer.Option(help="Who made it; default: <org>.")] = "",
    tree: TreeOption = TREE,
    open_pr: Annotated[
        bool, typer.Option("--open-pr", help="Commit, push and open the pull request with gh.")
    ] = False,
) -> None:
    r"""Make a submission: convert, check and load the model, write its files, show the next step.

    A state file is read as numbers alone: optimizer and the like are dropped, and one that would
    run code is refused.

    \b
    Examples:
      evaluator submit my-org/my-model@0123...cdef --name my-org/my-model --kind causal
        --dtype bfloat16 --licence MIT --training-data "Web text." --maintainer me --suite core
      evaluator submit model_state.pth --architecture my-model/ --name my-org/my-model
        --kind causal --licence MIT --training-data "Web text." --maintainer me --suite core
    """
    done = make(
        source,
        architecture=architecture or "",
        tree=tree,
        open_pr=open_pr,
        name=name,
        kind=kind,
        licence=licence,
        training_data=training_data,
        maintainers=maintainer,
        suites=suite,
        title=title,
        organisation=organisation,
        dtype=dtype,
        tasks=task or (),
    )
    if done.dropped:
        out.print(f"no model state, left out: {', '.join(done.dropped)}")
    out.print(f"{shown(done.folder.resolve())}: submission.yaml and card.md; finish the card, then")
    out.print("pull request opened" if open_pr else done.pull_request)
