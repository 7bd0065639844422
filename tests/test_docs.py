"""The manual is held to the code: pages complete, links whole, commands real, examples run."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from conftest import ROOT
from made_once import ask_once
from typer.testing import CliRunner

from evaluator import __version__, reference
from evaluator.board.publish import read_site
from evaluator.board.publish.pages import Pages
from evaluator.board.publish.words import read_words
from evaluator.cli import app
from evaluator.core.schema import NAMES, load_schema
from evaluator.metrics import all_metrics
from evaluator.tasks import MATERIAL, load_task, task_names

DOCS = ROOT / "docs/en"
MANUAL = sorted(DOCS.glob("*.md"))
README = ROOT / "README.md"
PAGES = [README, *MANUAL, *sorted((ROOT / ".github").rglob("*.md"))]
DOORS = [DOCS / f"add-a-{door}.md" for door in ("task", "metric", "backend")]
PICTURE = "docs/en/assets/board.png"

SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
FENCE = re.compile(r'^( *)```(\w+)(?: title="([^"]+)")?\n(.*?)^\1```$', re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    title: str
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(found[2], found[3] or "", found[4]) for found in FENCE.finditer(page.read_text())]


def prose(page: Path) -> str:
    return FENCE.sub("", page.read_text())


def spans(page: Path) -> list[str]:
    return SPAN.findall(prose(page))


def lines_typed(page: Path) -> list[str]:
    """Return every line of the shell blocks of a page, without its comment."""
    shell = [block.text for block in blocks(page) if block.language == "sh"]
    return [line.split(" #")[0].strip() for text in shell for line in text.splitlines()]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def of_each(pages: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", pages, ids=name_of)


# --- generated pages are complete ----------------------------------------------------------------


@cache
def generated() -> dict[str, str]:
    """Return path below docs/ -> text of every page that is made from code or data."""
    site = Pages(read_site(ROOT / "submissions"), ROOT / "site").single()
    found = {path: page.content + (page.body or "") for path, page in site.items()}
    return found | reference.pages(read_words(ROOT / "site/words", "en"))


@pytest.mark.parametrize("name", task_names())
def test_every_task_has_its_page(name):
    task = load_task(name)
    page = generated()[f"tasks/{name}/index.md"]
    assert all(metric.name in page for metric in task.metrics)
    assert f"{name}/" in generated()["tasks/index.md"]


def test_every_metric_is_told():
    used = {metric.name for name in task_names() for metric in load_task(name).metrics}
    assert used <= {metric.name for metric in all_metrics()}
    for metric in all_metrics():
        assert f"### {metric.name}\n\n{metric.doc}\n" in generated()["metrics.md"]


def test_every_command_is_told_with_its_options():
    page = generated()["commands.md"]
    for words in reference.command_words():
        assert f"## {' '.join(('evaluator', *words))}\n" in page
        for option in options_of(words):
            assert option in page


def fields(schema: dict) -> Iterator[str]:
    """Yield every property of a schema, at any depth."""
    for name, part in schema.get("properties", {}).items():
        yield name
        yield from fields(part)
    for key in ("additionalProperties", "items"):
        if isinstance(schema.get(key), dict):
            yield from fields(schema[key])


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_a_committed_file_is_told(name):
    schema = load_schema(name)
    page = generated()["result-format.md"]
    assert "\n`submissions/<org>/<model>/submission.yaml`: one model" in page, "no tag swallows it"
    part = page.split(f"## {schema['title']}\n")[1].split("\n## ")[0]
    for field in fields(schema):
        assert re.search(rf"^\| `([\w.*\[\]]+\.)?{field}`", part, re.MULTILINE), field


def test_submit_tells_every_field_of_a_submission():
    schema = load_schema("submission")
    names = [f"model.{name}" for name in schema["properties"]["model"]["properties"]]
    names += [name for name in schema["properties"] if name not in ("model", "declines")]
    page = (DOCS / "submit.md").read_text()
    assert [name for name in [*names, "declines"] if f"\n| `{name}` |" not in page] == []


# --- words of the manual that must be true -------------------------------------------------------


def test_the_readme_is_short():
    assert len(README.read_text().splitlines()) <= 120


@of_each(PAGES)
def test_every_link_leads_somewhere(page):
    for image, link in re.findall(r"(!?)\[[^\]]*\]\(([^)\s]+)\)", prose(page)):
        path = link.split("#")[0]
        if not path or "://" in path or path.startswith("mailto:"):
            continue
        target = (page.parent / path).resolve()
        if target.is_relative_to(DOCS) and str(target.relative_to(DOCS)) in generated():
            continue
        assert target.exists(), f"{image}[]({link})"


def test_the_readme_shows_the_board():
    assert f"]({PICTURE})" in README.read_text()
    assert (ROOT / PICTURE).read_bytes().startswith(b"\x89PNG")


def command(words: tuple[str, ...]) -> typer.core.TyperCommand:
    found = typer.main.get_command(app)
    for word in words:
        found = found.commands[word]
    return found


def options_of(words: tuple[str, ...]) -> set[str]:
    named = {option for parameter in command(words).params for option in parameter.opts}
    return {option for option in named if option.startswith("-")} | {"--help", "-h"}


@of_each(PAGES)
def test_every_command_named_exists(page):
    known = reference.command_words()
    typed = [line for line in [*spans(page), *lines_typed(page)] if line.startswith("evaluator ")]
    for line in typed:
        words = shlex.split(line)[1:]
        verb = max((w for w in known if tuple(words[: len(w)]) == w), key=len)
        rest = words[len(verb) :]
        assert verb or rest[0].startswith("-"), line
        assert "commands" not in vars(command(verb)) or not rest or not verb, line
        assert {word for word in rest if word.startswith("-")} <= options_of(verb), line


@of_each(PAGES)
def test_every_target_and_module_named_exists(page):
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for line in [*spans(page), *lines_typed(page)]:
        if found := re.search(r"(?:^|\s)make ((?:[\w-]+=\S+ )*)([a-z-]+)", line):
            assert found[2] in targets, line
        if found := re.search(r"python -m (evaluator[\w.]*)", line):
            assert importlib.util.find_spec(found[1]), line


@of_each(PAGES)
def test_every_file_named_exists(page):
    to_be_written = {block.title.split(" (")[0] for door in DOORS for block in blocks(door)}
    rooms = r"(?:evaluator|site|tests|docs|submissions|\.github)/"
    for span in spans(page):
        if not re.fullmatch(rf"{rooms}[\w./-]*", span) or span in to_be_written:
            continue
        made_up = span.startswith(("submissions/my-", "submissions/starter/plain"))
        later = span in ("docs/zh", "submissions/decisions/", "submissions/tasks.lock.json")
        assert made_up or later or (ROOT / span).exists(), span


def names_in(path: Path) -> set[str]:
    """Return the functions, classes and constants of a file."""
    found = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


@of_each(MANUAL)
def test_every_function_stands_where_the_manual_says(page):
    text = re.sub(r"\s+", " ", prose(page))
    for name, path in re.findall(r"`(\w+)` in `(evaluator/[\w/]+\.py)`", text):
        assert name in names_in(ROOT / path), f"{name} in {path}"
    for row in re.findall(r"^\|.*\|$", prose(page), re.MULTILINE):
        cells = row.strip("|").split(" | ")
        for name, path in re.findall(r"`(\w+)`, `[^`]*`, `(evaluator/[\w/]+\.py)`", cells[-1]):
            assert name in names_in(ROOT / path), f"{name} in {path}"


@of_each(PAGES)
def test_every_variable_of_the_environment_exists(page):
    source = "".join(path.read_text() for path in (ROOT / "evaluator").rglob("*.py"))
    for name in re.findall(r"\bEVALUATOR_[A-Z]+\b", page.read_text()):
        assert name in source, name


@cache
def said() -> str:
    """Return every text that the evaluator can say, one a line."""
    texts = [
        node.value
        for path in (ROOT / "evaluator").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    texts += [path.read_text() for path in (ROOT / "evaluator/core/schemas").glob("*.json")]
    return "\n".join(texts)


def test_submit_quotes_faults_as_they_are_told():
    table = (DOCS / "submit.md").read_text().split("| it says |")[1].split("\n\n")[0]
    quoted = [SPAN.findall(row.split(" | ")[0]) for row in table.splitlines()[2:]]
    assert len(quoted) > 30 and all(quoted)
    pieces = [piece for spans in quoted for span in spans for piece in span.split("...")]
    assert [piece for piece in pieces if piece.strip() not in said()] == []


def test_the_complete_submission_on_the_page_is_one(tmp_path):
    home = tmp_path / "submissions/my-org/my-model"
    home.mkdir(parents=True)
    for name in ("board.yaml", "tasks.lock.json"):
        shutil.copy(ROOT / "submissions" / name, tmp_path / "submissions")
    shutil.copy(ROOT / ".github/card.md", home)
    yaml = [b.text for b in blocks(DOCS / "submit.md") if b.language == "yaml"]
    (home / "submission.yaml").write_text(yaml[0])
    assert CliRunner().invoke(app, ["check", str(home)]).output == "ok: my-org/my-model\n"
    assert yaml[0].endswith(yaml[1])


def test_the_changelog_knows_the_version_and_tells_of_numbers():
    text = (DOCS / "changelog.md").read_text()
    released = re.findall(r"^## \[(\d[^\]]*)\]", text, re.MULTILINE)
    assert released[0] == __version__
    assert "\n### Numbers\n" in text.split(f"## [{__version__}]")[1].split("\n## ")[0]


def test_the_quickstart_shows_what_is_printed():
    text = (DOCS / "quickstart.md").read_text()
    ranked = CliRunner().invoke(app, ["rank", "starter", "--tree", str(ROOT / "submissions")])
    assert ranked.output in text
    results = list((ROOT / "submissions").glob("*/*/results/starter_*/*/????????.json"))
    for page in (text, README.read_text()):
        assert f"{len(results)} of {len(results)} committed results reproduced, 0 flips\n" in page
    assert "committed results reproduced, " in said()


def test_the_worked_example_of_the_ranking_prints_what_the_page_says():
    code = next(b.text for b in blocks(DOCS / "ranking.md") if b.language == "python")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "ranking.md", "exec"), {})
    assert f"```text\n{printed.getvalue()}```" in (DOCS / "ranking.md").read_text()


# --- the floors of architecture.md ---------------------------------------------------------------


def table_after(heading: str) -> list[list[str]]:
    text = (DOCS / "architecture.md").read_text().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)[1:]
    return [row.split(" | ") for row in rows]


def test_imports_follow_the_floors():
    rooms = sorted(p.stem for p in (ROOT / "evaluator").iterdir() if not p.name.startswith("_"))
    allowed: dict[str, set[str]] = {}
    for names, _, may in table_after("The floors"):
        everything = may == "everything"
        for name in SPAN.findall(names):
            allowed[name] = set(rooms) if everything else {name, *SPAN.findall(may)}
    assert sorted(allowed) == rooms
    for path in (ROOT / "evaluator").rglob("*.py"):
        room = path.relative_to(ROOT / "evaluator").parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text())):
            parts = (getattr(node, "module", None) or "").split(".")
            if room in allowed and isinstance(node, ast.ImportFrom) and parts[0] == "evaluator":
                taken = set(parts[1:2]) or {alias.name for alias in node.names} & set(rooms)
                assert taken <= allowed[room], f"{path}:{node.lineno}"


def test_the_board_loads_without_torch():
    code = (
        "import pkgutil, importlib, sys, evaluator.board as board\n"
        "for found in pkgutil.iter_modules(board.__path__, 'evaluator.board.'):\n"
        "    importlib.import_module(found.name)\n"
        "print([name for name in ('torch', 'transformers', 'datasets') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_every_dependency_has_a_reason():
    facts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [word for words in facts["optional-dependencies"].values() for word in words]
    declared = {re.split(r"[<>=\[]", word)[0] for word in [*facts["dependencies"], *extras]}
    told = {name for row in table_after("Dependencies") for name in SPAN.findall(row[0])}
    assert declared - {facts["name"]} == told


# --- the three doors: what the pages say to type is typed ----------------------------------------


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> Path:
    """Return a small copy of the repository in which all three pages were followed."""
    home = tmp_path_factory.mktemp("workshop")
    shutil.copytree(ROOT / "evaluator", home / "evaluator", ignore=shutil.ignore_patterns("__py*"))
    shutil.copy(ROOT / "pyproject.toml", home)
    for name in ("board.yaml", "baseline/random", "starter/small"):
        copy = shutil.copytree if (ROOT / "submissions" / name).is_dir() else shutil.copy
        (home / "submissions" / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / "submissions" / name, home / "submissions" / name)
    ask_once(home / "submissions")
    starter_only(home)
    for page in DOORS:
        for block in blocks(page):
            if block.title:
                follow(block, home)
    return home


def starter_only(home: Path) -> None:
    """Take the real tasks out: their data is not everywhere."""
    tasks = home / "evaluator/tasks"
    for path in [*tasks.glob("*.py"), *tasks.glob("pins/*.json")]:
        if not path.name.startswith(("starter", "__init__")) and path.stem not in MATERIAL:
            path.unlink()
    board = home / "submissions/board.yaml"
    starter, core = re.split(r"(?=^  core:$)", board.read_text(), flags=re.MULTILINE)
    board.write_text(starter + core[core.index("limits:") :])


def follow(block: Block, home: Path) -> None:
    """Do with a block what its title says: a new file, an addition, or a change."""
    name, _, where = block.title.partition(" (")
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if block.language == "diff":
        lines = block.text.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        assert path.read_text().count(old) == 1, f"{name} has no single place like\n{old}"
        path.write_text(path.read_text().replace(old, new))
    elif where:
        path.write_text(f"{path.read_text()}\n\n{block.text}")
    else:
        assert not path.exists(), f"{name} exists already"
        path.write_text(block.text)


def start(home: Path, *words: str) -> str:
    """Run Python in the workshop and return what it prints."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": str(home),
            "EVALUATOR_DATA": str(home / "data"),
            "OMP_NUM_THREADS": "1",
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


TYPE_IN = """
import json, pathlib, sys
import pytest
from typer.testing import CliRunner
import evaluator
from evaluator.cli import app
assert evaluator.__file__.startswith(sys.argv[1]), evaluator.__file__
outputs = {}
lines = [word for word in sys.argv[2:] if word.startswith("evaluator ")]
tests = [word for word in sys.argv[2:] if word.startswith("tests/")]
for line in lines:
    done = CliRunner().invoke(app, line.split()[1:])
    if done.exit_code:
        sys.exit(f"{line}\\n{done.output}\\n{done.exception!r}")
    outputs[line] = done.stdout
pathlib.Path("outputs.json").write_text(json.dumps(outputs))
sys.exit(pytest.main(["-p", "no:cacheprovider", "--assert=plain", *tests]) if tests else 0)
"""
"""One process for commands and tests: loading torch and transformers takes longest."""


def type_in(home: Path, *pages: Path) -> dict[str, str]:
    """Type every command of the pages and run the tests on them; return what commands printed."""
    lines = [line for page in pages for line in lines_typed(page) if line.startswith("evaluator ")]
    assert lines
    tests = [b.title for page in pages for b in blocks(page) if b.title.startswith("tests/")]
    start(home, "-c", TYPE_IN, str(home), *lines, *tests)
    outputs: dict[str, str] = json.loads((home / "outputs.json").read_text())
    return outputs


def plain_submission(home: Path) -> None:
    """Make the submission of the last step of add-a-backend.md."""
    small, plain = home / "submissions/starter/small", home / "submissions/starter/plain"
    shutil.copytree(small, plain, ignore=shutil.ignore_patterns("results", "lock.json"))
    text = (plain / "submission.yaml").read_text()
    (plain / "submission.yaml").write_text(text.replace("kind: causal", "kind: plain"))


def test_the_pages_of_the_three_doors_work(workshop):
    task, metric, backend = DOORS
    assert [len([b for b in blocks(d) if b.title.startswith("tests/")]) for d in DOORS] == [0, 1, 1]
    outputs = type_in(workshop, task)
    assert outputs["evaluator tasks show odd_one_out"] in task.read_text()
    assert "verified 1 of 1 file, " in outputs["evaluator data verify odd_one_out"]
    assert "odd_one_out" in (workshop / "evaluator/tasks/lock.json").read_text()
    assert list(workshop.glob("build/partial/baseline/random/results/odd_one_out/*/*.json"))
    assert "Message: How do I get a refund?" in outputs["evaluator tasks show tickets"]
    assert "tickets" in (workshop / "submissions/tasks.lock.json").read_text()

    plain_submission(workshop)
    outputs = type_in(workshop, metric, backend)
    planned = outputs["evaluator plan"].splitlines()
    assert sum("rescore" in line and "baseline/random" in line for line in planned) == 2
    assert any("odd_one_out" in line and "measure" in line for line in planned)
    scored = list((workshop / "submissions/baseline/random").glob("results/*/*/*.s2.json"))
    metrics = {name for path in scored for name in json.loads(path.read_text())["metrics"]}
    assert len(scored) == 2 and {"kappa", "margin"} <= metrics
    assert outputs["evaluator check submissions/starter/plain"] == "ok: starter/plain\n"
    (partial,) = workshop.glob("build/partial/starter/plain/results/starter_choice/*/*.json")
    assert json.loads(partial.read_text())["model"]["kind"] == "plain"


def test_the_code_on_the_pages_is_as_clean_as_ours(workshop):
    start(workshop, "-m", "ruff", "check", "--no-cache", ".")
    start(workshop, "-m", "ruff", "format", "--check", "--no-cache", ".")
