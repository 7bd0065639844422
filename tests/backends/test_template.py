"""Chat templates: rendered as transformers renders them, and nothing a stranger writes gets out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from made import request
from transformers import AutoModelForCausalLM, AutoTokenizer

from evaluator.backends import rendering, template
from evaluator.backends.base import DeviceChoice
from evaluator.backends.causal import CausalBackend
from evaluator.backends.template import ChatTemplate, find_template
from evaluator.core.errors import ModelError
from evaluator.core.records import Prompt, Request

TURNS = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] }}"
    "{{ eos_token }}\n{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
WITHOUT_SYSTEM = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}"
    "{{ raise_exception('no system here') }}{% endif %}[{{ m.role }}] {{ m.content | trim }}\n"
    "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)
FANCY = """
{%- set ns = namespace(seen=false) -%}
{%- for m in messages %}
    {%- if m.role == 'system' %}{% set ns.seen = true %}{% continue %}{% endif %}
    {% generation %}{{ m | tojson }}{% endgeneration %}
    {%- if loop.last %}{% break %}{% endif %}
{%- endfor %}
{% if strftime_now is defined and false %}{{ strftime_now('%Y') }}{% endif %}
{{ '< & >' if ns.seen else dict(a=1) | tojson }}
"""
SHOTS = (("What is 1+1?", "2"), ("Was ist rot?", "Farbe ☂"))
PROMPT = Prompt(description="Answer.\n\n", shots=SHOTS, question="What is 2+2?\nAnswer:")
FRAME = {"policy": "own", "variables": {"eos_token": "<|end|>", "bos_token": "<s>"}}


def asked(prompt: Prompt, continuation: str = " 4") -> Request:
    return replace(request("0", continuation=continuation), prompt=prompt)


def rendered(text: str, prompt: Prompt = PROMPT, **more: object) -> str:
    (framed,) = ChatTemplate(text=text, **{**FRAME, **more}).frame([asked(prompt)])
    return framed.prompt.text()


@pytest.fixture()
def tokenizer(model_folder: Callable[[str], Path]) -> AutoTokenizer:
    return AutoTokenizer.from_pretrained(model_folder("gpt2"))


@pytest.mark.parametrize("text", [TURNS, FANCY, "{{ messages | length }}{{ messages[-1].role }}"])
def test_a_template_renders_as_in_transformers(text: str, tokenizer: AutoTokenizer) -> None:
    chat = ChatTemplate(text=text, policy="own", variables=tokenizer.special_tokens_map)
    turns = [{"role": "system", "content": PROMPT.description}]
    for question, target in SHOTS:
        turns.append({"role": "user", "content": question})
        turns.append({"role": "assistant", "content": target})
    turns.append({"role": "user", "content": PROMPT.question})
    wanted = tokenizer.apply_chat_template(
        turns, chat_template=text, tokenize=False, add_generation_prompt=True
    )
    (framed,) = chat.frame([asked(PROMPT)])
    assert framed.prompt.text() == wanted


def test_one_turn_holds_shots_and_question_as_plain_text() -> None:
    text = rendered(TURNS, policy="own-one-turn")
    plain = replace(PROMPT, description="").text()
    assert text == f"<|system|>\nAnswer.\n\n<|end|>\n<|user|>\n{plain}<|end|>\n<|assistant|>\n"


def test_a_template_that_refuses_a_system_turn_gets_none() -> None:
    assert rendered(WITHOUT_SYSTEM).startswith("<s>[user] What is 1+1?\n[assistant] 2\n")


def test_an_answer_begins_without_the_space_of_plain_prompts() -> None:
    chat = ChatTemplate(text=TURNS, **FRAME)
    tight = replace(PROMPT, delimiter="")
    spaced, verbatim = chat.frame([asked(PROMPT), asked(tight, " word")])
    assert (spaced.continuation, verbatim.continuation) == ("4", " word")


def test_what_comes_before_the_question_stands_in_the_description() -> None:
    chat = ChatTemplate(text=TURNS, **FRAME)
    one, other = chat.frame([asked(PROMPT), asked(replace(PROMPT, question="Why?"))])
    assert one.prompt.description == other.prompt.description
    assert one.prompt.description.endswith("Farbe ☂<|end|>\n<|user|>\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "SecurityError"),
        ("{% for i in range(10 ** 9) %}{% endfor %}", "OverflowError: Range too big"),
        ("{{ messages.append(1) }}", "SecurityError"),
        ("{% include '/etc/passwd' %}", "TypeError: no loader"),
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "SecurityError"),
        ("{{ 'a' * 10 ** 8 }}", "more than 4000000 characters"),
        ("{{ 'a' * 10 ** 12 }}", "too much memory"),
        ("{% if %}", "TemplateSyntaxError"),
        ("{{ raise_exception('never') }}", "never"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "RecursionError"),
    ],
)
def test_what_a_stranger_writes_is_refused_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        rendered(text)


def test_a_template_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "PATIENCE_SECONDS", 2)
    loop = "{% for a in range(99999) %}" * 4 + "{% endfor %}" * 4
    with pytest.raises(ModelError, match="never comes to an end"):
        rendered(loop)


def test_no_clock() -> None:
    assert rendered("{{ strftime_now is defined }}") == "False"
    assert rendering.CPU_SECONDS < template.PATIENCE_SECONDS


def test_the_template_is_found_in_its_own_file_first(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no chat template in chat_template"):
        find_template(tmp_path)
    config = tmp_path / "tokenizer_config.json"
    config.write_text('{"chat_template": [{"name": "default", "template": "a"}]}')
    assert find_template(tmp_path) == "a"
    config.write_text('{"chat_template": "b"}')
    assert find_template(tmp_path) == "b"
    (tmp_path / "chat_template.jinja").write_text("c")
    assert find_template(tmp_path) == "c"


def test_a_model_scores_and_writes_what_its_template_makes(
    model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    for file in model_folder("gpt2").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "chat_template.jinja").write_text(TURNS)
    backend = CausalBackend(tmp_path, dtype="float32", machine=DeviceChoice(), chat_template="own")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    model = AutoModelForCausalLM.from_pretrained(tmp_path).eval()
    before = rendered(TURNS)
    kept = before.rstrip()  # white space at the end goes to the answer
    start = tokenizer(kept)["input_ids"]
    ids = tokenizer(before + "4")["input_ids"]
    with torch.inference_mode():
        logprobs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
    wanted = sum(float(logprobs[i - 1, ids[i]]) for i in range(len(start), len(ids)))
    (found,) = backend.answer([asked(PROMPT)])
    assert found.logprob == pytest.approx(wanted, abs=1e-4)

    writes = replace(asked(PROMPT), generate=True, continuation="", max_tokens=8)
    (written,) = backend.answer([writes])
    with torch.inference_mode():
        out = model.generate(
            torch.tensor([tokenizer(before)["input_ids"]]), max_new_tokens=8, do_sample=False,
            pad_token_id=0,
        )  # fmt: skip
    new = out[0][len(tokenizer(before)["input_ids"]) :]
    assert written.text == tokenizer.decode(new, skip_special_tokens=True)
