"""The built site: deterministic, self-contained, inert to hostile text, right on a phone."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import material
import pandas
import pytest
import yaml
from conftest_e2e import ROOT, evaluator
from made_pages import Links
from playwright.sync_api import Locator

from evaluator.board.publish.build import build_site
from evaluator.board.publish.finish import MENDS
from evaluator.core.errors import EvaluatorError


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_same_tree_gives_the_same_bytes(site, tmp_path):
    build_site(ROOT, ROOT / "submissions", tmp_path / "again")
    assert digest(tmp_path / "again") == digest(site)


def test_the_sources_of_the_site_are_never_wiped():
    config = yaml.safe_load(re.sub(r"!!python\S*", "", (ROOT / "mkdocs.yml").read_text()))
    assert config["site_dir"] == "build/site"
    for folder in (ROOT / "site", ROOT / "docs", ROOT, ROOT.parent):
        with pytest.raises(EvaluatorError, match="would be wiped"):
            build_site(ROOT, ROOT / "submissions", folder)
    assert (ROOT / "site/hooks.py").is_file()
    ignored = subprocess.run(["git", "check-ignore", "-q", "site/hooks.py"], cwd=ROOT, check=False)
    assert ignored.returncode == 1, "site/ must not be ignored by git"


def test_every_internal_link_resolves_and_nothing_is_loaded_from_elsewhere(site):
    pages = {path: Links(path) for path in site.rglob("*.html") if path.name != "404.html"}
    assert len(pages) > 25
    broken = []
    for path, page in pages.items():
        for address in page.loads:
            assert not urlsplit(address).netloc, f"{path} loads {address}"
        assert not page.handlers, f"{path}: {page.handlers}"
        for link in (*page.links, *page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            assert not parts.path.startswith("/"), f"{path}: {link} does not work from a sub-path"
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            missing = target in pages and parts.fragment and parts.fragment not in pages[target].ids
            if not target.is_file() or (missing and not parts.fragment.startswith("__")):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert not broken


def test_the_home_page_is_a_ranked_table_in_plain_html(site):
    home = (site / "index.html").read_text()
    assert home.count('<th scope="row" class="b-model"><a href="models/') == 5
    assert "Rank" in home and "95\u00a0% interval" in home
    order = re.findall(r'<th scope="row" class="b-model"><a href="models/([a-z-]+)/"', home)
    assert order[0] == "starter--large"


PAGES = (
    "",
    "models/",
    "models/starter--large/",
    "tasks/",
    "tasks/mmlu/",
    "suites/core/",
    "submit/form/",
    "queue/",
    "embed/?m=starter--large",
    "history/",
    "record/",
    "method/",
    "data/",
    "compare/?m=starter--large&m=starter--small",
    "ranking/",
)


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_pages_show_without_errors_or_overflow(browser, serve, site, width):
    address = serve(site)
    context = browser.new_context(viewport={"width": width, "height": 800})
    for path in PAGES:
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda m, said=said: said.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e, said=said: said.append(str(e)))
        page.on("request", lambda r, asked=asked: asked.append(r.url))
        page.goto(address + path)
        page.wait_for_load_state("networkidle")
        assert said == [], (path, said)
        assert all(url.startswith((address, "data:", "blob:")) for url in asked), asked
        width_of = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(width_of) <= 0, f"{path} is wider than {width}"
        page.close()
    context.close()


def test_a_visitor_walks_from_the_table_to_a_model_and_a_task(browser, serve, site):
    page = browser.new_page()
    page.goto(serve(site))
    page.get_by_role("row").filter(has_text="Starter large").first.get_by_role("link").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Starter large")
    page.get_by_role("link", name="Starter: topics").first.click()
    assert "Starter: topics" in page.get_by_role("heading", level=1).inner_text()
    page.close()


def test_the_site_reads_without_javascript(browser, serve, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(serve(site))
    assert page.get_by_role("row").filter(has_text="Starter large").first.is_visible()
    context.close()


def test_a_broken_tree_is_told_in_a_sentence(tmp_path, tree):
    (tree / "board.yaml").write_text("schema: 1\n")
    told = evaluator("site", "build", "--tree", str(tree), "--to", str(tmp_path / "x"), cwd=ROOT,
                     check=False)  # fmt: skip
    assert told.returncode == 1


def test_the_table_is_filtered_sorted_and_shared_by_its_address(browser, serve, site):
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto(serve(site))
    models = page.locator("#b-rows th a")
    rows = "rows => rows.map(row => [row.className, row.innerText])"
    served = page.locator("#b-rows tr").evaluate_all(rows)
    page.get_by_role("searchbox", name="Find a model").fill("larg")
    page.locator("#b-status", has_text="1 of 5 models").wait_for()
    assert models.all_inner_texts() == ["Starter large"]
    assert page.get_by_title("place in this view").inner_text() == " 1."
    page.get_by_role("searchbox", name="Find a model").fill("")
    page.locator("#b-status", has_text="5 of 5 models").wait_for()
    written = page.locator("#b-rows tr").evaluate_all(rows)
    assert written == served  # the script writes what was served
    page.get_by_role("button", name="Parameters", exact=True).click()
    page.locator('th[aria-sort="descending"]', has_text="Parameters").wait_for()
    assert models.first.inner_text() == "Starter large"
    assert "not the official rank" in page.locator("#b-status").inner_text()
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("Starter: topics").check()
    page.get_by_role("columnheader", name="Starter: topics").wait_for()
    page.get_by_label("Licence").uncheck()
    page.locator("#board thead", has_not_text="Licence").wait_for()
    shown, address = page.locator("#b-rows").inner_text(), page.url
    assert "sort=-parameters" in address and "cols=" in address
    with page.expect_download() as asked:
        page.get_by_role("button", name="CSV of this view").click()
    read = pandas.read_csv(asked.value.path())
    assert list(read["title"]) == models.all_inner_texts()
    assert read["task:starter_classification"].iloc[0] == 100
    fresh = context.new_page()
    fresh.goto(address)
    fresh.get_by_role("columnheader", name="Starter: topics").wait_for()
    assert fresh.locator("#b-rows").inner_text() == shown
    assert said == []
    context.close()


def test_what_stands_beside_the_score_is_picked_sorted_and_taken_away(browser, serve, site):
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.goto(serve(site))
    page.get_by_role("button", name="Columns").click()
    for name in ("kept in any form", "same for other people", "lost without the question"):
        page.get_by_label(name).check()
        page.get_by_role("columnheader", name=name).wait_for()
    page.get_by_role("button", name="kept in any form").click()
    page.locator('th[aria-sort="descending"]', has_text="kept in any form").wait_for()
    with page.expect_download() as asked:
        page.get_by_role("button", name="CSV of this view").click()
    read = pandas.read_csv(asked.value.path()).set_index("model")
    whole = pandas.read_csv(site / "data/starter.csv").set_index("model")
    kept = read["beside:kept"].dropna()
    assert len(kept) >= 2 and list(kept) == sorted(kept, reverse=True)
    for kind in ("kept", "same", "evidence"):
        assert [round(100 * x, 1) for x in whole[kind].loc[kept.index]] == pytest.approx(
            list(read[f"beside:{kind}"].loc[kept.index]), abs=0.051
        )
        for model in kept.index:
            told = json.loads((site / f"models/{model.replace('/', '--')}.json").read_text())
            value = told["profile"]["suites"]["starter"][kind]["value"]
            assert value == pytest.approx(whole[kind][model])
    context.close()


def test_a_link_to_any_page_becomes_a_picture_that_is_there(site):
    pages = [p for p in site.rglob("index.html") if "embed" not in p.parts]
    address = "https://open-llm-leaderboard.github.io/open-llm-leaderboard/"
    for page in pages:
        text = page.read_text()
        (picture,) = re.findall('<meta property="og:image" content="([^"]*)">', text)
        (title,) = re.findall('<meta property="og:title" content="([^"]*)">', text)
        assert picture.startswith(address), page
        assert (site / picture.removeprefix(address)).read_bytes()[:4] == b"\x89PNG", page
        assert title and "@" not in title, page
        (told,) = re.findall('<meta property="og:description" content="([^"]*)">', text)
        assert told and f'<meta name="description" content="{told}">' in text, page
        (own,) = re.findall('<link rel="canonical" href="([^"]*)">', text)
        assert own == address + page.relative_to(site).as_posix().removesuffix("index.html")
    metrics = (site / "metrics/index.html").read_text()
    lead = re.search('<meta name="description" content="([^"]*)">', metrics)[1]
    assert f"<p>{lead[:60]}" in metrics, "a page of the manual is told by its first paragraph"
    model = (site / "zh/models/starter--large/index.html").read_text()
    assert "previews/models/starter--large.png" in model


@pytest.mark.parametrize(
    ("language", "kind"), [("", "decoder language"), ("zh/", "解码器语言模型")]
)
def test_every_panel_has_all_its_words(browser, serve, site, language, kind):
    page = browser.new_page()
    page.goto(serve(site) + language)
    page.locator("#board[data-ready]").wait_for()
    for panel in ("filters", "columns", "weights"):
        page.locator(f"[data-panel={panel}]").click()
        page.locator("#b-panel legend").first.wait_for()
        text = page.locator("#b-panel").inner_text()
        assert "undefined" not in text, (panel, text)
        assert panel != "filters" or kind in text, "a word for people, not the one of the data"
    page.close()


def test_weights_give_an_order_that_is_told_apart_from_ours(browser, serve, site):
    page = browser.new_page()
    page.goto(serve(site) + "?w=choice:1,classification:0,matching:0,generation:0&sort=-weighted")
    page.get_by_role("columnheader", name="Yours").wait_for()
    order = page.locator("#b-rows th a").all_inner_texts()
    assert order == ["Starter large", "Starter medium", "Random baseline", "Starter small",
                     "Majority baseline"]  # fmt: skip
    assert "not the official rank" in page.locator("#b-status").inner_text()
    page.close()


def test_every_picture_has_a_table_and_a_name(site):
    page = (site / "suites/starter/charts/index.html").read_text()
    pictures = re.findall(r'<svg class="b-chart"[^>]*role="img" aria-label="[^"]+"', page)
    tables = page.count("The numbers as a table")
    assert tables >= 4
    assert len(pictures) == 2 * tables, "one for a desk, one for a phone"
    for file in (site / "charts").glob("*.svg"):
        assert file.read_text().startswith('<svg xmlns="http://www.w3.org/2000/svg"')


def test_a_phone_shows_pictures_whole_and_drawn_for_it(browser, serve, site):
    address = serve(site)
    for width, ending in ((360, "-narrow.svg"), (1440, ".svg")):
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(address)
        for picture in page.locator("figure img").all():
            picture.scroll_into_view_if_needed()
            shown = picture.evaluate("async (img) => (await img.decode(), img.currentSrc)")
            assert ("-narrow" in shown, shown.endswith(ending)) == (width == 360, True)
        page.goto(address + "suites/starter/charts/")
        hidden = "all => all.map((figure) => figure.scrollWidth - figure.clientWidth)"
        assert set(page.locator("figure").evaluate_all(hidden)) == {0}
        drawn = page.locator("figure svg").evaluate_all("all => all.map((s) => s.clientWidth)")
        assert sum(map(bool, drawn)) == len(drawn) / 2, "each figure shows one of its two"
        page.close()


def test_our_scripts_are_small():
    """What home loads, and what any other page adds to it."""
    for page in ("home", "compare"):
        wanted, scripts = [f"{page}.js"], {}
        while wanted:
            name = wanted.pop()
            scripts[name] = (ROOT / "site/assets" / name).read_bytes()
            wanted += set(
                re.findall(r'(?:from |import\()"./([a-z]+\.js)"', scripts[name].decode())
            ) - {*scripts}
        assert len(scripts) > 2
        assert len(gzip.compress(b"".join(scripts.values()))) <= 15_000, page


def test_a_page_asks_for_its_scripts_first_and_for_no_site_map(browser, serve, site):
    """The theme read the site map twice on each page: of a large board a megabyte."""
    address, asked = serve(site), []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url.removeprefix(address)))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.close()
    assert not [path for path in asked if "sitemap" in path]
    head = (site / "index.html").read_text().split("<script", 1)[0]
    early = set(re.findall(r'<link rel="(?:module)?preload"[^>]* href="([^"]+)"', head))
    scripts = {path for path in asked if path.endswith(".js") and "/workers/" not in path}
    assert early == scripts and len(early) >= 4


def test_only_our_own_scripts_may_run(site):
    for path in site.rglob("*.html"):
        html = path.read_text()
        rules = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
        assert rules, path
        scripts = rules[1].split("script-src ")[1].split(";")[0]
        assert "unsafe-inline" not in scripts, path
        assert "'sha256-" in scripts or path.parent.name == "embed", path  # it has none inline


def test_whatever_scrolls_sideways_can_be_reached_by_keyboard_and_has_a_name(site):
    found = [
        part
        for path in site.rglob("*.html")
        for part in re.findall(r'<[^>]*\bclass="b-scroll[^>]*>', path.read_text())
    ]
    assert len(found) > 100
    named = re.compile(r'(?=.* role="region")(?=.* tabindex="0")(?=.* aria-label="[^"]+")')
    assert [part for part in found if not named.search(part)] == []


def test_no_page_shows_the_seam_of_a_merge(site):
    for path in [*(ROOT / "site").rglob("*.*"), *site.rglob("*.html")]:
        text = path.read_text("utf-8", errors="replace")
        assert not re.search(r"^(<{7}|>{7}) |^&lt;{7} ", text, re.MULTILINE), path


def test_no_page_prints_a_value_of_python(site):
    for path in sorted(site.rglob("*.html")):
        text = re.sub(r"<(script|pre)\b.*?</\1>", "", path.read_text(), flags=re.DOTALL)
        assert not re.search(r"[{\[(](&#39;|')\w+(&#39;|')[:,]", text), path


def test_every_page_stands_in_every_language_and_each_leads_to_the_other(site):
    english = {p.relative_to(site) for p in site.rglob("*.html")}
    chinese = {p.relative_to("zh") for p in english if p.parts[0] == "zh"}
    assert chinese == {p for p in english if p.parts[0] != "zh"}
    bare = {Path("404.html"), Path("embed/index.html")}  # these have no header to switch in
    for path in sorted(chinese - bare):
        for root in (site, site / "zh"):
            text = (root / path).read_text()
            assert f'<html lang="{"en" if root == site else "zh"}"' in text
            links = re.findall(r'<link rel="alternate" hreflang="(\w+)" href="([^"]*)"', text)
            for code, link in links:
                target = (root / path).parent / link / "index.html"
                assert target.resolve() == (site / ("" if code == "en" else code) / path).resolve()
            assert [code for code, _ in links] == ["en", "zh"]


def test_a_click_changes_the_language_and_stays_on_the_page(browser, serve, site):
    page = browser.new_page()
    address = serve(site)
    page.goto(address + "models/starter--large/")
    page.get_by_role("link", name="中文").click()
    assert page.url == address + "zh/models/starter--large/"
    page.get_by_role("heading", name="得分").wait_for()
    page.get_by_role("link", name="English").click()
    assert page.url == address + "models/starter--large/"
    page.close()


@pytest.mark.parametrize(("asked", "found"), [
    ("名次区间", "zh/ranking/"), ("重新计算", "zh/metrics/"), ("队列", "zh/queue/"),
    ("高考", "zh/tasks/gaokao_bench/"), ("情感分类", "zh/tasks/financial_phrasebank/"),
    ("自建榜单", "zh/private-board/"), ("召回率", "zh/ranking/"),
    ("Starter large", "zh/models/starter--large/"),
])  # fmt: skip
def test_the_chinese_site_finds_chinese_words(browser, serve, site, asked, found):
    page = browser.new_page()
    page.goto(serve(site) + "zh/ranking/")
    page.get_by_role("textbox", name="搜索").fill(asked)
    page.keyboard.press("End")  # the search listens to keys
    result = page.locator(f".md-search-result__item a[href*='{found}']").first
    result.wait_for(state="attached")  # it may stand below what the window shows
    page.close()


@pytest.mark.parametrize(("scheme", "shown"), [("light", "default"), ("dark", "slate")])
def test_a_first_visit_has_the_visitors_scheme_before_the_themes_script(
    browser, serve, site, scheme, shown
):
    page = browser.new_page(color_scheme=scheme)
    page.route("**/javascripts/bundle.*", lambda route: route.abort())
    page.goto(serve(site) + "zh/")
    assert page.locator("body").get_attribute("data-md-color-scheme") == shown
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == (
        "dark" if scheme == "dark" else "normal"
    )
    page.close()


def test_every_mend_of_the_themes_script_finds_what_it_mends():
    (script,) = (Path(material.__file__).parent / "templates").glob(
        "assets/javascripts/bundle.*.min.js"
    )
    text = script.read_text("utf-8")
    assert {found.pattern: len(found.findall(text)) for found in MENDS} == {
        found.pattern: 1 for found in MENDS
    }


def test_plain_mkdocs_builds_a_correct_english_site(tmp_path):
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path / "x")]
    quiet = {"NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "x/index.html").read_text()
    assert "starter--large" in home and "hreflang" not in home
    assert not (tmp_path / "x/zh").exists()


def test_the_full_report_of_a_model_is_printed_with_every_part(browser, serve, site):
    page = browser.new_page()
    page.goto(serve(site) + "models/starter--large/")
    page.evaluate("window.print = () => { document.body.dataset.printed = 'yes' }")
    page.get_by_role("button", name="Print the full report").click()
    page.locator("body[data-printed]").wait_for()
    parts = page.locator("details[data-part]")
    assert parts.count() == page.locator("details[data-ready][open]").count() >= 5
    for part in parts.all():
        assert part.locator("tbody tr").count() > 0
    tasks = json.loads((site / "models/starter--large.json").read_text())["tasks"]
    clean = [task for task in tasks if task["state"] == "measured" and not task["varies"]]
    groups = page.locator("details[data-part=groups] tbody tr")
    assert groups.count() == sum(len(task["groups"]) for task in clean) > 0
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Print the full report").is_visible()
    page.close()


def test_a_model_shows_its_results_in_detail_to_who_asks(browser, serve, site):
    page = browser.new_page()
    said: list[str] = []
    page.on("pageerror", lambda e: said.append(str(e)))
    page.goto(serve(site) + "models/starter--large/")
    facts = json.loads((site / "models/starter--large.json").read_text())
    tasks = {task["task"]: task for task in facts["tasks"]}

    def opened(summary: str) -> Locator:
        page.locator("summary", has_text=summary).click()
        part = page.locator("details[open][data-ready]", has_text=summary)
        part.locator("tbody tr").first.wait_for()
        return part

    metrics = opened("Every metric").locator("tbody tr")
    assert metrics.count() == sum(len(task["metrics"]) for task in tasks.values())
    topics = tasks["starter_classification"]
    part = opened("Starter: topics: By class")
    rows = part.get_by_role("region", name="Starter: topics: By class").locator("tbody tr")
    committed = json.loads((ROOT / "submissions" / topics["path"]).read_text())["classes"]
    drawn = [row.locator("th, td").all_inner_texts() for row in rows.all()]
    shares = ("precision", "recall", "f1")
    assert drawn == [
        [row["label"], str(row["support"]), str(row["predicted"])]
        + [f"{row[share]:.3f}" for share in shares]
        for row in committed
    ]
    assert part.get_by_role("img", name="Starter: topics: What was taken for what").is_visible()
    counts = part.get_by_role("region", name="What was taken for what").locator("tbody tr")
    shown = [[int(n) for n in row.locator("td").all_inner_texts()] for row in counts.all()]
    assert shown == topics["confusion"]
    group = opened("By group").locator("tbody tr", has_text="zh").first
    assert group.locator("td").last.inner_text() == "100"
    origin = opened("Where each number comes from")
    links = origin.locator("tbody a").evaluate_all("all => all.map((a) => a.href)")
    assert all(any(url.endswith(f"submissions/{task['path']}") for url in links)
               for task in tasks.values())  # fmt: skip
    assert said == []
    page.close()


def many_classes(data: dict, task: str) -> dict:
    """Make the task of a model's data one of twenty classes, three often mistaken."""
    found = next(one for one in data["tasks"] if one["task"] == task)
    found["labels"] = [f"a_class_with_a_long_name_{i}" for i in range(20)]
    found["confusion"] = [[30 * (i == j) for j in range(21)] for i in range(20)]
    for row, column, n in ((0, 5, 40), (7, 20, 60), (9, 1, 50)):
        found["confusion"][row][column] = n
    return data


@pytest.mark.parametrize("width", [360, 390])
def test_pictures_of_a_model_fit_a_phone_and_can_be_read_there(browser, serve, site, width):
    page = browser.new_page(viewport={"width": width, "height": 800})
    told = json.loads((site / "models/starter--large.json").read_text())
    changed = many_classes(told, "starter_matching")
    page.route("**/models/starter--large.json", lambda route: route.fulfill(json=changed))
    page.goto(serve(site) + "models/starter--large/")
    page.locator("summary", has_text="By class").evaluate_all("all => all.map((s) => s.click())")
    page.locator("details[data-task][data-ready]").nth(1).wait_for()
    sideways = "all => all.map((one) => one.scrollWidth - one.clientWidth)"
    assert set(page.locator("figure").evaluate_all(sideways)) == {0}
    size = "all => all.map((t) => parseFloat(t.getAttribute('font-size')) * t.getScreenCTM().a)"
    names = page.locator("figure svg text")
    assert names.count() == 6, "twenty names would be too small"
    assert min(names.evaluate_all(size)) >= 9
    losses = page.locator(".b-losses > div")
    assert losses.count() > 3
    below = "all => all.every((d) => d.children[1].offsetTop > d.children[0].offsetTop)"
    assert losses.evaluate_all(below), "what was changed stands above its line"
    mistakes = page.get_by_role("region", name="question and reply: What was taken for what")
    assert mistakes.locator("tbody tr").all_inner_texts() == [
        "a_class_with_a_long_name_7\tnone\t60",
        "a_class_with_a_long_name_9\ta_class_with_a_long_name_1\t50",
        "a_class_with_a_long_name_0\ta_class_with_a_long_name_5\t40",
    ]
    assert mistakes.evaluate_all(sideways) == [0]
    page.close()
