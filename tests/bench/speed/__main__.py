"""`make bench`: the evaluator beside lm-evaluation-harness, taking turns; writes the page.

    python tests/bench/speed [WORKLOAD ...] [--turns N] [--whole TASK ...] [--lighteval NAME ...]

Without a word it measures all: the workloads, lighteval if `make lighteval-env` has made it, and
whole tasks. What is measured is kept in build/bench/, and what the same commit has measured already
is not measured again: a run that was killed goes on where it stopped, turn by turn. Seconds are
processor time of a process with one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from model import SIZES, VOCABULARY, make_model
from page import Cost, Row, Third, Whole, bound, render, write_page
from side import BATCH
from workloads import FULL, WORKLOADS, Workload, texts

from evaluator.backends.encoder import Encoder
from evaluator.core.records import Request
from evaluator.measure.provenance import evaluator_commit

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PAGE = ROOT / "docs" / "en" / "benchmarks.md"
STORE = ROOT / "build" / "bench"
LIGHTEVAL = ROOT / "build" / "lighteval"
SIZE = "42M"
SMALL = "10M"
SAMPLE = 12
"""Requests of a row that are computed in fp64 too: those on which the sides differ most."""


class Process:
    """One side, loaded and waiting."""

    def __init__(self, which: str, folder: Path) -> None:
        facts = {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1",
                 "PYTHONPATH": str(ROOT)}  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "side.py"), which, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **facts},
        )  # fmt: skip
        self._read()

    def answer(self, workload: str) -> dict[str, Any]:
        """Return what a turn cost and gave."""
        assert self._process.stdin
        self._process.stdin.write(f"{workload}\n")
        self._process.stdin.flush()
        told: dict[str, Any] = json.loads(self._read())
        return told

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit("a side of the benchmark has died; run tests/bench/speed/side.py")
        return line


def say(line: str) -> None:
    """Print a line beside what is computed."""
    sys.stderr.write(line + "\n")


def matmul_peak() -> float:
    """Return the floating-point operations a second of a large fp32 product on one thread."""
    torch.set_num_threads(1)
    a = torch.randn(1536, 1536)
    best = 1e9
    for _ in range(8):
        start = time.process_time()
        a @ a
        best = min(best, time.process_time() - start)
    return 2 * 1536**3 / best


def work_of(size: str, told: dict[str, Any]) -> float:
    """Return the operations of the linear layers for what was fed (attention left out)."""
    facts = SIZES[size]
    wide, deep = facts["hidden_size"], facts["num_hidden_layers"]
    layer = 4 * wide * wide + 3 * wide * facts["intermediate_size"]
    return 2.0 * (deep * layer * told["fed"] + VOCABULARY * wide * told["projected"])


def differ(one: Any, other: Any) -> bool:
    """Tell whether two answers are not the same: strings, or (log-likelihood, greedy)."""
    if isinstance(one, str):
        return bool(one != other)
    return one[1] != other[1] or abs(one[0] - other[0]) > bound(one[0])


def compare(workload: Workload, ours: list[Any], theirs: list[Any], folder: Path) -> dict[str, Any]:
    """Return how far the answers of both sides are from each other and from fp64."""
    facts = {"nats": 0.0, "largest": 0.0, "ours_off": 0.0, "theirs_off": 0.0}
    facts["others"] = sum(map(differ, ours, theirs))
    if workload.requests[0].generate:
        return facts
    gaps = [abs(one[0] - other[0]) for one, other in zip(ours, theirs, strict=True)]
    sample = sorted(range(len(gaps)), key=lambda at: -gaps[at])[:SAMPLE]
    truth = logprobs_in_fp64([workload.requests[at] for at in sample], folder)
    for name, answers in (("ours_off", ours), ("theirs_off", theirs)):
        pairs = zip(sample, truth, strict=True)
        facts[name] = max(abs(answers[at][0] - exact) for at, exact in pairs)
    return facts | {"nats": max(gaps), "largest": max(abs(one[0]) for one in ours)}


@torch.inference_mode()
def logprobs_in_fp64(requests: Sequence[Request], folder: Path) -> list[float]:
    """Return log-likelihoods computed in fp64, one sequence at a time."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
    encoder = Encoder(folder, "none", tokenizer, model.config, GenerationConfig())
    found = []
    for pair, _ in encoder.pairs(requests):
        ids = torch.tensor([pair.stem + pair.cont[:-1]])
        rows = model(ids, logits_to_keep=len(pair.cont)).logits[0].log_softmax(-1)
        found.append(float(rows[range(len(pair.cont)), list(pair.cont)].sum()))
    return found


def measure(name: str, turns: int, folder: Path) -> Iterator[Row]:
    """Let both sides answer a workload in turns; yield what is known after each."""
    workload = WORKLOADS[name]()
    sides = {which: Process(which, folder) for which in ("ours", "theirs")}
    told: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
    peaks = [matmul_peak()]
    facts: dict[str, Any] = {}
    for turn in range(turns):
        for side in ("ours", "theirs") if turn % 2 == 0 else ("theirs", "ours"):
            last = sides[side].answer(name)
            told[side].append(last)
            say(f"{name} {side}: {last['cpu']:.1f} s of {last['wall']:.1f}, {last['fed']:,} tokens")
        peaks.append(matmul_peak())
        answers = (told[side][turn]["answers"] for side in ("ours", "theirs"))
        facts = facts or compare(workload, *answers, folder)  # every turn answers the same
        yield Row(
            name=workload.name,
            requests=len(workload.requests),
            trie=trie_tokens(workload, told["ours"][0], folder),
            ours=_cost(told["ours"]),
            theirs=_cost(told["theirs"]),
            **facts,
            share=workload.floor,
            least=workload.least,
            peak=max(peaks),
            commit=commit(),
        )
    for process in sides.values():
        process.stop()


def join(kept: Row | None, row: Row) -> Row:
    """Return a row with the turns that were kept of it before, if they are of the same commit."""
    if kept is None or kept.commit != row.commit:
        return row
    sides = {
        name: replace(new, seconds=old.seconds + new.seconds, memory=max(old.memory, new.memory))
        for name, old, new in (
            ("ours", kept.ours, row.ours),
            ("theirs", kept.theirs, row.theirs),
        )
    }
    return replace(row, **sides, peak=max(kept.peak, row.peak))


def _cost(turns: Sequence[dict[str, Any]]) -> Cost:
    return Cost(
        seconds=[told["cpu"] for told in turns],
        fed=turns[0]["fed"],
        work=work_of(SIZE, turns[0]),
        memory=max(told["memory"] for told in turns),
    )


def trie_tokens(workload: Workload, told: dict[str, Any], folder: Path) -> int:
    """Return the nodes of the token trie over all requests; for texts, what was fed."""
    if workload.requests[0].generate:
        return int(told["fed"])
    nodes, before = 0, ()
    for path in sorted(_inputs(workload.requests, folder)):
        same = next((i for i, (a, b) in enumerate(zip(before, path, strict=False)) if a != b),
                    min(len(before), len(path)))  # fmt: skip
        nodes += len(path) - same
        before = path
    return nodes


def _inputs(requests: Sequence[Request], folder: Path) -> set[tuple[int, ...]]:
    """Return the distinct id rows that one pass a request would feed."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    found: set[tuple[int, ...]] = set()
    for start in range(0, len(requests), 2000):
        part = requests[start : start + 2000]
        texts = [r.prompt.text().rstrip() + r.continuation for r in part]
        found |= {tuple(row[:-1]) for row in tokenizer(texts)["input_ids"]}
    return found


def run_whole(name: str, folder: Path) -> Whole:
    """Answer a whole task with our side alone; lm-eval's rate comes from a small part of it."""
    from evaluator.backends.base import DeviceChoice
    from evaluator.backends.causal import CausalBackend
    from evaluator.measure.data import load_examples
    from evaluator.measure.packs import plan_packs
    from evaluator.measure.requests import build_requests
    from evaluator.tasks import load_task

    theirs = Process("theirs", folder)
    told = theirs.answer("mmlu")
    theirs.stop()
    task = load_task(name)
    requests = build_requests(task, load_examples(task))
    torch.set_num_threads(1)
    backend = CausalBackend(folder, dtype="float32", machine=DeviceChoice())
    start, before = time.process_time(), backend.tokens_fed
    for pack in plan_packs(requests):
        backend.answer(pack.requests)
    return Whole(
        name=name,
        requests=len(requests),
        fed=backend.tokens_fed - before,
        seconds=time.process_time() - start,
        theirs=sum(map(len, _inputs(requests, folder))),
        rate=told["fed"] / told["cpu"],
        commit=commit(),
    )


def run_lighteval(name: str, folder: Path) -> Third:
    """Let lighteval answer a workload once, and then our side."""
    workload = WORKLOADS[name]()
    items: dict[str, list[Request]] = {}
    for request in workload.requests:
        items.setdefault(request.item, []).append(request)
    asked = [[rs[0].prompt.text(), [r.continuation for r in rs]] for rs in items.values()]
    done = subprocess.run(
        [LIGHTEVAL / "bin" / "python", HERE / "lighteval_side.py", folder],
        input=json.dumps(asked), stdout=subprocess.PIPE, text=True, check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
    )  # fmt: skip
    told = json.loads(done.stdout)
    ours = Process("ours", folder)
    own = ours.answer(name)
    ours.stop()
    place = {(r.item, r.index): at for at, r in enumerate(workload.requests)}
    pairs = [
        (own["answers"][place[request.item, request.index]][0], score)
        for requests, scores in zip(items.values(), told["answers"], strict=True)
        for request, score in zip(requests, scores, strict=True)
    ]
    return Third(
        name=workload.name,
        version=told["version"],
        ours=own["cpu"],
        seconds=told["seconds"],
        fed=told["fed"],
        nats=max(abs(one - other) for one, other in pairs),
        commit=commit(),
    )


def describe(rows: Sequence[Row]) -> dict[str, Any]:
    """Return what the page's head says."""
    return {
        "lm_eval": metadata.version("lm_eval"),
        "batch": BATCH,
        "size": SIZE,
        "vocabulary": f"{VOCABULARY:,}",
        "turns": max(len(row.times) for row in rows),
        "commit": _commits(rows),
        "machine": f"{platform.machine()} with {os.cpu_count()} cores",
        "torch": torch.__version__.split("+")[0],
        "transformers": metadata.version("transformers"),
        "sample": SAMPLE,
        "peak": max(row.peak for row in rows) / 1e9,
    }


def _commits(rows: Sequence[Row]) -> str:
    """Return the commit, or each with its workloads if there are several."""
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(row.commit, []).append(row.name.split(",")[0])
    if len(names) == 1:
        return f"`{rows[0].commit}`"
    return " and ".join(f"`{commit}` ({', '.join(of)})" for commit, of in names.items())


def commit() -> str:
    """Return the evaluator's commit."""
    return str(evaluator_commit()["commit"])[:7]


def read_row(path: Path) -> Row:
    """Return a row that was kept."""
    facts = json.loads(path.read_text())
    return Row(**{**facts, "ours": Cost(**facts["ours"]), "theirs": Cost(**facts["theirs"])})


def turns_left(kept: Row | None, turns: int) -> int:
    """Return how many turns of a row this commit has not measured yet."""
    return max(0, turns - len(kept.times)) if kept and kept.commit == commit() else turns


def keep(path: Path, run: Callable[[], Whole | Third]) -> None:
    """Measure something and keep it, unless this commit has done so."""
    if not path.exists() or json.loads(path.read_text())["commit"] != commit():
        path.write_text(json.dumps(asdict(run())))


def read_choice() -> argparse.Namespace:
    """Return what is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workloads", nargs="*", choices=[[], *WORKLOADS], default=[])
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--whole", nargs="*", choices=FULL, default=[])
    parser.add_argument("--lighteval", nargs="*", choices=WORKLOADS, default=[])
    chosen = parser.parse_args()
    if not (chosen.workloads or chosen.whole or chosen.lighteval):
        chosen.workloads, chosen.whole = list(WORKLOADS), list(FULL)
        chosen.lighteval = ["endings"] if (LIGHTEVAL / "ready").exists() else []
    return chosen


def publish() -> list[str]:
    """Write the page from all that is kept; return which floors are missed."""
    rows = [read_row(p) for name in WORKLOADS if (p := STORE / f"{name}.json").exists()]
    kept = [p for name in FULL if (p := STORE / f"whole-{name}.json").exists()]
    wholes = [Whole(**json.loads(path.read_text())) for path in kept]
    thirds = [Third(**json.loads(p.read_text())) for p in sorted(STORE.glob("lighteval-*.json"))]
    write_page(PAGE, render(rows, wholes, thirds, describe(rows)))
    return [fault for row in rows for fault in row.faults()]


def main() -> None:
    """Measure, write the page, fail if a floor is missed."""
    chosen = read_choice()
    folders = {size: make_model(STORE, size, texts) for size in SIZES}
    for name in chosen.workloads:
        path = STORE / f"{name}.json"
        kept = read_row(path) if path.exists() else None
        if left := turns_left(kept, chosen.turns):
            for row in measure(name, left, folders[SIZE]):
                path.write_text(json.dumps(asdict(join(kept, row))))
    for name in chosen.lighteval:
        keep(STORE / f"lighteval-{name}.json", partial(run_lighteval, name, folders[SIZE]))
    for name in chosen.whole:
        keep(STORE / f"whole-{name}.json", partial(run_whole, name, folders[SMALL]))
    faults = publish()
    say("\n".join(faults))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
