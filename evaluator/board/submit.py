"""Submit: a model's files or its place on the hub -> a submission folder and its pull request.

Everything is made in a folder of its own and checked there as CI will check it; only then does it
take its place. The same from Python and from the command line:

    from evaluator import submit
    submit("model_state.pth", name="my-org/my-model", kind="causal", architecture="my-model/", ...)
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evaluator.board.check import check_tree
from evaluator.board.check_change import MAX_WEIGHTS
from evaluator.board.check_folder import check_name
from evaluator.board.papers import HUB, Facts, card_text, submission_text
from evaluator.board.submissions import read_submission
from evaluator.core.errors import DataError, DocumentError, EvaluatorError, Fault, ModelError
from evaluator.tasks import load_task

UPLOAD = Path("build/upload")
"""Where a model goes that is too large for git."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A submission that stands in the tree."""

    folder: Path
    """Its folder."""
    dropped: tuple[str, ...]
    """Entries of a state file that were no model state."""
    pull_request: str
    """Commands that open the pull request, one a line."""


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
    _must_be_named(told)
    if open_pr and not shutil.which("gh"):
        raise EvaluatorError("gh is not installed: without --open-pr its commands are printed")
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
        (made / "submission.yaml").write_text(submission_text(str(source), told), "utf-8")
        (made / "card.md").write_text(card_text(told), "utf-8")
        _check(root, Path(place) / root.name, told, str(source))
        home.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, home)
    commands = pull_request(told, home)
    if open_pr:
        _run(commands)
    return Submitted(
        folder=home,
        dropped=dropped,
        pull_request="\n".join(map(shlex.join, commands)),
    )


def _must_be_named(facts: Facts) -> None:
    """Refuse what cannot be a folder, and what is no model.

    Raises:
        DocumentError: of the parts `submission` and `kind`.
    """
    faults = [replace(fault, pointer="/submission") for fault in check_name(facts.name)]
    if facts.name.count("/") != 1:
        told = f"{facts.name!r} must be <org>/<model>"
        faults = [Fault(facts.name, 0, "/submission", told)]
    if facts.kind == "scripted":
        told = "scripted is a rule of the board's own, no model; one of the other kinds"
        faults.append(Fault(facts.name, 0, "/kind", told))
    if faults:
        raise DocumentError(faults)


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
    elif path.suffix in SUFFIXES and not path.is_file():
        raise EvaluatorError(f"{source}: no such file")
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
            "owner/name@commit of the hub, with all 40 hex digits of the commit"
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


def _check(root: Path, made: Path, facts: Facts, source: str) -> None:
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
            place = made / facts.name
            told = str(error).replace(str(place / submission.folder), source)
            raise ModelError(told.replace(str(place), facts.name)) from None


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
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).strip().split("\n")[0]
            raise EvaluatorError(f"{' '.join(command[:3])}: {said}. The folder stands.")
