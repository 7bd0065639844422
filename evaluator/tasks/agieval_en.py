"""AGIEval, English: AQuA-RAT, the LSAT's three sections, the SAT's two.

1,689 questions; prompts and sources in `agieval.py`. Micro over all of them; each part is a group.
"""

from evaluator.tasks.agieval import choice_task

TASK = choice_task(
    name="agieval_en",
    title="AGIEval (English)",
    summary="Questions of American law-school and college admission tests, and algebra problems.",
    parts=("aqua-rat", "lsat-ar", "lsat-lr", "lsat-rc", "sat-en", "sat-math"),
    languages=("en",),
)
