"""The site for everybody: nothing for axe to find, used by keyboard, read without a script."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

PAGES = (
    "", "models/", "models/starter--large/", "tasks/", "tasks/mmlu/", "suites/core/",
    "suites/starter/charts/", "compare/?m=starter--large&m=starter--medium", "submit/form/",
    "audit/", "history/", "method/", "data/", "quickstart/", "record/", "queue/",
    "tasks/starter_generation/", "among-others/", "embed/",
)  # fmt: skip
"""One page of each type."""
CARDS = (
    "tasks/", "suites/core/", "suites/medical/", "history/", "models/", "record/",
    "models/starter--large/", "tasks/starter_choice/", "suites/starter/charts/", "method/",
    "compare/?m=starter--large&m=starter--medium",
)  # fmt: skip
"""Pages whose wide tables are cards on a phone."""


def violations(page) -> list[tuple[str, list[str]]]:
    """Return the rules that axe finds broken, with a few of the places."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found]


@pytest.mark.parametrize("language", ["", "zh/"])
def test_axe_finds_nothing_on_any_type_of_page_in_either_scheme(browser, serve, site, language):
    address = serve(site)
    page = browser.new_page(reduced_motion="reduce", viewport={"width": 1280, "height": 900})
    found = {}
    for path in PAGES:
        page.emulate_media(color_scheme="light")
        page.goto(address + language + path)
        page.wait_for_load_state("networkidle")
        for media, scheme in (("light", "default"), ("dark", "slate")):
            page.emulate_media(color_scheme=media)
            page.evaluate("s => document.body.setAttribute('data-md-color-scheme', s)", scheme)
            found[language + path, scheme] = violations(page)
    page.close()
    assert {where: told for where, told in found.items() if told} == {}


def test_a_row_of_a_wide_table_is_a_card_on_a_phone_and_still_a_row_to_who_hears_it(
    browser, serve, site
):
    address = serve(site)
    # Scrolling fades the page's title into the header: axe must not look in the middle of that.
    page = browser.new_page(reduced_motion="reduce", viewport={"width": 360, "height": 800})
    for path in CARDS:
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        for part in page.locator("details.b-more").all():
            part.evaluate("d => { d.open = true; }")
        page.wait_for_function("!document.querySelector('tbody:empty')")
        for table in page.locator(".b-cards").all():
            hidden = "t => t.parentElement.scrollWidth - t.parentElement.clientWidth"
            assert table.evaluate(hidden) == 0, f"{path}: a phone shows all of a row"
            assert table.get_by_role("row").count() > 1
            assert table.get_by_role("columnheader").count() > 1, f"{path}: heads are heard"
            assert table.get_by_role("rowheader").first.text_content()
        assert violations(page) == [], path
    page.goto(address)
    assert violations(page) == [], "the ranked table goes on beside the screen"
    page.close()


@pytest.mark.parametrize("language", ["", "zh/"])
def test_a_number_on_a_card_is_told_by_the_head_of_its_column(browser, serve, site, language):
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto(serve(site) + language + "models/starter--large/")
    told = page.evaluate("""() => [...document.querySelectorAll('.b-cards')].map((table) => {
        const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent);
        const said = (cell) => getComputedStyle(cell, '::before').content.slice(1, -1).trim();
        const cells = [...table.tBodies[0].rows[0].querySelectorAll('td')];
        return cells.map((cell) => [said(cell), heads[cell.cellIndex]]);
    })""")
    assert len(told) >= 6, "scores, and what stands beside them"
    for row in told:
        assert any(said for said, _ in row), row
        assert all(said in ("", head) for said, head in row), row
    page.close()


def press_until(page, key: str, reached: str, most: int = 60) -> None:
    """Press a key until what has the focus matches a selector."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate("s => document.activeElement.matches(s)", reached):
            return
    pytest.fail(f"{most} times {key} did not reach {reached}")


def test_the_table_is_used_by_keyboard_alone(browser, serve, site):
    page = browser.new_page()
    page.goto(serve(site))
    page.locator("#board[data-ready]").wait_for()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.md-skip')"), "first: skip the header"
    press_until(page, "Tab", "#b-q")
    page.keyboard.type("starter")
    page.locator("#b-status", has_text="3 of 5").wait_for()
    press_until(page, "Tab", "[data-sort='parameters']")
    page.keyboard.press("Enter")
    page.locator('th[aria-sort="descending"]', has_text="Parameters").wait_for()
    assert page.evaluate("document.activeElement.dataset.sort") == "parameters", "the focus stays"
    assert "not the official rank" in page.locator("#b-status").inner_text()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "who has the focus is seen"
    for _ in range(2):
        press_until(page, "Tab", "#b-rows input")
        page.keyboard.press("Space")
        page.locator("#b-pinned").wait_for()
        press_until(page, "Tab", "#b-rows a")
    press_until(page, "Tab", ".b-pinned a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/compare/?m=*")
    page.close()


@pytest.mark.parametrize("language", ["", "zh/"])
def test_every_page_reads_without_javascript(browser, serve, site, language):
    address = serve(site)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = context.new_page()
    for path in PAGES:
        page.goto(address + language + path.split("?")[0])
        assert page.get_by_role("heading", level=1).first.is_visible(), path
        told = page.locator("article, main:not(:has(article))")  # a table in others' pages has none
        assert len(told.inner_text()) > 40, path
    page.goto(address + language)
    assert page.locator(".b-tools").count() == 1 and not page.locator(".b-tools").is_visible()
    page.get_by_role("row").filter(has_text="Starter large").first.get_by_role("link").click()
    assert page.get_by_role("heading", level=1).first.inner_text().startswith("Starter large")
    context.close()
