"""Two languages: the same words, the same pages, links that stay on the page."""

from __future__ import annotations

import inspect
import json
import re
from dataclasses import replace

import pytest
import yaml
from conftest import ROOT
from markdown.extensions.toc import slugify

from evaluator.board.publish.model import source_of
from evaluator.board.publish.translate import addresses, told_apart, translated_nav, untranslated
from evaluator.board.publish.words import LANGUAGES, read_words
from evaluator.board.submissions import read_tree
from evaluator.core.files import sha256
from evaluator.measure.method import why_unfit
from evaluator.metrics import FILES, all_metrics
from evaluator.tasks import load_task, task_names

WORDS = ROOT / "site/words"
TEXTS = {code: json.loads((WORDS / f"{code}.json").read_text()) for code in LANGUAGES}


def places(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_every_language_has_every_sentence_with_its_places(code):
    assert TEXTS[code].keys() == TEXTS["en"].keys()
    optional = {"headline.many"}  # Chinese says "A, B and so on, 7 models": no word for the rest
    for key, text in TEXTS[code].items():
        missing = places(TEXTS["en"][key]) ^ places(text)
        assert not missing or key in optional, f"{key}: {missing}"


def test_chinese_is_chinese():
    han = re.compile("[一-鿿]")
    sizes = {key for key in TEXTS["en"] if re.fullmatch(r"preset\.(\d+b|more)", key)}
    same = {"col.f1", "model.yaml", *sizes}
    same |= {
        key
        for key, text in TEXTS["en"].items()
        if re.fullmatch(r"metric\.\w+", key) and re.search("[A-Z]{2}|[A-Z][0-9]", text)
    }  # BLEU is BLEU everywhere
    plain = {key for key, text in TEXTS["zh"].items() if not han.search(text)}
    signs = {"list.comma", "list.then", "colon", "stop", "full.stop", "compare.js.stop"}
    assert plain <= {*same, *signs, "change.of", "gaps.few"}


NO_NAME = re.compile(r"^[a-z-]+$|^(?!https?:)[^/]* ")
"""What a licence or a source is that is neither an identifier nor an address."""


def said_in_english() -> set[str]:
    """Return every sentence that tasks, metrics and this board say on the site."""
    tree = read_tree(ROOT / "submissions")
    board = tree.board
    tasks = [load_task(name) for name in task_names()]
    said = {board.summary, *(m.doc.split("\n\n")[0] for m in all_metrics())}
    said |= {text for t in tasks for text in (t.title, t.summary, t.notes)}
    said |= {text for t in tasks for text in (t.licence, t.source) if NO_NAME.search(text)}
    said |= {inspect.getdoc(module).split("\n\n")[0] for module in FILES}
    said |= {source_of(entry, "") for entry in tree.entries if entry.submission.policy}
    for suite in board.suites.values():
        said |= {suite.title, suite.summary}
        for part in (suite.areas, suite.waiting, suite.beside):
            said |= {entry.reason for entries in part.values() for entry in entries}
    return said - {""}


def said_of_gaps() -> set[str]:
    """Return every reason that the code gives why a number is missing."""
    asked = read_tree(ROOT / "submissions").entries[0].submission
    unfit = {
        why_unfit(replace(asked, kind=kind, tasks=()), load_task(name))
        for kind in ("classifier", "masked")
        for name in task_names()
    }
    source = (ROOT / "evaluator/board/cells.py").read_text()
    source += (ROOT / "evaluator/board/moves.py").read_text()
    return unfit | set(re.findall(r'reason ?= ?"([^"]+)"', source))


def test_what_tasks_metrics_and_the_board_say_is_there_in_chinese():
    """A task's title may stay: most are names. A sentence that changed has lost its translation."""
    written = json.loads((WORDS / "zh.written.json").read_text())
    titles = {load_task(name).title for name in task_names()}
    lacking = sorted(said_in_english() - written.keys() - titles)
    assert lacking == [], "write these into site/words/zh.written.json"
    assert sorted(written.keys() - said_in_english() - said_of_gaps()) == [], "nobody says these"
    assert all(re.search("[一-鿿]", text) for key, text in written.items() if key not in titles)
    assert {f"metric.{metric.name}" for metric in all_metrics()} <= TEXTS["zh"].keys()


def test_the_title_of_a_varied_task_is_put_together():
    say = read_words(WORDS, "zh").say
    assert say("Starter: topics (typos)") == "入门：主题（错字）"
    assert (
        say("MGSM (typos)") == "MGSM（错字）" and say("no words (of ours)") == "no words (of ours)"
    )
    assert (
        read_words(WORDS, "en").say("Starter: topics (typos)") == "Starter: topics (typing errors)"
    )


def test_every_title_of_the_navigation_has_a_word():
    config = yaml.safe_load(re.sub(r"!!python\S*", "", (ROOT / "mkdocs.yml").read_text()))
    zh = translated_nav(config["nav"], read_words(WORDS, "zh"))
    titles = [title for entry in zh for title in entry]
    titles += [title for entry in zh for part in entry.values() if isinstance(part, list)
               for inner in part for title in inner]  # fmt: skip
    assert [title for title in titles if not re.search("[一-鿿]", title)] == []


@pytest.mark.parametrize(
    ("here", "url", "links"),
    [
        ("en", "./", ["./", "zh/"]),
        ("zh", "", ["../", "../zh/"]),
        ("en", "models/x/", ["../../models/x/", "../../zh/models/x/"]),
        ("zh", "tasks/mmlu/", ["../../../tasks/mmlu/", "../../../zh/tasks/mmlu/"]),
        ("zh", "models/x/index.html", ["../../../models/x/index.html",
                                       "../../../zh/models/x/index.html"]),
    ],
)  # fmt: skip
def test_the_switch_stays_on_the_page(here, url, links):
    assert [found["link"] for found in addresses(["en", "zh"], here, url)] == links


def test_a_translation_that_is_behind_says_so(tmp_path):
    english = tmp_path / "en"
    english.mkdir()
    (english / "page.md").write_text("# Page\n\nText.\n")
    words = read_words(WORDS, "zh")
    now = sha256((english / "page.md").read_bytes())[:12]
    text = "# 页面\n\n正文。\n"
    assert told_apart(text, "page.md", now, english, words) == text
    behind = told_apart(text, "page.md", "0" * 12, english, words)
    assert behind.startswith("# 页面\n\n!!! note") and words("translation.behind") in behind
    assert words("translation.none") in told_apart("# Page\n", "page.md", None, english, words)
    (tmp_path / "zh").mkdir()
    assert untranslated(english, tmp_path / "zh") == ["page.md"]


def test_every_translation_has_its_english_page_and_names_its_state():
    for page in sorted((ROOT / "docs/zh").glob("*.md")):
        assert (ROOT / "docs/en" / page.name).is_file(), page
        assert re.match(r"---\ntranslates: '[0-9a-f]{12}'\n---\n# ", page.read_text()), page


FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def kept(text: str) -> dict[str, object]:
    """Return what a translation leaves as it is: code, names, links, ids of headings."""
    plain = FENCE.sub("", text)
    ids = [
        found[2] or slugify(re.sub("[`*]", "", found[1]), "-")
        for found in re.finditer(r"^##+ (.*?)(?: *\{ *#([\w-]+) *\})?$", plain, re.MULTILINE)
    ]
    return {
        "blocks": FENCE.findall(text),
        "names": set(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", plain)),
        "links": set(re.findall(r"\]\(([^)]+)\)", plain)),
        "headings": ids,
    }


@pytest.mark.parametrize("page", sorted((ROOT / "docs/zh").glob("*.md")), ids=lambda p: p.stem)
def test_a_translation_keeps_code_names_links_and_the_addresses_of_its_headings(page):
    text, english = page.read_text(), ROOT / "docs/en" / page.name
    if not sha256(english.read_bytes()).startswith(text.split("'")[1]):
        return  # the page says at its top that the English one is newer
    assert kept(text) == kept(english.read_text())


def test_what_a_model_lacks_is_named_where_it_is_little_and_counted_where_it_is_much():
    english, chinese = (read_words(WORDS, language) for language in ("en", "zh"))
    titles = {name: name.upper() for name in "abcdefg"}
    cells = {name: {"state": "pending"} for name in "abcd"}
    cells |= {"e": {"state": "failed"}, "f": {"state": "failed"}, "g": {"state": "measured"}}
    assert english.gaps(cells, titles) == "4 of 7 tasks pending; E and F failed"
    assert chinese.gaps(cells, titles) == "7 项任务中有 4 项待测评；失败：E 和 F"
    assert english.gaps({"g": {"state": "measured"}}, titles) == ""
