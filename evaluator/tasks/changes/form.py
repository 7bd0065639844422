"""Changes of form: the same question, written or laid out differently.

What a model loses there is not knowledge.

Kinds of noise as in HELM's robustness set (Liang et al. 2022, arXiv 2211.09110, section 4.3: typing
errors, case, spaces) and in work on the order of options (Zheng et al. 2024, arXiv 2309.03882) and
of worked examples (Lu et al. 2022, arXiv 2104.08786). Written anew here, and drawn by hash.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from evaluator.core.records import Example
from evaluator.tasks.changes.change import CHINESE, Change, by_text, draw

WORD = re.compile(r"[^\W\d_]{4,}(?![^\W\d_]*[:\uff1a])")
"""At least four letters; not what a colon follows, for that names a part of the prompt."""
ONE_IN = 6
"""One word of so many gets a typing error; a text of fewer words gets one."""
INSTRUCTION = "Read carefully, then answer as well as you can.\n\n"
OPTION = re.compile(r"^([A-Z])([.．、)] ?)(.*)$", re.MULTILINE)
"""A line that shows an option: its letter, what follows the letter, its text."""
OF_OTHERS = re.compile(
    r"(?<![A-Z])[A-H] ?(?:and|or|&|,|/|和|或|、) ?[A-H](?![A-Z])"
    r"|\b(?:both|above|below|former|latter)\b|以上|上述|前者|后者",
    re.IGNORECASE,
)
"""What an option says of others by their letters or places: "both A and B", "all of the above"."""
WIDTHS = str.maketrans(
    "\u3002\uff0c\uff1f\uff01\uff1b\uff08\uff090123456789",
    ".,?!;()\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19",
)
"""Chinese punctuation as half-width, digits as full-width, as a mistaken input method writes them.
The colon stays: it names a part of a prompt."""
GAP = re.compile(r"(?<=\S) (?=\S)")


def add_typos(text: str, seed: str) -> str:
    """Return a text in which two neighbouring letters of some words are swapped, never the first.

    Which words and which letters follows from `seed`. Chinese has no spaces: there a run of
    characters counts as a word, and two neighbours in it change places. A last line that asks for
    the answer stays.
    """
    cue = len(text) - len(text.rsplit("\n", 1)[-1]) if text.endswith((":", "\uff1a")) else len(text)
    words = [word for word in WORD.finditer(text) if word.start() < cue]
    draws = [draw(f"{seed}|{n}") for n in range(len(words))]
    chosen = {n for n, drawn in enumerate(draws) if drawn % ONE_IN == 0}
    if words and not chosen:
        chosen = {min(range(len(words)), key=lambda n: draws[n])}
    for n in sorted(chosen, reverse=True):
        start, end = words[n].span()
        at = start + 1 + draws[n] // ONE_IN % (end - start - 2)
        text = f"{text[:at]}{text[at + 1]}{text[at]}{text[at + 2 :]}"
    return text


def lower(text: str, seed: str) -> str:
    """Return a text in small letters."""
    return text.lower()


def add_spaces(text: str, seed: str) -> str:
    """Return a text in which some of the single spaces are two or three, one in two at random."""
    gaps = [found.start() for found in GAP.finditer(text)]
    for n in reversed(range(len(gaps))):
        more = draw(f"{seed}|{n}") % 4  # 0 and 1 leave it
        text = f"{text[: gaps[n]]}{' ' * max(more - 1, 0)}{text[gaps[n] :]}"
    return text


def swap_widths(text: str, seed: str) -> str:
    """Return a text with Chinese in it in the other width; others stay as they are."""
    return text.translate(WIDTHS) if CHINESE.search(text) else text


def turn_options(example: Example) -> Example:
    """Return an item whose shown options stand in another order, one place to k - 1 places on.

    The texts move and the letters stay in their places. A choice goes with its text: `choices`
    names, option by option, the letter that now stands before it. So `gold` and `pred` mean the
    same option as in the clean task. An item stays as it is if it does not show its options, and
    no others, line after line, or if one of them speaks of others by their places.
    """
    lines = list(OPTION.finditer(example.question))
    letters = tuple(line[1] for line in lines)
    apart = any(one.end() + 1 < other.start() for one, other in pairwise(lines))
    if len(lines) < 2 or letters != example.choices or apart:
        return example
    if any(OF_OTHERS.search(line[3]) for line in lines):
        return example
    k = len(lines)
    step = 1 + draw(f"order|{example.id}") % (k - 1)
    question = example.question
    for place in reversed(range(k)):
        told = lines[(place - step) % k][3]
        question = f"{question[: lines[place].start(3)]}{told}{question[lines[place].end(3) :]}"
    choices = tuple(letters[(option + step) % k] for option in range(k))
    return replace(
        example, question=question, choices=choices, target=choices[letters.index(example.target)]
    )


CHANGES = {
    "typos": Change(
        family="form",
        about="with two neighbouring letters swapped in one word of six",
        item=by_text("typos", add_typos),
    ),
    "lower": Change(family="form", about="in small letters", item=by_text("lower", lower)),
    "spaces": Change(
        family="form",
        about="with some of the spaces doubled or tripled",
        item=by_text("spaces", add_spaces),
    ),
    "width": Change(
        family="form",
        about="with half-width punctuation and full-width digits in Chinese",
        item=by_text("width", swap_widths),
    ),
    "order": Change(
        family="form",
        about="with the shown options in another order",
        item=turn_options,
        kinds=("choice",),
    ),
    "shots": Change(
        family="form",
        about="after the worked examples in reverse order",
        shots="reversed",
    ),
    "instruction": Change(
        family="form", about="after a sentence that asks for care", before=INSTRUCTION
    ),
}
"""Name -> change."""
