"""How fast the table of a large board is in a browser, on a processor as it is and slowed down."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright

from evaluator.board.publish.build import serve_site

FLAGS = ["--no-sandbox", "--disable-gpu"]
TURNS = 5
USABLE = """new Promise((done) => {
  new PerformanceObserver((list) => {
    const painted = Math.max(...list.getEntries().map((entry) => entry.startTime));
    const [loaded] = performance.getEntriesByType("navigation");
    done(Math.max(painted, loaded.domContentLoadedEventEnd));
  }).observe({ type: "largest-contentful-paint", buffered: true });
})"""
"""The largest thing is painted, and every script has run to its end: buttons answer."""
ANSWER = """(change) => new Promise((done) => {
  const start = performance.now();
  const answer = () => done(performance.now() - start);
  const painted = () => requestAnimationFrame(() => setTimeout(answer, 0));
  new MutationObserver((_, watch) => { watch.disconnect(); painted(); })
    .observe(document.getElementById("b-rows"), { childList: true });
  (%s)();
})"""
"""From an act to the frame that shows the rows that it leads to."""
SEARCH = """() => { const q = document.getElementById("b-q"); q.value = "%s";
  q.dispatchEvent(new Event("input", { bubbles: true })); }"""
ACTS = {
    "sort": '() => document.querySelector("[data-sort=parameters]").click()',
    "search": SEARCH % "model 00",
    "clear": SEARCH % "",
    "preset": '() => document.querySelector("[data-preset=open]").click()',
}


def browse(folder: Path) -> dict[int, dict[str, float]]:
    """Return slow-down -> milliseconds: median until usable, then the slowest turn of each act."""
    server = serve_site(folder, 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    with sync_playwright() as playwright:
        path = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        found = {rate: _measure(browser, address, rate) for rate in (1, 4)}
        browser.close()
    server.shutdown()
    return found


def _measure(browser: Browser, address: str, rate: int) -> dict[str, float]:
    turns = [_turn(browser, address, rate) for _ in range(TURNS)]
    acts = {name: max(turn[name] for turn in turns) for name in turns[0] if name != "usable"}
    return {"usable": median(turn["usable"] for turn in turns), **acts}


def _turn(browser: Browser, address: str, rate: int) -> dict[str, float]:
    """Load home afresh and use it; the first act also reads the columns, later ones do not."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": rate})
    page.goto(address)
    found = {"usable": page.evaluate(USABLE)}
    page.wait_for_load_state("networkidle")
    found["first"] = _answer(page, SEARCH % "model 0")
    found |= {name: _answer(page, act) for name, act in ACTS.items()}
    context.close()
    return found


def _answer(page: Page, act: str) -> float:
    milliseconds: float = page.evaluate(ANSWER % act)
    return milliseconds
