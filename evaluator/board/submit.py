"""Submit: a model's files or its place on the hub -> a submission folder and its pull request.

Everything is made in a folder of its own and checked there as CI will check it; only then does it
take its place. The same from Python and from the command line:

    from evaluator import submit
    submit("model_state.pth", name="my-org/my-model", kind="causal", architecture="my-model/", ...)
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluator.board.check import check_tree
from evaluator.board.check_change import MAX_WEIGHTS
from evaluator.board.submissions import read_submission
from evaluator.core.errors import DataError, DocumentError, EvaluatorError, ModelError
from evaluator.tasks import load_task

HUB = re.compile(r"([A-Za-z0-9][\w.-]*/[\w.-]+)@([0-9a-f]{40})")
UPLOAD = Path("build/upload")
"""Where a model goes that is too large for git."""
CARD = """---
license: {license}
---
# {title}

{about}

## Intended use

To be written: what it is good for, and for whom. What it must not be used for.

## Training data

{training_data}

## Limitations

To be written: where it fails, and how to tell that an answer is wrong.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A submission that stands in the tree."""

    folder: Path
    """Its folder."""
    dropped: tuple[str, ...]
    """Entries of a state file that were no model state."""
    pull_request: str
    """Commands that open the pull request, one a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a contributor says of a model; the fields of submission.yaml."""

    name: str
    """`<org>/<model>`: its folder."""
    kind: str
    """Kind of model."""
    licence: str
    """SPDX identifier."""
    training_data: str
    """What it was trained on."""
    maintainers: Sequence[str]
    """GitHub logins."""
    suites: Sequence[str]
    """Suites to be measured on."""
    title: str = ""
    """Name for people; '' for that of the folder."""
    organisation: str = ""
    """Who made it; '' for the folder's first part."""
    dtype: str = "float32"
    """Number format, where the kind has one."""
    chat_template: str = "none"
    """Template of a causal model."""
    tasks: Sequence[str] = ()
    """Tasks whose labels a classifier has."""
    trained_on: Sequence[str] = ()
    """Tasks whose train split it was trained on."""
    adapter: str = ""
    """A LoRA on the model: a folder, or `owner/name@commit`; '' for none."""
    provider: str = ""
    """Server of board.yaml that runs a served model."""
    answers: str = ""
    """What that server is asked for: chat, text or logprobs."""


def submit(
    source: str | Path,
    *,
    architecture: str | Path = "",
    tree: str | Path = "submissions",
    open_pr: bool = False,
    **facts: Any,
) -> Submitted:
    """Make a submission of a model.

    Args:
        source: a state file (.pth, .pt, .ckpt, .bin, .safetensors), a folder with the model's
            files, `owner/name@commit` on the hub, or what a server calls the model.
        architecture: for a state file: folder with config.json and the tokenizer's files.
        tree: the folder of submissions.
        open_pr: also commit, push and open the pull request with `gh`.
        facts: the fields of `Facts`.

    Raises:
        ModelError: files that cannot be loaded safely, or of another architecture.
        EvaluatorError: the folder exists, or the model is too large for git.
        DocumentError: what CI would refuse.
    """
    told = Facts(**facts)
    root = Path(tree)
    home = root / told.name
    if home.exists():
        raise EvaluatorError(f"{home} exists: a new revision is a new folder that `supersedes` it")
    with tempfile.TemporaryDirectory(dir=_beside(root)) as place:
        made = Path(place) / root.name / told.name
        made.mkdir(parents=True)
        frame = Path(architecture) if architecture else None
        dropped = _bring_model(str(source), frame, told, made)
        _bring_adapter(told, made)
        _write_papers(str(source), told, made)
        _check(root, Path(place) / root.name, told)
        home.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, home)
    commands = pull_request(told, home)
    if open_pr:
        _run(commands)
    return Submitted(
        folder=home,
        dropped=dropped,
        pull_request="\n".join(" ".join(map(_quoted, c)) for c in commands),
    )


def _beside(root: Path) -> Path:
    """Return the folder of the tree, on the same disk, so that moving is one step."""
    if not (root / "board.yaml").is_file():
        raise EvaluatorError(f"{root}: no board.yaml there; run this at the root of the repository")
    return root.resolve().parent


def _bring_model(
    source: str, architecture: Path | None, facts: Facts, home: Path
) -> tuple[str, ...]:
    """Put the model's files into `weights/`, if it is no model of the hub; return what was left."""
    if HUB.fullmatch(source) or facts.kind == "served":
        return ()
    from evaluator.measure.manifest import FILES
    from evaluator.measure.state_file import SUFFIXES, convert_state

    path, weights = Path(source), home / "weights"
    dropped: tuple[str, ...] = ()
    if path.is_dir():
        _copy(path, FILES, weights)
    elif path.suffix in SUFFIXES:
        if architecture is None:
            raise EvaluatorError(
                f"{source} holds numbers alone: name the folder with its config.json and tokenizer "
                "(--architecture)"
            )
        dropped = convert_state(path, architecture, facts.kind, weights).dropped
    else:
        raise EvaluatorError(
            f"{source}: neither a folder, nor a state file ({', '.join(SUFFIXES)}), nor "
            "owner/name@commit of the hub"
        )
    _must_be_small(weights, facts.name)
    return dropped


def _bring_adapter(facts: Facts, home: Path) -> None:
    """Put an adapter's files into `adapter/`, if they are not on the hub."""
    from evaluator.measure.manifest import ADAPTER_FILES

    adapter = facts.adapter
    if not adapter or HUB.fullmatch(adapter):
        return
    missing = [name for name in ADAPTER_FILES if not (Path(adapter) / name).is_file()]
    if missing:
        raise EvaluatorError(
            f"{adapter}: no {' and no '.join(missing)} there; expected a folder that peft saved, "
            "or owner/name@commit of the hub"
        )
    _copy(Path(adapter), ADAPTER_FILES, home / "adapter")
    _must_be_small(home / "adapter", f"{facts.name}-adapter")


def _copy(source: Path, patterns: Sequence[str], to: Path) -> None:
    to.mkdir()
    for found in [p for pattern in patterns for p in sorted(source.glob(pattern))]:
        shutil.copy(found, to)


def _must_be_small(folder: Path, name: str) -> None:
    large = [p.name for p in folder.iterdir() if p.stat().st_size > MAX_WEIGHTS]
    if not large:
        return
    target = UPLOAD / name.replace("/", "--")
    if target.exists():
        shutil.rmtree(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(folder, target)
    raise EvaluatorError(
        f"{', '.join(large)}: too large for git. The files stand in {target}. Upload them "
        f"(hf upload {name} {target}), then submit {name}@<commit> instead."
    )


def _write_papers(source: str, facts: Facts, home: Path) -> None:
    title = facts.title or facts.name.partition("/")[2]
    organisation = facts.organisation or facts.name.partition("/")[0]
    seen = [f"trained_on: {_listed(facts.trained_on)}"] if facts.trained_on else []
    lines = [
        "schema: 1",
        f"title: {_quoted_yaml(title)}",
        f"organisation: {_quoted_yaml(organisation)}",
        "model:",
        *(f"  {line}" for line in _model_lines(source, facts)),
        f"licence: {_quoted_yaml(facts.licence)}",
        f"training_data: {_quoted_yaml(facts.training_data)}",
        *seen,
        f"suites: {_listed(facts.suites)}",
        f"maintainers: {_listed(facts.maintainers)}",
    ]
    (home / "submission.yaml").write_text("\n".join(lines) + "\n", "utf-8")
    about = f"A model of kind {facts.kind} by {organisation}."
    card = CARD.format(
        license=facts.licence.lower(), title=title, about=about, training_data=facts.training_data
    )
    (home / "card.md").write_text(card, "utf-8")


def _model_lines(source: str, facts: Facts) -> list[str]:
    """Return the part `model` of a submission."""
    if facts.kind == "served":
        told = {"provider": facts.provider, "name": source, "answers": facts.answers}
        return ["kind: served", *(f"{key}: {_quoted_yaml(value)}" for key, value in told.items())]
    lines = [f"kind: {facts.kind}", *_place_lines(source, "weights")]
    lines += [f"dtype: {facts.dtype}"] if facts.kind != "onnx" else []
    lines += [f"chat_template: {facts.chat_template}"] if facts.kind == "causal" else []
    lines += [f"tasks: {_listed(facts.tasks)}"] if facts.tasks else []
    if facts.adapter:
        lines += [f"adapter: {{{', '.join(_place_lines(facts.adapter, 'adapter'))}}}"]
    return lines


def _place_lines(source: str, folder: str) -> list[str]:
    on_hub = HUB.fullmatch(source)
    return [f"repo: {on_hub[1]}", f"revision: {on_hub[2]}"] if on_hub else [f"folder: {folder}"]


def _check(root: Path, made: Path, facts: Facts) -> None:
    """Hold the new folder to what CI asks, and load the model once if its files are there.

    Raises:
        DocumentError: every fault.
        ModelError: the files cannot be loaded.
    """
    shutil.copy(root / "board.yaml", made)
    if faults := check_tree(made, [facts.name]):
        raise DocumentError(faults)
    submission, _ = read_submission(made, facts.name)
    if submission.folder:
        from evaluator.measure.measurement import Measurer, Settings

        try:
            measurer = Measurer(submission, made / facts.name, Settings(out=made, work=made))
            measurer.load()
            for name in submission.tasks:
                with suppress(DataError):  # without the task's files its labels are compared later
                    measurer.try_out(load_task(name))
        except ModelError as error:
            place = str(made / facts.name)
            raise ModelError(str(error).replace(place, facts.name)) from None


def pull_request(facts: Facts, home: Path) -> list[list[str]]:
    """Return the commands that open the pull request."""
    branch = f"submit-{facts.name.replace('/', '-')}"
    title = f"Submit {facts.name}"
    body = f"A model of kind {facts.kind} for {', '.join(facts.suites)}. The card is in the folder."
    return [
        ["git", "switch", "-c", branch],
        ["git", "add", str(home)],
        ["git", "commit", "-m", title],
        ["git", "push", "-u", "origin", branch],
        ["gh", "pr", "create", "--title", title, "--body", body],
    ]


def _run(commands: list[list[str]]) -> None:
    for command in commands:
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise EvaluatorError(f"{command[0]} is not installed; the folder stands") from None
        if done.returncode:
            said = (done.stderr or done.stdout).strip().split("\n")[0]
            raise EvaluatorError(f"{' '.join(command[:3])}: {said}. The folder stands.")


def _listed(names: Sequence[str]) -> str:
    return "[" + ", ".join(_quoted_yaml(name) for name in names) + "]"


def _quoted_yaml(text: str) -> str:
    """Return text as a quoted scalar: JSON's are YAML's."""
    return json.dumps(text, ensure_ascii=False)


def _quoted(word: str) -> str:
    """Return a word of a command as a person would type it."""
    import shlex

    return shlex.quote(word)
