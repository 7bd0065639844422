"""A board of one's own in a fork: opened, kept up with upstream, read without an outside."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from conftest_e2e import ROOT, evaluator, git
from made_pages import Links

from evaluator.board.publish import read_site
from evaluator.board.publish.pages import Pages

WORDS = (
    "init-board", "--title", "Acme models", "--suites", "starter", "--colour", "#FFCC00",
    "--gpu-runner", "self-hosted,acme-gpu", "--cpu-runner", "acme-cpu", "--private",
)  # fmt: skip


def fork_of(upstream: Path) -> Path:
    """Clone upstream as a fork that pushes to an internal host."""
    fork = upstream.parent / "fork"
    git("clone", "-q", str(upstream), str(fork), cwd=upstream.parent)
    git("remote", "rename", "origin", "upstream", cwd=fork)
    git("remote", "add", "origin", "git@git.acme.example:ml/board.git", cwd=fork)
    return fork


def commit(folder: Path, message: str) -> None:
    git("add", "-A", cwd=folder)
    git("commit", "-qm", message, cwd=folder)


def add_model(fork: Path) -> None:
    """Add a submission of one's own with a card that links outwards, and measure it."""
    home = fork / "board/acme/guess"
    shutil.copytree(fork / "submissions/baseline/random", home)
    shutil.rmtree(home / "results")
    card = home / "card.md"
    card.write_text(card.read_text() + "\nSee [our page](https://acme.example/model).\n")
    evaluator("run", "board/acme/guess", cwd=fork)


def go_on(upstream: Path) -> None:
    """Change upstream as it changes: a board edited, a model gone, another there, pages moved."""
    board = upstream / "submissions/board.yaml"
    board.write_text(board.read_text().replace("title: Starter", "title: First steps"))
    shutil.rmtree(upstream / "submissions/starter/large")
    shutil.copytree(upstream / "submissions/baseline/random", upstream / "submissions/new/model")
    for path in (upstream / "mkdocs.yml", upstream / "docs/en/quickstart.md"):
        path.write_text(path.read_text() + "\n# changed by upstream\n")
    commit(upstream, "Go on")


@pytest.fixture()
def fork(repository) -> Path:
    found = fork_of(repository)
    evaluator(*WORDS, cwd=found)
    return found


def test_a_board_is_one_new_file_and_holds_nothing_of_the_public_one(fork):
    assert git("status", "--porcelain", "-uall", cwd=fork) == "?? board/board.yaml"
    facts = yaml.safe_load((fork / "board/board.yaml").read_text())
    assert facts["title"] == "Acme models" and facts["visibility"] == "private"
    assert facts["runners"] == {"gpu": ["self-hosted", "acme-gpu"], "cpu": "acme-cpu"}
    assert facts["repository"] == "https://git.acme.example/ml/board"
    assert list(facts["suites"]) == ["starter"]
    assert evaluator("check", cwd=fork).stdout == "ok: the whole tree\n"
    assert evaluator("plan", cwd=fork).stdout == "nothing to do\n"
    ranked = json.loads(evaluator("rank", "--json", cwd=fork).stdout)
    assert ranked["ranked"] == ranked["unranked"] == []
    home = Pages(read_site(fork / "board"), ROOT / "site").single()["index.md"].body
    assert "Acme models" in home and "No model is complete" in home and "Starter large" not in home


def test_changes_from_upstream_merge_without_a_conflict(fork, repository):
    add_model(fork)
    commit(fork, "Open the board of Acme")
    for _ in range(2):
        go_on(repository)
        git("fetch", "-q", "upstream", cwd=fork)
        merged = git("merge", "--no-edit", "upstream/main", cwd=fork)
        assert "CONFLICT" not in merged
        (repository / "submissions/starter/large").mkdir()  # for the second time round
        shutil.rmtree(repository / "submissions/new")
    assert "First steps" in (fork / "submissions/board.yaml").read_text()
    assert evaluator("check", cwd=fork).stdout == "ok: the whole tree\n"
    ranked = json.loads(evaluator("rank", "--json", cwd=fork).stdout)
    assert [row["model"] for row in ranked["ranked"]] == ["acme/guess"]
    assert ranked["title"] == "Starter"


def test_the_private_site_leads_nowhere_outside_and_reads_without_a_server(
    fork, browser, serve, tmp_path
):
    add_model(fork)
    commit(fork, "Open the board of Acme")
    evaluator("site", "build", cwd=fork)
    site = fork / "build/site"
    pages = list(site.rglob("*.html"))
    assert len(pages) > 100
    for path in pages:
        page = Links(path)
        outward = [a for a in (*page.links, *page.loads) if re.match(r"(?:https?:)?//", a)]
        assert outward == [], path
        assert "og:image" not in path.read_text(), path
        assert not re.search(
            r'<(?:link|form)[^>]*(?:href|action)="(?:https?:)?//', path.read_text()
        )
    light, dark = re.findall(r"--b-accent:(#\w+)", (site / "index.html").read_text())
    assert dark == "#ffcc00" and light != dark  # yellow is darkened where the paper is white
    for start in (site.as_uri() + "/index.html", serve(site)):
        walk(browser, start, site)


def walk(browser, start: str, site: Path) -> None:
    """Go from the home page to a model, its task, the manual and the other language, and back."""
    page = browser.new_page()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: said.append(str(e)))
    page.on("request", lambda r: asked.append(r.url))
    page.goto(start)
    if start.startswith("file:"):
        assert not page.get_by_role("searchbox").first.is_visible()
    row = page.get_by_role("row").filter(has_text="Random baseline").first
    row.get_by_role("link").click()
    page.get_by_role("heading", level=1, name="Random baseline").wait_for()
    assert (
        page.get_by_text("our page").count()
        and not page.get_by_role("link", name="our page").count()
    )
    page.get_by_role("link", name="Starter: topics").first.click()
    page.get_by_role("heading", level=1, name="Starter: topics").wait_for()
    page.get_by_role("link", name="中文").click()
    page.get_by_role("link", name="English").click()
    page.get_by_role("link", name="How it works").first.click()
    page.get_by_role("heading", level=1).first.wait_for()
    colour = page.evaluate(
        "getComputedStyle(document.documentElement).getPropertyValue('--b-accent')"
    )
    assert colour.strip().startswith("#")
    if start.startswith("file:"):  # browsers load no modules from a disk; nothing else may fail
        said = [line for line in said if "origin 'null'" not in line and "ERR_FAILED" not in line]
    assert said == []
    root = start.rsplit("/", 1)[0]
    assert all(url.startswith((root, "data:", "blob:")) for url in asked), asked
    page.close()


def test_it_asks_for_what_no_option_says(repository):
    fork = fork_of(repository)
    answers = "Acme models\nstarter\n\n\n\ny\n"
    done = subprocess.run(
        [sys.executable, "-m", "evaluator", "init-board"], cwd=fork, input=answers, text=True,
        capture_output=True, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Labels of the runner with a GPU" in done.stdout
    assert "Suites to choose from: starter, core, " in done.stdout
    assert yaml.safe_load((fork / "board/board.yaml").read_text())["title"] == "Acme models"


def test_a_clone_without_an_address_is_asked_for_it(repository):
    fork = fork_of(repository)
    subprocess.run(["git", "remote", "remove", "origin"], cwd=fork, check=True)
    told = evaluator("init-board", "--title", "Acme", cwd=fork, check=False).stderr
    assert "--repository" in told.split("nobody is here to be asked; say ")[1]
    evaluator(*WORDS, "--repository", "https://git.acme.example/board", cwd=fork)
    made = yaml.safe_load((fork / "board/board.yaml").read_text())
    assert made["repository"] == "https://git.acme.example/board"


@pytest.mark.parametrize(
    ("words", "answers", "left"),
    [
        ((), "", "--title, --suites, --colour, --gpu-runner, --cpu-runner, --private or --public"),
        (("--title", "Acme", "--private"), "", "--suites, --colour, --gpu-runner, --cpu-runner"),
        (("--cpu-runner", "x"), "Acme\nstarter\n", "--colour, --gpu-runner, --private or --public"),
    ],
)
def test_where_nobody_answers_it_names_every_option_at_once(repository, words, answers, left):
    fork = fork_of(repository)
    done = subprocess.run(
        [sys.executable, "-m", "evaluator", "init-board", *words], cwd=fork, input=answers,
        text=True, capture_output=True, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 2
    assert f"nobody is here to be asked; say {left}\n" in done.stderr
    assert not (fork / "board").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--suites", "starter,nope"), "no suite nope; known here: starter"),
        (("--suites", "startre"), "no suite startre; did you mean starter?"),
        (("--colour", "red"), '--colour: "red": must be a colour such as #0b5d66'),
        (("--gpu-runner", "a b"), '--gpu-runner: "a b": must be a label of a runner'),
        (("--title", ""), "--title: is empty: must be one line of text"),
        (("--title", "two\nlines"), '--title: "two\\nlines": must be one line of text'),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(repository, words, told):
    done = evaluator(*WORDS, *words, cwd=fork_of(repository), check=False)
    assert done.returncode == 1 and told in done.stderr
    assert not (repository.parent / "fork/board").exists()


def test_a_board_is_opened_once(fork):
    again = evaluator("init-board", cwd=fork, check=False)  # told before anything is asked
    assert again.returncode == 1 and "edit that file" in again.stderr
