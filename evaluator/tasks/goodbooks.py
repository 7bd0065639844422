"""Goodbooks-10k: recommend a book: the next of a series, or another one by its author.

Data: the catalogue of zygmuntz/goodbooks-10k, 10,000 books of Goodreads by popularity. Two kinds of
question, 500 of each, drawn by a hash (the groups): which of 20 books comes next in a series, and
which is by the author of a book whose title alone is shown. The right one stands among 19 others of
about its popularity (drawn by a hash from the 100 before and after it in the catalogue), none of
the same author or series, so that fame alone tells nothing. Our own prompt; the log-likelihood of a
title is divided by its characters.

Quirks: series and number stand in the title, "Catching Fire (The Hunger Games, #2)", and are not
shown in a candidate.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from evaluator.core.records import Example, Examples, Row
from evaluator.tasks import load_pins
from evaluator.tasks.forms import Read, by_lot, ranking_task

PINS = load_pins("goodbooks10k")
SERIES = re.compile(r"(.+) \((.+?),? #(\d+)\)")
CANDIDATES = 20
EACH = 500
NEAR = 100
"""How far from the right book, in places of the catalogue, the others stand at most."""
SEED = "goodbooks-1"


@dataclass(frozen=True, slots=True)
class Book:
    """One book of the catalogue."""

    place: int
    title: str
    author: str
    series: str
    number: int


def to_book(row: Row) -> Book:
    """Return a row as a book; without a series the number is 0."""
    found = SERIES.fullmatch(row["title"])
    title, series, number = found.groups() if found else (row["title"], "", "0")
    author = row["authors"].split(",")[0]
    return Book(int(row["book_id"]), title.strip(), author, series, int(number))


def to_example(question: str, right: Book, books: Sequence[Book], group: str, name: str) -> Example:
    """Return one question with its candidates, in an order by lot."""
    start = max(0, min(right.place - 1 - NEAR, len(books) - 2 * NEAR - 1))
    rivals = {
        book.title: book
        for book in books[start : start + 2 * NEAR + 1]
        if book.author != right.author and (not right.series or book.series != right.series)
    }
    rivals.pop(right.title, None)
    drawn = by_lot(rivals, f"{SEED}|{name}")[: CANDIDATES - 1]
    titles = by_lot([right.title, *drawn], f"{SEED}|order|{name}")
    return Example(
        id=name,
        question=question,
        target=right.title,
        choices=tuple(titles),
        gold=(titles.index(right.title),),
        group=group,
    )


def next_in_series(books: Sequence[Book]) -> list[Example]:
    """Return the questions for the next book of a series."""
    known = {(book.series, book.author, book.number): book for book in reversed(books)}
    pairs = [
        (book, known[follow])
        for book in books
        if book.series and (follow := (book.series, book.author, book.number + 1)) in known
    ]
    return [
        to_example(
            f'A reader has just finished "{book.title}" by {book.author}, part {book.number} of '
            f"{book.series}.\nThe next book of the series:",
            right,
            books,
            "next in series",
            f"series/{book.place}",
        )
        for book, right in by_lot(pairs, SEED, lambda pair: pair[0].place)[:EACH]
    ]


def same_author(books: Sequence[Book]) -> list[Example]:
    """Return the questions for another book by the author of a book."""
    shelves = defaultdict(list)
    for book in books:
        shelves[book.author].append(book)
    pairs = [
        (book, right)
        for own in shelves.values()
        for book in own
        for right in by_lot(
            (b for b in own if b.title != book.title and (not b.series or b.series != book.series)),
            f"{SEED}|{book.place}",
            lambda b: b.place,
        )[:1]
    ]
    return [
        to_example(
            f'A reader liked "{book.title}".\nAnother book by the same author:',
            right,
            books,
            "same author",
            f"author/{book.place}",
        )
        for book, right in by_lot(pairs, SEED, lambda pair: pair[0].place)[:EACH]
    ]


def load(read: Read) -> Examples:
    """Return both kinds of question."""
    books = [to_book(row) for row in read(PINS[0])]
    return Examples(test=(*next_in_series(books), *same_author(books)))


TASK = ranking_task(
    name="goodbooks",
    title="Goodbooks (ranking)",
    summary="Which of 20 books comes next in a series, or is by the same author.",
    languages=("en",),
    licence="CC-BY-SA-4.0",
    open_licence=True,
    source="https://github.com/zygmuntz/goodbooks-10k",
    pins=PINS,
    load=load,
    n_shots=0,
    length=len,
    notes="The other 19 books are about as popular as the right one.",
)
