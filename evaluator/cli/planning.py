"""The verb `plan`: what is asked for and not there yet."""

from __future__ import annotations

from dataclasses import asdict

from evaluator.board import queue
from evaluator.board.history import days_added
from evaluator.board.queue import Pending
from evaluator.board.submissions import read_tree
from evaluator.cli.options import TREE, JsonOption, TreeOption, must_be_tree
from evaluator.cli.show import out, show_json, show_table


def plan(tree: TreeOption = TREE, as_json: JsonOption = False) -> None:
    r"""List what is still to be measured, in the order to do it.

    measure: a model must answer. rescore: kept responses are scored anew, without a model. The
    season's reference models come first, then submissions by age. Tokens and hours are estimates
    from the runs that are there; '-' where there is nothing to go by.

    \b
    Examples:
      evaluator plan
      evaluator plan --json
    """
    must_be_tree(tree)
    read = read_tree(tree, queue.for_planning)
    work = queue.plan(read, days_added(tree))
    if as_json:
        show_json([asdict(pending) for pending in work])
        return
    for told in (*queue.unlocked(read), *queue.out_of_step(read)):
        out.print(told)
    if work:
        head = ("submission", "task", "action", "requests", "tokens", "hours", "why")
        show_table(head, [_plan_row(pending) for pending in work], keys=2)
        out.print(_plan_total(work))
    else:
        out.print("nothing to do")


def _plan_row(pending: Pending) -> list[str]:
    return [
        pending.submission,
        pending.task,
        pending.action,
        f"{pending.requests:,}",
        _estimate(pending.tokens),
        _estimate(pending.hours),
        pending.reason,
    ]


def _estimate(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else _hours(value)


def _hours(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _plan_total(work: list[Pending]) -> str:
    measure = [pending for pending in work if pending.action == "measure"]
    known = [pending for pending in measure if pending.tokens is not None]
    tokens, hours = sum(p.tokens or 0 for p in known), sum(p.hours or 0 for p in known)
    unknown = f"; {len(measure) - len(known)} without an estimate" * (len(measure) > len(known))
    return (
        f"{len(measure)} to measure, about {tokens:,} tokens and {_hours(hours)} hours{unknown}; "
        f"{len(work) - len(measure)} to rescore"
    )
