"""Pages: site data -> HTML bodies and files for download, as MkDocs shall hold them.

A page that there is one of is rendered now. Of pages that there are thousands of, MkDocs renders
one shell, and `shells` gives what is put into copies of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from markupsafe import Markup

from evaluator.board.publish.audit import audit_data, audit_page
from evaluator.board.publish.changes import by_week, commits
from evaluator.board.publish.colours import accents
from evaluator.board.publish.history import bump_chart, history_data
from evaluator.board.publish.method import method_data
from evaluator.board.publish.model import model_facts, model_view, ranks, script_words
from evaluator.board.publish.model_pictures import preview_of_model
from evaluator.board.publish.previews import preview_of
from evaluator.board.publish.queue import queue_data
from evaluator.board.publish.render import Renderer
from evaluator.board.publish.rendered import (
    ABOUT,
    BODY,
    PREVIEW,
    SHELL,
    TITLE,
    Rendered,
    Stamped,
    download,
    page_of,
)
from evaluator.board.publish.scores import data_page
from evaluator.board.publish.season import opened_seasons, season_data
from evaluator.board.publish.site import Site
from evaluator.board.publish.submit import submit_data
from evaluator.board.publish.suite import ROWS, headline, suite_data
from evaluator.board.publish.task import tasks_data
from evaluator.board.publish.values import address_of
from evaluator.board.publish.vectors import compare_data
from evaluator.board.publish.words import Words, read_words
from evaluator.core.files import Json
from evaluator.core.schema import NAMES, load_schema
from evaluator.tasks import load_task, task_names

MODELS = f"models/{SHELL}/index.md"
"""The shell of the pages of models."""


class Pages:
    """All pages of the site in one language."""

    def __init__(
        self, site: Site, source: Path, language: str = "en", *, directories: bool = True
    ) -> None:
        """Make ready.

        Args:
            site: what everything is derived from.
            source: the folder site/.
            language: key of LANGUAGES.
            directories: False if addresses shall name files.
        """
        self.site = site
        self.words: Words = read_words(source / "words", language)
        self._suite = cache(partial(suite_data, site, words=self.words))
        self.render = Renderer(site, source, self.words, directories=directories)

    def preview(self, source: str) -> str:
        """Return the address of the picture that a link to a page becomes; '' without one."""
        path = preview_of(self.site, source)
        found = PREVIEW if path and source == MODELS else path
        return found and address_of(self.site.tree.board) + found

    def address(self, url: str) -> str:
        """Return the absolute address of a page below this language's root; '' where unknown."""
        root = address_of(self.site.tree.board, self.words.language)
        return root and root + url.removeprefix("./")

    def single(self) -> dict[str, Rendered]:
        """Return path below docs/ -> page or file, of everything there is one of."""
        found = self._suites() | self._tasks() | self._seasons()
        found["models/index.md"] = self._models()
        found["models/words.json"] = download(script_words(self.words))
        found["compare/index.md"] = self._compare()
        found["submit/form/index.md"] = self._submit()
        found["queue/index.md"] = self._queue()
        found |= self._open_books()
        found |= {f"data/schemas/{name}.json": download(load_schema(name)) for name in NAMES}
        for shell in (MODELS, *self.shells()):
            found[shell] = page_of(TITLE, ABOUT, BODY)
        return found

    def shells(self) -> dict[str, Iterator[Stamped]]:
        """Return source path of each shell -> its copies; those of models come one by one."""
        found = {f"models/page/{SHELL}/index.md": self._stamped_lists()}
        for name in self.site.rankings:
            found[f"suites/{name}/{SHELL}/index.md"] = self._stamped_rows(name)
        return found

    def _suites(self) -> dict[str, Rendered]:
        found: dict[str, Rendered] = {}
        home = self.site.tree.board.home
        for name, suite in self.site.tree.board.suites.items():
            data, say = self._suite(name), self.words.say
            title = self.words("suite.page", title=say(suite.title))
            found |= self._charts(data)
            path = f"suites/{name}/index.md"
            found[path] = page_of(
                title, say(suite.summary), self.render("suite.html", path, suite=data)
            )
            if name == home:
                body = self.render("suite.html", "index.md", suite=data)
                title = self.words("title.home")
                found["index.md"] = page_of(title, say(suite.summary), body, in_nav=True)
        return found

    def _seasons(self) -> dict[str, Rendered]:
        """Return the page and the data of each season that has opened."""
        found: dict[str, Rendered] = {}
        names = [season.name for season in opened_seasons(self.site)]
        for season in opened_seasons(self.site):
            path = f"seasons/{season.name}/index.md"
            data = season_data(self.site, season)
            others = [name for name in names if name != season.name]
            heads = [headline(suite["ranked"], self.words) for suite in data["suites"]]
            body = self.render("season.html", path, season=data, others=others, heads=heads)
            say = self.words.say
            found[path] = page_of(say(season.title), say(season.summary), body)
            found[f"data/seasons/{season.name}.json"] = download(data)
        return found

    def _charts(self, suite: Json) -> dict[str, Rendered]:
        if not suite["charts"]:
            return {}
        path = f"suites/{suite['suite']}/charts/index.md"
        colours = accents(self.site.tree.board.colour)
        body = self.render("charts.html", path, suite=suite)
        say = self.words.say
        title = self.words("charts.page", title=say(suite["title"]))
        files = {
            f"charts/{suite['suite']}-{chart.name}{kind}.svg": Rendered(
                content=picture.svg(alone=True, accents=colours)
            )
            for chart in suite["charts"]
            for kind, picture in (("", chart.picture), ("-narrow", chart.narrow))
            if picture
        }
        return files | {path: page_of(title, say(suite["summary"]), body)}

    def _compare(self) -> Rendered:
        """Return the page on which a script compares models that its address names."""
        body = self.render(
            "compare.html", "compare/index.md", compare=compare_data(self.site, self.words)
        )
        return page_of(self.words("compare.title"), self.words("compare.lead"), body, in_nav=True)

    def _submit(self) -> Rendered:
        """Return the form that writes a submission."""
        submit = submit_data(self.site, self.words)
        body = self.render("submit.html", "submit/form/index.md", submit=submit)
        return page_of(self.words("submit.title"), self.words("submit.lead"), body, in_nav=True)

    def _queue(self) -> Rendered:
        """Return the page of what is measured next and what failed."""
        body = self.render("queue.html", "queue/index.md", queue=queue_data(self.site))
        return page_of(self.words("queue.title"), self.words("queue.lead"), body, in_nav=True)

    def embed(self) -> str:
        """Return the small page that others show inside theirs: the first models."""
        home = self.site.tree.board.home
        ranked = [row for row in self.site.rows[home] if row["best_rank"]]
        suite = self.site.tree.board.suites[home]
        return self.render("embed.html", "embed/index.md", suite=suite, rows=ranked[:10])

    def _open_books(self) -> dict[str, Rendered]:
        """Return the pages that let anyone check: data, history, audit, method."""
        history = history_data(self.site)
        audited = audit_data(self.site)
        titles = {task: load_task(task).title for task in task_names()}
        values: dict[str, Json] = {
            "data": {"data": data_page(self.site)},
            "history": {
                "history": history,
                "chart": bump_chart(history, self.words),
                "titles": titles,
                **by_week(commits(self.site)),
            },
            "record": {"audit": audit_page(audited) if audited else None, "titles": titles},
            "method": {"method": method_data(self.site)},
        }
        found = {}
        for name, facts in values.items():
            template = "audit.html" if name == "record" else f"{name}.html"
            key = template.removesuffix(".html")
            body = self.render(template, f"{name}/index.md", **facts)
            title, about = self.words(f"{key}.title"), self.words(f"{key}.lead")
            found[f"{name}/index.md"] = page_of(title, about, body, in_nav=True)
        return found

    def _stamped_rows(self, name: str) -> Iterator[Stamped]:
        """Yield the second and later pages of a suite's table."""
        data = self._suite(name)
        for page in range(2, data["pages"] + 1):
            rows = data["ranked"][ROWS * (page - 1) : ROWS * page]
            path = f"suites/{name}/{page}/index.md"
            body = self.render("rows.html", path, suite=data, rows=rows, page=page)
            say = self.words.say
            title = self.words("suite.page.more", title=say(data["title"]), page=page)
            yield Stamped(name=str(page), title=title, about=say(data["summary"]), body=body)

    def _models(self) -> Rendered:
        body = self._list_of_models(1, "models/index.md")
        about = self.words("model.list.lead")
        return page_of(self.words("title.models"), about, body, in_nav=True)

    def _list_of_models(self, page: int, path: str) -> str:
        entries = self.site.tree.entries
        models = [model_facts(self.site, e) for e in entries[ROWS * (page - 1) : ROWS * page]]
        for model in models:
            model["places"] = [place | {"ranks": ranks(place)} for place in model["places"]]
        pages = -(-len(entries) // ROWS)
        return self.render("models.html", path, models=models, here=page, pages=pages)

    def _stamped_lists(self) -> Iterator[Stamped]:
        """Yield the second and later pages of the list of models."""
        for page in range(2, -(-len(self.site.tree.entries) // ROWS) + 1):
            body = self._list_of_models(page, f"models/page/{page}/index.md")
            about = self.words("model.list.lead")
            yield Stamped(name=str(page), title=self.words("title.models"), about=about, body=body)

    def model(self, data: Json, card: Markup | None) -> Stamped:
        """Return the page of a model: its data and its card as cleaned HTML, None without."""
        shown = model_view(self.site, data, self.words)
        body = self.render("model.html", f"models/{data['slug']}/index.md", model=shown, card=card)
        about = self.words("model.about", title=data["title"])
        return Stamped(
            name=data["slug"],
            title=data["title"],
            about=about,
            body=body,
            preview=preview_of_model(self.site, data["slug"]),
        )

    def _tasks(self) -> dict[str, Rendered]:
        tasks = tasks_data(self.site)
        found = {}
        for data in tasks:
            path = f"tasks/{data['task']}/index.md"
            body = self.render("task.html", path, task=data)
            say = self.words.say
            found[path] = page_of(say(data["title"]), say(data["summary"]), body)
        body = self.render("tasks.html", "tasks/index.md", tasks=tasks)
        about = self.words("task.list.lead")
        found["tasks/index.md"] = page_of(self.words("title.tasks"), about, body, in_nav=True)
        return found
