"""lm-evaluation-harness 0.4.13 itself, given the pinned files in place of its downloads.

Its own task files and task code make the requests, its HF backend answers them, its own metrics
judge them; only `custom_dataset` is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import lm_eval
from lm_eval.api.task import ConfigurableTask
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from lm_eval.tasks._yaml_loader import load_yaml

from evaluator.core.records import DataPin, Row, Task
from parity import rows as shape

TASKS = Path(lm_eval.__file__).parent / "tasks"
Read = Callable[[DataPin], Iterable[Row]]
Scores = dict[tuple[str, str], tuple[float, bool]]
"""(context, continuation) -> (log-likelihood, greedy)."""
FILES = {
    "mmlu": "mmlu/default/mmlu_{group}.yaml",
    "arc_easy": "arc/arc_easy.yaml",
    "arc_challenge": "arc/arc_challenge.yaml",
    "hellaswag": "hellaswag/hellaswag.yaml",
    "winogrande": "winogrande/default.yaml",
    "piqa": "piqa/piqa.yaml",
    "boolq": "super_glue/boolq/default.yaml",
    "truthfulqa": "truthfulqa/truthfulqa_mc2.yaml",
    "gsm8k": "gsm8k/gsm8k.yaml",
    "bbh": "leaderboard/bbh_mc/{group}.yaml",
    "musr": "leaderboard/musr/musr_{group}.yaml",
    "cmmlu": "cmmlu/cmmlu_{group}.yaml",
    "crows_pairs": "crows_pairs/crows_pairs_english.yaml",
    "lambada": "lambada/lambada_openai.yaml",
    "ifeval": "ifeval/ifeval.yaml",
}
"""Task -> the harness's file for it, below its folder of tasks."""


@dataclass(frozen=True)
class Asked:
    """What the harness asked and found out about one item."""

    scores: Scores
    """Empty where a text was written."""
    prompt: str
    """What was written after, '' where choices were scored."""
    text: str
    """What was written."""
    metrics: dict[str, float]
    """Name -> value of the item."""


def named_there(group: str) -> str:
    """Return what the harness calls a group."""
    return group.replace("murder_mystery", "murder_mysteries")


def splits(task: Task, group: str, read: Read) -> dict[str, list[dict[str, Any]]]:
    """Return split -> records of a task of the harness, from the pins of ours."""
    pins = {pin.id.partition("/")[2]: pin for pin in task.pins}

    def rows(name: str) -> Iterable[Row]:
        return read(pins[name])

    def _arc(part: str) -> dict[str, Iterable[dict[str, Any]]]:
        return {s: shape.arc(rows(f"{part}_{s}")) for s in ("test", "dev")}

    made: dict[str, Callable[[], dict[str, Iterable[dict[str, Any]]]]] = {
        "arc_easy": lambda: {
            "test": shape.arc(rows("easy_test")),
            "dev": shape.arc(rows("easy_dev")),
        },
        "arc_challenge": lambda: {
            "test": shape.arc(rows("challenge_test")),
            "dev": shape.arc(rows("challenge_dev")),
        },
        "mmlu": lambda: {s: shape.mmlu(rows(f"{s}/{group}")) for s in ("test", "dev")},
        "cmmlu": lambda: {s: shape.cmmlu(rows(f"{s}/{group}")) for s in ("test", "dev")},
        "gsm8k": lambda: {s: shape.as_they_are(rows(s)) for s in ("test", "train")},
        "hellaswag": lambda: {
            "validation": shape.hellaswag(rows("val")),
            "train": shape.hellaswag(rows("train")),
        },
        "winogrande": lambda: {"validation": shape.of_winogrande(read(task.pins[0]))},
        "piqa": lambda: {"validation": shape.of_piqa(rows("valid"), rows("valid_labels"))},
        "boolq": lambda: {"validation": shape.boolq(read(task.pins[0]))},
        "truthfulqa": lambda: {"validation": shape.truthfulqa(rows("mc_task_v1"))},
        "bbh": lambda: {"test": shape.of_bbh(rows(group), group)},
        "musr": lambda: {named_there(group): shape.musr(rows(group))},
        "crows_pairs": lambda: {"test": shape.crows_pairs(read(task.pins[0]))},
        "ifeval": lambda: {"train": shape.as_they_are(read(task.pins[0]))},
        "lambada": lambda: {"test": shape.as_they_are(read(task.pins[0]))},
    }
    return {name: list(records) for name, records in made[task.name]().items()}


def their_task(task: Task, group: str, read: Read, file: str = "") -> ConfigurableTask:
    """Return the harness's task, its data that of our pins.

    Splits that no pinned file holds are taken out, so that the harness's own rule for the pool of
    shots finds the next one: ARC's development file in place of its training file.
    """
    path = TASKS / (file or FILES[task.name].replace("{group}", named_there(group)))
    config = load_yaml(path, resolve_func=task.name != "ifeval")
    if task.name == "ifeval":  # its judge would download a sentence splitter
        config["process_results"] = lambda doc, results: {"prompt_level_strict_acc": 0.0}
        config["metric_list"] = [
            {"metric": "prompt_level_strict_acc", "aggregation": "mean", "higher_is_better": True}
        ]
    parts = splits(task, group, read)
    if "dev" in parts and task.name.startswith("arc"):
        parts["validation"] = parts.pop("dev")
    for kind in ("training_split", "validation_split", "test_split"):
        if config.get(kind) not in parts:
            config[kind] = None
    tables = {name: datasets.Dataset.from_list(records) for name, records in parts.items()}
    config["custom_dataset"] = lambda **_: tables
    return ConfigurableTask(config=config)


def ask(
    task: Task, groups: Iterable[str], read: Read, model: HFLM, limit: int, **other: Any
) -> tuple[dict[str, list[Asked]], dict[str, dict[str, Any]]]:
    """Return (name of a task there -> its items, -> its results) of a model."""
    theirs = [their_task(task, group, read) for group in groups]
    if task.name == "truthfulqa":
        theirs.append(their_task(task, "", read, "truthfulqa/truthfulqa_mc1.yaml"))
    found = lm_eval.simple_evaluate(
        model=model,
        tasks=theirs,
        num_fewshot=task.n_shots,
        limit=limit,
        bootstrap_iters=0,
        task_manager=TaskManager(include_defaults=False),
        **other,
    )
    assert found is not None
    return {name: list(_items(samples)) for name, samples in found["samples"].items()}, found[
        "results"
    ]


def _items(samples: list[dict[str, Any]]) -> Iterator[Asked]:
    first = samples[0]["filter"]
    for sample in samples:
        if sample["filter"] != first:
            continue
        metrics = {name: sample[name] for name in sample["metrics"]}
        written = isinstance(sample["arguments"][0][1], dict)
        yield Asked(
            scores={}
            if written
            else {
                (args[0], args[1]): resps[0]
                for args, resps in zip(sample["arguments"], sample["resps"], strict=True)
            },
            prompt=sample["arguments"][0][0] if written else "",
            text=sample["resps"][0][0] if written else "",
            metrics=metrics,
        )
