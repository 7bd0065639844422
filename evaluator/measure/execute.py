"""Execute: programs that models wrote, each alone in a sandbox; right if it ends without an error.

A program gets a bare Python and nothing else: no network, no file of the host but Python's own, no
variable, one folder that is wiped, and limits on memory, processes, time and file size. Off unless
the board's `board.yaml` says `run_code: true` under `limits`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from evaluator.core.errors import TaskError
from evaluator.core.records import Task
from evaluator.core.schema import read_document
from evaluator.measure.sandbox import Limits, run_in_sandbox
from evaluator.tasks.jsonl import board_folder

LIMITS = Limits(
    memory_bytes=512 * 2**20,
    processes=16,
    seconds=10,
    file_bytes=2**20,
    scratch_bytes=2**24,
)
"""What one program may use."""


def refuse_code(task: Task) -> None:
    """Refuse a task that runs what models write on a board that does not allow it.

    Raises:
        TaskError: says how to allow it.
    """
    if task.program is None:
        return
    path = board_folder() / "board.yaml"
    allowed = False
    if path.is_file():
        board, _ = read_document(path.read_bytes(), "board.yaml", "board")
        allowed = board["limits"].get("run_code", False)
    if not allowed:
        raise TaskError(
            f"{task.name} runs what models write, in a sandbox. This board does not allow it: "
            f"set `run_code: true` under `limits` in {path}."
        )


def passes(program: str) -> bool:
    """Run a Python program in a sandbox of its own; tell whether it ended without an error.

    Raises:
        RunError: no sandbox on this machine.
    """
    if "\0" in program:
        return False  # no argument, and no Python, can hold it
    base = Path(sys.base_prefix).resolve()
    python = base / "bin" / f"python3.{sys.version_info.minor}"
    with tempfile.TemporaryDirectory() as folder:
        ending = run_in_sandbox(
            [str(python), "-I", "-c", program.encode("utf-8", "replace").decode()],
            readable=[base] if base != Path("/usr") else [],
            out=Path(folder),
            environment={"PYTHONHASHSEED": "0"},
            limits=LIMITS,
        )
    return ending.code == 0 and not ending.timed_out
