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

__version__ = "0.1.0"
