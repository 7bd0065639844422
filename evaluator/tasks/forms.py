"""Forms: what tasks of one shape share. The file of a task fills in what is its own.

| form | asks for |
|---|---|
| `choice_task` | one of the options of each item |
| `label_task` | one of the declared labels |
| `pair_task` | whether two texts match: the second of two labels |
| `ranking_task` | the right one of an item's candidates, by its place |
| `writing_task` | a text whose extracted answer is right or wrong |
| `text_task` | one line of text that is compared with references; its primary is a mean |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from string import ascii_uppercase
from typing import Any, TypeVar

from evaluator.core.files import sha256
from evaluator.core.records import DataPin, Example, Examples, Row, Task
from evaluator.metrics.choice import acc, brier, log_loss
from evaluator.metrics.classification import accuracy, macro_f1, macro_precision, macro_recall, mcc
from evaluator.metrics.generation import exact_match
from evaluator.metrics.matching import auroc, average_precision, f1, precision, recall
from evaluator.metrics.ranking import hit_at_1, hit_at_5, mrr, ndcg_at_10

Read = Callable[[DataPin], Iterable[Row]]
"""Reader of a pinned file."""
T = TypeVar("T")

choice_task = partial(
    Task,
    version=1,
    kind="choice",
    metrics=(acc, brier, log_loss),
    primary=acc,
    columns=("correct", "pred"),
)
label_task = partial(
    Task,
    version=1,
    kind="classification",
    metrics=(macro_f1, accuracy, macro_precision, macro_recall, mcc),
    primary=macro_f1,
    columns=("correct", "pred", "gold"),
)
pair_task = partial(
    Task,
    version=1,
    kind="matching",
    scorer=2,
    metrics=(macro_f1, accuracy, f1, precision, recall, auroc, average_precision),
    primary=macro_f1,
    columns=("correct", "pred", "gold", "value"),
)
ranking_task = partial(
    Task,
    version=1,
    kind="ranking",
    metrics=(ndcg_at_10, mrr, hit_at_1, hit_at_5),
    primary=ndcg_at_10,
    columns=("correct", "rank"),
)
writing_task = partial(
    Task,
    version=1,
    kind="generation",
    metrics=(exact_match,),
    primary=exact_match,
    columns=("correct",),
)
text_task = partial(
    Task,
    version=1,
    kind="generation",
    columns=("correct", "value"),
    extract=str.strip,
    stop=("\n",),
)


def labelled(
    *,
    name: str,
    question: str,
    texts: tuple[str, ...],
    labels: tuple[str, ...],
    gold: int,
    group: str = "",
    cluster: str = "",
) -> Example:
    """Return an item whose choices are the declared labels."""
    return Example(
        id=name,
        question=question,
        texts=texts,
        target=labels[gold],
        choices=labels,
        gold=(gold,),
        group=group,
        cluster=cluster,
    )


def lettered(
    *,
    name: str,
    question: str,
    options: Sequence[str],
    gold: int,
    asks: str = "Answer:",
    group: str = "",
) -> Example:
    """Return an item that shows its options, each on a line with a letter; letters are scored."""
    letters = tuple(ascii_uppercase[: len(options)])
    shown = "".join(
        f"\n{letter}. {option}" for letter, option in zip(letters, options, strict=True)
    )
    return Example(
        id=name,
        question=f"{question}{shown}\n{asks}",
        target=letters[gold],
        choices=letters,
        gold=(gold,),
        group=group,
    )


def table_text(rows: Iterable[Iterable[str]]) -> str:
    """Return a table as text: a row a line, cells between bars."""
    return "\n".join(" | ".join(cell.strip() for cell in row) for row in rows)


def whole_file(
    pin: DataPin, to_example: Callable[[Row, str], Example]
) -> Callable[[Read], Examples]:
    """Return a loader: every row of one file, named by its number from 0; no shots."""

    def load(read: Read) -> Examples:
        return Examples(test=tuple(to_example(row, str(i)) for i, row in enumerate(read(pin))))

    return load


def by_subject(
    pins: Iterable[DataPin], to_example: Callable[[Row, str, str], Example]
) -> Callable[[Read], Examples]:
    """Return a loader of files `<benchmark>/<split>/<subject>`.

    All subjects in alphabetic order; each is shown its own development questions.
    """

    def load(read: Read) -> Examples:
        found: dict[str, list[Example]] = {"test": [], "dev": []}
        for pin in sorted(pins, key=lambda pin: pin.id):
            _, split, subject = pin.id.split("/")
            found[split] += [
                to_example(row, f"{subject}/{'' if split == 'test' else split}{i}", subject)
                for i, row in enumerate(read(pin))
            ]
        return Examples(test=tuple(found["test"]), shots=tuple(found["dev"]))

    return load


def by_lot(things: Iterable[T], seed: str, key: Callable[[T], Any] = str) -> list[T]:
    """Return things in an order that the hash of seed and key decides: the same everywhere."""
    return sorted(things, key=lambda thing: sha256(f"{seed}\n{key(thing)}".encode()))


def first_of_each(examples: Iterable[Example], labels: Sequence[str]) -> tuple[Example, ...]:
    """Return the first item of each label, in the order of the labels."""
    found: dict[str, Example] = {}
    for example in examples:
        found.setdefault(example.target, example)
    return tuple(found[label] for label in labels)


def split_shots(examples: Sequence[Example], labels: tuple[str, ...]) -> Examples:
    """Return the items of a file without a split: the first of each label is shown, not asked."""
    shots = first_of_each(examples, labels)
    shown = {shot.id for shot in shots}
    test = tuple(example for example in examples if example.id not in shown)
    return Examples(test=test, shots=shots, labels=labels)


def interleave(groups: Iterable[Sequence[T]]) -> Iterator[T]:
    """Yield the first of each group, then the second of each, as long as all have one."""
    for row in zip(*groups, strict=False):
        yield from row
