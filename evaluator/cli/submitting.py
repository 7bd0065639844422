"""Verbs for those who bring a model: submit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evaluator.board.submit import Submitted
from evaluator.board.submit import submit as make
from evaluator.cli.options import TREE, TreeOption, as_login, as_typed, shown
from evaluator.cli.show import out
from evaluator.core.errors import DocumentError

SourceArgument = Annotated[
    str,
    typer.Argument(
        help="State file, folder of model files, owner/name@commit, or a served model's name.",
        metavar="SOURCE",
    ),
]
NameOption = Annotated[str, typer.Option(help="<org>/<model>: the folder to make.", metavar="NAME")]
KindOption = Annotated[
    str, typer.Option(help="causal, seq2seq, classifier, masked, onnx or served.", metavar="KIND")
]
LicenceOption = Annotated[
    str, typer.Option(help="SPDX identifier of the model's licence.", metavar="LICENCE")
]
DataOption = Annotated[str, typer.Option(help="What it was trained on.", metavar="TEXT")]
SeenOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A task whose train split it was trained on; may be repeated.", metavar="TASK"
    ),
]
MaintainerOption = Annotated[
    list[str],
    typer.Option(
        help="GitHub login of who may change it; may be repeated.", parser=as_login, metavar="LOGIN"
    ),
]
SuiteOption = Annotated[
    list[str], typer.Option(help="Suite to be measured on; may be repeated.", metavar="SUITE")
]
ArchitectureOption = Annotated[
    Path | None,
    typer.Option(help="For a state file: folder of config.json and tokenizer.", metavar="FOLDER"),
]
TaskOption = Annotated[
    list[str] | None,
    typer.Option(
        help="For a classifier: a task whose labels it has; may be repeated.", metavar="TASK"
    ),
]
DtypeOption = Annotated[str, typer.Option(help="float32, bfloat16 or float16.", metavar="DTYPE")]
TemplateOption = Annotated[
    str, typer.Option(help="For causal: none, own or own-one-turn.", metavar="TEMPLATE")
]
AdapterOption = Annotated[
    str,
    typer.Option(
        help="A LoRA on the model: folder of its files, or owner/name@commit.", metavar="ADAPTER"
    ),
]
ProviderOption = Annotated[
    str, typer.Option(help="For served: a server of board.yaml.", metavar="PROVIDER")
]
AnswersOption = Annotated[
    str, typer.Option(help="For served: chat, text or logprobs.", metavar="ANSWERS")
]
TitleOption = Annotated[
    str, typer.Option(help="Name for people; default: the model's folder.", metavar="TEXT")
]
OrganisationOption = Annotated[
    str, typer.Option(help="Who made it; default: <org>.", metavar="TEXT")
]
OpenOption = Annotated[
    bool, typer.Option("--open-pr", help="Commit, push and open the pull request with gh.")
]
PARTS = ("kind", "licence", "title", "organisation", "training_data", "dtype", "chat_template",
         "adapter", "provider", "answers", "trained_on")  # fmt: skip
TYPED = {
    **{part: f"--{part.replace('_', '-')}" for part in PARTS},
    **{part: f"--{part[:-1]}" for part in ("suites", "maintainers", "tasks")},
    **dict.fromkeys(("repo", "revision", "name"), "SOURCE"),
    "submission": "--name",
}
"""Part of submission.yaml -> the option it is typed as."""


def submit(
    source: SourceArgument,
    name: NameOption,
    kind: KindOption,
    licence: LicenceOption,
    training_data: DataOption,
    maintainer: MaintainerOption,
    suite: SuiteOption,
    architecture: ArchitectureOption = None,
    task: TaskOption = None,
    trained_on: SeenOption = None,
    dtype: DtypeOption = "float32",
    chat_template: TemplateOption = "none",
    adapter: AdapterOption = "",
    provider: ProviderOption = "",
    answers: AnswersOption = "",
    title: TitleOption = "",
    organisation: OrganisationOption = "",
    tree: TreeOption = TREE,
    open_pr: OpenOption = False,
) -> None:
    r"""Make a submission. Convert, check and load the model, write its files, say what is next.

    A state file is read as numbers alone: optimizer and the like are dropped, and one that would
    run code is refused.

    \b
    Examples:
      evaluator submit my-org/my-model@0123...cdef --name my-org/my-model \
        --kind causal --dtype bfloat16 --licence MIT \
        --training-data "Web text." --maintainer me --suite core
      evaluator submit model_state.pth --architecture my-model/ \
        --name my-org/my-model --kind causal --licence MIT \
        --training-data "Web text." --maintainer me --suite core
      evaluator submit big-model-2 --name my-org/big-2 --kind served \
        --provider our-server --answers chat --licence other \
        --training-data unknown --maintainer me --suite core
    """
    try:
        done = make(
            source,
            architecture=architecture or "",
            tree=tree,
            open_pr=open_pr,
            name=name, title=title, organisation=organisation, maintainers=maintainer,
            licence=licence, training_data=training_data, trained_on=trained_on or (),
            kind=kind, dtype=dtype, chat_template=chat_template, adapter=adapter,
            provider=provider, answers=answers, suites=suite, tasks=task or (),
        )  # fmt: skip
    except DocumentError as error:
        raise as_typed(error, TYPED) from None
    _tell(done, open_pr)


def _tell(done: Submitted, open_pr: bool) -> None:
    if done.dropped:
        out.print(f"no model state, left out: {', '.join(done.dropped)}")
    made = f"{shown(done.folder.resolve())}: submission.yaml and card.md"
    if open_pr:
        out.print(f"{made}; pull request opened, finish the card there")
    else:
        out.print(f"{made}; finish the card, then")
        out.print(done.pull_request)
