"""The site in more than one language: the same pages, each where its language has its root.

English stands at the root of the site, another language below its code: `zh/models/x/` is the
Chinese `models/x/`. A page of the manual that has no translation is shown in English, one whose
English page has changed since is shown as it is; both say so at their top.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from evaluator.board.publish.words import FIRST, LANGUAGES, Words
from evaluator.core.files import Json, sha256

DIGITS = 12
"""Hex digits of an English page's hash that its translation names in front matter."""


def addresses(languages: Sequence[str], here: str, url: str) -> list[Json]:
    """Return the same page in every language, as links that hold on that page.

    Args:
        languages: keys of LANGUAGES that are built.
        here: the language of the page.
        url: address of the page below the root of its language.
    """
    url = url.removeprefix("./")
    up = "../" * (url.count("/") + (here != FIRST))
    roots = {code: up if code == FIRST else f"{up}{code}/" for code in languages}
    return [
        {"code": code, "name": LANGUAGES[code], "link": roots[code] + url or "./"}
        for code in languages
    ]


def translated_nav(nav: list[Json], words: Words) -> list[Json]:
    """Return the navigation of mkdocs.yml with its titles in another language."""
    found: list[Json] = []
    for entry in nav:
        ((title, part),) = entry.items()
        inner = translated_nav(part, words) if isinstance(part, list) else part
        found.append({words.texts.get(f"nav.{title}", title): inner})
    return found


def untranslated(english: Path, docs: Path) -> list[str]:
    """Return the files of the English manual that another language's folder lacks."""
    every = sorted(path.relative_to(english) for path in english.rglob("*.*"))
    return [path.as_posix() for path in every if not (docs / path).is_file()]


def told_apart(
    markdown: str, path: str, translates: str | None, english: Path, words: Words
) -> str:
    """Return a page of the manual with a notice under its heading if it is not up to date.

    Args:
        markdown: its text.
        path: where it stands below the manual's folder.
        translates: first digits of the hash of the English page that it is the translation of, as
            its front matter says; None for a page that is shown in English.
        english: folder of the English manual.
        words: the language.
    """
    original = english / path
    if translates is not None and (
        not original.is_file() or sha256(original.read_bytes()).startswith(translates)
    ):
        return markdown
    notice = "translation.none" if translates is None else "translation.behind"
    box = f'\n!!! note "{words(notice)}"\n    {words(f"{notice}.why")}\n'
    return re.sub(r"^(# .*\n)", lambda found: found[0] + box, markdown, count=1, flags=re.MULTILINE)
