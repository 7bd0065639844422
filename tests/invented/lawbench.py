from __future__ import annotations

from typing import Any

from evaluator.core.records import DataPin
from invented import json_bytes

LETTERS = "请从给出的选项中选出一个虚构的答案，并写在[正确答案]和<eoa>之间。"
GOLD = {"1-2": "正确答案：{}。", "2-8": "[正确答案]{}<eoa>", "3-6": "正确答案:{}。"}


def row(instruction: str, question: str, answer: str) -> Any:
    return {"instruction": instruction, "question": question, "answer": answer}


def file(pin: DataPin) -> bytes:
    part = pin.id.split("/")[1]
    if part in GOLD:
        asked = "虚构的问题?A:甲;B:乙;C:丙;D:丁" + (";E:戊" if part == "2-8" else "")
        return json_bytes([row(LETTERS, asked, GOLD[part].format(letter)) for letter in "CA"])
    labels = "类别包括:租金、利息、违约。将答案写在[争议焦点]和<eoa>之间。"
    if part == "2-4":
        labels = "类别包括：婚姻、侵权、合同。将答案写在[类别]和<eoa>之间。\n咨询："
    golds = ("争议焦点类别：违约。", "争议焦点类别：租金。") if part == "2-2" else ("合同", "婚姻")
    return json_bytes([row(labels, f"句子:虚构的第{i}句。", gold) for i, gold in enumerate(golds)])
