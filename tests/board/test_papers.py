"""The two files of a submission say what the contributor said, whatever it is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.board.check import check_tree
from evaluator.board.papers import Facts, card_text, submission_text
from evaluator.core.safe_yaml import HIDDEN
from evaluator.core.schema import read_document

COMMIT = "0123456789" * 4
SIGNS = st.sampled_from("'\"\\:#{}[]-?&*!|>%@`, \n")
"""What means something to YAML."""
TEXT = st.text(
    SIGNS | st.characters(exclude_characters="\ufffe\uffff"), min_size=1, max_size=60
).filter(lambda text: not HIDDEN.search(text))
LINE = TEXT.filter(lambda text: not {"\n", "\r"} & set(text))


def facts(**more: Any) -> Facts:
    known: dict[str, Any] = {
        "name": "some-org/some-model",
        "kind": "causal",
        "licence": "Apache-2.0",
        "training_data": "Web text.",
        "maintainers": ["ada"],
        "suites": ["starter"],
    }
    return Facts(**known | more)


def read(source: str, **more: Any) -> dict[str, Any]:
    return read_document(submission_text(source, facts(**more)).encode(), "made", "submission")[0]


@given(LINE, TEXT)
def test_text_is_read_back_as_it_was_said(title: str, data: str) -> None:
    found = read(f"org/model@{COMMIT}", title=title, training_data=data)
    assert (found["title"], found["training_data"]) == (title, data)


def test_names_come_from_the_folder_where_none_are_given() -> None:
    found = read(f"org/model@{COMMIT}")
    assert (found["title"], found["organisation"]) == ("some-model", "some-org")
    found = read(f"org/model@{COMMIT}", title="My model", organisation="Us")
    assert (found["title"], found["organisation"]) == ("My model", "Us")


HUB = {"repo": "org/model", "revision": COMMIT}
FILES = {"folder": "weights"}
CAUSAL = {"kind": "causal", "dtype": "float32", "chat_template": "none"}


@pytest.mark.parametrize(
    ("source", "more", "model"),
    [
        (f"org/model@{COMMIT}", {}, CAUSAL | HUB),
        ("model.pth", {"chat_template": "own"}, CAUSAL | FILES | {"chat_template": "own"}),
        ("models/", {"kind": "masked", "dtype": "bfloat16"},
         {"kind": "masked", "dtype": "bfloat16"} | FILES),
        ("model.onnx", {"kind": "onnx", "tasks": ["banking77"]},
         {"kind": "onnx", "tasks": ["banking77"]} | FILES),
        ("model.pth", {"adapter": "lora/"}, CAUSAL | FILES | {"adapter": {"folder": "adapter"}}),
        (f"org/model@{COMMIT}", {"adapter": f"org/lora@{COMMIT}"},
         CAUSAL | HUB | {"adapter": {"repo": "org/lora", "revision": COMMIT}}),
        ("big-model", {"kind": "served", "provider": "far", "answers": "chat"},
         {"kind": "served", "provider": "far", "name": "big-model", "answers": "chat"}),
    ],
)  # fmt: skip
def test_each_kind_of_model_has_its_own_part(
    source: str, more: dict[str, Any], model: dict[str, Any]
) -> None:
    assert read(source, **more)["model"] == model


def test_what_was_trained_on_is_listed_only_where_there_is_any() -> None:
    assert "trained_on" not in read(f"org/model@{COMMIT}")
    assert read("m.pth", trained_on=["banking77", "mmlu"])["trained_on"] == ["banking77", "mmlu"]


def test_a_card_has_what_the_check_asks_for(tree: Path) -> None:
    home = tree / "some-org/some-model"
    home.mkdir(parents=True)
    told = facts(title="My model", licence="MIT")
    (home / "submission.yaml").write_text(submission_text(f"org/model@{COMMIT}", told))
    (home / "card.md").write_text(card_text(told))
    assert check_tree(tree, [told.name]) == []
    card = card_text(told)
    assert card.startswith("---\nlicense: mit\n---\n# My model\n")
    assert "A model of kind causal by some-org." in card and "\nWeb text.\n" in card
