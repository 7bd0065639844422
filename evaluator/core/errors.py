"""Every error a person can cause, in one tree.

EvaluatorError            exit code 1: something is wrong with what was looked at
├── DocumentError         a YAML or JSON document breaks its form; carries every fault at once
├── DataError             a pinned file is missing, has other bytes, or cannot be fetched
├── TaskError             no such task, or a task whose parts do not fit together
├── ModelError            a model that cannot be loaded safely or does not match its manifest
│   └── TooLongError      a text that does not fit into what the model takes
├── RunError              a run that cannot go on: journal of another run
│   ├── BusyError         another process measures the same right now
│   └── OutOfTimeError    a run that used up its time
└── ScoreError            responses missing, doubled or foreign; a number that cannot be

Each message says what is wrong, where, and what to do. The command line prints the message alone;
anything that is not in this tree is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


class EvaluatorError(Exception):
    """Base of all errors that are told in a sentence instead of a traceback."""

    state = "failed"
    """What a measurement is called that ends with it: failed, timeout or too-long."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with one place of one file."""

    path: str
    """File, relative to the root of the tree that was checked."""
    line: int
    """Line counted from 1; 0 if the fault concerns the file as a whole."""
    pointer: str
    """JSON pointer into the document, '' for the whole of it."""
    message: str
    """What is wrong and what to do, in one sentence."""

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return one_line(f"{where}: {self.pointer + ': ' if self.pointer else ''}{self.message}")


def reason_of(error: BaseException) -> str:
    """Return the first line of what a library raised, or what kind it is if it says nothing."""
    return str(error).strip().split("\n")[0] or type(error).__name__


def one_line(text: str) -> str:
    """Return text with what a terminal would obey, line ends above all, written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def counted(n: int, noun: str) -> str:
    """Return how many there are of what a noun names, such as `1 task` or `1,000 tasks`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return what is added to a message on an unknown name: the nearest known one, if any is."""
    nearest = get_close_matches(name, known, 1)
    return f"; did you mean {nearest[0]}?" if nearest else ""


class DocumentError(EvaluatorError):
    """A document that breaks its form."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = sorted(faults)
        super().__init__("\n".join(map(str, self.faults)))


class DataError(EvaluatorError):
    """A pinned file is missing, has other bytes, or cannot be fetched."""


class TaskError(EvaluatorError):
    """No such task, or a task whose parts do not fit together."""


class ModelError(EvaluatorError):
    """A model that cannot be loaded safely, or that does not match its manifest."""


class TooLongError(ModelError):
    """A text that does not fit into what the model takes, even with its beginning cut off."""

    state = "too-long"


class RunError(EvaluatorError):
    """A run that cannot go on."""


class BusyError(RunError):
    """Another process measures the same right now: no failure of the model's."""


class OutOfTimeError(RunError):
    """A run that used up its time."""

    state = "timeout"


class ScoreError(EvaluatorError):
    """Responses that do not answer the requests, or a number that cannot be."""
