"""The pictures that links become: there, small, the same each time, and safe of any name."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from conftest import ROOT
from PIL import Image

from evaluator.board.publish import read_site
from evaluator.board.publish.colours import accents
from evaluator.board.publish.model_pictures import draw_model, pictures_of, preview_of_model
from evaluator.board.publish.previews import (
    ACCENT,
    PAPER,
    SIZE,
    Preview,
    draw_suite,
    latin,
    palette,
    preview_of,
    previews,
)
from evaluator.board.publish.site import Site
from evaluator.tasks import task_names


@pytest.fixture(scope="module")
def site() -> Site:
    return read_site(ROOT / "submissions")


def test_previews_are_small_pictures_of_the_size_that_crawlers_want(site: Site) -> None:
    found = dict(previews(site))
    assert {path for path in found if "/tasks/" in path} == {
        f"previews/tasks/{name}.png" for name in task_names()
    }
    found |= {
        path: data
        for row in site.rows["starter"]
        for path, data in pictures_of(site, row["model"]).items()
        if path.endswith(".png")
    }
    assert len([path for path in found if "/models/" in path]) == 5
    for path, data in found.items():
        image = Image.open(io.BytesIO(data))
        assert (image.format, image.size, image.mode) == ("PNG", SIZE, "P"), path
        assert len(data) < 40_000, path
    assert dict(previews(site)).items() <= found.items()


def test_every_page_has_a_preview_that_is_drawn(site: Site) -> None:
    found = dict(previews(site))
    pages = ("index.md", "suites/core/index.md", "tasks/gsm8k/index.md", "tasks/index.md",
             "models/index.md", "ranking.md", "suites/nothing/index.md")  # fmt: skip
    assert {preview_of(site, page) for page in pages} <= found.keys()
    assert preview_of(site, "tasks/gsm8k/index.md") == "previews/tasks/gsm8k.png"
    assert preview_of_model(site, "starter--large") == "previews/models/starter--large.png"
    assert preview_of_model(site, "some--other") == "previews/suites/starter.png"


def test_a_board_whose_address_nobody_knows_has_none(site: Site) -> None:
    board = replace(site.tree.board, public=False)
    alone = replace(site, tree=replace(site.tree, board=board))
    assert list(previews(alone)) == [] and preview_of(alone, "index.md") == ""
    assert [*pictures_of(alone, "starter/large")] == ["badges/starter--large.svg"]


def test_the_colours_are_the_boards_own() -> None:
    colours = accents("#7a1f6b")
    found = palette(colours, 17)
    at = 3 * ACCENT // 17
    assert "#" + "".join(f"{part:02x}" for part in found[at : at + 3]) == colours.light
    assert found[-3:] == [PAPER] * 3 and len(found) == 3 * 16


def test_a_name_without_latin_letters_gives_way_to_the_id(site: Site) -> None:
    assert latin("\u4e2d\u6587\u6a21\u578b", "org/model") == "org/model"
    assert latin("a\u202eb", "org/model") == "org/model"
    assert latin("3\u20135") == "3-5"
    row = site.rows["starter"][0]
    named = row | {"title": "\u4e2d\u6587", "organisation": "x" * 300, "licence": "y" * 300}
    rows = {**site.rows, "starter": [named, *site.rows["starter"][1:]]}
    changed = replace(site, rows=rows)
    colours = accents("")
    drawn = draw_model(changed, named).png(colours)
    assert drawn != draw_model(site, row).png(colours)
    assert draw_suite(changed, "starter").png(colours) != draw_suite(site, "starter").png(colours)


def test_a_long_line_stays_in_its_room() -> None:
    preview = Preview("Board", "T" * 400, "A lead. " * 90)
    right = preview.image.crop((SIZE[0] - 60, 0, SIZE[0], SIZE[1]))
    assert right.getextrema() == (PAPER, PAPER)


def test_a_suite_without_models_tells_what_it_asks(site: Site) -> None:
    assert not any(row["best_rank"] for row in site.rows["core"])
    below = draw_suite(site, "core").image.crop((0, 240, *SIZE)).convert("L")
    assert below.getextrema()[0] < 90
