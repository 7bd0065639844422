"""Compare: a golden that the browser must equal too, refusals, and the command."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT
from typer.testing import CliRunner

from evaluator.board import compare
from evaluator.board.submissions import read_tree
from evaluator.cli import app
from evaluator.core import columns
from evaluator.core.files import pretty_bytes
from evaluator.measure.result import items_of, read_result

GOLDEN = ROOT / "tests/golden/compare.json"
runner = CliRunner(env={"COLUMNS": "200"})


def result(metric: str, parts: dict[str, np.ndarray], labels: int = 0) -> dict:
    """The parts of a result that comparing reads."""
    return {
        "submission": "org/model",
        "task": {"name": f"made_{metric}", "version": 1},
        "protocol": "board",
        "variant": "clean",
        "method": "loglikelihood",
        "request_set": {"sha256": "0" * 64, "items_sha256": "1" * 64, "gold_sha256": "2" * 64},
        "n": len(parts["correct"]),
        "data": {},
        "decoding": {"greedy": True, "stop": [], "max_tokens": 0},
        "scorer": 1,
        "primary": metric,
        "classes": [{"label": str(i)} for i in range(labels)],
        "columns": {name: columns.pack(name, values) for name, values in parts.items()},
    }


def share(n: int, chance: float, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    return result("acc", {"correct": (rng.random(n) < chance).astype(float)})


def stereotyped(n: int, chance: float, seed: int) -> dict:
    return {**share(n, chance, seed), "primary": "stereotype_share"}


def labelled(n: int, chance: float, seed: int) -> dict:
    rng = np.random.default_rng(seed)
    gold = np.arange(n) % 4
    pred = np.where(rng.random(n) < chance, gold, rng.integers(-1, 4, n)).astype(float)
    parts = {"correct": (pred == gold).astype(float), "pred": pred, "gold": gold.astype(float)}
    return result("macro_f1", parts, labels=4)


def sourced(made: dict) -> dict:
    """The same with items of common sources, far apart and of any number; every fourth is alone."""
    clusters = np.where(np.arange(made["n"]) % 4, np.arange(made["n"]) % 7, -1.0)
    packed = made["columns"] | {"cluster": columns.pack("cluster", clusters)}
    return {**made, "columns": packed}


def cases() -> list[tuple[str, dict, dict]]:
    perfect = result("acc", {"correct": np.ones(60)})
    return [
        ("a lead that is proven", share(400, 0.7, 1), share(400, 0.5, 2)),
        ("a lead that is not", share(100, 0.52, 3), share(100, 0.5, 4)),
        ("equal to the item", share(50, 0.5, 5), share(50, 0.5, 5)),
        ("all against most", perfect, result("acc", {"correct": (np.arange(60) > 5) * 1.0})),
        ("macro F1, many items", labelled(300, 0.8, 6), labelled(300, 0.6, 7)),
        ("a lead where lower is better", stereotyped(300, 0.5, 10), stereotyped(300, 0.8, 11)),
        ("macro F1, few items", labelled(12, 0.9, 8), labelled(12, 0.4, 9)),
        ("items that share sources", sourced(share(300, 0.7, 12)), sourced(share(300, 0.5, 13))),
        ("macro F1, sources", sourced(labelled(40, 0.9, 14)), sourced(labelled(40, 0.3, 15))),
    ]


def golden() -> dict:
    """What tests/golden/compare.json holds; the module `tests/board/test_compare.py` writes it."""
    made = cases()
    pairs = [(first, second) for _, first, second in made]
    rows = compare.compare_pairs(pairs)
    return {
        "about": "Inputs and outputs of evaluator.board.compare.compare_pairs: all cases are one "
        "family for Holm. `values`: what each item adds to the metric (item_values).",
        "cases": [
            {
                "name": name,
                "a": first,
                "b": second,
                "proportion": compare.item_values(first["primary"], items_of(first))[1],
                "values": [
                    np.round(compare.item_values(r["primary"], items_of(r))[0], 9).tolist()
                    for r in (first, second)
                ],
                "expected": row,
            }
            for (name, first, second), row in zip(made, rows, strict=True)
        ],
    }


def close(found, wanted) -> bool:
    """Equal, numbers to one part in a thousand million."""
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(close(found[k], wanted[k]) for k in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(close, found, wanted))
    if isinstance(wanted, float):
        return found == pytest.approx(wanted, rel=1e-9, abs=1e-12)
    return found == wanted


def test_the_golden_comparison():
    kept = json.loads(GOLDEN.read_text())
    assert close(json.loads(json.dumps(golden())), kept)
    tests = {case["expected"]["test"] for case in kept["cases"]}
    assert tests == {"mcnemar exact", "permutation exact", "permutation saddlepoint"}


def test_the_smaller_value_wins_where_lower_is_better():
    rows = {case["name"]: case["expected"] for case in golden()["cases"]}
    row = rows["a lead where lower is better"]
    assert row["difference"] < 0 and row["lower_is_better"] and row["better"] == "a"
    row = rows["a lead that is proven"]
    assert row["difference"] > 0 and not row["lower_is_better"] and row["better"] == "a"


def test_sides_swap():
    for _, first, second in cases():
        there, back = compare.compare_results(first, second), compare.compare_results(second, first)
        assert there["difference"] == -back["difference"]
        assert there["low"] == pytest.approx(-back["high"], abs=1e-12)
        assert (there["p"], there["only_a"]) == (pytest.approx(back["p"]), back["only_b"])


def test_the_items_add_up():
    row = compare.compare_results(share(400, 0.7, 1), share(400, 0.5, 2))
    only = len(row["only_a"]) - len(row["only_b"])
    assert row["difference"] == pytest.approx(only / 400)
    assert row["both"] + row["neither"] + len(row["only_a"]) + len(row["only_b"]) == 400


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("request set", lambda r: r["request_set"].update(sha256="9" * 64)),
        ("items", lambda r: r["request_set"].update(items_sha256="9" * 64)),
        ("right answers", lambda r: r["request_set"].update(gold_sha256="9" * 64)),
        ("protocol", lambda r: r.update(protocol="lm-eval")),
        ("variant", lambda r: r.update(variant="typos")),
        ("scorer version", lambda r: r.update(scorer=2)),
        ("task version", lambda r: r["task"].update(version=2)),
        ("data", lambda r: r.update(data={"x/y": "0"})),
        ("decoding", lambda r: r["decoding"].update(max_tokens=9)),
        ("primary metric", lambda r: r.update(primary="accuracy")),
    ],
)
def test_another_fingerprint_is_refused_by_the_name_of_its_part(part, change):
    first = share(50, 0.5, 1)
    second = copy.deepcopy(first)
    change(second)
    with pytest.raises(compare.Incomparable, match=part):
        compare.compare_results(first, second)
    assert [found["part"] for found in compare.differing_parts(first, second)] == [part]


def test_two_methods_ask_the_same_items_in_their_own_words():
    first = share(50, 0.5, 1)
    second = copy.deepcopy(first)
    second["method"] = "head"
    second["request_set"]["sha256"] = "9" * 64
    assert compare.differing_parts(first, second) == []
    second["request_set"]["items_sha256"] = "9" * 64
    assert [found["part"] for found in compare.differing_parts(first, second)] == ["items"]


def test_clusters_count_as_one():
    """Ten copies of each item tell no more than one of each."""
    rng = np.random.default_rng(3)
    a, b = (rng.random(40) < 0.8) * 1.0, (rng.random(40) < 0.5) * 1.0
    once = compare.compare_values(a, b, proportion=False)
    names = [str(i) for i in range(40) for _ in range(10)]
    tenfold = compare.compare_values(np.repeat(a, 10), np.repeat(b, 10), proportion=True,
                                     clusters=names)  # fmt: skip
    for key in ("p", "smallest", "stderr", "low", "high"):
        assert tenfold[key] == pytest.approx(once[key], rel=1e-6)


def test_the_command_compares_submissions_and_files(monkeypatch):
    monkeypatch.chdir(ROOT)
    told = runner.invoke(app, ["compare", "starter/large", "starter/medium", "--items"])
    assert told.exit_code == 0, told.output
    assert "mcnemar exact" in told.output and "only a is right" in told.output
    tree = read_tree(ROOT / "submissions")
    data = compare.compare_submissions(tree, "starter/large", "starter/medium")
    shown = runner.invoke(app, ["compare", "starter/large", "starter/medium", "--json"])
    assert shown.output.encode() == pretty_bytes(data)
    files = [next(Path("submissions/starter").glob(f"{m}/results/starter_choice/*/*.json"))
             for m in ("large", "small")]  # fmt: skip
    row = compare.compare_files(*map(read_result, files))["tasks"][0]
    shown = runner.invoke(app, ["compare", *map(str, files), "--json"])
    assert json.loads(shown.output)["tasks"][0]["only_a"] == row["only_a"]


def test_the_command_refuses_what_cannot_be_compared(monkeypatch):
    monkeypatch.chdir(ROOT)
    files = [str(next(Path("submissions/starter/large/results").glob(f"{t}/*/*.json")))
             for t in ("starter_choice", "starter_matching")]  # fmt: skip
    refused = runner.invoke(app, ["compare", *files])
    assert isinstance(refused.exception, compare.Incomparable)
    assert "request set" in str(refused.exception)
    told = json.loads(runner.invoke(app, ["compare", *files, "--json"]).output)
    assert {"part": "primary metric", "a": "acc", "b": "accuracy"} in told["differ"]
    mixed = runner.invoke(app, ["compare", files[0], "starter/large"])
    assert mixed.exit_code == 2 and "two result files, or two submissions" in mixed.output
    nothing = runner.invoke(app, ["compare", "starter/large", "starter/small", "--task", "gsm8k"])
    assert nothing.exit_code == 1 and "not compared; a pending, b pending" in nothing.output
    assert "p Holm" not in nothing.output
    unknown = runner.invoke(app, ["compare", "starter/large", "starter/none"])
    assert "no submission 'starter/none'" in str(unknown.exception)


if __name__ == "__main__":
    GOLDEN.write_bytes(pretty_bytes(golden()))
