"""LawBench 2-4: which of 20 fields of law a person's question belongs to.

500 items, 25 of each class; instruction, source and licence as in `lawbench.py`.
"""

from evaluator.tasks.lawbench import label_task

TASK = label_task(
    name="lawbench_consultations",
    title="LawBench 2-4 (fields of law)",
    summary="Chinese law: which of 20 fields a person's question to a lawyer belongs to.",
    part="2-4",
    mark="类别",
)
