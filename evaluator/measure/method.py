"""Method: how a kind of model answers a kind of task.

| method | how | for |
|---|---|---|
| `loglikelihood` | every choice gets the log-likelihood of its text | language models |
| `generation` | a text is written and the answer in it compared | tasks of kind generation |
| `pseudo-loglikelihood` | each token of a choice is scored beside the others | masked models |
| `head` | a classifier gives every label of a bare text a probability | encoders with a head |
| `parsed` | a text is written and read as one of the choices | models that only write |

The method is part of a measurement's key. All methods of a task are ranked on its board; a text
that names no choice is wrong, never left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from evaluator.core.records import Metric, Submission, Task

METHODS = {
    "causal": "loglikelihood",
    "classifier": "head",
    "masked": "pseudo-loglikelihood",
    "onnx": "head",
    "scripted": "loglikelihood",
    "seq2seq": "loglikelihood",
}
"""Kind of model -> how it answers a task with choices; any other by log-likelihood."""
WRITING = ("generation", "parsed")
"""Methods by which a model writes."""
PARSED_TOKENS = 48
"""Most tokens that a model may write to name a choice."""
_LETTER = re.compile("[A-Z]")
_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"


def method_of(submission: Submission, task: Task) -> str:
    """Return how a model answers a task."""
    method = METHODS.get(submission.kind, "loglikelihood")
    if submission.answers in ("chat", "text"):  # a served model that only writes
        method = "parsed"
    return method if method in ("head", "pseudo-loglikelihood") else usual_method(task, method)


def usual_method(task: Task, method: str = "loglikelihood") -> str:
    """Return how a language model answers a task, given how it answers one with choices."""
    return "generation" if task.kind == "generation" else method


def can_parse(task: Task) -> bool:
    """Tell whether a written text can answer a task: the primary must need the pick alone."""
    choices = task.kind in ("choice", "classification", "matching")
    return choices and task.primary in metrics_of(task, "parsed")


def metrics_of(task: Task, method: str) -> tuple[Metric, ...]:
    """Return the metrics that a method can give: a written pick has no probabilities."""
    if method != "parsed":
        return task.metrics
    return tuple(
        metric
        for metric in task.metrics
        if metric.reads == "pick" and (metric.tier == "items" or metric is task.primary)
    )


def why_unfit(submission: Submission, task: Task) -> str:
    """Return why a model cannot answer a task; '' if it can."""
    method = method_of(submission, task)
    if submission.tasks and task.name not in submission.tasks:
        return f"its labels are those of {', '.join(submission.tasks)}"
    if task.protocol == "lm-eval" and method not in ("loglikelihood", "generation"):
        return f"protocol lm-eval has no method {method}"
    if method == "head" and task.kind not in ("classification", "matching"):
        return f"a classifier cannot answer a task of kind {task.kind}"
    if method == "pseudo-loglikelihood" and task.kind in ("generation", "likelihood"):
        return f"a masked language model cannot answer a task of kind {task.kind}"
    if method == "parsed" and not can_parse(task):
        return (
            f"{task.primary.name} needs the probabilities of all choices, and a model that only "
            "writes gives none"
        )
    return ""


def list_choices(choices: Sequence[str]) -> str:
    """Return the lines that tell a model which answers there are, for method `parsed`."""
    lines = "".join(f"- {choice}\n" for choice in choices)
    return f"Answer with one of the following, word for word, and nothing else:\n{lines}\n"


def parse_choice(text: str, choices: Sequence[str]) -> int:
    """Return the index of the choice that a text names, or -1.

    Case, punctuation and white space do not count. The first line that holds anything is read: as a
    whole, then by the longest choice that it begins with. Else the only choice that occurs in the
    whole text counts, one inside a longer one aside; with several or none the text names none.
    Where all choices are single letters, a letter counts as a word of its own in capitals, so that
    the article "a" names nothing.
    """
    if all(_LETTER.fullmatch(choice) for choice in choices):
        return _parse_letter(text, choices)
    spelled = [plain(choice) for choice in choices]
    lines = [plain(line) for line in text.splitlines()]
    first = next((line for line in lines if line), "")
    if first in spelled:
        return spelled.index(first)
    begun = [name for name in spelled if name and re.match(_whole(name), first)]
    if begun:
        return spelled.index(max(begun, key=len))
    rest, found = " ".join(lines), []
    for name in sorted({name for name in spelled if name}, key=lambda name: (-len(name), name)):
        rest, times = re.subn(_whole(name), "\0", rest)
        if times:
            found.append(name)
    return spelled.index(found[0]) if len(found) == 1 else -1


def _parse_letter(text: str, letters: Sequence[str]) -> int:
    """Return the index of the letter that stands alone at the beginning, or alone in the text."""
    alone = re.match(r"\W*([A-Z])\s*([.):,、。：，]|$)", text.strip(), re.IGNORECASE | re.MULTILINE)
    if alone and alone[1].upper() in letters:
        return letters.index(alone[1].upper())
    found = [letter for letter in letters if re.search(rf"(?<!\w){letter}(?!\w)", text)]
    return letters.index(found[0]) if len(found) == 1 else -1


def plain(text: str) -> str:
    """Return a text in lower case without punctuation, its white space collapsed."""
    text = unicodedata.normalize("NFKC", text).casefold()
    kept = (" " if unicodedata.category(ch)[0] in "PZ" else ch for ch in text)
    return " ".join("".join(kept).split())


def _whole(name: str) -> str:
    """Return a pattern for a name between word boundaries; Chinese has none."""
    before = "" if re.match(f"[{_CJK}]", name) else r"(?<!\w)"
    after = "" if re.search(f"[{_CJK}]$", name) else r"(?!\w)"
    return before + re.escape(name) + after
