"""A leaderboard for language models that lives in a git repository.

The flow, plain verbs for steps and plain nouns for records:

    submission.yaml -> read_submission -> Submission -> lock_model -> manifest {file: sha256}
    task name       -> load_task -> Task -> load_examples -> Examples -> build_requests -> [Request]
    manifest        -> load_backend -> Backend
    [Request]       -> plan_packs -> run_packs (journal, resumable) -> [Response]
    [Response]      -> score_task -> result -> write_result
    [result]        -> rank -> Ranking -> publish -> site data -> MkDocs

Rooms, low to high: core < metrics, backends < tasks < measure < board < cli.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Give `from evaluator import submit`, read only when asked for."""
    if name != "submit":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("evaluator.board.submit").submit
