"""Names and cards of an attacker, in a real browser: nothing runs, nothing leaves its place.

Rows 62 to 73 of the list of attacks: tags and addresses in cards (62 to 65), front matter (66),
clobbered ids (67), sizes and open ends (68), pictures and paths (69), names (70, 71), tables (72),
a card that breaks what renders it (73).
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest
from conftest import ROOT

from evaluator.board.card import MAX_BYTES, render_card
from evaluator.board.publish.build import build_site
from evaluator.board.publish.values import safe_cell
from evaluator.board.submissions import read_submission
from evaluator.core.errors import DocumentError

MARK = "window.pwned=1"
TITLE = f'</script><script>{MARK}</script>"><img src=x onerror={MARK}>|[x](javascript:1)'
BOARD = '<b id="evil">A & "B"</b>'
RUN = "=cmd|'/c calc'!A1 {{7*7}} {% raw %}"
NESTED = ">" * 400 + "[" * 400 + "*" * 400
MARKS = "Z" + "\u0301" * 79
HUGE = "|a|b|\n|-|-|\n" + "|x|y|\n" * 800_000
CARD = f"""---
license: mit
title: <script>{MARK}</script>
template: nope.html
hide: [everything]
---
## Intended use

<script>{MARK}</script> <svg onload="{MARK}"><script>{MARK}</script></svg>
<img src=x onerror="{MARK}">
<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>
<form action="https://evil.example"><input></form>
<style>* {{ display: none }}</style> <base href="https://evil.example/">
<meta http-equiv="refresh" content="0;url=https://evil.example">
<math><mtext><table><mglyph><style><img src=x onerror="{MARK}"></style></mglyph></table>
</mtext></math>
<noscript><p title="</noscript><img src=x onerror={MARK}>"></noscript>
<x-evil onclick="{MARK}">custom</x-evil>

[a](javascript:{MARK}) [b](JaVaScRiPt:{MARK})
[c](&#106;avascript:{MARK}) [d](java&Tab;script:{MARK})
[e](data:text/html,<script>{MARK}</script>) [f](vbscript:x) [g][ref] <javascript:{MARK}>

[ref]: javascript:{MARK}

para
{{: onclick={MARK} id=evil style=position:fixed }}

--8<-- "mkdocs.yml"

{{{{ config.site_name }}}} {{% include "x" %}}

<h1 id="__config">clobber</h1> <a name="__search">x</a> [up](../../../../etc/passwd)

![pixel](https://evil.example/pixel.png) <img src="https://evil.example/pixel.png">

## Training data

</div></section></article><!--

```python exec="1"
{MARK}

## Limitations

{NESTED}
"""
TAGS = {
    "p", "br", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code",
    "em", "strong", "del", "table", "thead", "tbody", "tr", "th", "td", "hr", "a", "span",
}  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    home = tmp_path_factory.mktemp("hostile")
    tree = home / "submissions"
    shutil.copytree(ROOT / "submissions", tree)
    for name, title, organisation in (("random", TITLE, RUN), ("majority", "مدل ‏abc", RUN)):
        path = tree / f"baseline/{name}/submission.yaml"
        lines = path.read_text().splitlines()
        facts = {"title": title[:80], "organisation": organisation[:80]}
        quoted = {key: "'" + value.replace("'", "''") + "'" for key, value in facts.items()}
        lines = [
            f"{key}: {quoted[key]}" if (key := line.split(":")[0]) in quoted else line
            for line in lines
        ]
        path.write_text("\n".join(lines) + "\n")
    (tree / "baseline/random/card.md").write_text(CARD)
    board = tree / "board.yaml"
    (title,) = re.findall("(?m)^title: .*", board.read_text())
    board.write_text(board.read_text().replace(title, f"title: '{BOARD}'", 1))
    (tree / "baseline/majority/submission.yaml").write_text(
        (tree / "baseline/majority/submission.yaml").read_text().replace("‏", "")
    )
    small = tree / "starter/small"
    small.joinpath("card.md").write_text(small.joinpath("card.md").read_text() + HUGE)
    declared = small.joinpath("submission.yaml").read_text()
    small.joinpath("submission.yaml").write_text(declared.replace("Starter small", MARKS))
    told = build_site(ROOT, tree, home / "built")
    assert [line.split(":")[0] for line in told] == ["starter/small"], told  # row 73: told, built
    return home / "built"


def test_nothing_runs_and_nothing_asks_outside(browser, serve, hostile):
    address = serve(hostile)
    page = browser.new_page()
    asked: list[str] = []
    dialogs: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.on("dialog", lambda d: (dialogs.append(d.message), d.dismiss()))
    compare = "compare/?m=baseline--random&m=baseline--majority"
    for path in ("", "models/", "models/baseline--random/", "suites/starter/charts/", compare,
                 "audit/", "history/", "zh/models/baseline--random/", "?q=script"):  # fmt: skip
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.pwned") is None, path
        for element in page.query_selector_all("article [onclick], article [onerror]"):
            pytest.fail(f"{path}: {element.evaluate('e => e.outerHTML')}")
        hrefs = page.eval_on_selector_all("a[href]", "all => all.map(a => a.protocol)")
        assert set(hrefs) <= {"http:", "https:", "mailto:"}, path
    assert all(url.startswith((address, "data:", "blob:")) for url in asked), asked
    assert dialogs == []
    page.close()


def test_a_card_is_text_in_its_own_box(browser, serve, hostile):
    page = browser.new_page()
    page.goto(serve(hostile) + "models/baseline--random/")
    inside = page.eval_on_selector_all(".b-card *", "all => all.map(e => e.tagName.toLowerCase())")
    assert inside and set(inside) <= TAGS
    named = page.eval_on_selector_all(
        ".b-card *", "all => all.flatMap(e => [...e.attributes].map(a => a.name))"
    )
    assert set(named) <= {"href", "title", "rel", "class"}
    box = page.locator(".b-card")
    assert box.evaluate("e => getComputedStyle(e).display") != "none"
    text = box.inner_text()
    assert "docs_dir" not in text, "no file of the repository is read"
    assert "config.site_name" in text, "a template is text"
    assert "Limitations" in text, "an open comment and an open fence end with the card"
    assert (
        page.locator(".md-footer").count() == 1 and not page.locator(".b-card .md-footer").count()
    )
    assert page.locator("#__config").evaluate("e => e.tagName") == "SCRIPT", "no clobbered id"
    page.close()


def test_hostile_names_are_text_wherever_they_stand(browser, serve, hostile):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(serve(hostile))
    names = page.locator("#b-rows th a").all_inner_texts()
    assert TITLE[:80] in names
    page.get_by_role("searchbox", name="Find a model").fill("pwned")
    page.locator("#b-status", has_text="1 of 5").wait_for()
    assert page.locator("#b-rows th a").all_inner_texts() == [TITLE[:80]]
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0, "a long name does not widen the page"
    page.goto(page.url.split("?")[0] + "embed/")
    assert page.evaluate(wide) <= 0, "nor the small page inside others'"
    page.close()
    data = json.loads((hostile / "data/starter.json").read_text())
    assert TITLE[:80] in {row["title"] for row in data["ranked"]}
    rows = list(csv.DictReader(io.StringIO((hostile / "data/starter.csv").read_text())))
    organisations = [row["organisation"] for row in rows if "cmd" in row["organisation"]]
    assert organisations and all(name.startswith("'=") for name in organisations)
    assert all("{{7*7}}" in name for name in organisations), "a template is text in a table too"
    assert min(float(row["index"]) for row in rows) < 0, "a negative number is no formula"
    index = json.loads((hostile / "search/search_index.json").read_text())
    assert TITLE[:80] in {entry["title"] for entry in index["docs"]}
    for picture in (hostile / "charts").glob("*.svg"):
        ET.fromstring(picture.read_text())


def test_a_view_as_csv_is_as_safe_as_the_downloads(browser, serve, hostile):
    """Row 72: what a table program would run is text; a negative number stays one."""
    page = browser.new_page()
    page.goto(serve(hostile))
    texts = ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＋1", "a=1", 'b",\n"', "x"]
    written = page.evaluate(
        """async (texts) => {
          const { cell } = await import(document.baseURI + "assets/board/dom.js");
          return [...texts, -2].map(cell).join(",");
        }""",
        texts,
    )
    page.close()
    (read,) = csv.reader(io.StringIO(written, newline=""))
    assert read == [*map(safe_cell, texts), "-2"]
    assert sum(text.startswith("'") for text in read) == 8


def test_the_name_of_a_board_is_text(browser, serve, hostile):
    page = browser.new_page()
    address = serve(hostile)
    for path in ("", "models/baseline--random/", "tasks/mmlu/", "quickstart/", "embed/"):
        page.goto(address + path)
        assert page.locator("#evil").count() == 0, path
        assert BOARD in page.title(), path
        if path != "embed/":
            assert page.locator(".md-header__topic").first.inner_text() == BOARD
            assert page.locator(".md-logo").first.get_attribute("aria-label") == BOARD
    page.close()


def test_a_card_of_five_megabytes_costs_its_own_place_alone(browser, serve, hostile):
    """Rows 68 and 73: what cannot be rendered is said on its page; all other pages are whole."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    address = serve(hostile)
    page.goto(address + "models/starter--small/")
    assert page.locator(".b-card").count() == 0
    assert "This card cannot be shown here." in page.locator("article").inner_text()
    page.get_by_role("heading", name="Scores").wait_for()
    page.goto(address + "models/starter--large/")
    assert "Limitations" in page.locator(".b-card").inner_text()
    page.close()


@pytest.mark.parametrize("kind", [">", "[", "*", "`", "<", "![", "**a", "```\n", "  - x\n"])
def test_a_card_of_the_largest_size_is_rendered_and_closed(kind):
    """Row 68: nesting and open ends as long as a card may be; what follows is still a heading."""
    body = kind * ((MAX_BYTES - 200) // len(kind))
    html = render_card(f"---\nlicense: mit\n---\n{body}\n\n## Limitations\n\nend\n")
    parser = Tags()
    parser.feed(html)
    assert parser.tags <= TAGS and parser.open == []


class Tags(HTMLParser):
    """Which tags there are, and which stay open."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_name_of_marks_stays_in_its_row(browser, serve, hostile):
    """Row 71: 79 marks over one letter are drawn over a row at most; longer names are refused."""
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto(serve(hostile))
    assert MARKS in page.locator("#b-rows th a").all_inner_texts()
    rows = page.locator("#b-rows tr").evaluate_all("all => all.map((r) => r.offsetHeight)")
    assert max(rows) <= 3 * min(rows)
    page.close()


@pytest.mark.parametrize(
    "title", ["Z" + "\u0301" * 500, "a\u202eb", "a\u200bb", "\U0001f600" * 200]
)
def test_names_that_mislead_or_flood_are_refused(tmp_path, title):
    """Row 71: bidirectional overrides, signs of no width, floods of marks and pictures."""
    tree = tmp_path / "submissions"
    shutil.copytree(ROOT / "submissions/starter/small", tree / "starter/small")
    path = tree / "starter/small/submission.yaml"
    path.write_text(path.read_text().replace("Starter small", title))
    with pytest.raises(DocumentError):
        read_submission(tree, "starter/small")
