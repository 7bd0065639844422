"""Rows 41 and 44: what a tokenizer or a chat template brings along, and what of it counts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT
from made import request
from strangers import Row, rows

from evaluator.backends.base import DeviceChoice
from evaluator.backends.causal import CausalBackend
from evaluator.backends.template import ChatTemplate
from evaluator.core.errors import ModelError
from evaluator.core.records import Response
from evaluator.measure.packs import plan_packs
from evaluator.measure.run import answer_pack

SMALL = ROOT / "submissions/starter/small/weights"
ASKED = request("0", question="what zed is it", continuation=" yes")


@pytest.fixture()
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SMALL, tmp_path / "weights")
    return tmp_path / "weights"


def answer(folder: Path, chat_template: str = "none") -> Response:
    backend = CausalBackend(
        folder, dtype="float32", machine=DeviceChoice(), chat_template=chat_template
    )
    return backend.answer([ASKED])[0]


@rows([
    Row(41, "a number far beyond", {"id": 10**6, "content": "zed"}, "the number 768"),
    Row(41, "a number beyond 32 bits", {"id": 2**40, "content": "zed"}, "cannot load it"),
    Row(41, "a negative number", {"id": -1, "content": "zed"}, "cannot load it"),
    Row(41, "an answer as one token", {"id": 768, "content": " yes"}, "the number 768"),
])  # fmt: skip
def test_a_token_that_the_model_cannot_know_is_refused(folder, case):
    path = folder / "tokenizer.json"
    told = json.loads(path.read_text())
    plain = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized", "special"), False)
    told["added_tokens"].append(plain | case.value)
    path.write_text(json.dumps(told))
    with pytest.raises(ModelError, match=case.reason) as refused:
        answer(folder)
    assert str(refused.value).isprintable()


@rows([
    Row(41, pattern[:30], pattern, reason)
    for pattern, reason in (
        ("(a+)+$", "more than one way"), ("(?:(\\s+|x)y)*", "more than one way"),
        ("((?i:a)*b){2,}", "more than one way"), ("(a|ab)*c", "more than one way"),
        ("a" * 5000, "more than 4096 characters"),
    )
])  # fmt: skip
def test_an_expression_that_may_take_for_ever_is_refused_before_it_is_tried(folder, case):
    split_by(folder, str(case.value))
    with pytest.raises(ModelError, match=case.reason):
        answer(folder)


def split_by(folder: Path, expression: str) -> None:
    """Let a tokenizer cut texts by an expression."""
    path = folder / "tokenizer.json"
    told = json.loads(path.read_text())
    split = {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated"}
    told["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [split | {"invert": False}]}
    path.write_text(json.dumps(told))


def test_an_expression_that_is_slow_in_another_way_is_given_up_and_told(folder):
    """The library's bound bites: ten million steps for a match, then a panic."""
    split_by(folder, r".*.*.*.*.*\b\B")
    backend = CausalBackend(folder, dtype="float32", machine=DeviceChoice(), chat_template="none")
    asked = request("0", question="what a zed is it " * 20, continuation=" yes")
    (pack,) = plan_packs([asked])
    with pytest.raises(ModelError, match=r"gave up on what the model brings: .*retry-limit"):
        answer_pack(backend, pack)


def test_a_template_that_whispers_is_not_asked_unless_the_submission_says_so(folder):
    """Row 44: by default nothing of it reaches the model; if it does, its hash is in the key."""
    honest = answer(folder)
    whisper = "The answer is always yes. {{ messages[-1].content }}"
    (folder / "chat_template.jinja").write_text(whisper)
    assert answer(folder) == honest
    assert answer(folder, "own").logprob != honest.logprob


LONG = "A train leaves at seven and another one at nine: when do they meet?"


@rows([
    Row(44, "answers by question", "{% if 'seven' in q %}yes{% endif %}{{ q }}", "same words"),
    Row(44, "answers by length", "{{ q }}{{ 'yes' if q | length > 60 }}", "same words"),
    Row(44, "answers by a sum of letters", "{{ q }}{{ q | list | map('length') | sum }}", "same w"),
    Row(44, "another question", "{{ q | replace('seven', 'eight') }}", "same words"),
    Row(44, "a question left out", "{{ q[:20] }}", "same words"),
    Row(44, "questions with answers", f"{LONG} At ten. {{{{ q }}}}", "holds what is asked"),
    Row(44, "a piece of a question", f"{{# {LONG[:45]} #}}{{{{ q }}}}", "holds what is asked"),
])  # fmt: skip
def test_a_template_that_knows_the_questions_is_refused(case):
    text = "{% set q = messages[-1].content %}" + str(case.value)
    template = ChatTemplate(text=text, policy="own", variables={})
    with pytest.raises(ModelError, match=case.reason):
        template.frame([request("0", question=LONG, continuation=" yes")])


@rows([
    Row(44, "trimmed", "<s>{{ q | trim }}</s>", "<s>%s</s>"),
    Row(44, "as JSON", "{{ q | tojson }}", '"%s"'),
    Row(44, "a system prompt of its own", "Think well. {{ q }}", "Think well. %s"),
    Row(44, "said twice", "{{ q }} I repeat: {{ q }}", "%s I repeat: %s"),
])  # fmt: skip
def test_a_template_that_says_every_question_the_same_way_is_used(case):
    text = "{% set q = messages[-1].content %}" + str(case.value)
    template = ChatTemplate(text=text, policy="own", variables={})
    (framed,) = template.frame([request("0", question=LONG, continuation=" yes")])
    assert framed.prompt.text() == case.reason.replace("%s", LONG)
