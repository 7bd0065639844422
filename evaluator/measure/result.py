"""Result: what is committed of a measurement, its identity, and reading it back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from evaluator.core import columns
from evaluator.core.files import (
    Json,
    compress,
    hash_json,
    pretty_bytes,
    read_plain,
    sha256,
    write_new,
)
from evaluator.core.records import Items, RequestSet, Submission, Task
from evaluator.core.schema import read_json_document
from evaluator.measure.manifest import Manifest, template_of
from evaluator.measure.method import PARSED_TOKENS, method_of
from evaluator.measure.requests import VARIANT
from evaluator.measure.score import Scored, class_tables


def decoding_of(task: Task, method: str) -> Json:
    """Return how text is generated: greedily, up to these stops; all zero for log-likelihood."""
    most = PARSED_TOKENS if method == "parsed" else task.max_tokens
    return {"greedy": True, "stop": list(task.stop), "max_tokens": most}


def key_of(submission: Submission, manifest: Manifest, task: Task, request_sha256: str) -> str:
    """Return the identity of a measurement: equal keys ask the same of the same model."""
    method = method_of(submission, task)
    return hash_json(
        key_parts(
            manifest=manifest,
            dtype=submission.dtype,
            template=template_of(submission, manifest),
            method=method,
            request_sha256=request_sha256,
            decoding=decoding_of(task, method),
            engine=submission.engine,
        )
    )


def key_parts(
    *,
    manifest: Manifest,
    dtype: str,
    template: str,
    method: str,
    request_sha256: str,
    decoding: Json,
    engine: str,
) -> Json:
    """Return what a key is the hash of; transformers, the first engine, has no name in it."""
    return {
        "manifest": manifest,
        "adapter": "",
        "dtype": dtype,
        "template": template,
        "method": method,
        "request_set": request_sha256,
        "decoding": decoding,
        **_named(engine),
    }


def _named(engine: str) -> dict[str, str]:
    return {"engine": engine} if engine else {}


def recompute_key(result: Json) -> str:
    """Return the key that a result's own parts hash to."""
    return hash_json(
        key_parts(
            manifest=result["model"]["manifest"],
            dtype=result["model"]["dtype"],
            template=result["model"]["chat_template"],
            method=result["method"],
            request_sha256=result["request_set"]["sha256"],
            decoding=result["decoding"],
            engine=result["model"].get("engine", ""),
        )
    )


def build_result(
    *,
    submission: Submission,
    manifest: Manifest,
    parameters: int,
    task: Task,
    request_set: RequestSet,
    lines: bytes,
    scored: Scored,
    run: Json,
) -> Json:
    """Assemble the result of one measurement; whether responses are kept is decided on writing."""
    method = method_of(submission, task)
    return {
        "schema": 1,
        "submission": submission.id,
        "task": {"name": task.name, "version": task.version},
        "protocol": task.protocol,
        "variant": VARIANT,
        "method": method,
        "key": key_of(submission, manifest, task, request_set.sha256),
        "model": {
            "kind": submission.kind,
            "manifest": manifest,
            "dtype": submission.dtype,
            "chat_template": template_of(submission, manifest),
            "parameters": parameters,
            **_named(submission.engine),
        },
        "request_set": asdict(request_set),
        "data": data_hashes(task),
        "decoding": decoding_of(task, method),
        "responses": {"sha256": sha256(lines), "bytes": len(lines), "kept": False},
        **score_section(task, scored),
        "run": run,
    }


def data_hashes(task: Task) -> dict[str, str]:
    """Return pin -> hash of each file that a task reads."""
    return {pin.id: pin.sha256 or pin.git_blob for pin in task.pins}


def score_section(task: Task, scored: Scored) -> dict[str, Json]:
    """Return the part of a result that scoring makes: a rescore replaces this and nothing else."""
    return {
        "scorer": task.scorer,
        "n": scored.items.n,
        "primary": task.primary.name,
        "metrics": scored.metrics,
        "classes": scored.classes,
        "groups": scored.groups,
        "confusion": scored.confusion,
        "counts": scored.counts,
        "columns": {n: columns.pack(n, scored.items.columns[n]) for n in _committed(task, scored)},
    }


def _committed(task: Task, scored: Scored) -> tuple[str, ...]:
    """Return the item columns of a result: the task's, and the clusters if items share any."""
    return (*task.columns, "cluster") if scored.items.clusters else task.columns


def run_name(result: Json) -> str:
    """Return the name of the run that a result was scored from: 8 hex digits of its responses'."""
    return str(result["responses"]["sha256"][:8])


def result_path(root: Path, result: Json) -> Path:
    """Return where a result stands below a tree of submissions."""
    submission, task, key = result["submission"], result["task"]["name"], result["key"]
    folder = root / str(submission) / "results" / str(task) / str(key)[:12]
    return folder / f"{run_name(result)}.json"


def write_result(root: Path, result: Json, lines: bytes, keep_below: int) -> Path:
    """Write a result, and its responses beside it if they compress below `keep_below` bytes.

    The responses come first, so that a result that names them never stands without them. Of two
    processes that write the same answers at once, the first one's result stays.
    """
    packed = compress(lines)
    result["responses"]["kept"] = len(packed) <= keep_below
    path = result_path(root, result)
    if result["responses"]["kept"]:
        write_new(responses_path(path), packed)
    write_new(path, pretty_bytes(result))
    return path


def responses_path(path: Path) -> Path:
    """Return where the responses of the result at `path` stand, if kept."""
    return path.with_name(f"{path.name.split('.')[0]}.responses.jsonl.gz")


def read_result(path: Path, name: str = "") -> Json:
    """Return a result that follows its schema; `name` stands for the path in faults.

    Raises:
        DocumentError: every fault of form.
    """
    return read_json_document(read_plain(path, name), name or str(path), "result")


def items_of(result: Json) -> Items:
    """Return the items of a result from its columns.

    Raises:
        ValueError: a column that is broken or has another length than n.
    """
    n = result["n"]
    found = {name: columns.unpack(name, text, n) for name, text in result["columns"].items()}
    return Items(
        columns=found,
        labels=tuple(row["label"] for row in result["classes"]),
        clusters=tuple(str(int(c)) if c >= 0 else "" for c in found.get("cluster", ())),
    )


def recompute_tables(result: Json) -> tuple[list[Json], list[list[int]]]:
    """Return the per-class rows and confusion counts that the columns give."""
    return class_tables(items_of(result))
