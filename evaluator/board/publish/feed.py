"""What others read of the board: two feeds, a map of the site, a page for machines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from html import escape
from pathlib import Path

from evaluator.board.publish.changes import events
from evaluator.board.publish.site import Site
from evaluator.board.publish.values import address_of
from evaluator.board.publish.words import LANGUAGES, Words
from evaluator.board.tree import Board
from evaluator.core.files import Json
from evaluator.tasks import load_task, task_names


def feed_xml(site: Site, words: Words) -> str:
    """Return the last changes as an Atom feed (RFC 4287); the clock does not enter."""
    board, told = site.tree.board, entries(site, words)
    address = address_of(board)
    newest = told[0]["day"] if told else "1970-01-01"
    lines = [
        '<?xml version="1.0" encoding="utf-8"?>',
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{words.language}">',
        f"<id>{escape(_tag(board))}</id>",
        f"<title>{escape(board.title)}</title>",
        f"<subtitle>{escape(words.say(board.summary))}</subtitle>",
        f"<updated>{newest}T00:00:00Z</updated>",
        f'<link rel="self" href="{address}feed.xml"/>',
        f'<link rel="alternate" href="{address or "./"}"/>',
    ]
    lines += [
        f"<entry><id>{escape(entry['id'])}</id><title>{escape(entry['title'])}</title>"
        f"<updated>{entry['day']}T00:00:00Z</updated>"
        f"<author><name>{escape(entry['author'])}</name></author>"
        f'<link href="{address}{entry["page"]}"/><summary>{escape(entry["told"])}</summary></entry>'
        for entry in told
    ]
    return "\n".join([*lines, "</feed>", ""])


def feed_json(site: Site, words: Words) -> Json:
    """Return the same changes as a JSON feed (https://www.jsonfeed.org/version/1.1/).

    Addresses are absolute there: a board whose address nobody knows has none.
    """
    board = site.tree.board
    address = address_of(board)
    ours = {"home_page_url": address, "feed_url": f"{address}feed.json"} if address else {}
    items = [
        {
            "id": entry["id"],
            "title": entry["title"],
            "content_text": entry["told"] or entry["title"],
            "date_published": f"{entry['day']}T00:00:00Z",
            "authors": [{"name": entry["author"]}],
            **({"url": address + entry["page"]} if address else {}),
        }
        for entry in entries(site, words)
    ]
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": board.title,
        "description": words.say(board.summary),
        "language": words.language,
        **ours,
        "items": items,
    }


def entries(site: Site, words: Words) -> list[Json]:
    """Return the last changes as feeds tell them, the newest first.

    Returns:
        {id, title, day, author, page: address below the site, told: a sentence}. An entry is one
        commit, kind and model, under a `tag:` id (RFC 4151) that never changes.
    """
    tag = _tag(site.tree.board)
    return [_entry(event, tag, words) | {"page": _page(event, site)} for event in events(site)]


def _page(event: Json, site: Site) -> str:
    """Return the page that tells of a change; on a board that is not public it names its file."""
    page = f"models/{event['slug']}/" if event["slug"] else "history/"
    return page if site.tree.board.public else f"{page}index.html"


def _tag(board: Board) -> str:
    host = board.repository.removeprefix("https://").split("/")[0]
    return f"tag:{host},2026:{board.repository.split('/', 3)[-1]}"


def _entry(event: Json, tag: str, words: Words) -> Json:
    titles = [words.say(load_task(t).title) if t in task_names() else t for t in event["tasks"]]
    name = "/".join(filter(None, (event["commit"][:12], event["kind"], event["model"])))
    return {
        "id": f"{tag}/{name}",
        "title": ": ".join(filter(None, [words(f"history.kind.{event['kind']}"), event["title"]])),
        "day": event["day"],
        "author": event["author"],
        "told": ". ".join(filter(None, [event["subject"], words.listed(titles)])),
    }


def site_map(address: str, to: Path) -> str:
    """Return the map of the pages of a language built in `to`; empty without a known address."""
    pages = sorted(_pages(to)) if address else []
    urls = [f"<url><loc>{escape(address + page)}</loc></url>" for page in pages]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    return f'{head}<urlset xmlns="{space}">\n' + "".join(f"{u}\n" for u in urls) + "</urlset>\n"


def _pages(to: Path) -> Iterator[str]:
    """Yield the address below `to` of each page in its language: `models/x/`, '' for the first."""
    for folder, inner, files in os.walk(to):
        if folder == str(to):
            inner[:] = [name for name in inner if name not in LANGUAGES]
        if "index.html" in files:
            below = Path(folder).relative_to(to).as_posix()
            yield "" if below == "." else f"{below}/"


def llms_txt(site: Site, words: Words) -> str:
    """Return what a reader that is a program should know, as https://llmstxt.org asks."""
    board = site.tree.board
    lines = [f"# {board.title}", "", f"> {words.say(board.summary)}", "", words("llms.how"), ""]
    lines.append(f"## {words('suite.all')}\n")
    for name, suite in board.suites.items():
        title, told = words.say(suite.title), words.say(suite.summary)
        lines.append(f"- [{title}](data/{name}.json): {told} [CSV](data/{name}.csv)")
    lines.append(f"\n## {words('data.title')}\n")
    lines += [
        f"- [scores.csv](data/scores.csv): {words('data.scores.lead')}",
        f"- [history.json](data/history.json): {words('data.history')}",
        f"- [audit.json](data/audit.json): {words('data.audit')}",
        f"- [models/<org>--<model>.json](models/index.html): {words('data.model')}",
        f"- [SHA256SUMS](SHA256SUMS): {words('data.sums')}",
    ]
    lines.append(f"\n## {words('title.tasks')}\n")
    tasks = dict.fromkeys(task for suite in board.suites.values() for task in suite.tasks)
    file = "" if board.public else "index.html"
    for task in map(load_task, tasks):
        title, told = words.say(task.title), words.say(task.summary)
        lines.append(f"- [{title}](tasks/{task.name}/{file}): {told}")
    return "\n".join([*lines, ""])
