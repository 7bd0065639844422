"""AGIEval, LogiQA: reading and logic questions of the Chinese civil service examination.

1,302 questions, the same 651 in Chinese and English; prompts and sources in `agieval.py`. Licence
CC BY-NC-SA 4.0: not for a default index.
"""

from evaluator.tasks.agieval import choice_task

TASK = choice_task(
    name="agieval_logiqa",
    title="AGIEval (LogiQA)",
    summary="Reading and logic questions of the Chinese civil service examination, twice.",
    parts=("logiqa-en", "logiqa-zh"),
    languages=("en", "zh"),
    licence="CC-BY-NC-SA-4.0",
    open_licence=False,
)
