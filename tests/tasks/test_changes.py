"""Changes: deterministic, Chinese-safe, and what is right stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import fuzz

from evaluator.core.records import Example
from evaluator.tasks import load_task
from evaluator.tasks.changes import CHANGES
from evaluator.tasks.changes.change import text_spans
from evaluator.tasks.changes.evidence import MOST_UNITS, erase, told_spans, units
from evaluator.tasks.changes.form import add_spaces, add_typos, swap_widths, turn_options
from evaluator.tasks.changes.people import APART, ASKERS, both_ways, swap_gender, swap_names
from evaluator.tasks.forms import lettered
from evaluator.tasks.varied import turn_shots, vary

STARTER = ["starter_choice", "starter_classification", "starter_matching", "starter_generation"]
TEXT = st.text(alphabet="aZ甲乙他她。，？ \n:：A.1９herHis-", max_size=80)


def fits(change, task) -> bool:
    return not change.kinds or task.kind in change.kinds


@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize("name", STARTER)
def test_items_and_what_is_right_stay(name, how):
    clean = load_task(name)
    if not fits(CHANGES[how], clean) or CHANGES[how].split:
        return
    task = vary(clean, how)
    before, after = clean.load(lambda pin: []), task.load(lambda pin: [])
    kept = [(e.id, e.gold, e.answers, e.group, len(e.choices)) for e in before.test]
    assert kept == [(e.id, e.gold, e.answers, e.group, len(e.choices)) for e in after.test]
    assert after == task.load(lambda pin: [])
    assert before == clean.load(lambda pin: [])
    assert after.labels == before.labels
    for one, other in zip(before.test, after.test, strict=True):
        assert other.target == other.choices[other.gold[0]] if other.gold else other.target
        assert other.changed or replace(other, changed=False) == one


@fuzz
@given(TEXT, st.lists(TEXT, min_size=2, max_size=4, unique=True))
def test_any_text_can_be_changed(question, choices):
    item = Example(id="1", question=question, target=choices[0], choices=tuple(choices), gold=(0,))
    for change in CHANGES.values():
        if not change.split:
            found = change.item(item)
            assert (found.id, found.gold, len(found.choices)) == ("1", (0,), len(choices))
            assert found.target == found.choices[0]
            assert len(set(found.choices)) == len(choices)
            assert change.item(item) == found


@fuzz
@given(TEXT)
def test_parts_lie_in_what_is_told_in_order(question):
    item = Example(id="1", question=question, target="x", choices=("x", "y"), gold=(0,))
    spans = units(item)
    assert len(spans) <= MOST_UNITS
    ends = [end for span in spans for end in span]
    assert ends == sorted(ends) and all(start < end for start, end in spans)
    whole, *parts = erase(item)
    assert whole.question == question and not whole.changed
    assert [p.cluster for p in parts] == ["1"] * len(spans) and all(p.changed for p in parts)
    assert all(len(p.question) < len(question) for p in parts)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("He gave her his book.", "She gave him her book."),
        ("HER brother saw her; it was hers.", "HIS sister saw him; it was his."),
        ("Anna told Ben that he is her uncle", "Ben told Anna that she is his aunt"),
        ("Mark the box. The King will ask.", "Mark the box. The King will ask."),
        ("他是我爸爸，她是我妹妹。", "她是我妈妈，他是我弟弟。"),
        ("其他人弹吉他，他人也听。", "其他人弹吉他，他人也听。"),
        ("小明比小红大，王先生来了。", "小红比小明大，王女士来了。"),
        ("排他性条款和他项权利属于他。", "排他性条款和他项权利属于她。"),
        ("男女朋友和男朋友，夫妻子女和妻子", "男女朋友和女朋友，夫妻子女和丈夫"),
        ("小红得了3朵小红花，小东的小东西", "小明得了3朵小红花，小兰的小东西"),
        ("境外公司对外公布，外公来了", "境外公司对外公布，外婆来了"),
        ("外孙子女和孙子", "外孙子女和孙女"),
    ],
)
def test_people_of_the_other_gender(text, other):
    assert swap_gender(text) == other


def test_every_sign_that_stands_apart_is_swapped_somewhere():
    for sign in APART:
        assert swap_gender(sign) != sign or swap_names(sign) != sign


def test_who_asks_is_told_before_the_item_in_its_language():
    told = CHANGES["asker"].item
    seen = set()
    for number in range(60):
        item = Example(id=str(number), question="Q?", target="", texts=("Q?", "R."))
        found = told(item)
        line, rest = found.question.split("\n")
        assert rest == "Q?" and found.texts == (found.question, "R.")
        seen.add(line)
    assert seen == {f"{english} asks:" for english, _ in ASKERS}
    assert told(Example(id="0", question="问？", target="")).question.endswith("问：\n问？")
    pair = Example(id="0", question="", target="x", contexts=("One", "Two"), choices=("a", "b"))
    assert [text.split("\n")[1] for text in told(pair).contexts] == ["One", "Two"]


def test_names_of_another_origin_and_back():
    assert swap_names("Emily and Greg met 小明.") == "Lakisha and Darnell met 阿里."
    assert swap_names(swap_names("Emily and Greg met 小明.")) == "Emily and Greg met 小明."
    assert swap_names("emily") == "emily"  # only with its capital, many names are words


def test_a_word_stands_in_one_pair():
    with pytest.raises(ValueError, match="stands in two pairs"):
        both_ways("he she, he it")


def test_an_item_stays_where_the_swap_would_change_what_is_right():
    asked = Example(id="1", question="Who is he?", target="Anna", answers=("Anna",))
    assert CHANGES["gender"].item(asked) == asked
    same = Example(id="1", question="q", target="his", choices=("his", "him"), gold=(0,))
    assert CHANGES["gender"].item(same) == same  # both would become "her"


def test_shown_options_move_and_their_letters_stay():
    clean = lettered(name="7", question="Which?", options=["red", "blue", "green"], gold=2)
    found = turn_options(clean)
    shown = dict(line.split(". ") for line in found.question.split("\n")[1:-1])
    assert list(shown) == ["A", "B", "C"]
    assert [shown[letter] for letter in found.choices] == ["red", "blue", "green"]
    assert (found.gold, shown[found.target]) == ((2,), "green")
    assert found.choices != clean.choices
    hidden = replace(clean, question="Which?", choices=("red", "blue", "green"), target="green")
    assert turn_options(hidden) == hidden


@pytest.mark.parametrize(
    "options",
    [
        ["red", "blue", "both A and B"],
        ["red", "blue", "none of the above"],
        ["红", "蓝", "A和B"],
        ["红", "蓝", "以上都不是"],
    ],
)
def test_options_that_speak_of_others_by_their_places_stay(options):
    item = lettered(name="7", question="Which?", options=options, gold=1)
    assert turn_options(item) == item
    other = lettered(name="7", question="Which?", options=["a plan", "Vitamin B"], gold=1)
    assert turn_options(other) != other


def test_options_of_other_questions_stay():
    item = lettered(name="7", question="1. A or?\nA. one", options=["two", "three"], gold=1)
    assert turn_options(item) == item
    apart = replace(item, question="A. one\nThen which?\nB. two\nAnswer:", choices=("A", "B"))
    assert turn_options(apart) == apart


LABELS = Example(
    id="1",
    question="Name the field: family matters, labour matters.\nAsked:\nMy mother left us\nField:",
    target="family matters",
    texts=("My mother left us",),
    choices=("family matters", "labour matters"),
    gold=(0,),
)
"""An item that tells its labels before its bare text."""


@pytest.mark.parametrize("how", ["typos", "spaces", "lower"])
def test_only_the_bare_text_changes_where_there_is_one(how):
    found = CHANGES[how].item(LABELS)
    assert found.texts != LABELS.texts
    assert found.question == LABELS.question.replace(LABELS.texts[0], found.texts[0])


def test_only_the_bare_text_is_taken_away_where_there_is_one():
    assert CHANGES["no_question"].item(LABELS).question == (
        "Name the field: family matters, labour matters.\nAsked:\n\nField:"
    )
    assert [LABELS.question[a:b] for a, b in units(LABELS)] == ["My", "mother", "left", "us"]
    pair = replace(LABELS, question="1: a b\n2: a b\nSame:", texts=("a b", "a b"))
    assert [pair.question[:a] for a, _ in text_spans(pair)] == ["1: ", "1: a b\n2: "]
    assert text_spans(replace(pair, texts=("a b", "c"))) == []


def test_typing_errors_spare_the_line_that_asks_for_the_answer():
    text = "What is the change?\nAnswer with a number (in percent):"
    assert {add_typos(text, str(n)).split("\n")[1] for n in range(20)} == {text.split("\n")[1]}


def test_widths_change_in_chinese_alone():
    assert swap_widths("买了3个，对吗？", "") == "买了\uff13个,对吗?"
    assert swap_widths("Bought 3, right?", "") == "Bought 3, right?"


def test_spaces_are_added_and_nothing_else():
    text = "one two three four five six seven eight"
    found = add_spaces(text, "seed")
    assert found != text and found.split() == text.split()
    assert "    " not in found


def test_the_shots_shown_come_in_reverse():
    task = load_task("starter_classification")
    clean = task.load(lambda pin: [])
    shown = turn_shots(clean, task.n_shots)
    ids = [[s.id for s in pool if s.group == "en"][: task.n_shots] for pool in (clean.shots, shown)]
    assert ids[0] == ids[1][::-1] and len(set(ids[0])) == task.n_shots


def test_what_is_left_without_question_and_passage():
    asked = lettered(name="1", question="Which?", options=["red", "blue"], gold=0)
    assert CHANGES["no_question"].item(asked).question == "\nA. red\nB. blue\nAnswer:"
    read = Example(id="1", question="A b.\nC d.\nQuestion: Is it?\nAnswer:", target="yes")
    assert CHANGES["no_passage"].item(read).question == "Question: Is it?\nAnswer:"
    alone = replace(read, question="Question: Is it?\nAnswer:")
    assert CHANGES["no_passage"].item(alone) == alone


def test_parts_are_sentences_words_or_characters():
    def parts(question):
        item = Example(id="1", question=question, target="")
        return [question[a:b] for a, b in units(item)]

    assert parts("Message: My lamp broke.\nTopic:") == ["My", "lamp", "broke."]
    assert parts("Message: 灯坏了。\nTopic:") == ["灯", "坏", "了。"]
    four = "Question: A b. C d. E f. G h?\nAnswer:"
    assert [p.strip() for p in parts(four)] == ["A b.", "C d.", "E f.", "G h?"]
    assert parts("Topic:") == []
    assert list(told_spans(Example(id="1", question="Topic:", target=""))) == []


def test_a_hole_leaves_no_double_space():
    item = Example(
        id="1", question="Say: one two three\nNow:", target="x", choices=("x",), gold=(0,)
    )
    assert [e.question for e in erase(item)] == [
        "Say: one two three\nNow:",
        "Say: two three\nNow:",
        "Say: one three\nNow:",
        "Say: one two\nNow:",
    ]
