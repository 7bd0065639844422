"""A board of any size on disk: models of many makers, each with a result of thirty tasks.

python tests/made_tree.py TO MODELS     writes it to TO/submissions
"""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
from made_site import LICENCES, ROOT, some_tasks

from evaluator.board.suites import asked_now
from evaluator.core import columns
from evaluator.core.files import Json, pretty_bytes
from evaluator.measure.result import recompute_tables
from evaluator.tasks import load_task

SOURCE = ROOT / "submissions/starter/large"
CLASSES = 20
DRAWS = 8
"""Models of equal answers repeat after so many."""
SUBMISSION = """schema: 1
title: {title}
organisation: {organisation}
model:
  kind: causal
  repo: {name}
  revision: {revision}
  dtype: bfloat16
  chat_template: none
licence: {licence}
training_data: Invented.
suites: [core]
maintainers: [someone]
"""


def write_tree(root: Path, models: int) -> int:
    """Write a board of so many models to `root`; return how many results it has."""
    tasks = some_tasks()
    root.mkdir(parents=True)
    (root / "board.yaml").write_text(_board(tasks))
    card = (SOURCE / "card.md").read_text()
    rng = np.random.default_rng(7)
    skills = np.sort(rng.normal(0.45, 0.15, models))[::-1]
    for i in range(models):
        name = f"org-{i % 240}/model-{i:05}"
        home = root / name
        home.mkdir(parents=True)
        facts = {"name": name, "title": f"Model {i:05}", "organisation": f"Organisation {i % 240}",
                 "revision": sha(name)[:40], "licence": LICENCES[i % 6]}  # fmt: skip
        (home / "submission.yaml").write_text(SUBMISSION.format(**facts))
        (home / "card.md").write_text(card)
        size = int(rng.choice([5e8, 1e9, 3e9, 7e9, 8e9, 13e9, 34e9, 70e9]))
        for task in tasks:
            _write_result(home, name, task, answers(task, i % DRAWS, round(skills[i], 1)), size)
    return models * len(tasks)


def _board(tasks: list[str]) -> str:
    """Return a board.yaml with six areas of five tasks."""
    source = (ROOT / "submissions/board.yaml").read_text()
    head = source.split("\nsuites:\n")[0].replace("home: starter", "home: core")
    lines = ["suites:", "  core:", "    title: Core", "    summary: Invented.", "    areas:"]
    for i in range(6):
        lines.append(f"      area-{i}:")
        for task in tasks[i::6]:
            lines += [f"        - task: {task}", "          reason: It is invented."]
    limits = source[source.index("\nlimits:") :].split("\n\n")[0]
    return head + "\n" + "\n".join(lines) + "\n" + limits + "\n"


@cache
def answers(task: str, draw: int, share: float) -> Json:
    """Return a result of a task with about this share of right answers, of nobody in particular."""
    known, asked = load_task(task), asked_now(task)
    assert asked
    kind = known.kind if known.kind in ("classification", "matching") else "choice"
    (source,) = SOURCE.glob(f"results/starter_{kind}/*/*.json")
    locked = asked.request_sets["prompt"]
    rng = np.random.default_rng([draw, int(sha(task)[:8], 16)])
    right = rng.random(locked.n) < np.clip(share, 0.02, 0.98)
    result = json.loads(source.read_text()) | {
        "task": {"name": task, "version": known.version},
        "scorer": known.scorer,
        "primary": known.primary.name,
        "n": locked.n,
        "request_set": {part: getattr(locked, part) for part in locked.__slots__},
        "responses": {"bytes": 1, "kept": False, "sha256": sha(f"{task} {draw} {share}")},
    }
    result["columns"] = _columns(kind, right, rng)
    if kind != "choice":
        labels = 2 if kind == "matching" else CLASSES
        result["classes"] = [{"label": f"class {i:02}"} for i in range(labels)]
        result["classes"], result["confusion"] = recompute_tables(result)
    value = float(right.mean())
    half = 1.96 * float(np.sqrt(value * (1 - value) / locked.n))
    estimate = {"value": value, "stderr": half / 1.96, "low": value - half, "high": value + half,
                "n": locked.n, "tier": known.primary.tier}  # fmt: skip
    result["metrics"] = {metric.name: estimate for metric in known.metrics}
    result["groups"] = dict.fromkeys(result["groups"], estimate)
    return result


def _columns(kind: str, right: np.ndarray, rng: np.random.Generator) -> Json:
    found = {"correct": right.astype(float)}
    if kind != "choice":
        labels = 2 if kind == "matching" else CLASSES
        gold = rng.integers(0, labels, len(right))
        found |= {"gold": gold, "pred": np.where(right, gold, (gold + 1) % labels)}
    if kind == "matching":
        found["value"] = rng.random(len(right))
    return {name: columns.pack(name, values) for name, values in found.items()}


def _write_result(home: Path, name: str, task: str, answered: Json, size: int) -> None:
    result = answered | {
        "submission": name,
        "key": sha(f"{name} {task}"),
        "model": answered["model"] | {"parameters": size},
    }
    run = result["responses"]["sha256"][:8]
    path = home / "results" / task / result["key"][:12] / f"{run}.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(pretty_bytes(result))


def sha(text: str) -> str:
    """Return the sha256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    count = write_tree(Path(sys.argv[1]) / "submissions", int(sys.argv[2]))
    sys.stdout.write(f"{count} results\n")
