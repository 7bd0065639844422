"""What the board's workflows do, one file a job: the workflow files hold wiring only.

    validate   a pull request, read as data                         pull_request
    plan       what is missing -> the jobs of this run              evaluate
    fetch      a model's files and the test data, verified          evaluate, network, hub token
    measure    a shard, in a sandbox                                evaluate, GPU, no token
    score      shards -> results; kept responses -> new scores      evaluate, no weights
    publish    results -> a commit on main                          evaluate, contents: write
    report     failures -> issues                                   evaluate, issues: write
    refresh    numbers followed back, test sets compared -> issues  refresh, issues: write

Nothing passes from a job to the next but artifacts of the same run, and each job reads them as it
would read something from a stranger.
"""
