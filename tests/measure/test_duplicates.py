"""Items that ask the same: found, and counted as one source in standard errors."""

from __future__ import annotations

import pytest
from made import example, response

from evaluator.core.records import Examples
from evaluator.core.stats import standard_error
from evaluator.measure.duplicates import clusters_of, near, repeated, text_of
from evaluator.measure.result import items_of, score_section
from evaluator.measure.score import score_task
from evaluator.tasks import load_task

LONG = "the quick brown fox jumps over the lazy dog and then it runs home to its old friends"


def test_the_same_words_are_the_same_question() -> None:
    asked = (example("a", question="Is it?"), example("b", question=" is  IT?"), example("c"))
    assert [[e.id for e in same] for same in repeated(asked).values()] == [["a", "b"]]
    assert clusters_of(asked) == ("a", "a", "")
    assert clusters_of((example("a", question="Is it"), example("b"))) == ()


def test_a_bracket_makes_another_question_that_is_nearly_the_same() -> None:
    asked = (
        example("a", question="not True or (True or False) is"),
        example("b", question="not (True or True or False) is"),
    )
    assert repeated(asked) == {}
    assert near(asked) == [(0, 1)]
    assert clusters_of(asked) == ("a", "a")


def test_what_is_linked_by_source_or_by_text_is_one_cluster() -> None:
    asked = (
        example("a", question="Is it?", cluster="page"),
        example("b", question="What else is there?", cluster="page"),
        example("c", question="Is it?"),
        example("d", question=LONG),
        example("e", question=f"{LONG} again"),
        example("f", question="alone", cluster="own"),
    )
    assert clusters_of(asked) == ("a", "a", "a", "d", "d", "")
    assert text_of(example("a", texts=("One,", "two"), choices=("yes",))) == "one, two"


def test_texts_that_share_most_triples_are_near_and_no_others() -> None:
    asked = [
        example("a", question=LONG),
        example("b", question=f"{LONG} again"),
        example("c", question=LONG.upper()),
        example("d", question=" ".join(reversed(LONG.split()))),
        example("e", question="狐狸跳过了那只懒狗然后跑回家去找它的老朋友们"),
        example("f", question="狐狸跳过了那只懒狗然后跑回家去找它的老朋友们吧"),
    ]
    assert near(asked) == [(0, 1), (1, 2), (4, 5)]


@pytest.mark.parametrize("shared", [True, False])
def test_clusters_are_committed_and_widen_the_standard_error(shared: bool) -> None:
    task = load_task("lambada")
    asked = tuple(
        example(str(i), question=f"Passage {i // 4 if shared else i}", target=" word")
        for i in range(40)
    )
    answers = [response(str(i), greedy=(i // 4) % 2 == 0, logprob=-1.0) for i in range(40)]
    scored = score_task(task, Examples(test=asked), answers)
    result = {"n": 40, "classes": [], **score_section(task, scored)}
    assert ("cluster" in result["columns"]) == shared
    items = items_of(result)
    assert len(set(items.clusters)) == (10 if shared else 0)
    score = task.primary.compute(items)
    found = result["metrics"]["greedy_match"]["stderr"]
    assert found == pytest.approx(standard_error(score.influence, items.clusters))
    assert (found > 1.5 * standard_error(score.influence)) == shared
