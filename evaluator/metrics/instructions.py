"""Instructions: does a text do what it was told, in ways that a program can check?

The 25 kinds of IFEval (Zhou et al. 2023, arXiv 2311.07911), each a function of the text and its
arguments. An item carries its instructions as JSON in `Example.answers`: `{"id": ..., "with": {}}`.

Two rules differ from the authors' code, since what that needs is downloaded: sentences end at their
marks but for common abbreviations (there: NLTK's Punkt model), and words in capitals are found by a
pattern (there: NLTK's tokenizer). Languages are found by `langdetect` with a fixed seed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from evaluator.core.records import Example, Items, Response, Score
from evaluator.metrics.base import mean_metric, ratio_of, response_metric

ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|Inc|Ltd|Co|No|e\.g|i\.e|[A-Z])\.(?=\s)"
)
SENTENCE_END = re.compile(r"[.!?]+[\"')\]]*(?:\s|$)|[。！？]+|\n\s*\n")
FIRST_WORD = re.compile(r"[^.,?!'\"]*")
MARKS = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
ANSWERS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")


def _holds(count: int, relation: str, wanted: int) -> bool:
    """Compare a count by the two words that instructions use."""
    return count < wanted if relation == "less than" else count >= wanted


def count_sentences(text: str) -> int:
    """Return how many sentences a text has: stretches that hold a word, between end marks."""
    plain = ABBREVIATION.sub(lambda found: found[0][:-1], text)
    return sum(bool(re.search(r"\w", part)) for part in SENTENCE_END.split(plain))


def language_of(text: str) -> str:
    """Return the code of the language a text is in, '' where nothing in it tells."""
    import langdetect  # reads its profiles: only where it is scored

    langdetect.DetectorFactory.seed = 0
    try:
        return str(langdetect.detect(text))
    except langdetect.LangDetectException:
        return ""


def _speaks(text: str, language: str) -> bool:
    """Tell whether a text is in a language; one that tells none is given the benefit."""
    return language_of(text) in ("", language)


def _blocks(text: str, mark: str) -> list[str] | None:
    """Return what stands between marks; empty ends do not count, an empty middle spoils all."""
    parts = re.split(mark, text)
    if any(not part.strip() for part in parts[1:-1]):
        return None
    return [part for part in parts if part.strip()]


def _paragraphs(text: str, num_paragraphs: int) -> bool:
    found = _blocks(text, r"\s?\*\*\*\s?")
    return found is not None and len(found) == num_paragraphs


def _nth_paragraph(text: str, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    parts = re.split(r"\n\n", text)
    if sum(bool(part.strip()) for part in parts) != num_paragraphs:
        return False
    words = parts[nth_paragraph - 1].split() if nth_paragraph <= num_paragraphs else []
    said = FIRST_WORD.match(words[0].lstrip("'").lstrip('"')) if words else None
    return said is not None and said[0].lower() == first_word.lower()


def _postscript(text: str, postscript_marker: str) -> bool:
    mark = MARKS.get(postscript_marker, re.escape(postscript_marker.lower()))
    return re.search(mark, text.lower()) is not None


def _bullets(text: str, num_bullets: int) -> bool:
    stars = re.findall(r"^\s*\*[^*].*$", text, re.MULTILINE)
    dashes = re.findall(r"^\s*-.*$", text, re.MULTILINE)
    return len(stars) + len(dashes) == num_bullets


def _highlights(text: str, num_highlights: int) -> bool:
    found = re.findall(r"\*[^\n*]*\*", text) + re.findall(r"\*\*[^\n*]*\*\*", text)
    return sum(bool(part.strip("*").strip()) for part in found) >= num_highlights


def _sections(text: str, section_spliter: str, num_sections: int) -> bool:
    return len(re.findall(rf"{re.escape(section_spliter)}\s?\d+", text)) >= num_sections


def _is_json(text: str) -> bool:
    fenced = re.fullmatch(
        r"(?:```(?:json)?)?(.*?)(?:```)?", text.strip(), re.DOTALL | re.IGNORECASE
    )
    try:
        json.loads(fenced[1] if fenced else text)
    except (ValueError, RecursionError):
        return False
    return True


def _two_responses(text: str) -> bool:
    found = _blocks(text, r"\*\*\*\*\*\*")
    return found is not None and len(found) == 2 and found[0].strip() != found[1].strip()


def _capital_words(text: str, capital_relation: str, capital_frequency: int) -> bool:
    words = re.findall(r"\w+(?:[-'’.]\w+)*", text)
    return _holds(sum(word.isupper() for word in words), capital_relation, capital_frequency)


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE) is not None


CHECKS: dict[str, Callable[..., bool]] = {
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": lambda text: text.isupper() and _speaks(text, "en"),
    "change_case:english_lowercase": lambda text: text.islower() and _speaks(text, "en"),
    "combination:repeat_prompt": lambda text, prompt_to_repeat: (
        text.strip().lower().startswith(prompt_to_repeat.strip().lower())
    ),
    "combination:two_responses": _two_responses,
    "detectable_content:number_placeholders": lambda text, num_placeholders: (
        len(re.findall(r"\[.*?\]", text)) >= num_placeholders
    ),
    "detectable_content:postscript": _postscript,
    "detectable_format:constrained_response": lambda text: any(said in text for said in ANSWERS),
    "detectable_format:json_format": _is_json,
    "detectable_format:multiple_sections": _sections,
    "detectable_format:number_bullet_lists": _bullets,
    "detectable_format:number_highlighted_sections": _highlights,
    "detectable_format:title": lambda text: any(
        title.strip("<>").strip() for title in re.findall(r"<<[^\n]+>>", text)
    ),
    "keywords:existence": lambda text, keywords: all(
        re.search(re.escape(word), text, re.IGNORECASE) for word in keywords
    ),
    "keywords:forbidden_words": lambda text, forbidden_words: (
        not any(_has_word(text, word) for word in forbidden_words)
    ),
    "keywords:frequency": lambda text, keyword, relation, frequency: _holds(
        len(re.findall(re.escape(keyword), text, re.IGNORECASE)), relation, frequency
    ),
    "keywords:letter_frequency": lambda text, letter, let_relation, let_frequency: _holds(
        text.lower().count(letter.lower()), let_relation, let_frequency
    ),
    "language:response_language": lambda text, language: _speaks(text, language),
    "length_constraints:nth_paragraph_first_word": _nth_paragraph,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_sentences": lambda text, relation, num_sentences: _holds(
        count_sentences(text), relation, num_sentences
    ),
    "length_constraints:number_words": lambda text, relation, num_words: _holds(
        len(re.findall(r"\w+", text)), relation, num_words
    ),
    "punctuation:no_comma": lambda text: "," not in text,
    "startend:end_checker": lambda text, end_phrase: (
        text.strip().strip('"').lower().endswith(end_phrase.strip().lower())
    ),
    "startend:quotation": lambda text: (
        len(text.strip()) > 1 and text.strip()[0] == '"' == text.strip()[-1]
    ),
}
"""Kind of instruction -> (text, its arguments) -> whether the text follows it."""


def follows(text: str, instruction: str) -> bool:
    """Tell whether a text follows one instruction, given as JSON; an empty text follows none."""
    told: dict[str, Any] = json.loads(instruction)
    return bool(text.strip()) and CHECKS[told["id"]](text, **told["with"])


def follows_all(text: str, instructions: tuple[str, ...]) -> bool:
    """Tell whether a text follows every instruction."""
    return all(follows(text, instruction) for instruction in instructions)


def relaxed(text: str) -> Iterator[str]:
    """Yield a text without its first line, last line, both or none, each also without asterisks.

    What a chat adds around an answer ("Sure, here it is:") then spoils nothing.
    """
    rows = text.split("\n")
    for cut in (rows, rows[1:], rows[:-1], rows[1:-1]):
        kept = "\n".join(cut).strip()
        yield kept
        yield kept.replace("*", "")


def follows_loosely(text: str, instruction: str) -> bool:
    """Tell whether any relaxed form of a text follows an instruction."""
    return any(follows(form, instruction) for form in relaxed(text))


def _rate(items: Items, check: Callable[[str, str], bool]) -> Score:
    """Return the share of all instructions that are followed, over items."""
    pairs = list(zip(items.examples, items.responses, strict=True))
    kept = [sum(check(run[0].text, told) for told in e.answers) for e, run in pairs]
    return ratio_of(
        np.array(kept, dtype=np.float64), np.array([len(e.answers) for e, _ in pairs], dtype=float)
    )


@response_metric(reads="text")
def instruction_accuracy(items: Items) -> Score:
    """Share of all instructions that the texts follow, item after item counted together.

    Range 0 to 1, higher is better. IFEval's instruction-level strict accuracy (Zhou et al. 2023,
    arXiv 2311.07911).
    """
    return _rate(items, follows)


@response_metric(reads="text")
def instruction_accuracy_loose(items: Items) -> Score:
    """As `instruction_accuracy`, for the most obedient of eight forms of a text.

    Range 0 to 1, higher is better. The forms leave out the first line, the last, both or none, with
    and without asterisks: IFEval's instruction-level loose accuracy (Zhou et al. 2023, arXiv
    2311.07911).
    """
    return _rate(items, follows_loosely)


@mean_metric(proportion=True, reads="text")
def prompt_accuracy_loose(example: Example, responses: tuple[Response, ...]) -> float:
    """Share of items all of whose instructions are followed, each by some form of the text.

    Range 0 to 1, higher is better; forms as in `instruction_accuracy_loose`. IFEval's prompt-level
    loose accuracy; the strict one is the item's `exact_match`.
    Zhou et al. 2023, arXiv 2311.07911.
    """
    return float(all(follows_loosely(responses[0].text, told) for told in example.answers))
