"""INSPIRED: which movie does a person recommend next in a talk?

Paper: Hayati et al. 2020, arXiv 2009.14306. Each turn of the test talks in which the recommender
names one movie for the first time (and no other) is asked about: the talk up to it, then 20 movies
to rank, the named one and 19 that other talks of the test and development files name about as often
(drawn by a hash). Our own prompt; the log-likelihood of a movie is divided by its characters. Turns
of one talk are a cluster.

No licence is stated: not for a default index. Quirks: quotation marks are written QUOTATION_MARK.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, by_lot, ranking_task

PINS = {pin.id: pin for pin in load_pins("inspired")}
CANDIDATES = 20
TURNS = 8
"""Turns of the talk that are shown, the latest ones."""
SEED = "inspired-1"


def movies_of(row: Row) -> list[str]:
    """Return the movies that a turn names."""
    return [name.strip() for name in (row["movies"] or "").split(";") if name.strip()]


def spoken(row: Row) -> str:
    """Return a turn as a line of the talk."""
    text = " ".join((row["text"] or "").replace("QUOTATION_MARK", '"').split())
    return f"{row['speaker'].capitalize()}: {text}"


def to_example(
    turns: Sequence[Row], right: str, named: Sequence[str], fame: Mapping[str, int], name: str
) -> Example:
    """Return one turn: the talk before it, and the candidates in an order by lot."""
    strange = [movie for movie in fame if movie not in {*named, right}]
    drawn = sorted(
        by_lot(strange, f"{SEED}|{name}"), key=lambda movie: abs(fame[movie] - fame[right])
    )
    choices = by_lot([right, *drawn[: CANDIDATES - 1]], f"{SEED}|order|{name}")
    talk = "\n".join(spoken(row) for row in turns[-TURNS:])
    return Example(
        id=name,
        question=f"{talk}\nThe recommender suggests the movie:",
        target=right,
        choices=tuple(choices),
        gold=(choices.index(right),),
        cluster=name.split("/")[0],
    )


def ask_about(talk: Sequence[Row], fame: Mapping[str, int], name: str) -> Iterable[Example]:
    """Yield the items of one talk."""
    named: list[str] = []
    for at, row in enumerate(talk):
        movies = movies_of(row)
        fresh = len(movies) == 1 and movies[0] not in named
        if at and fresh and row["speaker"] == "RECOMMENDER":
            yield to_example(talk[:at], movies[0], named, fame, f"{name}/{row['utt_id']}")
        named += movies


def load(read: Read) -> Examples:
    """Return the items of all test talks."""
    rows = {pin: list(read(PINS[pin])) for pin in PINS}
    fame = Counter(m for split in rows.values() for row in split for m in set(movies_of(row)))
    talks = [list(run) for _, run in groupby(rows["inspired/test"], lambda row: row["dialog_id"])]
    return Examples(
        test=tuple(
            example
            for talk in talks
            for example in ask_about(talk, fame, talk[0]["dialog_id"].split(".")[0])
        )
    )


TASK = ranking_task(
    name="inspired",
    title="INSPIRED",
    summary="Which of 20 movies a person recommends next in a talk.",
    languages=("en",),
    licence="unknown",
    open_licence=False,
    source="https://arxiv.org/abs/2009.14306",
    pins=tuple(PINS.values()),
    load=load,
    n_shots=0,
    length=len,
    notes="No licence is stated, so it is in no default index. The other 19 movies are named about "
    "as often in other talks.",
)
