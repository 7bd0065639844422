"""Item vectors: what the page that compares models reads, so that it counts as `compare` does.

One file a model with every item of every task, a few kB; one file with what was asked, since most
models were asked the same; one file an item set with the names of its items.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from evaluator.board.cells import Cell
from evaluator.board.compare import (
    OF_THE_METHOD,
    fingerprint,
    item_ids,
    lower_is_better,
)
from evaluator.board.index import is_share_of_right, says_it_all, scored, task_weights
from evaluator.board.publish.model import source_of
from evaluator.board.publish.rows import parameters_of
from evaluator.board.publish.site import Site
from evaluator.board.publish.values import slug
from evaluator.board.publish.words import Words
from evaluator.board.tree import Entry, Standing
from evaluator.core.errors import ScoreError
from evaluator.core.files import Json, hash_json
from evaluator.core.stats import t95
from evaluator.measure.result import items_of
from evaluator.tasks import load_task, task_names


def models_data(site: Site) -> Json:
    """Return every model with a number, by columns: what the search of the page looks through."""
    entries = [entry for entry in site.tree.entries if _measured(site, entry)]
    return {
        "slug": [slug(entry.submission.id) for entry in entries],
        "title": [entry.submission.title for entry in entries],
        "organisation": [entry.submission.organisation for entry in entries],
    }


def vectors(site: Site, entry: Entry) -> Json:
    """Return what `data/items/<slug>.json` holds: how a model was run, and its items by task.

    `entry` has its results in full, as `site.whole` gives it.
    """
    submission = entry.submission
    results = {standing.path: standing.result for standing in entry.results}
    return {
        "model": submission.id,
        "slug": slug(submission.id),
        "title": submission.title,
        "suites": list(submission.suites),
        "facts": {
            "source": source_of(entry, site.root.name),
            "kind": submission.kind,
            "dtype": submission.dtype,
            "chat_template": submission.chat_template,
            "parameters": parameters_of(entry),
            "licence": submission.licence,
        },
        "tasks": {
            task: vector(results[standing.path]) for task, standing in _measured(site, entry)
        },
    }


def vector(result: Json) -> Json:
    """Return the items of one result: `correct` as committed, `values` where they are not 0 and 1.

    `values` are (n,) numbers of `item_values`, each once, and their places in base64, in as few
    bits each as are enough, the lowest first: nothing is lost. Where the number tells whether the
    item is right, `right` says so for each number and stands in the place of `correct`.
    """
    import pandas

    told = {
        "question": _question_id(result),
        "method": result["method"],
        "evaluator": result["run"]["evaluator"]["version"] if "run" in result else "",
    }
    right = {"correct": result["columns"]["correct"]}
    if says_it_all(result):
        return told | right
    score, items = scored(result)
    if is_share_of_right(score, items):
        return told | right
    codes, known = pandas.factorize(score.influence + score.value, sort=True)
    follows = np.zeros(len(known))
    follows[codes] = items.columns["correct"]
    if np.array_equal(follows[codes], items.columns["correct"]):
        right = {"right": follows.astype(int).tolist()}
    return told | right | {"values": [known.tolist(), _places(codes, len(known))]}


def _places(codes: NDArray[np.intp], kinds: int) -> str:
    """Return places among so many kinds, packed in base64."""
    width = max(1, (kinds - 1).bit_length())
    bits = codes.astype(np.uint32)[:, None] >> np.arange(width, dtype=np.uint32) & 1
    packed = np.packbits(bits.astype(np.uint8), bitorder="little")
    return base64.b64encode(packed.tobytes()).decode()


def questions_of(site: Site, entry: Entry, items: Json, told: Collection[str]) -> dict[str, Json]:
    """Return id -> question that an entry in full answers, without those whose id is in `told`.

    `items` are its `vectors`.
    """
    results = {standing.path: standing.result for standing in entry.results}
    return {
        name: question(results[standing.path])
        for task, standing in _measured(site, entry)
        if (name := items["tasks"][task]["question"]) not in told
    }


def questions_data(found: dict[str, Json]) -> Json:
    """Return what `data/questions.json` holds: every fingerprint by its id, and `own`.

    `own` are the parts in which two methods may differ.
    """
    return {"own": list(OF_THE_METHOD), "questions": dict(sorted(found.items()))}


def question(result: Json) -> Json:
    """Return what a result answers: parts of its fingerprint, items, metric, clusters, quantile.

    `clusters` are lists of the places of items that are not independent; an item alone is in none.
    `t` is the 97.5 % quantile of Student's distribution for its items, or clusters.
    """
    parts = {part: _short(value) for part, value in fingerprint(result).items()}
    n, clusters = result["n"], _clusters(result)
    return {
        "parts": parts,
        "items": result["request_set"]["items_sha256"][:12],
        "n": n,
        "metric": result["primary"],
        "lower_is_better": lower_is_better(result),
        "clusters": clusters,
        "t": t95(n - sum(len(places) - 1 for places in clusters)),
    }


def _clusters(result: Json) -> list[list[int]]:
    """Return the places of the items of each cluster that has several."""
    found: dict[str, list[int]] = {}
    for place, name in enumerate(items_of(result).clusters):
        if name:
            found.setdefault(name, []).append(place)
    return [places for places in found.values() if len(places) > 1]


def compare_data(site: Site, words: Words) -> Json:
    """Return what the script of the page must know before it reads any vector."""
    names = ("kind", "method", "metric", "template")
    return {
        "suites": suite_weights(site, words),
        "tasks": {name: words.say(load_task(name).title) for name in task_names()},
        "words": words.starting("compare.js.") | {"to": words("to")},
        "names": {
            key: text for group in names for key, text in words.texts.items()
            if key.startswith(f"{group}.")
        },
    }  # fmt: skip


def suite_weights(site: Site, words: Words) -> Json:
    """Return suite -> {title, weights: task -> what one unit of its metric moves the index by}."""
    found = {}
    for name, suite in site.tree.board.suites.items():
        asked = {task: site.tree.asked(task) for task in suite.tasks}
        known = {task: value for task, value in asked.items() if value}
        weights = task_weights(suite, known) if len(known) == len(suite.tasks) else {}
        found[name] = {
            "title": words.say(suite.title),
            "tasks": list(suite.tasks),
            "weights": weights,
        }
    return found


def item_names(site: Site) -> Iterator[tuple[str, list[str]]]:
    """Yield (first 12 digits of an item set's hash, its item ids) where responses are kept."""
    done: set[str] = set()
    for entry in site.tree.entries:
        for _, standing in _measured(site, entry):
            name = standing.result["request_set"]["items_sha256"][:12]
            if name in done or not standing.result["responses"]["kept"]:
                continue
            with suppress(ScoreError):  # taken down since: another model may still have them
                yield name, item_ids(site.root, standing)
                done.add(name)


def _measured(site: Site, entry: Entry) -> list[tuple[str, Standing]]:
    cells: dict[str, Cell] = site.cells[entry.submission.id]
    return [(task, cell.standing) for task, cell in cells.items() if cell.standing]


def _question_id(result: Json) -> str:
    return hash_json(fingerprint(result))[:12]


def _short(value: Json) -> Json:
    """Return a part as it is shown: what is not one word or number by its hash."""
    return hash_json(value)[:12] if isinstance(value, dict) else value
