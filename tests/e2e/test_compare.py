"""The page that compares models: equal to the command to the item, and usable by clicks."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas
import pytest
from conftest_e2e import ROOT

from evaluator.board.compare import compare_submissions, fingerprint
from evaluator.board.index import index_covariance, task_weights
from evaluator.board.publish.vectors import question, vector
from evaluator.board.ranking import rank
from evaluator.board.submissions import read_tree
from evaluator.core.columns import pack
from evaluator.core.files import pretty_bytes

IN_PAGE = """async (cases) => {
  const home = document.baseURI.replace(/compare.*/, "");
  const { compareVectors, judge, unpack } = await import(home + "assets/board/paired.js");
  const [side, rows] = [(vector, { n }) => unpack(vector, n), []];
  for (const { a, b, question } of cases) {
    const task = question.parts.task;
    rows.push(compareVectors(side(a, question), side(b, question), question, task));
  }
  return judge(rows);
}"""


def close(found, wanted, path=""):
    """Equal, numbers to one part in a thousand million."""
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), path
        for key in wanted:
            close(found[key], wanted[key], f"{path}/{key}")
    elif isinstance(wanted, float):
        assert math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-11), (path, found, wanted)
    else:
        assert found == wanted, path


def in_browser(browser, address, pairs):
    page = browser.new_page()
    page.goto(f"{address}compare/")
    cases = [
        {"a": vector(one), "b": vector(other), "question": question(one)} for one, other in pairs
    ]
    found = page.evaluate(IN_PAGE, cases)
    page.close()
    return found


def test_the_browser_counts_as_the_golden_comparison(browser, serve, site):
    golden = json.loads((ROOT / "tests/golden/compare.json").read_text())["cases"]
    for case in golden:
        for side in ("a", "b"):
            case[side].setdefault("method", "loglikelihood")
    found = in_browser(browser, serve(site), [(case["a"], case["b"]) for case in golden])
    assert len(found) == len(golden) >= 6
    for row, case in zip(found, golden, strict=True):
        close(row, case["expected"], case["name"])


def test_the_browser_counts_as_the_command_on_this_board(browser, serve, site):
    tree = read_tree(ROOT / "submissions")
    wanted = compare_submissions(tree, "starter/large", "starter/medium")
    page = browser.new_page()
    page.goto(f"{serve(site)}compare/?m=starter--large&m=starter--medium")
    page.get_by_role("heading", name="Differences by task").wait_for()
    with page.expect_download() as asked:
        page.get_by_role("button", name="Download as CSV").click()
    read = pandas.read_csv(asked.value.path(), keep_default_na=False)
    assert len(read) == len(wanted["tasks"]) == 4
    for (_, found), row in zip(read.iterrows(), wanted["tasks"], strict=True):
        assert (found["task"], found["test"], found["better"]) == (
            row["task"], row["test"], row["better"],
        )  # fmt: skip
        assert (found["only_a"], found["only_b"]) == (len(row["only_a"]), len(row["only_b"]))
        for key in ("a", "b", "difference", "low", "high", "stderr", "p", "p_holm"):
            assert float(found[key]) == pytest.approx(row[key], rel=1e-9, abs=1e-11), key
    page.close()


def test_the_difference_of_two_indices_has_the_interval_of_the_ranking(browser, serve, site):
    tree = read_tree(ROOT / "submissions")
    suite = tree.board.suites["starter"]
    first, second = rank(tree, suite).places[:2]
    asked = {task: tree.asked(task) for task in suite.tasks}
    results = [{t: c.standing.result for t, c in place.cells.items()} for place in (first, second)]
    covariance = index_covariance(task_weights(suite, asked), results)
    error = math.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    value = first.index - second.index
    ends = [f"{value + sign * 1.959964 * error:.1f}".replace("-", "−") for sign in (-1, 1)]
    page = browser.new_page()
    slugs = [place.entry.submission.id.replace("/", "--") for place in (first, second)]
    page.goto(f"{serve(site)}compare/?m={slugs[0]}&m={slugs[1]}")
    page.locator(".b-headline").wait_for()
    told = page.locator(".b-headline").inner_text()
    assert f"{value:.1f} points" in told and f"(95\u00a0% {ends[0]} to {ends[1]})" in told
    page.close()


def test_pinning_two_models_leads_there(browser, serve, site):
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.goto(serve(site))
    page.get_by_label("Compare Starter large").check()
    page.get_by_label("Compare Starter small").check()
    page.get_by_role("link", name="Compare 2").click()
    page.get_by_role("heading", name="Item by item").wait_for()
    assert "?m=starter--large&m=starter--small" in page.url
    told = page.locator(".b-headline").inner_text()
    assert "Starter large is ahead of Starter small" in told and "The rest is not proven." in told
    page.get_by_role("button", name="+ Starter medium").wait_for(state="detached")
    page.get_by_role("searchbox", name="Add a model").fill("medium")
    page.get_by_role("button", name="+ Starter medium").click()
    page.get_by_text("3 models compared.").wait_for()
    assert page.locator(".b-headline").count() == 2
    page.get_by_role("button", name="only Starter large").click()
    names = page.locator(".b-ids").inner_text().split(", ")
    assert len(names) > 10 and all(name for name in names)
    page.get_by_role("button", name="Take Starter small out").click()
    page.get_by_text("2 models compared.").wait_for()
    assert said == []
    page.close()


def test_the_page_of_a_model_leads_there(browser, serve, site):
    page = browser.new_page()
    page.goto(serve(site) + "models/starter--small/")
    page.get_by_role("link", name="Compare with other models").click()
    page.get_by_role("button", name="+ Starter large").click()
    page.get_by_role("heading", name="Differences by task").wait_for()
    assert page.url.endswith("compare/?m=starter--small&m=starter--large")
    page.close()


@pytest.fixture()
def moved_site(tmp_path, tree):
    """A board where one model was asked on other data."""
    path = next((tree / "starter/small/results/starter_choice").glob("*/*.json"))
    result = json.loads(path.read_text())
    shutil.copy(path, tmp_path / "kept.json")
    result["data"] = {"another/file": "9" * 64}
    path.write_bytes(pretty_bytes(result))
    assert fingerprint(result)["data"] == result["data"]
    to = tmp_path / "built"
    subprocess.run(  # plain MkDocs makes the English pages alone
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(to)],
        cwd=ROOT,
        env={**os.environ, "EVALUATOR_SUBMISSIONS": str(tree), "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    return to


def test_another_fingerprint_is_refused_by_the_name_of_its_part(browser, serve, moved_site):
    page = browser.new_page()
    page.goto(f"{serve(moved_site)}compare/?m=starter--large&m=starter--small")
    refused = page.locator("td.b-refused")
    refused.wait_for()
    assert refused.inner_text() == "not comparable, they differ in: data"
    assert "1 tasks cannot be compared" in page.locator(".b-headline").inner_text()
    page.close()


def test_an_address_that_names_nobody_is_told(browser, serve, site):
    page = browser.new_page()
    page.goto(f"{serve(site)}compare/?m=nobody--here&m=<img src=x onerror=alert(1)>")
    page.get_by_text("not on this board").wait_for()
    assert page.locator("#b-out").inner_html() == ""
    page.goto(f"{serve(site)}compare/?m=starter--large&m=nobody--here&m=starter--small")
    page.get_by_role("heading", name="Differences by task").wait_for()  # of those that are there
    assert "not on this board" in page.locator("#b-status").inner_text()
    page.close()


@pytest.mark.parametrize("kinds", [1, 2, 3, 300])
def test_values_come_out_of_a_vector_as_they_went_in(browser, serve, site, kinds):
    """Three different values take 2 bits an item, 300 take 9: they lie across the bytes."""
    values = np.float32(np.arange(300) % kinds / kinds)
    columns = {"correct": pack("correct", values > 0.5), "value": pack("value", values)}
    cases = json.loads((ROOT / "tests/golden/compare.json").read_text())["cases"]
    result = cases[0]["a"] | {"primary": "rouge_l", "n": 300, "columns": columns, "method": "m"}
    page = browser.new_page()
    page.goto(f"{serve(site)}compare/")
    found = page.evaluate(
        """async (vector) => {
          const home = document.baseURI.replace(/compare.*/, "");
          const { unpack } = await import(home + "assets/board/paired.js");
          return [...unpack(vector, 300).values];
        }""",
        vector(result),
    )
    page.close()
    assert np.allclose(found, values, atol=1e-12) and len(set(found)) == kinds
