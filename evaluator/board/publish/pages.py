"""Pages: site data -> HTML bodies and files for download, as MkDocs shall hold them.

Templates are Jinja2 with escaping on; the only HTML let through is that of cleaned model cards.
"""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from evaluator.board.card import render_card
from evaluator.board.publish.model import model_data
from evaluator.board.publish.rows import ranking_csv, ranking_data
from evaluator.board.publish.site import Site, read_site
from evaluator.board.publish.suite import suite_data
from evaluator.board.publish.task import tasks_data
from evaluator.core.files import Json, pretty_bytes
from evaluator.core.schema import NAMES, load_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """One page or file of the site."""

    front: str = ""
    """Markdown source: front matter, for a page whose body is HTML."""
    body: str | None = None
    """HTML that follows the page's own text; None if `content` is the whole file."""
    content: str = ""
    """A whole file: Markdown, or something to download."""
    in_nav: bool = False
    """True if mkdocs.yml names the page."""


def render_site(submissions: Path, templates: Path) -> dict[str, Rendered]:
    """Return path below docs/ -> page or file, everything that is derived from the repository.

    Raises:
        DocumentError: the faults of all files of the tree at once.
    """
    site = read_site(submissions)
    render = _Render(site, templates)
    home = site.tree.board.home
    found = {"index.md": Rendered(body=render("suite.html", "", suite=suite_data(site, home)))}
    for name in site.rankings:
        data = suite_data(site, name)
        body = render("suite.html", "../../", suite=data)
        found[f"suites/{name}/index.md"] = _page(f"{data['title']} suite", data["summary"], body)
        found[f"data/{name}.json"] = _download(ranking_data(site.rankings[name]))
        found[f"data/{name}.csv"] = Rendered(content=ranking_csv(site.rankings[name]))
    found |= _model_pages(site, render)
    found |= _task_pages(site, render)
    found |= {f"data/schemas/{name}.json": _download(load_schema(name)) for name in NAMES}
    return found


def _model_pages(site: Site, render: _Render) -> dict[str, Rendered]:
    found = {}
    models = []
    for entry in site.tree.entries:
        data = model_data(site, entry)
        models.append(data)
        card = Markup(render_card(entry.card))  # cleaned to a short list of tags
        body = render("model.html", "../../", model=data, card=card)
        about = f"Scores, uncertainty and provenance of {data['title']}."
        found[f"models/{data['slug']}/index.md"] = _page(data["title"], about, body)
        found[f"models/{data['slug']}.json"] = _download(data)
    body = render("models.html", "../", models=models)
    found["models/index.md"] = _page("Models", "All models of this board.", body, in_nav=True)
    return found


def _task_pages(site: Site, render: _Render) -> dict[str, Rendered]:
    tasks = tasks_data(site)
    found = {}
    for data in tasks:
        body = render("task.html", "../../", task=data)
        found[f"tasks/{data['task']}/index.md"] = _page(data["title"], data["summary"], body)
    body = render("tasks.html", "../", tasks=tasks)
    found["tasks/index.md"] = _page("Tasks", "What this board asks.", body, in_nav=True)
    return found


class _Render:
    """Renders a template for a page at some depth below the root of the site."""

    def __init__(self, site: Site, templates: Path) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(templates),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.environment.filters |= {
            "percent": lambda value: f"{100 * value:.1f}",
            "one": lambda value: f"{value:.1f}".replace("-", "\u2212"),
            "count": short_count,
            "thousands": lambda value: f"{value:,}",
            "spoken": lambda name: name.replace("_", " ").replace("-", " "),
        }
        self.environment.globals |= {"board": site.tree.board, "suites": site.tree.board.suites}

    def __call__(self, template: str, base: str, **values: Json) -> str:
        return self.environment.get_template(template).render(base=base, **values)


def short_count(value: int) -> str:
    """Return a count as people say it: 48k, 1.5M, 7B; a dash for none."""
    for limit, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if value >= limit:
            scaled = value / limit
            return f"{scaled:.0f}{letter}" if scaled >= 10 else f"{scaled:.1f}{letter}"
    return str(value) if value else "\u2013"


def _page(title: str, description: str, body: str, *, in_nav: bool = False) -> Rendered:
    """Return a page of HTML.

    The theme prints title and description unescaped, so they are escaped here; front matter is
    written as JSON, which is YAML without its traps.
    """
    facts = {
        "title": html.escape(title),
        "description": html.escape(description),
        "hide": ["navigation", "toc"],
    }
    front = "".join(f"{key}: {json.dumps(value)}\n" for key, value in facts.items())
    return Rendered(front=f"---\n{front}---\n", body=body, in_nav=in_nav)


def _download(value: Json) -> Rendered:
    return Rendered(content=pretty_bytes(value).decode())
