from __future__ import annotations

import gzip

from evaluator.core.records import DataPin
from invented import lines


def file(pin: DataPin) -> bytes:
    return gzip.compress(
        lines(
            {"task_id": "Made/0", "prompt": 'def same(x):\n    """Return x."""\n',
             "entry_point": "same", "canonical_solution": "    return x\n",
             "test": "def check(candidate):\n    assert candidate(3) == 3\n"}
        ),
        mtime=0,
    )  # fmt: skip
