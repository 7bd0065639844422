"""Any colour a board picks can be read on both papers."""

from __future__ import annotations

import re

from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from evaluator.board.publish.colours import OURS, PAPERS, READABLE, accents, contrast

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@given(COLOURS)
def test_every_colour_becomes_one_that_can_be_read(colour):
    found = accents(colour)
    assert contrast(found.light, PAPERS["default"]) >= READABLE
    assert contrast(found.dark, PAPERS["slate"]) >= READABLE


def test_a_colour_that_can_be_read_is_left_as_it_is():
    assert accents("#7a1fa2").light == "#7a1fa2"
    assert accents("") == OURS


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == 21
    assert (
        round(contrast("#767676", "#ffffff"), 2) == 4.54
    )  # the well-known darkest grey that passes


def test_the_style_sheet_has_our_accents_and_papers():
    css = (ROOT / "site/assets/board.css").read_text()
    assert re.findall(r"--b-accent: (#\w+);", css) == [OURS.light, OURS.dark]
    assert re.findall(r"--b-paper: (#\w+);", css) == ["#fff", PAPERS["slate"]]
