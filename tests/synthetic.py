"""A board of invented models whose true order is known, for the bench and for coverage."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
from made import submission

from evaluator.board.suites import Asked, Season, Suite, SuiteTask
from evaluator.board.tree import Board, Entry, Standing, Tree
from evaluator.core import columns
from evaluator.core.records import FloatArray, RequestSet

CLASSES = 10
SEASON = Season(name="made", title="Made", summary="An invented season.", references=(),
                seed_sha256="", seed="", opened="2026-01-01", closed="", suites={}, asked={},
                amendments=())  # fmt: skip


def true_skills(models: int, tied: float, rng: np.random.Generator) -> FloatArray:
    """Return (M,) true skills; a share of the models stands in groups of ten equal ones."""
    skills = rng.normal(0, 0.6, models)
    groups = int(models * tied / 10)
    skills[: 10 * groups] = np.repeat(skills[:groups], 10)
    return skills


def true_ranks(skills: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each model's best and worst true rank: 1 + better ones, M - worse ones."""
    order = np.sort(skills)
    better = len(skills) - np.searchsorted(order, skills, "right")
    worse = np.searchsorted(order, skills, "left")
    return 1 + better, len(skills) - worse


def answer(skills: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Return (M, n) zeros and ones: the chance of a right answer is logistic in skill - difficulty.

    Models err on the same hard items, as real ones do.
    """
    difficulty = rng.normal(-0.5, 1.5, n).astype(np.float32)
    logit = skills.astype(np.float32)[:, None] - difficulty
    drawn = rng.random(logit.shape, dtype=np.float32)
    right: FloatArray = drawn < 1 / (1 + np.exp(-logit))
    return right


def sizes(tasks: int, items: int) -> list[int]:
    """Return how many items each task has: a few large ones, many small, `items` in all."""
    shares = 1 / np.arange(2, tasks + 2)
    found = np.maximum((shares / shares.sum() * items).astype(int), 2)
    found[0] += items - found.sum()
    return found.tolist()


def make_tree(skills: FloatArray, tasks: int, items: int, rng: np.random.Generator) -> Tree:
    """Return a board with every model measured on every task; every tenth task is macro F1."""
    names = [f"t{i:02}" for i in range(tasks)]
    kinds = {name: "macro_f1" if i % 10 == 9 else "acc" for i, name in enumerate(names)}
    results: list[list[Standing]] = [[] for _ in skills]
    asked = {}
    for name, n in zip(names, sizes(tasks, items), strict=True):
        sha = hashlib.sha256(name.encode()).hexdigest()
        asked[name] = _asked(name, kinds[name], n, sha)
        right = answer(skills, n, rng)
        for model, row in enumerate(right):
            results[model].append(_standing(f"org/m{model:05}", name, kinds[name], row, sha))
    entries = tuple(
        Entry(submission=submission(id=f"org/m{i:05}", suites=("made",), kind="causal"), card="",
              declines={}, results=tuple(found), attempts=())
        for i, found in enumerate(results)
    )  # fmt: skip
    areas = {f"area{a}": tuple(SuiteTask(task=t, reason="invented") for t in names[a::5])
             for a in range(5)}  # fmt: skip
    suite = Suite(name="made", title="Made", summary="Invented.", areas=areas)
    board = Board(title="Made", summary="Made.", repository="https://example.org/made",
                  season="made", home="made", suites={"made": suite},
                  responses_bytes=0)  # fmt: skip
    season = replace(SEASON, suites={"made": suite}, asked=asked)
    return Tree(board=board, entries=entries, decisions=(), seasons=(season,))


def _asked(name: str, primary: str, n: int, sha: str) -> Asked:
    found = RequestSet(sha256=sha, items_sha256=sha, gold_sha256=sha, n=n, requests=n,
                       baseline=0.1 if primary == "macro_f1" else 0.25)  # fmt: skip
    return Asked(task=name, version=1, scorer=1, primary=primary, request_sets={"prompt": found})


def _standing(model: str, task: str, primary: str, right: FloatArray, sha: str) -> Standing:
    n = len(right)
    packed = {"correct": columns.pack("correct", right)}
    value = float(right.mean())
    if primary == "macro_f1":
        gold = np.arange(n) % CLASSES
        pred = np.where(right, gold, (gold + 1) % CLASSES)
        packed |= {"pred": columns.pack("pred", pred), "gold": columns.pack("gold", gold)}
        hits = np.bincount(gold[right], minlength=CLASSES)
        both = np.bincount(pred, minlength=CLASSES) + np.bincount(gold, minlength=CLASSES)
        value = float(np.mean(2 * hits / both))
    run = hashlib.sha256(f"{model} {task}".encode()).hexdigest()
    result = {
        "submission": model,
        "task": {"name": task, "version": 1},
        "protocol": "board",
        "variant": "clean",
        "method": "loglikelihood",
        "request_set": {"sha256": sha, "gold_sha256": sha},
        "responses": {"sha256": run, "kept": False},
        "scorer": 1,
        "n": n,
        "primary": primary,
        "metrics": {primary: {"value": value, "low": value, "high": value, "n": n}},
        "model": {"parameters": 1},
        "classes": [{"label": str(i)} for i in range(CLASSES)] if primary == "macro_f1" else [],
        "run": {"trust": "local", "started": "2026-01-02T00:00:00Z"},
        "columns": packed,
    }
    return Standing(path=f"{model}/results/{task}/{run[:12]}/{run[:8]}.json", result=result)
