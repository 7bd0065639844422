"""Shards: how they are named, and what they say of their run."""

from __future__ import annotations

import pytest

from evaluator.core.errors import RunError
from evaluator.core.schema import load_schema
from evaluator.measure.shards import Shard, parse_shard


def test_a_shard_is_named_by_its_place() -> None:
    assert parse_shard("2/8") == Shard(index=2, count=8)


@pytest.mark.parametrize(
    "text", ["", "0/2", "3/2", "1/0", "a/b", "1/2/3", "01/2", "1/1000", "-1/2"]
)
def test_other_names_are_refused(text: str) -> None:
    with pytest.raises(RunError, match="names no shard"):
        parse_shard(text)


def test_a_shard_says_of_its_run_what_a_result_says() -> None:
    run, shard = (load_schema(name)["properties"]["run"] for name in ("result", "shard"))
    assert (run["properties"], run["required"]) == (shard["properties"], shard["required"])
