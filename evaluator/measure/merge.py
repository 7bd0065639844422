"""Merge: the shards of a measurement -> all its answers, or why they do not come together."""

from __future__ import annotations

from collections.abc import Sequence

from evaluator.core.errors import RunError
from evaluator.core.files import Json
from evaluator.measure.packs import Pack, cut_shard
from evaluator.measure.run import Answers, gather
from evaluator.measure.shards import HandedOver


def merge_shards(shards: Sequence[HandedOver], key: str, packs: Sequence[Pack]) -> Answers:
    """Return the answers of all shards of a measurement, in the order of its requests.

    Args:
        shards: everything that was handed over for it.
        key: its identity.
        packs: its packs, all of them.

    Raises:
        RunError: a shard is missing, doubled or of another measurement; packs are missing, foreign
            or answered in another order; shards were run by different versions.
    """
    if not shards:
        raise RunError("no shard was handed over")
    # what a set with a foreign shard lacks shows once it is gone
    faults = _check_keys(shards, key) or [
        *_check_set(shards),
        *_check_packs(shards, packs),
        *_check_alike(shards),
    ]
    if faults:
        raise RunError("\n".join(faults))
    done = {name: answered for shard in shards for name, answered in shard.done.items()}
    return gather(packs, done)


def merge_runs(shards: Sequence[HandedOver], answers: Answers) -> Json:
    """Return the `run` section of all shards together: sums, the first start, the highest peak."""
    runs = [shard.facts["run"] for shard in sorted(shards, key=lambda s: s.shard.index)]
    rate = len(answers.responses) / answers.seconds if answers.seconds > 0 else 0.0
    return runs[0] | {
        "started": min(run["started"] for run in runs),
        "seconds": answers.seconds,
        "tokens": answers.tokens,
        "requests_per_second": round(rate, 3),
        "peak_memory_bytes": max(run["peak_memory_bytes"] for run in runs),
    }


def _check_keys(shards: Sequence[HandedOver], key: str) -> list[str]:
    """Return which shards are foreign."""
    return [
        f"{shard.folder}: belongs to another measurement (key {shard.facts['key'][:12]}, "
        f"wanted {key[:12]}): of another model, or a task with other data or another version; "
        "answer this shard again, or take it away"
        for shard in shards
        if shard.facts["key"] != key
    ]


def _check_set(shards: Sequence[HandedOver]) -> list[str]:
    """Return what is wrong with the set: cut in two ways, doubled, missing."""
    home = shards[0].folder.parent
    counts = sorted({shard.shard.count for shard in shards})
    if len(counts) > 1:
        told = " and ".join(map(str, counts))
        return [f"{home}: holds shards of work cut into {told} parts: leave one cut there"]
    faults = []
    for index in range(1, counts[0] + 1):
        found = [shard.folder.name for shard in shards if shard.shard.index == index]
        if not found:
            faults.append(f"{home}: shard {index} of {counts[0]} is missing: run it, or bring it")
        elif len(found) > 1:
            names = ", ".join(found)
            faults.append(f"{home}: shard {index} of {counts[0]} was handed over twice: {names}")
    return faults


def _check_packs(shards: Sequence[HandedOver], packs: Sequence[Pack]) -> list[str]:
    faults = []
    for shard in shards:
        if not 1 <= shard.shard.index <= shard.shard.count:
            continue  # told as a shard that is missing
        mine = {pack.id: pack for pack in cut_shard(packs, shard.shard.index, shard.shard.count)}
        missing, foreign = mine.keys() - shard.done.keys(), shard.done.keys() - mine.keys()
        if missing:
            faults.append(f"{shard.folder}: {len(missing)} of {len(mine)} packs have no answer")
        if foreign:
            faults.append(f"{shard.folder}: holds packs that are not its own")
        for name in sorted(mine.keys() & shard.done.keys()):
            asked = [(request.item, request.index) for request in mine[name].requests]
            said = [(response.item, response.index) for response in shard.done[name].responses]
            if asked != said:
                faults.append(f"{shard.folder}: pack {name[:12]} answers something else")
    return faults


def _check_alike(shards: Sequence[HandedOver]) -> list[str]:
    """Return which shards were run otherwise than the first, and in what."""
    faults = []
    first = _how_run(shards[0])
    for shard in shards[1:]:
        other = _how_run(shard)
        names = sorted(n for n in first.keys() | other.keys() if first.get(n) != other.get(n))
        told = [
            f"{ascii(name[:40])[1:-1]} {other.get(name)!r:.60} in place of {first.get(name)!r:.60}"
            for name in names[:3]
        ]
        if names:
            faults.append(
                f"{shard.folder}: was run otherwise than {shards[0].folder.name}: "
                f"{', '.join(told)}; answer all shards alike"
            )
    return faults


def _how_run(shard: HandedOver) -> Json:
    """Return what must be the same of all shards: who vouches, the evaluator, the machine."""
    run = shard.facts["run"]
    parts = {part: run[part] for part in ("evaluator", "environment")}
    named = {f"{part}.{n}": value for part, facts in parts.items() for n, value in facts.items()}
    return {"trust": run["trust"], **named}
