"""Which folder of submissions a repository works on.

This repository's own is `submissions/`. A fork that runs a board of its own keeps everything about
it in `board/`, which upstream never has, so that a merge from upstream meets no change of the fork.
"""

from __future__ import annotations

from pathlib import Path

UPSTREAM = "submissions"
OWN = "board"


def tree_of(repository: Path) -> Path:
    """Return the folder of submissions of a repository: `board/` if it has opened one there."""
    own = repository / OWN
    return own if (own / "board.yaml").is_file() else repository / UPSTREAM
