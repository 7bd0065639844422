"""Lint: is a test set what it seems? Duplicates, balance, and what answers it without reading it.

Everything here is a function of the pinned items alone; `choice_only` asks a model. A finding is no
verdict: a heuristic that beats chance by two standard errors says that part of a score may be just
that.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from scipy.special import chdtrc

from evaluator.backends import Backend
from evaluator.core.files import Json, pretty_bytes, write_atomic
from evaluator.core.records import Example, Examples, Task
from evaluator.measure.data import load_examples
from evaluator.measure.duplicates import near, repeated, text_of
from evaluator.measure.packs import plan_packs
from evaluator.measure.requests import build_requests
from evaluator.measure.score import score_task
from evaluator.metrics.choice import candidates, guess_rate
from evaluator.tasks import findings_of, items_mark, lint_path, task_names

SUSPICIOUS_P = 0.01
"""Probability under which a balance is called skewed."""
ERRORS_OFF = 2.0
"""Standard errors above chance from which on a heuristic is called telling."""
SHOWN = 5
"""Examples of a finding that are named."""
LETTER = re.compile(r"[A-Z]|\([A-Z]\)")
SPELT_OUT = re.compile(r"^\s*([A-Z](?=[.:、．])|\([A-Z]\))[.:、．]?\s*(.*)$", re.MULTILINE)
"""A line of a question that says what a letter stands for: `A. text` or `(A) text`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    """repeated, conflicting, near, shown, nearly-shown, labels, places, first, longest, choice-only
    or agreed-wrong."""
    flagged: bool
    """True if someone should look at it."""
    value: float
    """Items for duplicates, a probability for balances, a share of right answers for heuristics."""
    expected: float
    """What is expected where nothing is wrong: 0 items, or the share that chance gets."""
    items: tuple[str, ...] = ()
    """Ids of some items that it is about."""
    model: str = ""
    """Id of the submission that was asked, '' if none was."""


def lint_task(task: Task) -> list[Finding]:
    """Return what is found in the items of a task.

    Raises:
        DataError: as `load_examples`.
    """
    examples = load_examples(task)
    found = find_duplicates(examples)
    if task.kind == "likelihood" or task.kind == "generation":
        return found
    found += find_imbalance(examples)
    if not examples.labels:
        found += [heuristic("first", examples.test, lambda e: candidates(e)[0])]
        if all(options_of(example) for example in examples.test):
            found += [heuristic("longest", examples.test, longest)]
    return found


def find_duplicates(examples: Examples) -> list[Finding]:
    """Return what is asked twice: within the test, and in the test and the pool of shots.

    To the letter (`repeated`, `shown`), in two ways right (`conflicting`), nearly (`near`,
    `nearly-shown`).
    """
    test, both = examples.test, (*examples.test, *examples.shots)
    again = list(repeated(test).values())
    torn = [same for same in again if any(_differ(a, b) for a, b in combinations(same, 2))]
    asked = {text_of(example) for example in test}
    shown = [shot.id for shot in examples.shots if text_of(shot) in asked]
    pairs = near(both)
    inside = {i for a, b in pairs if b < len(test) for i in (a, b)}
    across = {b for a, b in pairs if a < len(test) <= b}
    return [
        count("repeated", [e.id for same in again for e in same]),
        count("conflicting", [e.id for same in torn for e in same]),
        count("near", [both[i].id for i in sorted(inside)]),
        count("shown", shown),
        count("nearly-shown", [both[i].id for i in sorted(across)]),
    ]


def _differ(one: Example, other: Example) -> bool:
    """Tell whether two items of a group have other right answers; groups may ask other things."""
    return one.group == other.group and _right(one) != _right(other)


def _right(example: Example) -> tuple[str, ...]:
    return tuple(sorted(example.choices[i] for i in example.gold)) or tuple(sorted(example.answers))


def count(name: str, items: Sequence[str]) -> Finding:
    """Return a finding of items that should not be there."""
    return Finding(
        name=name,
        flagged=bool(items),
        value=float(len(items)),
        expected=0.0,
        items=tuple(items[:SHOWN]),
    )


def find_imbalance(examples: Examples) -> list[Finding]:
    """Return whether labels, or the places of right options, are as even as chance makes them.

    Pearson's chi-squared; places are compared among items with the most common number of options,
    each of which has one right option.
    """
    if examples.labels:
        return [balance("labels", [e.gold[0] for e in examples.test], len(examples.labels))]
    single = [e for e in examples.test if len(set(e.gold) & set(candidates(e))) == 1]
    if not single:
        return []
    options = Counter(len(candidates(e)) for e in single).most_common(1)[0][0]
    alike = [e for e in single if len(candidates(e)) == options]
    places = [candidates(e).index((set(e.gold) & set(candidates(e))).pop()) for e in alike]
    return [balance("places", places, options)]


def balance(name: str, values: Sequence[int], kinds: int) -> Finding:
    """Return how likely values 0 to kinds-1 come as unevenly, if all are equally likely."""
    counts = Counter(values)
    even = len(values) / kinds
    statistic = sum((counts[kind] - even) ** 2 / even for kind in range(kinds))
    p = float(chdtrc(kinds - 1, statistic)) if kinds > 1 else 1.0
    return Finding(name=name, flagged=p < SUSPICIOUS_P, value=p, expected=1.0)


def longest(example: Example) -> int:
    """Return the candidate with the most characters, the first of several."""
    return max(candidates(example), key=lambda i: len(options_of(example)[i]))


def options_of(example: Example) -> tuple[str, ...]:
    """Return the options as they read; where letters are scored, as the question spells them out.

    () where it does not spell out all of them.
    """
    letters = example.choices
    if example.contexts or not all(map(LETTER.fullmatch, letters)):
        return letters
    found = dict(SPELT_OUT.findall(example.question))
    return tuple(found[letter] for letter in letters) if found.keys() >= {*letters} else ()


def heuristic(name: str, items: Sequence[Example], choose: Callable[[Example], int]) -> Finding:
    """Return how often a rule that reads no question is right, beside what chance gets."""
    right = sum(choose(example) in example.gold for example in items)
    return against_chance(name, right / len(items), tuple(items))


def against_chance(name: str, value: float, items: tuple[Example, ...]) -> Finding:
    """Compare a share of right answers with that of a uniform guess on the same items."""
    chance = guess_rate(items)
    error = math.sqrt(chance * (1 - chance) / len(items))
    flagged = value > chance + ERRORS_OFF * error
    return Finding(name=name, flagged=flagged, value=value, expected=chance)


def can_be_blind(task: Task) -> bool:
    """Tell whether the options of a task stand apart from its question, so that it can go."""
    first = load_examples(task).test[0]
    lettered = all(len(choice) == 1 for choice in first.choices)
    return task.kind in ("choice", "ranking") and not first.contexts and not lettered


def choice_only(task: Task, backend: Backend, limit: int, model: str = "") -> Finding:
    """Ask a model a task with the questions taken out, so that the options alone can tell.

    Args:
        task: one that `can_be_blind`.
        backend: the model.
        limit: items to ask, spread over the task; 0 for all.
        model: id of the submission that it stands for.
    """
    examples = load_examples(task)
    step = max(len(examples.test) // limit, 1) if limit else 1
    test = tuple(replace(example, question="Answer:") for example in examples.test[::step])
    blind = Examples(test=test, labels=examples.labels)
    requests = build_requests(task, blind)
    answers = [r for pack in plan_packs(requests) for r in backend.answer(pack.requests)]
    scored = score_task(task, blind, answers)
    found = against_chance("choice-only", float(scored.items.columns["correct"].mean()), test)
    return replace(found, model=model)


def to_json(found: Sequence[Finding]) -> list[Json]:
    """Return findings as `evaluator tasks lint --json` prints them and `lint.json` holds them."""
    return [
        {
            "name": finding.name,
            "flagged": finding.flagged,
            "value": round(finding.value, 6),
            "expected": round(finding.expected, 6),
            "items": list(finding.items),
            **({"model": finding.model} if finding.model else {}),
        }
        for finding in found
    ]


def write_findings(found: Mapping[str, Sequence[Finding]]) -> None:
    """Keep findings beside the lock of their tasks, for their pages.

    What models got from the options alone stays as long as the items do: lint without a model does
    not ask again.
    """
    for path in {lint_path(name) for name in found}:
        before = json.loads(path.read_bytes())["tasks"] if path.exists() else {}
        kept = {name: entry for name, entry in before.items() if name in task_names()}
        for name in (name for name in found if lint_path(name) == path):
            told = to_json(found[name])
            again = {row.get("model", "") for row in told}
            told += [row for row in findings_of(name) or () if row.get("model", "") not in again]
            kept[name] = {"items": items_mark(name), "findings": told}
        write_atomic(path, pretty_bytes({"schema": 1, "tasks": kept}))
