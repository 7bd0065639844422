from __future__ import annotations

from typing import Any

from evaluator.core.records import DataPin
from invented import json_bytes


def text(name: str, *choices: str) -> Any:
    asked = [
        {"question": f"{name}里是谁？", "choice": list(choices), "answer": choice}
        for choice in choices[-2:]
    ]
    return [[f"男：{name}里有人吗？", "女：有。"], asked, name]


def file(pin: DataPin) -> bytes:
    if pin.id.endswith("_test"):
        return json_bytes([text("甲屋", "老师", "学生", "猫"), text("乙屋", "老师", "没有人")])
    return json_bytes([text(f"第{i}屋", "老师", "学生", "猫", "狗") for i in range(4)])
