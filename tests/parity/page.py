"""Write the outcome of a run of tests/parity into the page about it.

usage: python tests/parity/page.py build/parity.xml docs/en/parity.md
"""

from __future__ import annotations

import platform
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import lm_eval
import torch
import transformers

BEGIN, END = "<!-- outcome: written by `make parity` -->\n", "<!-- end of the outcome -->\n"


def cells(report: Path) -> tuple[dict[tuple[str, str], str], int, int]:
    """Return ((task, model) -> what is shown, tests that passed, all tests) of a report."""
    found, passed = {}, 0
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    for case in cases:
        good = case.find("failure") is None and case.find("error") is None
        passed += good
        facts = {p.get("name"): p.get("value") for p in case.iter("property")}
        if "task" in facts:
            gap = facts.get("gap", "")
            found[facts["task"], facts["model"]] = gap if good else "**differs**"
    return found, passed, len(cases)


def outcome(report: Path) -> str:
    """Return the section as Markdown."""
    found, passed, total = cells(report)
    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    models = sorted({model for _, model in found})  # whatever order the tests ran in
    tasks = sorted({task for task, _ in found})
    rows = [
        f"| {task} | " + " | ".join(found.get((task, model), "") for model in models) + " |"
        for task in tasks
    ]
    return "\n".join(
        [
            f"{passed} of {total} tests passed at commit `{commit}`: lm-eval"
            f" {lm_eval.__version__}, transformers {transformers.__version__}, torch"
            f" {torch.__version__}, {platform.machine()}.",
            "",
            "| task | " + " | ".join(models) + " |",
            "|---|" + "---|" * len(models),
            *rows,
            "",
        ]
    )


def main() -> None:
    """Put the outcome between the page's marks."""
    report, page = map(Path, sys.argv[1:])
    before, _, rest = page.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{BEGIN}\n{outcome(report)}\n{END}{after}", "utf-8")


if __name__ == "__main__":
    main()
