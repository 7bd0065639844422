"""The house keeps its floors: who may import whom, and how long a function may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

PACKAGE = ROOT / "evaluator"
FILES = sorted(PACKAGE.rglob("*.py"))
FLOORS = {
    "core": 0,
    "metrics": 1,
    "backends": 1,
    "tasks": 2,
    "measure": 3,
    "board": 4,
    "ci": 5,
    "cli": 6,
}
TOP = 7
"""Files that stand in no room: the demo, the reference pages."""
GROUND = -1
"""evaluator/__init__.py holds the version alone: it imports nothing and anyone may read it."""
LONGEST = 60


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in FLOORS else ""


def floor_of(module: str) -> int:
    return GROUND if module == "evaluator" else FLOORS.get(room_of(module), TOP)


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every module of the package that a file imports, wherever in the file."""
    modules = {module_of(other) for other in FILES}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write the whole name"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in modules else str(node.module) for name in inner]
        else:
            continue
        yield from ((name, node.lineno) for name in names if name.split(".")[0] == "evaluator")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_only_from_its_own_room_or_lower_floors(path: Path) -> None:
    here = module_of(path)
    for module, line in imports(path):
        same_room = (room_of(module), floor_of(module)) == (room_of(here), floor_of(here))
        assert same_room or floor_of(module) < floor_of(here), f"{path}:{line}: imports {module}"


def test_every_room_of_the_package_has_its_floor() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms == set(FLOORS)


def test_the_walk_sees_imports_inside_functions() -> None:
    found = {module for module, _ in imports(PACKAGE / "backends" / "__init__.py")}
    assert "evaluator.backends.causal" in found


def test_nothing_above_a_response_loads_a_model_library() -> None:
    names = [module_of(p) for p in FILES if room_of(module_of(p)) == "board"]
    code = (
        "import importlib, sys\n"
        f"for name in {[*names, 'evaluator.cli']!r}: importlib.import_module(name)\n"
        "from evaluator.tasks import load_task, task_names\n"
        "for name in task_names(): load_task(name)\n"
        "heavy = ('torch', 'transformers', 'datasets', 'tokenizers')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_command_starts_without_what_few_verbs_need() -> None:
    """Each of these costs every verb a tenth of a second or more."""
    dear = ("jsonschema", "mkdocs", "pandas", "sacrebleu", "scipy.optimize", "scipy.stats", "sympy")
    code = f"import sys, evaluator.cli\nprint([name for name in {dear} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_no_function_is_longer_than_a_page() -> None:
    long = {
        f"{path.relative_to(PACKAGE)}:{node.name}"
        for path in FILES
        for node in functions(path)
        if (node.end_lineno or 0) - node.lineno + 1 > LONGEST
    }
    assert long == set()


def test_everything_public_is_explained_where_it_stands() -> None:
    bare = []
    for path in FILES:
        tree = ast.parse(path.read_text("utf-8"))
        if not ast.get_docstring(tree):
            bare.append(str(path))
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            members = node.body if isinstance(node, ast.ClassDef) else []
            for part in (node, *members):
                public = isinstance(part, ast.FunctionDef | ast.ClassDef) and part.name[0] != "_"
                if public and not ast.get_docstring(part):
                    bare.append(f"{path.relative_to(PACKAGE)}:{part.lineno} {part.name}")
    assert bare == []


def test_every_field_of_a_record_says_what_it_means() -> None:
    """In records.py a string stands under each field."""
    path = PACKAGE / "core" / "records.py"
    for node in ast.parse(path.read_text("utf-8")).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for field, after in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign):
                told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
                assert told, f"{node.name}.{ast.unparse(field.target)} (line {field.lineno})"
