"""A `gh` that notes what it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest


def put_gh(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> Path:
    """Put a `gh` on the path that answers with these lines of shell; return its notes."""
    program, notes = folder / "gh", folder / "notes"
    program.write_text(f'#!/bin/sh\necho "$@" >> {notes}\n{answer}')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return notes
