"""LawBench 2-2: which of 16 points is in dispute between the parties.

500 items, 2 to 113 of a class; instruction, source and licence as in `lawbench.py`.
"""

from evaluator.tasks.lawbench import label_task

TASK = label_task(
    name="lawbench_disputes",
    title="LawBench 2-2 (disputed points)",
    summary="Chinese law: which of 16 points the parties to a suit dispute.",
    part="2-2",
    mark="争议焦点",
)
