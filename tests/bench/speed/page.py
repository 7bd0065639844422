"""The page of the benchmark: what was measured, row by row, and which floors it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

NATS = 1e-4
"""Most that a log-likelihood may differ for a row to count, where it is no larger than 256 nat."""
STEPS = 4
"""The same in steps of the 32-bit float that holds it, where that is more."""


def bound(logprob: float) -> float:
    """Return how much two sides may differ in a log-likelihood of this size.

    Both add up tokens and keep a 32-bit float, whose steps grow with what it holds: 6e-5 nat
    between 512 and 1,024. No order of adding up is nearer to the truth than some of them.
    """
    return max(NATS, STEPS * float(np.spacing(np.float32(abs(logprob)))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one side spent on a workload."""

    seconds: list[float]
    """Processor time of each turn."""
    fed: int
    """Tokens that entered the model in a turn, filling included."""
    work: float
    """Floating-point operations of the linear layers in a turn."""
    memory: int
    """Peak memory in bytes, the model included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A workload as both sides answered it."""

    name: str
    """As the page shows it."""
    requests: int
    """Requests of a turn."""
    trie: int
    """Nodes of the token trie over all requests; where texts are written, what was fed."""
    ours: Cost
    theirs: Cost
    nats: float
    """Largest difference of a log-likelihood."""
    largest: float
    """Size of the largest log-likelihood in nats."""
    others: int
    """Strings, greedy marks and log-likelihoods (by more than `bound`) that differ."""
    ours_off: float
    """Largest distance of our log-likelihoods from those in fp64, over the requests on which the
    two sides differ most."""
    theirs_off: float
    """The same of lm-eval's."""
    share: float
    """Least that the ratio of times must be, as a share of the ratio of tokens."""
    least: float
    """Least that the ratio of times must be."""
    peak: float
    """Operations a second of a large product, measured beside the turns."""
    commit: str
    """The evaluator's commit that was measured."""

    @property
    def times(self) -> list[float]:
        """Return their time divided by ours, turn by turn."""
        pairs = zip(self.theirs.seconds, self.ours.seconds, strict=True)
        return [theirs / ours for theirs, ours in pairs]

    @property
    def tokens(self) -> float:
        """Return their tokens divided by the trie's."""
        return self.theirs.fed / self.trie

    @property
    def floor(self) -> float:
        """Return the least ratio of times."""
        return max(self.share * self.tokens, self.least)

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the row, in sentences."""
        if self.others:
            yield (
                f"{self.name}: does not count: {self.others} answers differ, log-likelihoods by up "
                f"to {self.nats:.1e} nat"
            )
        if median(self.times) < self.floor:
            yield f"{self.name}: {median(self.times):.1f} times as fast, floor {self.floor:.1f}"
        if self.ours.memory > self.theirs.memory:
            yield (
                f"{self.name}: {mega(self.ours.memory)} of memory, lm-eval "
                f"{mega(self.theirs.memory)}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole task as our side answered it."""

    name: str
    requests: int
    fed: int
    """Tokens that entered our model."""
    seconds: float
    """Processor time."""
    theirs: int
    """Tokens that lm-eval would feed: one pass for each distinct input."""
    rate: float
    """Tokens a second that lm-eval was measured to feed."""
    commit: str
    """The evaluator's commit that was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Third:
    """A workload as lighteval answered it once, and we in the same minutes."""

    name: str
    version: str
    """Of lighteval."""
    ours: float
    """Our processor seconds."""
    seconds: float
    """Its processor seconds."""
    fed: int
    """Tokens that entered its model."""
    nats: float
    """Largest difference of a log-likelihood."""
    commit: str
    """The evaluator's commit that was measured."""


def mega(count: float) -> str:
    """Return bytes as MB."""
    return f"{count / 1e6:,.0f} MB"


def render(
    rows: Sequence[Row], wholes: Sequence[Whole], thirds: Sequence[Third], facts: dict[str, str]
) -> str:
    """Return the page as Markdown."""
    faults = [fault for row in rows for fault in row.faults()]
    parts = [HEAD.format(**facts), _speed_table(rows), COST_HEAD, _cost_table(rows)]
    parts += [TRUTH_HEAD.format(sample=facts["sample"]), _truth_table(rows)]
    held = "\n".join(f"- {fault}." for fault in faults) if faults else "Every row holds its floors."
    parts += [f"## Floors that are missed\n\n{held}"]
    if thirds:
        parts += [THIRD_HEAD, _third_table(thirds)]
    if wholes:
        parts += [WHOLE_HEAD, _whole_table(wholes)]
    return "\n\n".join(parts) + "\n"


def write_page(path: Path, text: str) -> None:
    """Write the page."""
    path.write_text(text, "utf-8")


def _speed_table(rows: Sequence[Row]) -> str:
    head = ("workload", "requests", "tokens lm-eval fed", "tokens in our trie", "ratio of tokens",
            "ratio of times (range)", "floor")  # fmt: skip
    return _table(head, [
        (
            row.name,
            f"{row.requests:,}",
            f"{row.theirs.fed:,}",
            f"{row.trie:,}",
            f"{row.tokens:.1f}",
            f"**{median(row.times):.1f}** ({_range(row.times)})",
            f"{row.floor:.1f}",
        )
        for row in rows
    ])  # fmt: skip


def _truth_table(rows: Sequence[Row]) -> str:
    head = ("workload", "largest difference", "we from fp64", "lm-eval from fp64",
            "largest log-likelihood", "allowed at that size")  # fmt: skip
    return _table(head, [
        (
            row.name,
            f"{row.nats:.1e}",
            f"{row.ours_off:.1e}",
            f"{row.theirs_off:.1e}",
            f"{row.largest:,.0f}",
            f"{bound(row.largest):.1e}",
        )
        for row in rows
        if row.largest
    ])  # fmt: skip


def _third_table(thirds: Sequence[Third]) -> str:
    head = ("workload", "lighteval", "our seconds", "its seconds", "ratio", "tokens it fed",
            "largest difference", "commit")  # fmt: skip
    return _table(head, [
        (
            third.name,
            third.version,
            f"{third.ours:.1f}",
            f"{third.seconds:.1f}",
            f"{third.seconds / third.ours:.1f}",
            f"{third.fed:,}",
            f"{third.nats:.1e} nat",
            f"`{third.commit}`",
        )
        for third in thirds
    ])  # fmt: skip


def _range(times: Sequence[float]) -> str:
    return f"{min(times):.1f} to {max(times):.1f}" if len(times) > 1 else "one turn"


def _cost_table(rows: Sequence[Row]) -> str:
    head = ("workload", "side", "processor seconds", "requests/s", "tokens fed", "share of peak",
            "peak memory")  # fmt: skip
    lines = []
    for row in rows:
        for side, cost in (("evaluator", row.ours), ("lm-eval", row.theirs)):
            seconds = median(cost.seconds)
            lines.append((
                row.name,
                side,
                f"{seconds:.1f}",
                f"{row.requests / seconds:.1f}",
                f"{cost.fed:,}",
                f"{100 * cost.work / seconds / row.peak:.0f} %",
                mega(cost.memory),
            ))  # fmt: skip
    return _table(head, lines)


def _whole_table(wholes: Sequence[Whole]) -> str:
    head = ("task", "requests", "tokens we fed", "our processor seconds",
            "tokens lm-eval would feed", "lm-eval, extrapolated", "ratio", "commit")  # fmt: skip
    return _table(head, [
        (
            whole.name,
            f"{whole.requests:,}",
            f"{whole.fed:,}",
            f"{whole.seconds:,.0f}",
            f"{whole.theirs:,}",
            f"{whole.theirs / whole.rate:,.0f} s",
            f"{whole.theirs / whole.rate / whole.seconds:.0f}",
            f"`{whole.commit}`",
        )
        for whole in wholes
    ])  # fmt: skip


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, marks, *lines))


HEAD = """# Benchmarks

<!-- Written by `make bench`; do not edit. -->

The evaluator beside lm-evaluation-harness {lm_eval} (its `hf` backend, batches of {batch}): the
same model, prompts and files, one thread each, taking turns. The model is a random Llama of {size}
parameters in fp32 with a vocabulary of {vocabulary}. A row counts only if every log-likelihood
agrees (see *Who is nearer the truth*) and every greedy mark and every written string is the same.

Seconds are processor time, so that a busy machine disturbs them little; ratios are the median over
up to {turns} turns, with their range. *Tokens in our trie* counts each distinct token of all
requests once; where texts are written, it is what entered our model.

Measured at commit {commit} on {machine}; torch {torch}, transformers {transformers}. Peak of one
thread's matrix product: {peak:.0f} GFLOP/s."""
COST_HEAD = """## What each side spent

*Share of peak* is the operations of all linear layers for what was fed, divided by time and by the
peak of a large matrix product. Attention and all else count as waste."""
TRUTH_HEAD = """## Who is nearer the truth

Log-likelihoods in nats. The {sample} requests of each row on which the two sides differ most were
computed once more in fp64, one sequence at a time; the columns show how far each side is from that
at most. The two must agree within 1e-4 nat, or within four steps of the 32-bit float that holds the
sum where that is more, which is past 256 nat. (A random model gives every token about 10 nat, so 85
tokens come to 1,000, and there one step is 6e-5.) What differs is rounding: the harness adds up in
32 bits, we in 64, and both models compute in 32."""
THIRD_HEAD = """## Beside lighteval

Its `transformers` backend, fp32, batches of 8, in an environment of its own (`make lighteval-env`):
one turn, then one of ours. It feeds every choice of an item by itself, and cuts a pair into context
and continuation by a rule of its own, so a difference here is no fault of either."""
WHOLE_HEAD = """## Whole tasks

Our side alone, with a random Llama of 10 million parameters. lm-eval's time is **not measured**: it
is the tokens of its distinct inputs divided by the rate at which it fed tokens to the same model in
the workload of the first row."""
