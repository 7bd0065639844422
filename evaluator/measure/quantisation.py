"""Quantisation: whether the weights of a model are quantised, and whether a board measures those.

A board lists what it measures in board.yaml (`eligibility.quantisations`). What can be read at all
is settled in `evaluator/backends/quantised.py`. How weights are quantised stands in their
config.json, which is in the manifest and so in every key.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluator.core.errors import ModelError
from evaluator.core.files import parse_json


def quantisation_of(folder: Path) -> str:
    """Return the method by which the weights in a folder are quantised, as they say; '' if none.

    A configuration that cannot be read says nothing here: loading refuses it.
    """
    try:
        config = parse_json((folder / "config.json").read_bytes())
    except (OSError, ValueError):
        return ""
    told = config.get("quantization_config") if isinstance(config, dict) else None
    if told is None:
        return ""
    return str(told.get("quant_method"))[:40] if isinstance(told, dict) else str(told)[:40]


def why_not_listed(folder: Path, listed: Sequence[str] | None) -> str:
    """Return why a board does not measure the weights in a folder; '' if it does.

    Args:
        folder: the model's files.
        listed: methods of quantisation in board.yaml; None: all that can be read.
    """
    found = quantisation_of(folder)
    if listed is None or not found or found in listed:
        return ""
    return (
        f"its weights are quantised as {found!r}, and this board measures "
        f"{', '.join(listed) or 'no quantised weights'} (`eligibility.quantisations` in "
        "board.yaml): submit the plain weights, or ask for the method to be listed"
    )


def must_be_listed(name: str, folder: Path, listed: Sequence[str] | None) -> None:
    """Refuse a model whose weights are quantised in a way that the board does not list.

    Raises:
        ModelError: names the file and the list.
    """
    if reason := why_not_listed(folder, listed):
        raise ModelError(f"{name}: config.json: {reason}")
