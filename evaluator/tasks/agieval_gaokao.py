"""AGIEval, Gaokao: the Chinese college entrance examination, subjects with options.

1,954 questions of eight subjects; prompts and sources in `agieval.py`. Micro over all of them; each
subject is a group.

Quirks: 35 physics and 7 mathematics questions have several right options. English is asked with the
English prompt, as by the authors.
"""

from evaluator.tasks.agieval import choice_task

TASK = choice_task(
    name="agieval_gaokao",
    title="AGIEval (Gaokao)",
    summary="Questions with options of the Chinese college entrance examination, eight subjects.",
    parts=(
        "gaokao-biology",
        "gaokao-chemistry",
        "gaokao-chinese",
        "gaokao-english",
        "gaokao-geography",
        "gaokao-history",
        "gaokao-mathqa",
        "gaokao-physics",
    ),
    languages=("zh", "en"),
)
