"""What there is of each model: a page in every language and its files, written on all cores.

A model's results are read in full here, one model at a time: a board of 150,000 results fits into
memory this way. What a process writes depends on the model alone, so their number changes no byte.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markupsafe import Markup

from evaluator.board.card import render_card
from evaluator.board.publish.downloads import Beside, compact, write_files
from evaluator.board.publish.model import model_data
from evaluator.board.publish.model_pictures import pictures_of
from evaluator.board.publish.outward import without_outward
from evaluator.board.publish.pages import MODELS, Pages
from evaluator.board.publish.profile import shares_of
from evaluator.board.publish.site import give_back
from evaluator.board.publish.stamp import Shell
from evaluator.board.publish.vectors import questions_of, vectors
from evaluator.board.tree import Entry
from evaluator.core.files import Json

LOG = logging.getLogger(__name__)
FEW = 100
"""Models that are not worth a process of their own."""
AT_ONCE = 20
"""Models that a process takes at once."""
RENEWED = 20
"""Times that it takes some: then a new one follows. Whatever a process looks at becomes its own
copy, for Python counts who looks; a new one begins with what all share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The site in one language as MkDocs left it."""

    pages: Pages
    """Its pages."""
    shells: dict[str, str]
    """Source path -> HTML of each shell."""
    to: Path
    """Its folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written of one model."""

    sums: tuple[str, ...]
    """A line for SHA256SUMS a file."""
    questions: dict[str, Json]
    """Id -> what its results answer, where no model before it in the same process says so."""
    beside: Beside
    """What stands beside its scores in tables of suites; empty where nothing does."""


class Press:
    """Writes the files of models, one model at a time."""

    def __init__(self, builds: Sequence[Built]) -> None:
        """Cut the shells; the first build's folder is the root of the site."""
        self.site = builds[0].pages.site
        self.root = builds[0].to
        self.builds = builds
        self.shells = [Shell(built.shells[MODELS], MODELS, built.to) for built in builds]
        self.told: set[str] = set()

    def write(self, number: int) -> Written:
        """Write the pages and files of the model with this number in the tree."""
        site = self.site
        entry = site.whole(site.tree.entries[number])
        data = model_data(site, entry)
        card = readable_card(entry)
        for built, shell in zip(self.builds, self.shells, strict=True):
            page = built.pages.model(data, card)
            if not site.tree.board.public:
                page = replace(page, body=without_outward(page.body))
            shell.write(page)
        items = vectors(site, entry)
        files = {
            f"models/{data['slug']}.json": compact(data),
            f"data/items/{data['slug']}.json": compact(items),
            **pictures_of(site, data["model"]),
        }
        sums = write_files(self.root, files.items())
        shares = {data["model"]: found} if (found := shares_of(data["profile"])) else {}
        questions = questions_of(site, entry, items, self.told)
        self.told |= questions.keys()
        return Written(sums=tuple(sums), questions=questions, beside=shares)


def readable_card(entry: Entry) -> Markup | None:
    """Return a card as HTML of a short list of tags; None and a warning if it cannot be shown.

    One card that breaks what renders it must not take the site of all others with it.
    """
    try:
        return Markup(render_card(entry.card))
    except Exception as error:  # whatever a stranger's text found in a library
        LOG.warning("%s: the card is not shown: %s", entry.submission.id, error)
        return None


def write_models(builds: Sequence[Built]) -> Iterator[Written]:
    """Write what there is of every model; yield what was written, in the order of the tree.

    Meanwhile this process only collects: what it looks at would become a copy, as in the others.
    """
    press = Press(builds)
    numbers = range(len(press.site.tree.entries))
    workers = min(os.cpu_count() or 1, 1 + len(numbers) // FEW)
    if workers == 1:
        yield from map(press.write, numbers)
        return

    yield press.write(numbers[0])  # what it loads and compiles is there for all that are forked
    give_back()
    gc.freeze()  # what is there already is neither looked through again nor copied by that
    with multiprocessing.get_context("fork").Pool(workers, _begin, (press,), RENEWED) as pool:
        yield from pool.imap(_write, numbers[1:], AT_ONCE)


_presses: list[Press] = []


def _begin(press: Press) -> None:
    """Take the press into a process that was forked: nothing of it is copied or pickled."""
    gc.disable()
    _presses[:] = [press]


def _write(number: int) -> Written:
    """Write a model, then drop what went round in circles: while it is written, hardly any does."""
    written = _presses[0].write(number)
    gc.collect()
    return written
