"""Validate: a pull request, read as data by the evaluator of its base commit.

Which files it changes and who may change them, what they say, whether the board measures such a
model, what it would use, and how the models it asks to stand beside have done.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from evaluator.board import queue
from evaluator.board.check import check_tree
from evaluator.board.check_change import changed_files, check_change, check_model_unchanged
from evaluator.board.eligibility import hours_used
from evaluator.board.history import run_git
from evaluator.board.ranking import rank
from evaluator.board.submissions import read_board, read_submission, read_tree
from evaluator.board.tree import Tree
from evaluator.ci.github import table
from evaluator.ci.plan import amount, hours
from evaluator.core.errors import DocumentError, Fault
from evaluator.core.trees import tree_of
from evaluator.measure.size import listed_size, why_too_large


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What was found."""

    names: tuple[str, ...]
    """Submissions that the pull request touches."""
    faults: tuple[Fault, ...]
    """Everything that is wrong; paths are below submissions/."""
    summary: str
    """The whole for people, in Markdown."""


def validate(repository: Path, base: str, author: str, month: str) -> Validation:
    """Check a pull request whose merge commit is checked out at `repository`.

    Args:
        repository: the checkout; nothing in it is run.
        base: commit that it is compared with.
        author: login of who opened it; '' if nobody did (a merge queue).
        month: the calendar month, as 2026-11.
    """
    with checked_out(repository, base) as before:
        folder = tree_of(before).name  # the base says where submissions stand
        root = repository / folder
        names, faults = check_change(repository, base, "HEAD", folder)
        for name in names:
            faults += check_author(before, name, author)
            faults += check_model_unchanged(before / folder, root, name)
    here = [name for name in names if (root / name).is_dir()]
    changed = [c.path for c in changed_files(repository, base, "HEAD")]
    everything = any(path.startswith(f"{folder}/") for path in changed) and not names
    faults += check_tree(root, None if everything else here)
    if not faults:
        faults = [fault for name in here for fault in check_listed_size(root, name)]
    found = sorted(set(faults))
    told = tell(root, here, found, month) if here or found else NOT_A_SUBMISSION
    return Validation(names=tuple(names), faults=tuple(found), summary=told)


NOT_A_SUBMISSION = (
    "## No submission changed\n\nThis change is checked by the tests and by review.\n"
)


@contextmanager
def checked_out(repository: Path, commit: str) -> Iterator[Path]:
    """Yield a folder with the files of a commit."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "tree"
        run_git(repository, "worktree", "add", "--quiet", "--detach", str(place), commit)
        try:
            yield place
        finally:
            run_git(repository, "worktree", "remove", "--force", str(place))


def check_listed_size(root: Path, name: str) -> list[Fault]:
    """Refuse a model that takes too much room by what the hub lists, if it answers."""
    model, _ = read_submission(root, name)
    room = read_board(root).eligibility.model_bytes
    reason = why_too_large(model, listed_size(model), room) if room else ""
    return [Fault(f"{name}/submission.yaml", 0, "/model/repo", reason)] if reason else []


def check_author(before: Path, name: str, author: str) -> list[Fault]:
    """Refuse a change of a submission by somebody who is neither its maintainer nor a code owner.

    Who may change it is what the base commit says: nobody makes himself a maintainer.
    """
    tree = tree_of(before)
    if not (tree / name).is_dir() or not author:
        return []
    try:
        maintainers = read_submission(tree, name)[0].maintainers
    except DocumentError:
        maintainers = ()
    allowed = [*maintainers, *code_owners(before, f"{tree.name}/{name}/")]
    if author.casefold() in {login.casefold() for login in allowed}:
        return []
    message = (
        f"{author} may not change this folder: its maintainers may ({', '.join(maintainers)}), or "
        "a code owner of the board. Ask one of them to open this pull request."
    )
    return [Fault(f"{name}/submission.yaml", 0, "/maintainers", message)]


def code_owners(before: Path, path: str) -> list[str]:
    """Return the logins that CODEOWNERS names for a path; teams cannot be looked into from here.

    The last line whose pattern matches counts, as on GitHub; of patterns, `*` and plain prefixes
    are understood.
    """
    file = before / ".github" / "CODEOWNERS"
    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    owners: list[str] = []
    for line in lines:
        pattern, *names = line.partition("#")[0].split() or [""]
        if pattern == "*" or (pattern and path.startswith(pattern.strip("/").rstrip("*"))):
            owners = [name[1:] for name in names if re.fullmatch(r"@[A-Za-z0-9_-]+", name)]
    return owners


def tell(root: Path, names: Sequence[str], faults: Sequence[Fault], month: str) -> str:
    """Return what a contributor wants to know, in Markdown."""
    if faults:
        return _tell_faults(root.name, faults)
    tree = read_tree(root)
    return "".join(_tell_one(tree, name, month) for name in names)


def _tell_faults(folder: str, faults: Sequence[Fault]) -> str:
    """Return what is wrong, where, and what to do next."""
    rows = [(f"{folder}/{f.path}", str(f.line or ""), f.pointer, f.message) for f in faults]
    head = "1 thing to mend" if len(faults) == 1 else f"{len(faults)} things to mend"
    told = table(("file", "line", "where", "what is wrong, and what to do"), rows)
    return f"## {head}\n\n{told}{MEND}"


MEND = """
Change what is named and push to the same branch: this check runs again by itself. The same on your
machine: `evaluator check --base origin/main`. What each field means is said in
`.github/submission.yaml`; what other messages ask for, in `docs/en/submit.md`.
"""
NEXT = """
### What happens next

A maintainer reads the card and merges. Then the board's runner measures the model and commits its
results; until then it stands on the page *Queue* of the site. If a task cannot be measured, an
issue calls those who are named above under *may change it*, and says what they can do.
"""


def _tell_one(tree: Tree, name: str, month: str) -> str:
    """Return what was read, what will be measured and what it is compared with."""
    entry = next(e for e in tree.entries if e.submission.id == name)
    it = entry.submission
    source = f"{it.repo} at {it.revision}" if it.repo else it.provider or it.folder or it.policy
    facts = [
        ("model", it.title), ("kind", it.kind), ("from", source),
        ("licence", it.licence), ("suites", ", ".join(it.suites)),
        ("may change it", ", ".join(it.maintainers)),
        *((f"declined: {task}", reason) for task, reason in entry.declines.items()),
    ]  # fmt: skip
    text = f"## {name} is in order\n\n{table(('what', 'as it was read'), facts)}\n"
    work = [w for w in queue.plan(tree) if w.submission == name]
    rows = [(w.task, w.action, f"{w.requests:,}", amount(w.tokens), hours(w.hours)) for w in work]
    tokens, time = total([w.tokens for w in work]), total([w.hours for w in work])
    rows.append(("all", "", f"{sum(w.requests for w in work):,}", amount(tokens), hours(time)))
    text += "### What will be measured after the merge\n\n"
    text += table(("task", "what", "requests", "tokens", "time on the runner"), rows)
    text += _tell_share(tree, name, month) + _tell_references(tree, it.suites)
    return text + NEXT


def total(values: Sequence[float | None]) -> float | None:
    """Return the sum; None if one of them is unknown."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def _tell_share(tree: Tree, name: str, month: str) -> str:
    cap = tree.board.eligibility.gpu_hours_per_month
    if not cap:
        return ""
    organisation = name.partition("/")[0]
    results = [standing.result for entry in tree.entries for standing in entry.results]
    used = hours_used(results, organisation, month)
    return (
        f"\nThis month `{organisation}` has used {used:.1f} of its {cap:g} hours on the runner.\n"
    )


def _tell_references(tree: Tree, suites: Sequence[str]) -> str:
    """Return the best models of each suite that is asked for, to know what to expect."""
    text = ""
    for suite in suites:
        places = rank(tree, tree.board.suites[suite]).places[:5]
        rows = [(p.entry.submission.id, f"{p.index:.1f}", f"{p.low:.1f} to {p.high:.1f}")
                for p in places]  # fmt: skip
        if rows:
            text += f"\n### Who leads {suite} now\n\n"
            text += table(("model", "index", "95 % interval"), rows)
    return text


def base_of(repository: Path, event_base: str) -> str:
    """Return the commit that a pull request is compared with.

    The first parent of the merge commit is the base that GitHub merged into; the event's own base
    can be older, and would blame this change for what others have merged since. A merge queue's
    commit names its base in the event.
    """
    return event_base or run_git(repository, "rev-parse", "HEAD^1").decode().strip()
