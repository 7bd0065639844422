from __future__ import annotations

import contextlib
import json
import math
import pickle
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT
from made import request, submission
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from evaluator.backends import DeviceChoice, load_backend
from evaluator.backends.causal import CausalBackend
from evaluator.backends.loading import longest_input, refuse_unsafe
from evaluator.core.errors import ModelError, TooLongError
from evaluator.core.records import Request

SHOTS = (("What is the first thing that comes?", "yes"), ("And the second one of them?", "no"))
MODELS = ("llama", "gpt2", "gpt_neox", "mistral_window", "gemma2")
LONGEST = 160

Folder = Callable[[str], Path]


def backend_of(folder: Path, **more: Any) -> CausalBackend:
    return CausalBackend(folder, dtype="float32", machine=DeviceChoice(**more))


# --- log-likelihood against the plain way ---


def reference(folder: Path, requests: Sequence[Request]) -> list[tuple[float, bool, int, int]]:
    """(logprob, greedy, tokens, dropped), one sequence at a time, nothing shared."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    found = []
    for asked in requests:
        context = asked.prompt.text()
        kept = context.rstrip()
        whole = tokenizer(kept + context[len(kept) :] + asked.continuation)["input_ids"]
        ctx = tokenizer(kept)["input_ids"]
        if not context:
            first = tokenizer.bos_token_id if tokenizer.bos_token else tokenizer.eos_token_id
            ctx = [first]
            whole = ctx + tokenizer(asked.continuation, add_special_tokens=False)["input_ids"]
        count = len(whole) - len(ctx)
        cut = whole[-(LONGEST + 1) :]
        with torch.inference_mode():
            logits = model(torch.tensor([cut[:-1]]), use_cache=False).logits[0].float()
        rows = logits.log_softmax(-1)[-count:]
        ids = torch.tensor(cut[-count:])
        total = rows[torch.arange(count), ids].double().sum().item()
        greedy = bool((rows.argmax(-1) == ids).all())
        found.append((total, greedy, count, len(whole) - len(cut)))
    return found


def mixed_requests() -> list[Request]:
    questions = [
        "Is it?",
        "Is it so, after all that was said about the cat on the mat?",
        "中文吗？",
    ]
    asked = [
        request(f"{n}", index=i, question=question, shots=SHOTS, continuation=text)
        for n, question in enumerate([*questions, "Is it? \n "])
        for i, text in enumerate([" yes", " no", " maybe it is", " 北京", " the cat sat"])
    ]
    return [
        *asked,
        request("no prompt", question="", continuation=" yes"),
        request("short", question="A", continuation=" no"),
        request("too long", question="the cat sat on the mat. " * 60, continuation=" maybe yes"),
    ]


@pytest.mark.parametrize("name", MODELS)
def test_log_likelihoods_are_those_of_one_plain_pass_a_sequence(
    name: str, model_folder: Folder
) -> None:
    requests = mixed_requests()
    found = backend_of(model_folder(name)).answer(requests)
    for ours, (logprob, greedy, tokens, dropped) in zip(
        found, reference(model_folder(name), requests), strict=True
    ):
        assert ours.logprob == pytest.approx(logprob, abs=1e-4, rel=0)
        assert (ours.greedy, ours.tokens, ours.dropped) == (greedy, tokens, dropped)
        assert ours.logprob < 0


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_what_greedy_decoding_writes_is_told_greedy(name: str, model_folder: Folder) -> None:
    backend = backend_of(model_folder(name))
    tokenizer = AutoTokenizer.from_pretrained(model_folder(name))
    model = AutoModelForCausalLM.from_pretrained(model_folder(name)).eval()
    greedy = 0
    for word in ("the", "cat", "mat", "no", "Question:", "yes", "what?", "on", "maybe", "sat"):
        ids = tokenizer(word, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            best = int(model(ids).logits[0, -1].argmax())
        text = tokenizer.decode([best])
        if tokenizer(word + text)["input_ids"] != [*ids[0].tolist(), best]:
            continue  # the text would be split in another way
        (response,) = backend.answer([request(question=word, continuation=text)])
        assert response.greedy
        greedy += 1
    assert greedy


def test_log_likelihoods_are_shortest_decimals_of_32_bit_floats(model_folder: Folder) -> None:
    for response in backend_of(model_folder("llama")).answer(mixed_requests()):
        as_32 = torch.tensor(response.logprob, dtype=torch.float32)
        assert float(str(as_32.numpy())) == response.logprob


def test_bfloat16_weights_are_scored_in_fp32(model_folder: Folder) -> None:
    folder = model_folder("llama")
    coarse = CausalBackend(folder, dtype="bfloat16", machine=DeviceChoice())
    exact = backend_of(folder).answer(mixed_requests()[:5])
    for ours, theirs in zip(coarse.answer(mixed_requests()[:5]), exact, strict=True):
        assert ours.logprob == pytest.approx(theirs.logprob, rel=0.1)
        assert ours.logprob != theirs.logprob


# --- too long, too short ---


def test_a_prompt_that_is_too_long_is_cut_from_the_left_and_counted(model_folder: Folder) -> None:
    folder = model_folder("gpt2")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = "the cat sat on the mat. " * 60
    n = len(tokenizer(text.rstrip())["input_ids"])
    scored = request(question=text.rstrip(), continuation=" yes")
    cont = len(tokenizer(text.rstrip() + " yes")["input_ids"]) - n
    (response,) = backend_of(folder).answer([scored])
    assert response.dropped == n + cont - (LONGEST + 1)
    written = request(question=text.rstrip(), generate=True, continuation="", max_tokens=10)
    (response,) = backend_of(folder).answer([written])
    assert response.dropped == n - (LONGEST - 10)


def test_an_answer_longer_than_the_model_takes_is_refused(model_folder: Folder) -> None:
    with pytest.raises(TooLongError, match="answer at most 160"):
        backend_of(model_folder("llama")).answer([request(continuation=" x9" * 200)])


def test_writing_more_than_the_model_takes_is_refused(model_folder: Folder) -> None:
    asked = request(generate=True, continuation="", max_tokens=LONGEST)
    with pytest.raises(TooLongError, match="160 tokens are to be written"):
        backend_of(model_folder("llama")).answer([asked])


def test_an_empty_prompt_without_a_first_token_cannot_be_written_after(
    model_folder: Folder,
) -> None:
    asked = request(question="", generate=True, continuation="", max_tokens=3)
    with pytest.raises(ModelError, match="empty prompt"):
        backend_of(model_folder("gpt2")).answer([asked])


def test_an_empty_answer_is_refused(model_folder: Folder) -> None:
    with pytest.raises(ModelError, match="must be at least 1"):
        backend_of(model_folder("llama")).answer([request(continuation="")])


def test_a_model_without_a_token_that_ends_a_text_writes_to_the_limit(
    folder: Path, model_folder: Folder
) -> None:
    asked = [request(), request(question="", continuation="Is it?")]
    scored = backend_of(folder).answer(asked)
    configure(folder, eos_token_id=None)
    for name in ("generation_config.json", "tokenizer_config.json"):
        facts = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({k: v for k, v in facts.items() if "eos" not in k}))
    backend = backend_of(folder)
    assert backend.answer(asked) == scored
    written = backend.answer(generate_requests())
    assert {(response.finish, response.tokens) for response in written} == {("length", 12)}


@pytest.mark.parametrize(
    ("config", "longest"),
    [
        ({"n_positions": 5, "max_position_embeddings": 6}, 5),
        ({"max_position_embeddings": 6}, 6),
        ({"n_ctx": 7}, 7),
        ({"text_config": type("Inner", (), {"max_position_embeddings": 8})}, 8),
        ({}, 99),
    ],
)
def test_the_longest_input_has_its_first_name_in_use(config: dict[str, Any], longest: int) -> None:
    tokenizer = type("Tokenizer", (), {"model_max_length": 99})
    assert longest_input(type("Config", (), config), tokenizer) == longest


def test_an_unlimited_tokenizer_gives_a_cautious_length() -> None:
    tokenizer = type("Tokenizer", (), {"model_max_length": 10**30})
    assert longest_input(type("Config", (), {}), tokenizer) == 2048


# --- generation ---


def generate_requests(stop: tuple[str, ...] = ()) -> list[Request]:
    texts = ["Copy: cat", "the cat sat on the mat, and then it", "中文", "Q", "Is it? Answer:"]
    return [
        request(str(i), question=text, generate=True, continuation="", stop=stop, max_tokens=12)
        for i, text in enumerate(texts)
    ]


@pytest.mark.parametrize("name", MODELS)
def test_writing_is_transformers_own_greedy_generation(name: str, model_folder: Folder) -> None:
    folder = model_folder(name)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    found = backend_of(folder).answer(generate_requests())
    for asked, response in zip(generate_requests(), found, strict=True):
        ids = tokenizer(asked.prompt.text(), return_tensors="pt")["input_ids"]
        whole = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=12,
            pad_token_id=0,
        )
        new = whole[0, ids.shape[1] :].tolist()
        assert response.tokens == len(new)
        assert response.finish == ("stop" if new[-1] == 0 else "length")
        assert response.text == tokenizer.decode(new, skip_special_tokens=True)


def test_writing_ends_before_the_first_stop_string(model_folder: Folder) -> None:
    backend = backend_of(model_folder("llama"))
    for whole, asked in zip(backend.answer(generate_requests()), generate_requests(), strict=True):
        if len(whole.text) < 4:
            continue
        stop = whole.text[2:4]
        (cut,) = backend.answer([request(
            asked.item, question=asked.prompt.question, generate=True, continuation="",
            stop=("never there", stop), max_tokens=12,
        )])  # fmt: skip
        assert cut.text == whole.text.split(stop)[0]
        assert cut.finish == "stop"
        assert cut.tokens <= whole.tokens


@pytest.mark.parametrize("name", MODELS)
def test_a_row_that_ends_early_changes_nothing_in_the_others(
    name: str, model_folder: Folder
) -> None:
    backend = backend_of(model_folder(name))
    texts = [response.text for response in backend.answer(generate_requests())]
    stops = {text[i : i + 2] for text in texts for i in range(2, 8)}
    stops = {stop for stop in stops if 0 < sum(stop in text for text in texts) < len(texts)}
    assert stops
    for stop in sorted(stops)[:6]:
        requests = generate_requests((stop,))
        together = backend.answer(requests)
        assert len({response.tokens for response in together}) > 1
        assert together == [backend.answer([asked])[0] for asked in requests]


# --- strangers' files ---


@pytest.fixture()
def folder(tmp_path: Path, model_folder: Folder) -> Path:
    return Path(shutil.copytree(model_folder("llama"), tmp_path / "weights"))


def configure(folder: Path, **more: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | more))


def change_weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


class Bomb:
    """Writes a file when unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "extra.pt", "a.pth", "b.ckpt", "c.pkl", "d.h5", "e.msgpack"]
)
def test_a_pickled_file_is_refused_unopened(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).write_bytes(pickle.dumps(Bomb(tmp_path / "exploded")))
    with pytest.raises(ModelError, match="may run code when loaded"):
        backend_of(folder)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    "more",
    [
        {"auto_map": {"AutoModelForCausalLM": "code.Model"}},
        {"trust_remote_code": True},
        {"text_config": {"quantization_config": {"quant_method": "fp8"}}},
        {"_attn_implementation": "some-org/some-kernel"},
        {"attn_implementation": "some-org/some-kernel"},
        {"text_config": {"auto_map": {}}},
    ],
)
def test_a_configuration_that_brings_code_is_refused(folder: Path, more: dict[str, Any]) -> None:
    configure(folder, **more)
    with pytest.raises(ModelError, match="is not allowed here"):
        backend_of(folder)


def test_code_beside_the_weights_is_never_run(folder: Path, tmp_path: Path) -> None:
    code = f"open({str(tmp_path / 'exploded')!r}, 'w')"
    (folder / "code.py").write_text(code)
    path = folder / "tokenizer_config.json"
    facts = json.loads(path.read_text()) | {"auto_map": {"AutoTokenizer": ["code.T", "code.T"]}}
    path.write_text(json.dumps(facts))
    with contextlib.suppress(ModelError):
        backend_of(folder)
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("text", ["{", "5", "[]", "null", "[" * 100_000, '"config"'])
def test_a_broken_configuration_is_told(folder: Path, text: str) -> None:
    (folder / "config.json").write_text(text)
    with pytest.raises(ModelError, match=r"config\.json: (not valid JSON|must be an object)"):
        refuse_unsafe(folder)


@pytest.mark.parametrize(
    "more",
    [
        {"model_type": "nope"},
        {"model_type": "t5"},
        {"model_type": "bert"},
        {"hidden_size": "wide"},
        {"hidden_size": 31},
        {"num_attention_heads": 0},
        {"hidden_act": "nope"},
        {"vocab_size": 10},
    ],
)
def test_a_configuration_that_does_not_fit_is_told_in_a_sentence(
    folder: Path, more: dict[str, Any]
) -> None:
    configure(folder, **more)
    with pytest.raises(ModelError) as caught:
        backend_of(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_told(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match="weights"):
        backend_of(folder)


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "tokenizer_config.json"])
@pytest.mark.parametrize("data", [b"", b"5", b"{", b"\xff" * 100])
def test_a_broken_file_is_told(folder: Path, name: str, data: bytes) -> None:
    (folder / name).write_bytes(data)
    with pytest.raises(ModelError):
        backend_of(folder)


def test_weights_that_are_missing_are_never_made_up(folder: Path) -> None:
    change_weights(folder, lambda tensors: tensors.pop("model.layers.1.mlp.up_proj.weight"))
    with pytest.raises(ModelError, match="not in its files: 1 weight, such as"):
        backend_of(folder)


@pytest.mark.parametrize("generate", [False, True])
def test_weights_that_are_no_numbers_give_an_error_and_no_answer(
    folder: Path, generate: bool
) -> None:
    def spoil(tensors: dict[str, torch.Tensor]) -> None:
        tensors["model.norm.weight"][:] = math.nan

    change_weights(folder, spoil)
    asked = request(generate=generate, continuation="" if generate else " yes", max_tokens=3)
    with pytest.raises(ModelError, match="check its weights"):
        backend_of(folder).answer([asked])


def test_the_starter_model_loads_and_answers() -> None:
    folder = ROOT / "submissions/starter/small/weights"
    chosen = submission(kind="causal", policy="", folder="weights", dtype="float32")
    backend = load_backend(chosen, folder, DeviceChoice())
    text = "Add: one and two\nWrite:"
    asked = request(question=text, generate=True, continuation="", stop=("\n",), max_tokens=24)
    (response,) = backend.answer([asked])
    assert response.text.strip()
    assert backend.environment()["device"]
