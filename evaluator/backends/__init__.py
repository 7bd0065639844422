"""What runs a model: one class a kind, all held to the contract in base.py.

Door 3: to add a kind, write one file with a class and name it in `load_backend`.
"""

from __future__ import annotations

from pathlib import Path

from evaluator.backends.base import Backend, DeviceChoice
from evaluator.core.errors import ModelError
from evaluator.core.records import Provider, Submission

__all__ = ["Backend", "DeviceChoice", "load_backend"]


def load_backend(
    submission: Submission,
    folder: Path,
    machine: DeviceChoice,
    provider: Provider | None = None,
    adapter: Path | None = None,
) -> Backend:
    """Load the model of a submission from `folder`; the library behind it is imported only now.

    Args:
        submission: the model.
        folder: its files.
        machine: device and batch size.
        provider: the server of a served model.
        adapter: files of a LoRA that is added to the model.

    Raises:
        ModelError: unknown kind, files that cannot be loaded safely, no such provider, or an
            adapter whose files are not there: the base alone would answer under its name.
    """
    if submission.adapter and adapter is None:
        raise ModelError(f"{submission.id}: its adapter's files are not here")
    if submission.kind == "served":
        return _load_served(submission, provider)
    if submission.kind == "scripted":
        from evaluator.backends.scripted import load_policy

        return load_policy(submission.policy)
    if submission.engine == "vllm":
        return _load_vllm(submission, folder, machine)
    if submission.kind == "causal":
        from evaluator.backends.causal import CausalBackend

        return CausalBackend(
            folder,
            dtype=submission.dtype,
            machine=machine,
            chat_template=submission.chat_template,
            adapter=adapter,
        )
    if submission.kind == "seq2seq":
        from evaluator.backends.seq2seq import Seq2SeqBackend

        return Seq2SeqBackend(folder, dtype=submission.dtype, machine=machine)
    if submission.kind == "classifier":
        from evaluator.backends.classifier import ClassifierBackend

        return ClassifierBackend(folder, dtype=submission.dtype, machine=machine)
    if submission.kind == "masked":
        from evaluator.backends.masked import MaskedBackend

        return MaskedBackend(folder, dtype=submission.dtype, machine=machine)
    if submission.kind == "onnx":
        try:
            from evaluator.backends.onnx import OnnxBackend
        except ModuleNotFoundError as error:
            raise ModelError(f"{error.name} is missing: pip install -e '.[onnx]'") from None

        return OnnxBackend(folder, machine=machine)
    raise ModelError(f"{submission.id}: no backend for kind {submission.kind!r}")


def _load_vllm(submission: Submission, folder: Path, machine: DeviceChoice) -> Backend:
    from evaluator.backends.vllm import VllmBackend

    if submission.adapter:
        raise ModelError(
            f"{submission.id}: vLLM is asked without adapters here: leave out `engine`"
        )
    return VllmBackend(
        folder, dtype=submission.dtype, machine=machine, chat_template=submission.chat_template
    )


def _load_served(submission: Submission, provider: Provider | None) -> Backend:
    from evaluator.backends.endpoint import Endpoint
    from evaluator.backends.served import ServedBackend

    if provider is None:
        raise ModelError(f"{submission.id}: no provider {submission.provider!r} in board.yaml")
    return ServedBackend(provider, submission.name, submission.answers, Endpoint(provider))
