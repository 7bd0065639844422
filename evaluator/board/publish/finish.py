"""What MkDocs leaves undone: the theme's faults, a content policy, stamped pages, downloads."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from evaluator.board.publish.downloads import (
    Beside,
    board_files,
    files_of_models,
    write_files,
    write_sums,
)
from evaluator.board.publish.feed import feed_json, feed_xml, llms_txt, site_map
from evaluator.board.publish.outward import without_outward
from evaluator.board.publish.pages import Pages
from evaluator.board.publish.stamp import Shell, add_to_search
from evaluator.board.publish.stamp_models import Built, write_models
from evaluator.board.publish.values import address_of, slug
from evaluator.board.tree import Board
from evaluator.core.files import Json, pretty_bytes
from evaluator.tasks import load_task, task_names

BETWEEN = re.compile(r"(<(pre|script|style|textarea)\b.*?</\2>)|\s*\n\s*", re.DOTALL)
"""What is left as it is, or the white space around the ends of lines."""
SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<code>.*?)</script>", re.DOTALL)
SOURCE = re.compile(r'<script(?P<attributes>[^>]*?) src="(?P<address>[^"]+)"')
"""A script that is a file of its own."""
MODULE = re.compile(r'<link rel="modulepreload"[^>]*>')
"""What names a file that such a script asks for."""
FAULTS = {
    # the theme's search dialog has no name for those who hear the page
    'data-md-component="search" role="dialog"': (
        'data-md-component="search" role="dialog" aria-label="{search}"'
    ),
    # who never chose a scheme would see a light page until all of the theme's script is there
    'var palette=__md_get("__palette");': (
        'var palette=__md_get("__palette")||{{color:{{media:"(prefers-color-scheme)"}}}};'
    ),
}
"""What stands in the theme's pages -> what stands there instead."""
MENDS = {
    # it would read the site map below each, half a megabyte of a large board, on every page
    re.compile(r'"link\[rel=alternate\]"'): '"link[rel=none]"',
    # each code block's buttons would be a landmark of the page
    re.compile(r'"nav",(?=\{class:"md-code__nav"\})'): '"div",',
    # every page would fetch the whole search index: it waits until the search is opened, as it
    # does in the theme where the page was read from a disk
    re.compile(r'\(location\.protocol!=="file:"\),'): "(!1),",
    # as a page opens, these would have the browser style every element four times more: the
    # scheme "changes" to the one that it has, and its <meta> says what our style sheet says
    re.compile(r'(?=document\.body\.setAttribute\("data-md-color-switching")'): (
        'document.readyState==="complete"&&'
    ),
    re.compile(
        r'(let (\w+)=)\w+\("meta",\{name:"color-scheme"\}\);document\.head\.appendChild\(\2\);'
    ): r"\1{};",
}
"""What stands in the theme's script -> what stands there instead."""
SKIP = '<div data-md-component="skip">'
"""Where the theme puts the link that skips the header."""
PLACES = {
    "compare": "compare", "submit/form": "submit", "queue": "queue", "history": "history",
    "record": "audit", "method": "method", "data": "data",
}  # fmt: skip
"""Page that there is one of -> beginning of its words' keys."""


def finish_page(html: str, pages: Pages) -> str:
    """Mend the theme's faults and add a policy that lets only our own scripts run.

    White space that templates leave between tags goes: it is a third of a page.
    """
    html = BETWEEN.sub(lambda found: found[1] or "\n", html)
    for fault, mended in FAULTS.items():
        html = html.replace(fault, mended.format(search=pages.words("theme.search")))
    if 'class="md-skip"' not in html:  # the theme has one only where a page has headings of its own
        link = f'<a href="#b-main" class="md-skip">{pages.words("theme.skip")}</a>'
        html = html.replace(SKIP, SKIP + link, 1).replace("<main ", '<main id="b-main" ', 1)
    if not pages.site.tree.board.public:
        html = without_outward(html)
    html = name_scripts(html)
    return html.replace('<meta charset="utf-8">', f'<meta charset="utf-8">{policy(html)}', 1)


def name_scripts(html: str) -> str:
    """Name the scripts of a page in its head, so that they are fetched beside the style sheets.

    A page that brings its policy along keeps the browser from looking ahead: it would ask for each
    script where its element stands, when all above is read.
    """
    links = MODULE.findall(html)
    html = MODULE.sub("", html)
    for found in SOURCE.finditer(html):
        kind = "modulepreload" if "module" in found["attributes"] else 'preload" as="script'
        links.append(f'<link rel="{kind}" href="{found["address"]}">')
    return html.replace("<script", f"{''.join(links)}<script", 1)


def from_root(html: str, board: Board) -> str:
    """Return the page of lost visitors, shown at any depth: from the root that the board has."""
    root = urlsplit(address_of(board)).path
    return html.replace('="/', f'="{root}') if root else html


def policy(html: str) -> str:
    """Return the content policy of a page: inline scripts by their hash, all else from here."""
    hashes = sorted(
        {
            base64.b64encode(hashlib.sha256(found["code"].encode()).digest()).decode()
            for found in SCRIPT.finditer(html)
            if "src=" not in found["attributes"] and "json" not in found["attributes"]
        }
    )
    allowed = " ".join(f"'sha256-{value}'" for value in hashes)
    rules = (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        f"script-src 'self' {allowed}; worker-src 'self' blob:; object-src 'none'; "
        "base-uri 'self'; form-action 'none'"
    )
    return f'<meta http-equiv="Content-Security-Policy" content="{rules}">'


def mend_script(to: Path) -> None:
    """Mend what the theme's script does; a theme that no longer does it is left as it is."""
    for path in to.glob("assets/javascripts/bundle.*.min.js"):
        text = path.read_text("utf-8")
        for found, instead in MENDS.items():
            text = found.sub(instead, text)
        path.write_text(text, "utf-8", newline="\n")


def finish_site(builds: Sequence[Built]) -> None:
    """Write the copies of shells, what stands around the pages, and the downloads.

    Args:
        builds: the site in each language; the first stands at the root, the others below it.
    """
    first = builds[0]
    for built in builds:
        _write_copies(built)
        mend_script(built.to)
        add_to_search(built.to / "search" / "search_index.json", _found_pages(built.pages))
    sums: list[str] = []
    questions: dict[str, Json] = {}
    beside: Beside = {}
    for model in write_models(builds):
        questions |= model.questions
        beside |= model.beside
        sums += model.sums
    site = first.pages.site
    sums += write_files(first.to, board_files(site))
    sums += write_files(first.to, files_of_models(site, questions, beside))
    write_sums(first.to, sums)
    for built in builds:
        write_around(built.pages, built.to)


def _write_copies(built: Built) -> None:
    """Write the copies of the shells but that of models."""
    public = built.pages.site.tree.board.public
    for source, copies in built.pages.shells().items():
        shell = Shell(built.shells[source], source, built.to)
        for copy in copies:
            shell.write(copy if public else replace(copy, body=without_outward(copy.body)))


def write_around(pages: Pages, to: Path) -> None:
    """Write what stands beside the pages of a language: feed, map, llms.txt, embed."""
    site = pages.site
    found = site_map(address_of(site.tree.board, pages.words.language), to).encode()
    (to / "sitemap.xml").write_bytes(found)
    (to / "sitemap.xml.gz").write_bytes(gzip.compress(found, mtime=0))
    (to / "feed.xml").write_text(feed_xml(site, pages.words), "utf-8", newline="\n")
    (to / "feed.json").write_bytes(pretty_bytes(feed_json(site, pages.words)))
    (to / "llms.txt").write_text(llms_txt(site, pages.words), "utf-8", newline="\n")
    embedded = to / "embed/index.html"
    embedded.parent.mkdir(exist_ok=True)
    embedded.write_text(finish_page(pages.embed(), pages), "utf-8", newline="\n")


def _found_pages(pages: Pages) -> Iterator[tuple[str, str, str]]:
    """Yield (address, title, a few words) of what has no text of its own that the search reads."""
    to, words = pages.render.linker(""), pages.words
    for place, key in PLACES.items():
        yield to(f"{place}/index.md"), words(f"{key}.title"), words(f"{key}.lead")
    for name, suite in pages.site.tree.board.suites.items():
        title = words("suite.page", title=words.say(suite.title))
        yield to(f"suites/{name}/index.md"), title, words.say(suite.summary)
    for entry in pages.site.tree.entries:
        submission = entry.submission
        yield to(f"models/{slug(submission.id)}/index.md"), submission.title, ""
    for task in map(load_task, task_names()):
        told = f"{words.say(task.summary)} {words.name('kind', task.kind)}"
        yield to(f"tasks/{task.name}/index.md"), words.say(task.title), told
