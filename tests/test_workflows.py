"""The rules of .github: who may write, what may run, and that every command named there exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from conftest import ROOT, need

from evaluator.board.card import check_card
from evaluator.cli import app
from evaluator.core.errors import DocumentError
from evaluator.core.schema import read_document

GITHUB = ROOT / ".github"
TEXTS = {path.stem: path.read_text("utf-8") for path in (GITHUB / "workflows").glob("*.yml")}
# BaseLoader keeps every scalar a string: YAML 1.1 would read the key `on` as True.
FLOWS: dict[str, Any] = {
    name: yaml.load(text, Loader=yaml.BaseLoader) for name, text in TEXTS.items()
}
JOBS = {(flow, name): job for flow in FLOWS for name, job in FLOWS[flow]["jobs"].items()}
STEPS = [(at, step) for at, job in JOBS.items() for step in job.get("steps", [])]
RUNS = [(at, step["run"]) for at, step in STEPS if "run" in step]

ACTIONS = {
    "actions/checkout": ("v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1"),
    "actions/setup-python": ("v7.0.0", "5fda3b95a4ea91299a34e894583c3862153e4b97"),
    "actions/upload-artifact": ("v7.0.1", "043fb46d1a93c77aae656e7c1c64a875d1fc6a0a"),
    "actions/download-artifact": ("v8.0.1", "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c"),
    "actions/upload-pages-artifact": ("v5.0.0", "fc324d3547104276b827a68afc52ff2a11cc49c9"),
    "actions/deploy-pages": ("v5.0.1", "368f82528645a54fb793d4d04e342629a3f51346"),
}
"""Every action that may be used. A new row or commit: look it up at the action's own tag."""
TRIGGERS = {
    "validate": {"pull_request", "merge_group"},
    "ci": {"pull_request", "push"},
    "evaluate": {"push", "schedule", "workflow_dispatch"},
    "pages": {"push", "workflow_dispatch", "workflow_call"},
}
"""pull_request_target, workflow_run and issue_comment hand a stranger the board's own token."""
WRITES = {
    ("evaluate", "publish"): {"contents"},
    ("evaluate", "pages"): {"pages", "id-token"},
    ("pages", "deploy"): {"pages", "id-token"},
}
"""The only jobs that may write, and what."""
HOSTED = "${{ vars.CPU_RUNNER || 'ubuntu-24.04' }}"


def test_triggers_are_those_allowed() -> None:
    assert {name: set(flow["on"]) for name, flow in FLOWS.items()} == TRIGGERS


def test_actions_are_pinned_to_the_table() -> None:
    used = set()
    for text in TEXTS.values():
        for place, comment in re.findall(r"uses: (\S+)(?: +# (\S+))?", text):
            if place.startswith("./"):
                assert (ROOT / place).is_file()
                continue
            name, _, commit = place.partition("@")
            assert (comment, commit) == ACTIONS[name]
            used.add(name)
    assert used == set(ACTIONS)


def test_only_the_jobs_of_the_table_can_write() -> None:
    writes = {}
    for at, job in JOBS.items():
        found = {scope for scope, level in job["permissions"].items() if level != "read"}
        if found:
            writes[at] = found
    assert writes == WRITES
    assert all(flow["permissions"] == {} for flow in FLOWS.values())


@pytest.mark.parametrize("name", TEXTS)
def test_every_permission_says_what_for(name: str) -> None:
    scopes = re.findall(r"^ +[a-z-]+: (?:read|write)\b.*$", TEXTS[name], re.MULTILINE)
    assert scopes
    assert all(re.search(r" # \w", line) for line in scopes)


def test_no_secret_is_used() -> None:
    assert not [name for name, text in TEXTS.items() if re.search(r"\bsecrets\b", text)]
    tokens = [(at, step["name"]) for at, step in STEPS if "github.token" in str(step)]
    assert tokens == [
        (("evaluate", "publish"), "Push, on top of what others have pushed meanwhile")
    ]


def test_checkouts_leave_no_credentials() -> None:
    checkouts = [s for _, s in STEPS if s.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] == "false" for step in checkouts)


def test_no_expression_reaches_a_shell() -> None:
    assert not [at for at, run in RUNS if "${{" in run]
    assert {flow["defaults"]["run"]["shell"] for flow in FLOWS.values()} == {"bash"}
    assert not [at for at, step in STEPS if "shell" in step]


def test_only_measuring_leaves_the_hosted_runner() -> None:
    elsewhere = [at for at, job in JOBS.items() if "uses" not in job and job["runs-on"] != HOSTED]
    assert elsewhere == [("evaluate", "measure")]
    assert [name for name, text in TEXTS.items() if "self-hosted" in text] == ["evaluate"]
    assert "vars.GPU_ENABLED == 'true'" in JOBS["evaluate", "plan"]["if"]


def test_every_job_has_a_name_and_an_end() -> None:
    assert all(flow["name"] for flow in FLOWS.values())
    for job in JOBS.values():
        assert job["name"]
        assert "uses" in job or 0 < int(job["timeout-minutes"]) <= 720


def test_nothing_is_cached() -> None:
    assert not [at for at, step in STEPS if "cache" in step.get("uses", "")]
    assert not [at for at, step in STEPS if "cache" in step.get("with", {})]


def test_gate_waits_for_every_other_check() -> None:
    jobs = FLOWS["validate"]["jobs"]
    assert {"gate", jobs["gate"]["needs"]} == set(jobs)
    assert jobs["gate"]["if"] == "always()"
    assert jobs["gate"]["name"] == "gate"


def test_the_tree_of_a_pull_request_is_only_read() -> None:
    runs = [run for at, run in RUNS if at == ("validate", "check")]
    assert [run for run in runs if "pr" in re.findall(r"\w+", run)] == [
        'git -C pr worktree add --detach ../base "$BASE"',
        "evaluator check --tree pr/submissions "
        '--base "$BASE" --head HEAD --base-tree base/submissions --annotate',
    ]
    assert not [step for at, step in STEPS if "working-directory" in step]


def test_evaluate_and_pages_take_the_tip_of_main() -> None:
    refs = {
        step["with"].get("ref")
        for (flow, _), step in STEPS
        if flow in ("evaluate", "pages") and step.get("uses", "").startswith("actions/checkout@")
    }
    assert refs == {"main"}


def evaluator_calls() -> list[str]:
    """Return every call of the command line in workflows and in what contributors read."""
    written = [text for _, text in RUNS]
    for path in sorted(GITHUB.rglob("*")):
        if path.suffix in (".md", ".yml", ".yaml"):
            # what stands in code, so that prose about the evaluator is no call
            found = re.findall(
                r"`([^`\n]+)`|^ {3}(\w.+)$|placeholder: (.+)$", path.read_text(), re.M
            )
            written += ["".join(parts) for parts in found]
    return [call for text in written for call in re.findall(r"^ *(evaluator .*)$", text, re.M)]


@pytest.mark.parametrize("call", sorted(set(evaluator_calls())))
def test_every_verb_and_option_exists(call: str) -> None:
    command = typer.main.get_command(app)
    words = call.split("|")[0].split()[1:]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        assert words[0] in command.commands, f"no verb {words[0]!r}"
        command = command.commands[words.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known | {"--help"}


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    written = "\n".join([*(text for _, text in RUNS), (GITHUB / "CONTRIBUTING.md").read_text()])
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", written, re.M))
    assert named >= {"test", "demo", "env"}
    assert named <= targets


def light_installs() -> list[list[str]]:
    """Return the packages of every install that leaves out what only models need."""
    lists = []
    for at, run in RUNS:
        if "--no-deps" in run:
            names = re.findall(r"pip install -c \S+ ([^.\n]+)$", run, re.M)
            assert names, at
            lists.append(" ".join(names).split())
    return lists


def test_light_installs_are_enough(tmp_path: Path) -> None:
    """With every other dependency of the project made unimportable, the light commands work."""
    lists = light_installs()
    longest = max(lists, key=len)
    assert len(lists) == 4
    assert all(set(names) <= set(longest) for names in lists)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["site"]]
    names = {re.match(r"[\w-]+", line)[0].lower().replace("_", "-") for line in declared}
    assert set(longest) <= names
    modules = {"scikit-learn": "sklearn"}
    blocked = {modules.get(name, name.replace("-", "_")) for name in names - set(longest)}
    assert "torch" in blocked
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {blocked!r}:\n"
        "            raise ImportError(f'{name} is not in the light install')\n"
        "sys.meta_path.insert(0, Refuse())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for words in (["check"], ["plan", "--json"], ["site", "build", "--to", str(tmp_path / "site")]):
        command = [sys.executable, "-m", "evaluator", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def run_of(flow: str, job: str, name: str) -> str:
    """Return the commands of the step with this name."""
    return next(step["run"] for step in JOBS[flow, job]["steps"] if step.get("name") == name)


def run_shell(commands: str, where: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run commands as GitHub does, with programs of `where`/bin before all others."""
    path = f"{where.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", commands],
        cwd=where,
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
    )


def put_program(folder: Path, name: str, text: str) -> None:
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / "bin" / name).chmod(0o755)


PLANNED = [("a/b-1", "measure"), ("a/b-1", "rescore"), ("c/d.2", "rescore")]


@pytest.mark.parametrize(
    ("only", "measure", "rescore", "publish"),
    [
        ("", ["a/b-1"], ["a/b-1", "c/d.2"], ["a/b-1", "c/d.2"]),
        ("c/d.2", [], ["c/d.2"], ["c/d.2"]),
        ("$(touch pwned)", [], [], []),
    ],
)
def test_plan_becomes_matrices(
    tmp_path: Path, only: str, measure: list[str], rescore: list[str], publish: list[str]
) -> None:
    done, lines = plan_outputs(tmp_path, PLANNED, only)
    assert done.returncode == 0, done.stderr
    assert [name for name, _ in lines] == ["measure", "rescore", "publish"]
    for (_, value), ids in zip(lines, (measure, rescore, publish), strict=True):
        assert value == [{"id": id, "name": id.replace("/", "_")} for id in ids]
    assert not (tmp_path / "work" / "pwned").exists()


@pytest.mark.parametrize("name", ["a/b\n", "a/$(id)", "a/b/c", "A/b", "a_b/c", "a/b\npublish=[]"])
def test_plan_refuses_names_that_a_shell_could_misread(tmp_path: Path, name: str) -> None:
    done, _ = plan_outputs(tmp_path, [(name, "measure")], "")
    assert done.returncode != 0


def plan_outputs(
    home: Path, work: list[tuple[str, str]], only: str
) -> tuple[subprocess.CompletedProcess[str], list[tuple[str, Any]]]:
    planned = [{"submission": name, "action": action} for name, action in work]
    (home / "plan.json").write_text(json.dumps(planned))
    put_program(home, "evaluator", f"cat {home / 'plan.json'}")
    (home / "work").mkdir()
    output = home / "output"
    commands = run_of("evaluate", "plan", "List the submissions with pending work")
    done = run_shell(commands, home / "work", SUBMISSION=only, GITHUB_OUTPUT=str(output))
    lines = [line.partition("=") for line in output.read_text().splitlines()]
    return done, [(name, json.loads(value)) for name, _, value in lines]


class Publishing:
    """A board in git, a checkout of it, and what a measuring job handed over."""

    home = "submissions/a/b"

    def __init__(self, folder: Path) -> None:
        self.folder, self.work = folder, folder / "work"
        self.handed = folder / "temp" / "handed-over"
        (self.handed / "results").mkdir(parents=True)
        put_program(folder, "evaluator", "true")
        put_program(folder, "gh", "true")
        seed = folder / "seed"
        (seed / self.home / "results").mkdir(parents=True)
        (seed / self.home / "results" / "old.json").write_text("old")
        self.git("init", "--quiet", "--initial-branch=main", cwd=seed)
        self.commit(seed, "base")
        self.git("clone", "--quiet", "--bare", str(seed), "board.git")
        self.git("clone", "--quiet", "--depth=1", f"file://{folder}/board.git", "work")

    def git(self, *words: str, cwd: Path | None = None) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", *who, *words]
        return subprocess.check_output(command, cwd=cwd or self.folder, text=True)

    def commit(self, where: Path, message: str) -> None:
        self.git("add", "--all", cwd=where)
        self.git("commit", "--quiet", "--message", message, cwd=where)

    def run(self, name: str) -> subprocess.CompletedProcess[str]:
        commands = run_of("evaluate", "publish", name)
        return run_shell(commands, self.work, ID="a/b", RUNNER_TEMP=str(self.folder / "temp"))

    def published(self) -> list[str]:
        names = self.git("ls-tree", "-r", "--name-only", "main", cwd=self.folder / "board.git")
        return names.split()


COPY = "Copy it in and check it"
REFUSE = "Refuse anything but new files"
PUSH = "Push, on top of what others have pushed meanwhile"


def test_publish_adds_new_files_on_top_of_what_others_pushed(tmp_path: Path) -> None:
    board = Publishing(tmp_path)
    (board.handed / "results" / "new.json").write_text("new")
    (board.handed / "weights").mkdir()
    (board.handed / "weights" / "big").write_text("no")
    for name in (COPY, REFUSE, "Commit"):
        done = board.run(name)
        assert done.returncode == 0, done.stdout + done.stderr
    (tmp_path / "seed" / "meanwhile").write_text("by somebody else")
    board.commit(tmp_path / "seed", "meanwhile")
    board.git("push", "--quiet", str(tmp_path / "board.git"), "main", cwd=tmp_path / "seed")
    done = board.run(PUSH)
    assert done.returncode == 0, done.stdout + done.stderr
    results = [f"{board.home}/results/new.json", f"{board.home}/results/old.json"]
    assert board.published() == ["meanwhile", *results]


def test_publish_refuses_a_changed_result(tmp_path: Path) -> None:
    board = Publishing(tmp_path)
    (board.handed / "results" / "old.json").write_text("better")
    assert board.run(COPY).returncode == 0
    assert board.run(REFUSE).returncode != 0


def test_publish_with_nothing_new_changes_nothing(tmp_path: Path) -> None:
    board = Publishing(tmp_path)
    (board.handed / "results" / "old.json").write_text("old")
    before = board.git("rev-parse", "main", cwd=tmp_path / "board.git")
    for name in (COPY, REFUSE, "Commit", PUSH):
        assert board.run(name).returncode == 0
    assert board.git("rev-parse", "main", cwd=tmp_path / "board.git") == before


FILLED = {
    "title": "My Model 7B",
    "organisation": "My Organisation",
    "  repo": "my-org/My-Model-7B",
    "  revision": "0123456789abcdef0123456789abcdef01234567",
    "licence": "Apache-2.0",
    "training_data": "Public web text until 2025. No test set of this board was found in it.",
    "maintainers": "[my-login]",
}


def test_submission_template_names_every_empty_place() -> None:
    with pytest.raises(DocumentError) as caught:
        read_document((GITHUB / "submission.yaml").read_bytes(), "submission.yaml", "submission")
    places = {fault.pointer for fault in caught.value.faults}
    wanted = {f"/{key}" for key in FILLED if not key.startswith(" ")}
    assert places == wanted | {"/model/repo", "/model/revision"}


@pytest.mark.parametrize("optional", [False, True])
def test_submission_template_is_right_once_filled(optional: bool) -> None:
    text = (GITHUB / "submission.yaml").read_text("utf-8")
    for key, value in FILLED.items():
        text, count = re.subn(rf"^{key}:.*$", f"{key}: {value}", text, flags=re.M)
        assert count == 1
    if optional:
        offered = r"^# (supersedes:|declines:|  - task:|    reason:|    evidence:)"
        text = re.sub(offered, r"\1", text, flags=re.M)
    value, _ = read_document(text.encode(), "submission.yaml", "submission")
    assert ("declines" in value, "supersedes" in value) == (optional, optional)
    board, _ = read_document((ROOT / "submissions/board.yaml").read_bytes(), "board.yaml", "board")
    assert set(value["suites"]) <= set(board["suites"])


def test_card_template_passes() -> None:
    assert check_card((GITHUB / "card.md").read_bytes(), "card.md") == []


def test_updates_wait_and_everything_has_an_owner() -> None:
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text())["updates"]
    assert {update["package-ecosystem"] for update in updates} == {"github-actions", "pip"}
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates)
    owners = (GITHUB / "CODEOWNERS").read_text().splitlines()
    assert [line.split()[0] for line in owners if line and not line.startswith("#")] == ["*"]


def test_links_of_the_guide_lead_somewhere() -> None:
    links = re.findall(r"\]\((\.\./[^)]+)\)", (GITHUB / "CONTRIBUTING.md").read_text())
    assert links
    assert [link for link in links if not (GITHUB / link).is_file()] == []


def test_zizmor_finds_nothing() -> None:
    program = shutil.which("zizmor", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
    need("zizmor", program is not None, "pip install zizmor")
    words = ["--offline", "--no-progress", "--strict-collection", "--persona", "pedantic"]
    done = subprocess.run([str(program), *words, GITHUB], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
