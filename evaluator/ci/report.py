"""Report: what failed in a run of the workflow -> one issue a submission, and one for the board.

It names what happened and who can do what about it. Text of a model never reaches it: reasons are
sentences of the evaluator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluator.board.submissions import read_submission
from evaluator.ci.github import MOST_TEXT, call_api, plain, run_address, table
from evaluator.ci.handed import latest, name_of
from evaluator.core.errors import counted
from evaluator.core.files import Json
from evaluator.core.schema import read_json_document

Failures = Mapping[str, Sequence[tuple[str, str, str]]]
"""Submission -> (task, state, reason) of everything that failed."""


def read_failures(scored: Path, names: Sequence[str]) -> Failures:
    """Return what failed, from the attempts that the scoring jobs handed over."""
    found, folders = {}, latest(scored)
    for name in names:
        folder = folders.get((name_of(name), "scored"))
        paths = sorted((folder / name).glob("attempts/*.json")) if folder else []
        attempts = [read_json_document(p.read_bytes(), str(p), "attempt") for p in paths]
        if attempts:
            found[name] = [(a["task"], a["state"], a["reason"]) for a in attempts]
    return found


def submission_issue(root: Path, name: str, failed: Sequence[tuple[str, str, str]]) -> Json:
    """Return title and body of the issue for the people of a submission."""
    submission, _ = read_submission(root, name)
    people = " ".join(f"@{login}" for login in submission.maintainers)
    count = counted(len(failed), "task")
    states = {state for _, state, _ in failed}
    body = (
        f"{people}: {count} of `{name}` could not be measured.\n\n"
        f"{table(('task', 'state', 'what happened'), failed)}\n"
        + "".join(f"{text}\n\n" for state, text in ADVICE.items() if state in states)
        + f"Run: {run_address()}\n"
    )
    return {"title": f"Not measured: {name}", "body": body[:MOST_TEXT]}


ADVICE = {
    "failed": (
        "**failed.** If it is about the model's files, submit a new revision as a new folder that "
        "`supersedes` this one. If it is about the runner (memory, a machine that stopped), a "
        "maintainer of the board opens the run and chooses *Re-run failed jobs*. The board also "
        "tries again by itself every week, three times in all."
    ),
    "timeout": (
        "**timeout.** The model took longer than a shard may take. A maintainer of the board can "
        "raise the repository variable `SHARD_HOURS` and start *Evaluate* for this submission. "
        "The board also tries again by itself every week, three times in all."
    ),
    "too-long": (
        "**too-long.** A text of the task does not fit into what the model takes, even with its "
        "beginning cut off, so trying again would change nothing. The model stays without a rank "
        "on suites with this task until the task changes; `submission.yaml` can ask for others."
    ),
}
"""State -> what those who are told can do."""


def board_issue(results: Mapping[str, str]) -> Json | None:
    """Return title and body of the issue for the board's own people; None if no job failed."""
    failed = sorted(job for job, result in results.items() if result == "failure")
    if not failed:
        return None
    rows = [(job, NEXT.get(job, "open the run and read its log")) for job in failed]
    body = (
        f"Jobs of the workflow Evaluate have failed.\n\n{table(('job', 'what to do'), rows)}\n"
        f"Nothing is lost: the next run plans what is missing.\n\nRun: {run_address()}\n"
    )
    return {"title": "Evaluate has failed", "body": body}


NEXT = {
    "plan": "main does not pass `evaluator check`: mend what its log names; nothing is measured "
    "until then",
    "fetch": "the hub did not hand out a model or a test file: look at its token and at the "
    "reason in the log",
    "measure": "look at the runner; if it was lost, choose Re-run failed jobs",
    "serve": "the provider did not answer: look at its key and at the reason in the log",
    "score": "what the runner handed over was refused: read why before anything is run again",
    "publish": "results were refused or main could not be pushed to: read why in the log",
    "pages": "the results are published; the site is not: build it again by hand",
}
"""Job -> what its failure asks of the board's people."""


def open_or_add(issue: Json, *, once: bool = False) -> str:
    """Open an issue, or add a comment to the open one of the same title; return what was done.

    Args:
        issue: title and body.
        once: say nothing more where the title stands already.

    Raises:
        EvaluatorError: GitHub refuses.
    """
    standing = call_api("GET", "issues?state=open&per_page=100")
    for other in standing:
        if other["title"] == issue["title"]:
            if once:
                return f"told already in issue {other['number']}: {plain(issue['title'])}"
            call_api("POST", f"issues/{other['number']}/comments", {"body": issue["body"]})
            return f"added to issue {other['number']}: {plain(issue['title'])}"
    opened = call_api("POST", "issues", issue)
    return f"opened issue {opened['number']}: {plain(issue['title'])}"
