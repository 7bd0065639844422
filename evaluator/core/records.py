"""The nouns. Every step of the flow takes some of these and returns others.

    submission.yaml -> Submission         Task, Examples -> [Request]
    DataPin -> rows -> Examples           [Request] -> [Response] -> Items -> scores

Records are frozen. A line under each field says what it means, its shape or its unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPin:
    """One file of a benchmark, fixed to the byte."""

    id: str
    """`<benchmark>/<name>`, unique."""
    repo: str
    """`owner/name` on GitHub; '' for a board's own file, which has a hash and no address."""
    commit: str
    """40 hex digits."""
    path: str
    """Path of the file in that repository at that commit."""
    file: str
    """Name below `<benchmark>/` in a folder of `EVALUATOR_DATA`."""
    sha256: str
    """64 hex digits, or '' where only the git blob id is known."""
    git_blob: str
    """40 hex digits: the id under which git stores these bytes."""
    bytes: int
    """Length of the file, 0 where unknown."""
    rows: int
    """Records in the file after parsing, 0 where unknown."""
    format: str
    """csv, tsv, jsonl, jsonl.gz, json (a list of records, or an object), lines (a record `text`
    each) or text (the whole file is one record `text`)."""
    encoding: str
    """Name of the text encoding."""
    licence: str
    """Licence of the data as its source states it."""
    verified: bool = True
    """False: known from public records alone; who pinned it has not seen the bytes."""

    @property
    def benchmark(self) -> str:
        """Folder of the benchmark: the part of the id before the first slash."""
        return self.id.split("/", 1)[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One question of a task, as it is asked and with what is right."""

    id: str
    """Unique in its task, stable over versions of the code."""
    question: str
    """The text asked, up to where the answer begins."""
    target: str
    """The answer as it reads in a shot; what a likelihood task scores."""
    texts: tuple[str, ...] = ()
    """The bare text to be classified, or the two to be compared: what a classifier reads."""
    choices: tuple[str, ...] = ()
    """Possible answers in order; empty for generation and likelihood."""
    contexts: tuple[str, ...] = ()
    """Question of each choice, where choices differ in it and `target` follows each; else empty."""
    gold: tuple[int, ...] = ()
    """Indices into `choices` that are right; empty for generation."""
    candidates: tuple[int, ...] = ()
    """Indices of the choices among which a pick is made; empty means all."""
    answers: tuple[str, ...] = ()
    """Right answers of a generation task, its references (the closest one counts), or as JSON what
    a text must satisfy."""
    ties: str = "lot"
    """Who wins where choices tie: lot (the lowest hash of item and choice), first or last."""
    group: str = ""
    """Part of the task that is reported on its own (subject, language)."""
    cluster: str = ""
    """Items with the same non-empty cluster share a source and are not independent."""
    changed: bool = False
    """In a varied task: whether anything that is asked differs from the clean task's item."""
    place: int = 0
    """In a varied task that asks a part of the items: where its item stands in the clean task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The items of a task and the pool its shots come from."""

    test: tuple[Example, ...]
    """What is measured, in the order of the item columns."""
    shots: tuple[Example, ...] = ()
    """Worked examples; a group of the test takes those of its own group, else all."""
    labels: tuple[str, ...] = ()
    """Declared classes of a classification or matching task, as its choices spell them."""
    descriptions: Mapping[str, str] = field(default_factory=dict)
    """Group -> text before the shots, where a pinned file holds it; else `Task.describe` does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What is sent before the answer, in parts, so that a chat template can set them as turns."""

    description: str
    """Text before the shots, with its own trailing blank line, or ''."""
    shots: tuple[tuple[str, str], ...]
    """(question, target) of each worked example."""
    question: str
    """The question itself; with no description and no shots it may be '' (nothing comes before)."""
    delimiter: str = " "
    """What stands between a question and its answer, in shots and before a continuation."""

    def text(self) -> str:
        """Return the plain form: description, then question and answer joined by blank lines."""
        worked = "".join(f"{q}{self.delimiter}{target}\n\n" for q, target in self.shots)
        return f"{self.description}{worked}{self.question}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One thing asked of a model: the log-likelihood of a continuation, or a text."""

    item: str
    """Id of the example."""
    index: int
    """Index of the choice; 0 for generation."""
    generate: bool
    """True: write a text; False: score `continuation`."""
    prompt: Prompt
    """What comes before."""
    continuation: str
    """Text to score, with the delimiter before it; '' for generation."""
    stop: tuple[str, ...] = ()
    """A generated text ends before the first of these."""
    max_tokens: int = 0
    """Most tokens to generate; 0 for log-likelihood."""
    texts: tuple[str, ...] = ()
    """What a classifier reads in place of the prompt (method `head`); empty for other methods."""
    labels: tuple[str, ...] = ()
    """All labels of the task, which a classifier's own must equal (method `head`)."""
    protocol: str = "board"
    """How it is answered: board, or lm-eval (log-probabilities rounded to the model's format)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSet:
    """Identity of everything a task asks, as `tasks/lock.json` holds it."""

    sha256: str
    """Hash of all requests in order."""
    items_sha256: str
    """Hash of the item ids in order."""
    gold_sha256: str
    """Hash of what is right for each item."""
    n: int
    """Items."""
    requests: int
    """Requests."""
    baseline: float
    """Primary metric of the best trivial guesser on these items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What a model answered to one request."""

    item: str
    """Id of the example."""
    index: int
    """Index of the choice; 0 for generation."""
    logprob: float
    """Log-likelihood of the continuation in nats, as a 32-bit float; 0 for generation."""
    greedy: bool
    """True if the continuation is what greedy decoding would have written."""
    text: str
    """The generated text without its stop string; '' for log-likelihood."""
    finish: str
    """scored, stop (stop string or end of text) or length."""
    tokens: int
    """Tokens scored or generated."""
    dropped: int
    """Tokens cut from the left of the prompt because it was longer than the model takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """All items of one task as one model answered them: what a metric reads.

    `columns` is what a result commits, one value an item, in the order of the examples:
    `correct` (0/1), `pred` and `gold` (index into `labels` or choices; pred -1 = no valid answer),
    `value` (the primary metric's value of the item, or the probability of a match), `p_gold`
    (probability of the right answer), `rank` (place of the best right candidate, from 1) and, of a
    varied task, `changed` (0/1: whether the item is asked differently) and `place` (where the item
    stands in the clean task, if only a part is asked).
    `examples` and `responses` are empty when the items were read back from a result.
    """

    columns: Mapping[str, FloatArray]
    """Name -> (n,) values."""
    labels: tuple[str, ...]
    """Declared classes of a classification or matching task, else empty."""
    clusters: tuple[str, ...]
    """Cluster of each item ('' = its own), or empty if no items share one."""
    examples: tuple[Example, ...] = ()
    """(n,) what was asked."""
    responses: tuple[tuple[Response, ...], ...] = ()
    """(n,) the responses to each item, in the order of the choices."""

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self.columns["correct"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The value of a metric on a set of items, with what each item did to it."""

    value: float
    """The metric."""
    influence: FloatArray
    """(n,) influence values, mean 0: their spread over sqrt(n) is the standard error."""
    proportion: bool
    """True if the value is a mean of zeros and ones (gets a Wilson interval)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number over items. The marks of `metrics/base.py` make one out of a function."""

    name: str
    """Name of the function; the key in a result."""
    compute: Callable[[Items], Score]
    """The function."""
    baseline: Callable[[tuple[Example, ...]], float]
    """Value that the best trivial guesser expects on these examples."""
    best: float
    """Value of a perfect model."""
    worst: float
    """Value of a model that is always wrong."""
    tier: str
    """What recomputes it: `items` (the columns of a result) or `responses` (where they are kept).
    As a task's primary, a metric of responses commits its item values, so that items do."""
    reads: str
    """What of an answer it reads: pick (which choice), logprobs (of all choices) or text."""
    doc: str
    """Definition, range, unit and source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LmEval:
    """How lm-evaluation-harness 0.4.13 asks a task: what protocol `lm-eval` follows.

    The text of a prompt is the same; what differs is which shots stand in it, the order of choices
    and who wins where they tie.
    """

    tasks: tuple[str, ...]
    """Names there; `{group}` stands for the group where each group is a task of its own."""
    drawn: int = 0
    """Shots drawn anew for every item, the first `n_shots` of which are shown (where the harness
    cannot tell pool and items apart it draws one more); 0: the first of the pool for all items."""
    ties: str = "first"
    """Which of tied choices wins: first or last."""
    stop: tuple[str, ...] | None = None
    """Stop strings, where they are others there; None: the task's own."""
    load: Callable[[Callable[[DataPin], Iterable[Row]]], Examples] | None = None
    """Reader of pins, where choices stand in another order there; None: the task's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One benchmark as this board asks it."""

    name: str
    """Name of its file below `tasks/`."""
    version: int
    """Rises when a change moves scores."""
    title: str
    """Name for people."""
    summary: str
    """What it measures, in one or two sentences."""
    kind: str
    """choice, classification, matching, ranking, generation or likelihood."""
    languages: tuple[str, ...]
    """BCP 47 codes of the items."""
    licence: str
    """Licence of the data."""
    open_licence: bool
    """True if the licence allows a default index (no non-commercial or unknown terms)."""
    source: str
    """Paper or home page."""
    pins: tuple[DataPin, ...]
    """Every file it reads; empty for tasks generated in code."""
    load: Callable[[Callable[[DataPin], Iterable[Row]]], Examples]
    """Reader of pins -> examples."""
    n_shots: int
    """Worked examples shown before each question: the first ones of the pool."""
    metrics: tuple[Metric, ...]
    """All metrics, in the order shown."""
    primary: Metric
    """The one that enters an index."""
    columns: tuple[str, ...]
    """Item columns that a result commits; `correct` is always the first."""
    length: Callable[[str], int] = field(default=lambda choice: 1)
    """Choice -> what its log-likelihood is divided by before the pick."""
    describe: Callable[[str], str] = field(default=lambda group: "")
    """Group -> text before the shots."""
    delimiter: str = " "
    """What stands between a question and its answer; '' where the answer's text begins with it."""
    extract: Callable[[str], str] = field(default=lambda text: text)
    """Generated text -> the answer in it, '' if there is none."""
    is_right: Callable[[str, tuple[str, ...]], bool] = field(
        default=lambda answer, right: answer in right
    )
    """(extracted answer, right answers of the item) -> whether it is right."""
    program: Callable[[Example, str], str] | None = None
    """(item, extracted answer) -> Python program that ends without an error if the answer is right;
    None where nothing is run."""
    stop: tuple[str, ...] = ()
    """Stop strings of a generation task."""
    max_tokens: int = 0
    """Most tokens to generate."""
    scorer: int = 1
    """Version of everything between responses and metrics."""
    lm_eval: LmEval | None = None
    """The same task in lm-evaluation-harness, or None if it has none with this prompt."""
    protocol: str = "board"
    """How it is asked: board, or lm-eval (made by `load_task`)."""
    notes: str = ""
    """Known quirks, for its page."""
    groups_are: str = ""
    """languages or people, where a gap between groups is unfair; '' for subjects and the like."""
    varies: str = ""
    """The task whose items it asks a little differently, '' for a task in its own right."""
    waits: str = ""
    """Why its items are not known yet, '' if they are."""

    @property
    def measurable(self) -> bool:
        """False while a pin is not verified or items are not known: nothing can be locked."""
        return not self.waits and all(pin.verified for pin in self.pins)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One model at one revision, as its contributor declares it."""

    id: str
    """`<org>/<model>`: its folder below `submissions/`."""
    title: str
    """Name for people."""
    kind: str
    """Backend that runs it: causal, seq2seq, classifier, masked, onnx, served or scripted."""
    repo: str
    """`owner/name` on the hub, or ''."""
    revision: str
    """40 hex digits of the hub revision, or ''."""
    folder: str
    """`weights` if the model's files stand in the submission, or ''."""
    policy: str
    """Name of the rule of a scripted baseline, or ''."""
    dtype: str
    """float32, bfloat16 or float16; '' where the kind leaves no choice."""
    chat_template: str
    """none: plain prompts; own or own-one-turn: the model's own template."""
    licence: str
    """SPDX identifier of the model's licence, or `other`."""
    organisation: str
    """Who made the model."""
    training_data: str
    """What its authors say it was trained on."""
    maintainers: tuple[str, ...]
    """GitHub logins that may change the folder."""
    supersedes: str
    """Id of the submission this one replaces, or ''."""
    suites: tuple[str, ...]
    """Suites it asks to be measured on."""
    tasks: tuple[str, ...] = ()
    """Tasks that a classifier's head was trained for; () for models that take any."""
    adapter: str = ""
    """`adapter` if a LoRA stands in the submission, `owner/name@revision` on the hub, or ''."""
    provider: str = ""
    """Server of board.yaml that runs a served model, or ''."""
    name: str = ""
    """What that server calls the model, or ''."""
    answers: str = ""
    """chat, text or logprobs: what a served model is asked for; '' for other kinds."""
    trained_on: tuple[str, ...] = ()
    """Tasks whose train split it was trained on, as its contributor declares."""
    engine: str = ""
    """`vllm` if that library computes with a decoder's weights; '' for transformers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A server of board.yaml: where served models answer, what it costs and what is allowed."""

    name: str
    """Its key in board.yaml."""
    url: str
    """Address that ends before /completions, without a slash at its end."""
    key_variable: str = ""
    """Environment variable that holds the key; '' if none is needed."""
    input_price: float = 0.0
    """USD for a million tokens of prompts."""
    output_price: float = 0.0
    """USD for a million written tokens."""
    requests_per_minute: float = 0.0
    """Rate limit; 0: none."""
    parallel: int = 4
    """Requests under way at once."""
    timeout_seconds: float = 120.0
    """Most seconds that one reply may take as a whole."""
    tries: int = 6
    """Tries of one request, the first included."""
    cost_usd: float = 0.0
    """Most USD that one run of a submission may cost; 0: any."""
