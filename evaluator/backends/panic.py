"""A library in Rust that gives up with a panic: told as a fault of the model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from evaluator.core.errors import ModelError


@contextmanager
def panic_in_words() -> Iterator[None]:
    """Tell a panic of tokenizers or safetensors as a `ModelError`.

    A panic is a `BaseException`, so that nothing that looks for exceptions would see it. The one
    that strangers can bring about is a regular expression given up as too slow.

    Raises:
        ModelError: a library gave up.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a class that no module offers
            raise
        raise ModelError(f"a library gave up on what the model brings: {error}") from None
