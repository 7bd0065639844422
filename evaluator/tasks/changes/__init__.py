"""Changes: the ways in which a board can ask a task's items again (`evaluator/tasks/varied.py`).

| family | asks | shows |
|---|---|---|
| form | the same, written or laid out differently | robustness |
| people | the same, about other people | fairness |
| evidence | with a part taken away | what an answer rests on |

To add one: a function over an item or its text, and an entry in `CHANGES` of its family's file.
Nothing is random: what changes follows from a hash of the item's id, the same on every machine.
"""

from __future__ import annotations

from evaluator.tasks.changes import evidence, form, people
from evaluator.tasks.changes.change import Change

CHANGES: dict[str, Change] = form.CHANGES | people.CHANGES | evidence.CHANGES
"""Name -> change."""
