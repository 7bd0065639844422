"""The rules of .github: who may write, what may run, and that every command named there exists."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from conftest import ROOT, need
from e2e.forge.workflow import EVENTS, unsupported

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
    "actions/attest": ("v4.2.2", "1e69f48acb82d1966a394da916b4c1698aa569d6"),
    "actions/upload-pages-artifact": ("v5.0.0", "fc324d3547104276b827a68afc52ff2a11cc49c9"),
    "actions/deploy-pages": ("v5.0.1", "368f82528645a54fb793d4d04e342629a3f51346"),
}
"""Every action that may be used. A new row or commit: look it up at the action's own tag."""
TRIGGERS = {
    "validate": {"pull_request", "merge_group"},
    "ci": {"pull_request", "push"},
    "evaluate": {"push", "workflow_dispatch", "workflow_call"},
    "pages": {"push", "workflow_dispatch", "workflow_call"},
    "refresh": {"schedule", "workflow_dispatch"},
    "security": {"pull_request", "schedule", "workflow_dispatch"},
}
"""pull_request_target, workflow_run and issue_comment hand a stranger the board's own token."""
WRITES = {
    ("evaluate", "score"): {"id-token", "attestations"},
    ("evaluate", "publish"): {"contents"},
    ("evaluate", "report"): {"issues"},
    ("evaluate", "pages"): {"pages", "id-token"},
    ("pages", "deploy"): {"pages", "id-token"},
    ("refresh", "audit"): {"issues"},
    ("refresh", "outdated"): {"issues"},
    ("refresh", "evaluate"): {"contents", "issues", "pages", "id-token", "attestations"},
}
"""The only jobs that may write, and what."""
SECRETS = {
    ("evaluate", "fetch"): ("HF_TOKEN", "${{ new && 'models' || 'models-again' }}"),
    ("evaluate", "serve"): ("PROVIDER_KEYS", "providers"),
    ("evaluate", "publish"): ("PUSH_KEY, SIGNING_KEY", "results"),
}
"""The only jobs that see a secret: which, and in which environment it is kept."""
WITH_TOKEN = {
    ("evaluate", "publish"), ("evaluate", "report"), ("refresh", "audit"), ("refresh", "outdated"),
}  # fmt: skip
"""The only jobs that hand the workflow's token to a command."""
RUN = re.compile(
    r"make( -C base)? [a-z]+( SERVE=0)?|evaluator (ci [a-z]+|site build)( .*)?", re.DOTALL
)
"""Everything that a workflow may run: a step of the package or a target of the Makefile."""
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


def test_secrets_are_seen_by_the_jobs_of_the_table_alone() -> None:
    seen = {}
    for at, job in JOBS.items():
        names = set(re.findall(r"\bsecrets\.(\w+)", json.dumps(job)))
        if names:
            environment = re.sub(r"needs\.plan\.outputs\.new == 'true'", "new", job["environment"])
            seen[at] = (", ".join(sorted(names)), environment)
    assert seen == SECRETS
    assert not [text for text in TEXTS.values() if "secrets: inherit" in text]


def test_the_token_is_handed_to_the_jobs_of_the_table_alone() -> None:
    assert {at for at, step in STEPS if "github.token" in str(step)} == WITH_TOKEN


def test_a_job_that_runs_weights_has_no_secret_and_no_write_access() -> None:
    job = JOBS["evaluate", "measure"]
    assert job["permissions"] == {"contents": "read"}
    assert "environment" not in job
    assert "secrets" not in json.dumps(job)
    assert "github.token" not in json.dumps(job)


def test_all_logic_is_python_with_tests() -> None:
    assert [run for _, run in RUNS if not RUN.fullmatch(run.strip())] == []


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
    assert elsewhere == [("evaluate", "fetch"), ("evaluate", "measure")]
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
    steps = JOBS["validate", "check"]["steps"]
    base, merged = [s["with"] for s in steps if s.get("uses", "").startswith("actions/checkout@")]
    assert "base" in base["ref"]
    assert (base["path"], merged["path"]) == ("base", "pr")
    assert [step["run"] for step in steps if "run" in step] == [
        "make -C base light",
        "evaluator ci validate --pr pr",
    ]
    assert not [step for at, step in STEPS if "working-directory" in step]


def test_evaluate_works_on_the_planned_commit_and_publishes_on_the_tip() -> None:
    refs: dict[str, set[str]] = {}
    for (flow, job), step in STEPS:
        if flow == "evaluate" and step.get("uses", "").startswith("actions/checkout@"):
            refs.setdefault(step["with"]["ref"], set()).add(job)
    assert refs == {
        "main": {"plan", "publish", "report"},
        "${{ needs.plan.outputs.commit }}": {"fetch", "measure", "serve", "score"},
    }


def test_the_forge_plays_everything_that_workflows_use() -> None:
    assert {name: unsupported(flow) for name, flow in FLOWS.items()} == {name: [] for name in FLOWS}


def broken_rules(text: str) -> list[str]:
    """Return the rules that a workflow breaks, whatever it is for."""
    flow = yaml.load(text, Loader=yaml.BaseLoader)
    jobs, events = flow["jobs"].values(), flow["on"]
    events = {events} if isinstance(events, str) else set(events)
    steps = [step for job in jobs for step in job.get("steps", [])]
    used = [step["uses"] for step in steps if "uses" in step]
    pinned = {f"{name}@{commit}" for name, (_, commit) in ACTIONS.items()}
    places = [job["runs-on"] for job in jobs if "runs-on" in job]
    rules = {
        "trigger": not events <= EVENTS,
        "permissions": flow.get("permissions") != {} or any("permissions" not in j for j in jobs),
        "pin": not {*used} <= pinned,
        "shell": any("${{" in step.get("run", "") for step in steps),
        "secrets": any(job.get("secrets") == "inherit" for job in jobs),
        "runner": any(p != HOSTED for p in places) and "pull_request" in events,
    }
    return [name for name, broken in rules.items() if broken]


@pytest.mark.parametrize("name", TEXTS)
def test_our_workflows_break_no_rule(name: str) -> None:
    assert broken_rules(TEXTS[name]) == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("on: pull_request_target", "trigger"),
        ("on: {workflow_run: {workflows: [CI], types: [completed]}}", "trigger"),
        ("on: issue_comment", "trigger"),
        ("permissions: write-all", "permissions"),
        ("    permissions:", "permissions"),
        ("      - run: echo ${{ github.head_ref }}", "shell"),
        ("      - uses: actions/checkout@v4", "pin"),
        ("    secrets: inherit", "secrets"),
        ("    runs-on: [self-hosted, gpu]", "runner"),
    ],
)
def test_a_workflow_that_breaks_a_rule_is_found(line: str, rule: str, tmp_path: Path) -> None:
    """Row 74: each rule can fail, and zizmor finds the same workflow."""
    text = bad_workflow(line)
    assert broken_rules(text) == [rule]
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "bad.yml").write_text(text)
    command = [zizmor(), "--offline", "--no-progress", "--persona", "auditor", str(tmp_path)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode >= 11, found.stdout


def bad_workflow(line: str) -> str:
    """Return a workflow that is in order but for one line; one that ends in a colon is left out."""
    lines = {
        "on": "on: pull_request",
        "permissions": "permissions: {}",
        "    permissions": "    permissions: {}",
        "    runs-on": f"    runs-on: {HOSTED}",
        "    secrets": "",
        "      - run": "      - run: make test",
        "      - uses": "",
    }
    name, _, value = line.partition(":")
    lines[name] = line if value else ""
    head = f"name: Bad\n{lines['on']}\n{lines['permissions']}\njobs:\n  bad:\n    name: Bad\n"
    head += f"{lines['    permissions']}\n"
    if lines["    secrets"]:
        return f"{head}    uses: ./.github/workflows/pages.yml\n{lines['    secrets']}\n"
    steps = "\n".join(line for line in (lines["      - run"], lines["      - uses"]) if line)
    return f"{head}{lines['    runs-on']}\n    timeout-minutes: 5\n    steps:\n{steps}\n"


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
    named = set(re.findall(r"(?:^|`)make (?:-C base )?([a-z-]+)", written, re.M))
    assert named >= {"test", "demo", "env"}
    assert named <= targets


def test_the_light_environment_is_enough(tmp_path: Path) -> None:
    """With every other dependency of the project made unimportable, the light commands work."""
    # make takes the last of several, a reader the first
    (listed,) = re.findall(r"^LIGHT := (.+)$", (ROOT / "Makefile").read_text(), re.M)
    light = listed.split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = [*project["dependencies"], *project["optional-dependencies"]["site"]]
    names = {re.match(r"[\w-]+", line)[0].lower().replace("_", "-") for line in declared}
    assert len(light) == len(set(light))
    assert set(light) <= names
    blocked = {
        module  # pillow is imported as PIL, scikit-learn as sklearn
        for module, packages in metadata.packages_distributions().items()
        if {name.lower().replace("_", "-") for name in packages} & (names - set(light))
    }
    assert {"torch", "sklearn"} <= blocked
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {blocked!r}:\n"
        "            raise ImportError(f'{name} is not in the light install')\n"
        "sys.meta_path.insert(0, Refuse())\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    verbs = ("check", "plan --json", "ci plan", f"site build --to {tmp_path / 'site'}")
    for words in map(str.split, verbs):
        command = [sys.executable, "-m", "evaluator", *words]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


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
    links = re.findall(r"\]\((\.\./[^)#]+)", (GITHUB / "CONTRIBUTING.md").read_text())
    assert links
    assert [link for link in links if not (GITHUB / link).is_file()] == []


def zizmor() -> str:
    """Return the program zizmor."""
    program = shutil.which("zizmor", path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
    need("zizmor", program is not None, "pip install zizmor")
    return str(program)


def test_zizmor_finds_nothing() -> None:
    words = ["--offline", "--no-progress", "--strict-collection", "--persona", "pedantic"]
    done = subprocess.run([zizmor(), *words, GITHUB], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
