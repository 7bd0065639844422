"""The site's own words in a language. What contributors wrote stays as it is."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from evaluator.core.files import Json

LANGUAGES = {"en": "English", "zh": "中文"}
"""Language -> its own name; the first stands at the root of the site, others below their code."""
FIRST = next(iter(LANGUAGES))
"""What everything is written in first, and what stands in for a missing translation."""


SAID = re.compile(r"var\(--say-(\w+)-(\w+)\)")
"""Where a style sheet says a word of the site, as `var(--say-col-skill)` says col.skill."""
FEW = 3
"""Most tasks that are named where a sentence says what is missing."""


@dataclass(frozen=True, slots=True)
class Words:
    """Every sentence of the site in one language."""

    language: str
    """Key of LANGUAGES."""
    texts: dict[str, str]
    """Key -> sentence, with {places}."""
    written: dict[str, str]
    """English sentence of the code or of board.yaml -> the same in this language."""

    def __call__(self, key: str, **values: object) -> str:
        """Return a sentence with its places filled in."""
        return self.texts[key].format(**values) if values else self.texts[key]

    def name(self, group: str, key: str) -> str:
        """Return the name of a state, kind, area or the like; words unknown here as they stand."""
        return self.texts.get(f"{group}.{key}", key.replace("_", " ").replace("-", " "))

    def say(self, text: str) -> str:
        """Return what a task, a metric or board.yaml says in English; untranslated as it stands.

        The English sentence is the key: where it changes, its translation no longer applies. The
        title of a varied task, such as "Starter: topics (typos)", is put together.
        """
        clean, _, how = text.removesuffix(")").rpartition(" (")
        if clean and f"change.{how}" in self.texts:
            return self.texts["change.of"].format(
                task=self.written.get(clean, clean), change=self.texts[f"change.{how}"]
            )
        return self.written.get(text, text)

    def listed(self, words: list[str]) -> str:
        """Join words as a sentence does."""
        if len(words) < 2:
            return "".join(words)
        return self.texts["list.comma"].join(words[:-1]) + self.texts["list.and"] + words[-1]

    def gaps(self, cells: Json, titles: dict[str, str]) -> str:
        """Say what a model lacks on a suite: each state with its tasks, or with how many.

        Args:
            cells: task -> {state, ...} of every task that the suite asks.
            titles: task -> its title in this language.
        """
        states: dict[str, list[str]] = {}
        for task, cell in cells.items():
            if cell["state"] != "measured":
                states.setdefault(self.name("state", cell["state"]), []).append(titles[task])
        return self.texts["list.then"].join(
            self("gaps.few", tasks=self.listed(tasks), state=state)
            if len(tasks) <= FEW
            else self("gaps.many", n=len(tasks), all=len(cells), state=state)
            for state, tasks in states.items()
        )

    def starting(self, prefix: str) -> dict[str, str]:
        """Return the sentences of a script: those whose key begins with `prefix`, without it."""
        return {k.removeprefix(prefix): v for k, v in self.texts.items() if k.startswith(prefix)}

    def styled(self, css: str) -> str:
        """Return a style sheet with a word, and a space, for every `var(--say-GROUP-NAME)`."""
        return SAID.sub(lambda found: f'"{self.texts[f"{found[1]}.{found[2]}"]} "', css)


def read_words(folder: Path, language: str) -> Words:
    """Return the words of a language from `<folder>/<language>.json`; English fills gaps.

    `<language>.written.json` beside it translates what stands in the code and in board.yaml.
    """
    texts: dict[str, str] = {}
    for code in (FIRST, language):
        texts |= json.loads((folder / f"{code}.json").read_text("utf-8"))
    written = folder / f"{language}.written.json"
    said = json.loads(written.read_text("utf-8")) if written.is_file() else {}
    return Words(language, texts, said)
