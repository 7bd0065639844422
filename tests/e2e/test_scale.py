"""Home with 5,000 models and 30 tasks: small, still, and at home. Timings: `make bench-site`."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from conftest_e2e import ROOT

MODELS, PAGES = 5000, 200  # enough for all that home links to
SHIFTS = """new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Path:
    to = tmp_path_factory.mktemp("large") / "built"
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/made_site.py"), str(to), str(MODELS), str(PAGES)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return to


def weigh(folder: Path, root: str, asked: list[str]) -> dict[str, int]:
    """Return path -> bytes as a server that compresses would send them."""
    sizes = {}
    for url in asked:
        path = unquote(urlsplit(url.removeprefix(root)).path)
        file = folder / path / "index.html" if (folder / path).is_dir() else folder / path
        if url.startswith(root) and file.is_file():
            packed = file.suffix in (".png", ".woff2", ".gz")
            data = file.read_bytes()
            sizes[path] = len(data if packed else gzip.compress(data, 6))
    return sizes


def styled(browser, page, address: str) -> int:
    """Return how many elements were styled while a page loaded, each as often as it was."""
    browser.start_tracing(page=page, categories=["devtools.timeline", "blink.user_timing"])
    page.goto(address)
    page.wait_for_load_state("networkidle")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    return sum(e["args"].get("elementCount", 0) for e in events if e["name"] == "UpdateLayoutTree")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_home_is_styled_hardly_more_than_once(browser, serve, large, scheme):
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    times = styled(browser, page, serve(large)) / page.evaluate(
        "document.querySelectorAll('body, body *').length"
    )
    assert times < 2, "the theme's script has the browser style every element again and again"
    assert not [url for url in asked if "search_index" in url], "only who searches needs it"
    context.close()


def test_home_with_five_thousand_models_keeps_its_budgets(browser, serve, large):
    root = serve(large)
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    page.on("request", lambda r: asked.append(r.url))
    page.goto(root)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.querySelectorAll('*').length") < 1500
    assert page.evaluate(SHIFTS) < 0.02
    assert page.locator("#b-rows tr").count() == 50
    first = weigh(large, root, asked)
    assert sum(first.values()) <= 200_000, first

    page.get_by_role("searchbox", name="Find a model").fill("qwen 000")
    page.locator("#b-status", has_text=f"of {MODELS} models").wait_for()
    page.get_by_role("searchbox", name="Find a model").fill("")
    page.locator("#b-status", has_text=f"{MODELS} of {MODELS} models").wait_for()
    page.get_by_role("button", name="Parameters", exact=True).click()
    page.locator('th[aria-sort="descending"]', has_text="Parameters").wait_for()
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("group", name="Licence").wait_for()

    sizes = weigh(large, root, asked)
    assert {"data/core.table.json", "assets/board/home.js"} <= sizes.keys()
    assert sizes["data/core.table.json"] <= 130_000  # read on the first search, sort or filter
    scripts = {path: size for path, size in sizes.items() if "assets/board/" in path}
    assert sum(size for path, size in scripts.items() if path.endswith(".js")) <= 15_000, scripts
    assert all(url.startswith((root, "data:", "blob:")) for url in asked), asked
    assert said == []
    page.goto(root)
    links = page.locator("a[href]").evaluate_all("all => all.map((a) => a.href)")
    inside = {url.split("#")[0].split("?")[0].removeprefix(root) for url in links
              if url.startswith(root)}  # fmt: skip
    assert len({path for path in inside if path.startswith("models/")}) > 50
    broken = [p for p in inside if not (large / unquote(p)).exists()]
    assert broken == []
    page.close()


def test_chips_tell_each_that_it_is_set_and_the_next_page_begins_at_its_top(browser, serve, large):
    page = browser.new_page()
    page.goto(serve(large) + "?p=-8&open=1&rows=50")
    page.locator("[data-preset=open][aria-pressed=true]").wait_for()
    pressed = page.locator("[data-preset][aria-pressed=true]").all_inner_texts()
    assert pressed == ["≤ 8B", "Open licence"]
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    page.get_by_text("2 of ").wait_for()
    assert "page=2" in page.url
    top = page.evaluate("document.activeElement.getBoundingClientRect().top")
    assert 0 < top < 120, "the focus and the view are where the new page begins"
    page.close()


def test_a_chip_shows_the_models_of_its_range_and_no_other(browser, serve, large):
    sizes = json.loads((large / "data/core.table.json").read_text())["parameters"]
    page = browser.new_page()
    page.goto(serve(large))
    for chip, fits in {
        "\u2264 8B": lambda size: size <= 8e9,
        "> 34B": lambda size: size >= 34e9,
        "All": lambda size: True,
    }.items():
        page.get_by_role("button", name=chip, exact=True).click()
        page.locator(f"[data-preset][aria-pressed=true]:text-is('{chip}')").wait_for()
        shown = sum(map(fits, sizes))
        page.locator("#b-status", has_text=f"{shown} of {MODELS} models").wait_for()
        assert shown
    page.close()
