"""What a visitor does with the table of home and takes away from it, in a real browser."""

from __future__ import annotations

import re

import pandas
import pytest

WITHOUT_CLIPBOARD = "delete Navigator.prototype.clipboard"
"""As a host without https has it: an internal one of a private board."""


@pytest.fixture()
def page(browser):
    context = browser.new_context(accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda e: said.append(str(e)))
    yield page
    context.close()
    assert said == []


def test_a_shared_search_opens_the_table_and_outlives_a_change_of_language(page, serve, site):
    address = serve(site)
    page.goto(address)
    page.get_by_role("searchbox", name="Find a model").fill("small")
    page.locator("#b-status", has_text="1 of 5").wait_for()
    page.goto(page.url)
    page.locator("#b-status", has_text="1 of 5").wait_for()
    page.wait_for_load_state("networkidle")
    assert not page.locator("#__search").is_checked(), "the theme's own search"
    page.get_by_role("link", name="中文").click()
    page.locator("#b-status", has_text="5 个模型中的 1 个").wait_for()
    assert page.url == f"{address}zh/?find=small"


@pytest.mark.parametrize("host", ["https", "http"])
def test_markdown_says_what_the_table_shows(page, serve, site, host):
    if host == "http":
        page.add_init_script(WITHOUT_CLIPBOARD)
    page.goto(serve(site) + "?cols=index,interval,parameters,kind&sort=-parameters")
    page.locator('th[aria-sort="descending"]').wait_for()
    page.get_by_role("button", name="Copy as Markdown").click()
    page.get_by_text("Copied.").wait_for()
    page.evaluate("document.body.append(document.createElement('textarea'))")
    page.locator("textarea").focus()
    page.keyboard.press("Control+V")
    head, _, *lines, _, link = page.locator("textarea").input_value().split("\n")
    assert link == page.url
    heads = page.locator("#board thead th").evaluate_all("all => all.map((th) => th.textContent)")
    assert head == f"| {' | '.join(heads)} |" and len(heads) == 6
    shown = page.locator("#b-rows tr").all()
    assert len(lines) == len(shown) == 5
    for line, row in zip(lines, shown, strict=True):
        row.locator("th span").evaluate("organisation => organisation.remove()")
        cells = [
            re.sub(r"\s+", " ", text).strip() for text in row.locator("th, td").all_inner_texts()
        ]
        assert line == f"| {' | '.join(cells)} |"


def test_a_view_as_csv_keeps_the_ranks_that_are_shared(page, serve, site):
    page.goto(serve(site) + "?w=choice:3&sort=-weighted")
    page.get_by_role("columnheader", name="Yours").wait_for()
    with page.expect_download() as asked:
        page.get_by_role("button", name="CSV of this view").click()
    read = pandas.read_csv(asked.value.path()).set_index("model")
    whole = pandas.read_csv(site / "data/starter.csv").set_index("model")
    for column in ("title", "best_rank", "worst_rank", "tie_group"):
        assert dict(read[column]) == dict(whole[column]), column
    areas = whole[["classification", "matching", "generation"]].sum(axis=1) + 3 * whole["choice"]
    for model, value in (areas / 6).items():  # an area that is not named weighs one
        assert read["weighted"][model] == pytest.approx(value, abs=0.1001)


def test_filters_are_counted_and_keep_the_focus_of_who_sets_them(page, serve, site):
    page.goto(serve(site) + "?w=nothing:2&sort=constructor&lic=")
    page.locator("#board[data-ready]").wait_for()
    page.get_by_role("button", name="Filters").click()
    box = page.locator("[data-fact=kind] input").first  # the kind that most models are of
    box.focus()
    page.keyboard.press("Space")
    page.locator("#b-status", has_text="3 of 5").wait_for()
    assert page.evaluate("document.activeElement.checked"), "still on the box"
    assert page.get_by_role("button", name="Filters (1)").is_visible()
    page.get_by_role("searchbox", name="Find a model").fill("large")
    counts = page.locator("[data-fact=kind] small", has_text="0")
    counts.wait_for()
    page.get_by_role("button", name="Reset").click()
    page.locator("#b-status", has_text="1 of 5").wait_for()  # what is searched for is no filter
    page.get_by_role("button", name="Close").click()
    assert page.evaluate("document.activeElement.dataset.panel") == "filters"
