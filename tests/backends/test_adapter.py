"""LoRA adapters on the starter model, against peft; and what is no such adapter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import ROOT
from made import request, submission
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from evaluator.backends import DeviceChoice, load_backend
from evaluator.backends.causal import CausalBackend
from evaluator.core.errors import ModelError

WEIGHTS = ROOT / "submissions/starter/small/weights"
ASKED = [request(str(i), question=f"Question {i}", continuation=f" answer {i}") for i in range(3)]


def save_adapter(folder: Path, **more: Any) -> Path:
    """Write a LoRA whose matrices are random, as peft saves it."""
    model = AutoModelForCausalLM.from_pretrained(WEIGHTS)
    facts = {"r": 4, "lora_alpha": 16, "target_modules": ["q_proj", "v_proj", "up_proj"]} | more
    torch.manual_seed(5)
    wrapped = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **facts))
    for name, parameter in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    wrapped.save_pretrained(folder)
    return folder


def logprobs(adapter: Path | None) -> list[float]:
    backend = CausalBackend(WEIGHTS, dtype="float32", machine=DeviceChoice(), adapter=adapter)
    return [r.logprob for r in backend.answer(ASKED)]


@pytest.mark.parametrize("more", [{}, {"use_rslora": True}, {"rank_pattern": {"up_proj": 2}}])
def test_a_model_with_an_adapter_says_what_peft_says(tmp_path: Path, more: Any) -> None:
    folder = save_adapter(tmp_path / "adapter", **more)
    base = AutoModelForCausalLM.from_pretrained(WEIGHTS)
    model = PeftModel.from_pretrained(base, folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(WEIGHTS)
    found = logprobs(folder)
    for asked, ours in zip(ASKED, found, strict=True):
        before = tokenizer(asked.prompt.text())["input_ids"]
        ids = before + tokenizer(asked.continuation, add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            scored = model(input_ids=torch.tensor([ids])).logits[0].log_softmax(-1)
        theirs = sum(scored[i - 1, ids[i]].item() for i in range(len(before), len(ids)))
        assert ours == pytest.approx(theirs, abs=1e-4)
    assert max(abs(a - b) for a, b in zip(found, logprobs(None), strict=True)) > 0.1


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"peft_type": "PREFIX_TUNING"}, "peft_type must be LORA"),
        ({"r": 8}, "does not fit its base"),
        ({"target_modules": ["q_proj"]}, "does not fit its base"),
        ({"target_modules": ["nothing"]}, "does not fit its base"),
    ],
)
def test_an_adapter_that_does_not_fit_is_told(tmp_path: Path, facts: Any, told: str) -> None:
    folder = save_adapter(tmp_path / "adapter")
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | facts))
    with pytest.raises(ModelError, match=told):
        logprobs(folder)


def test_a_configuration_names_no_class_to_import(tmp_path: Path) -> None:
    folder = save_adapter(tmp_path / "adapter")
    before = logprobs(folder)
    config = json.loads((folder / "adapter_config.json").read_text())
    code = {"auto_mapping": {"base_model_class": "x", "parent_library": "no_such_library"},
            "base_model_name_or_path": "/etc", "megatron_config": {"x": 1}}  # fmt: skip
    (folder / "adapter_config.json").write_text(json.dumps(config | code))
    assert logprobs(folder) == before


def test_only_safetensors_are_read(tmp_path: Path) -> None:
    folder = save_adapter(tmp_path / "adapter")
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(ModelError, match=r"no adapter_model\.safetensors"):
        logprobs(folder)


def test_the_base_never_answers_in_an_adapters_name() -> None:
    asked = submission(kind="causal", folder="weights", dtype="float32", adapter="adapter")
    with pytest.raises(ModelError, match="its adapter's files are not here"):
        load_backend(asked, WEIGHTS, DeviceChoice())
