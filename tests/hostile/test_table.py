"""Every row of the threat model's table has a test; this says which, and looks that it is there."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

DECLARED, CHANGES = "hostile/test_declared.py", "hostile/test_changes.py"
WEIGHTS, HUB, ANSWERS = "hostile/test_weights.py", "hostile/test_hub.py", "hostile/test_answers.py"
CARDS, SITE, TEMPLATE = (
    "hostile/test_cards.py",
    "e2e/test_hostile_site.py",
    "backends/test_template.py",
)
SANDBOX, COLLECT = "measure/test_sandbox.py", "measure/test_collect.py"
WORKFLOWS, AUDIT = "test_workflows.py", "board/test_audit.py"

TESTS: dict[str, tuple[str, ...]] = {
    DECLARED: ("1-19", "20", "22", "27-29", "66", "71", "77", "79"),
    CHANGES: ("20-26",),
    HUB: ("30-34",),
    WEIGHTS: ("34-41",),
    ANSWERS: ("51-53", "55-58", "76", "78", "80"),
    CARDS: ("62-69", "72", "73"),
}
"""File -> rows of its cases, each of which carries its number."""
NAMED: dict[int, tuple[str, ...]] = {
    40: (
        "backends/test_causal.py::test_weights_that_are_missing_are_never_made_up",
        "backends/test_causal.py::test_weights_that_are_no_numbers_give_an_error_and_no_answer",
        "measure/test_manifest.py::test_every_changed_file_is_told_by_its_name_and_no_other",
    ),
    41: (
        "hostile/test_tokenizers.py::"
        "test_an_expression_that_may_take_for_ever_is_refused_before_it_is_tried",
        "hostile/test_tokenizers.py::test_a_token_that_the_model_cannot_know_is_refused",
        f"{SANDBOX}::test_time_is_bounded_and_a_signal_cannot_be_ignored",
    ),
    42: (f"{TEMPLATE}::test_what_a_stranger_writes_is_refused_in_a_sentence",),
    43: (
        f"{TEMPLATE}::test_what_a_stranger_writes_is_refused_in_a_sentence",
        f"{TEMPLATE}::test_a_template_without_an_end_is_ended",
    ),
    44: (
        "hostile/test_tokenizers.py::test_a_template_that_knows_the_questions_is_refused",
        "hostile/test_tokenizers.py::"
        "test_a_template_that_whispers_is_not_asked_unless_the_submission_says_so",
        "measure/test_manifest.py::"
        "test_a_chat_template_is_part_of_what_is_measured_where_it_is_used",
    ),
    45: (f"{SANDBOX}::test_memory_is_bounded", f"{SANDBOX}::test_processes_are_bounded"),
    46: (f"{SANDBOX}::test_there_is_no_way_to_the_network",),
    47: (f"{SANDBOX}::test_there_is_no_environment_and_no_home",),
    48: (f"{COLLECT}::test_what_is_no_plain_file_of_its_own_is_refused",),
    49: (
        f"{COLLECT}::test_expected_files_are_copied_and_the_rest_is_counted",
        f"{COLLECT}::test_a_flood_of_names_ends_the_look",
    ),
    50: (f"{SANDBOX}::test_what_it_prints_is_not_shown",),
    54: (
        "measure/test_merge.py::test_a_missing_shard_is_refused",
        "measure/test_merge.py::test_a_doubled_shard_is_refused",
        "measure/test_merge.py::test_a_shard_of_another_measurement_is_refused",
        "measure/test_merge.py::test_a_shard_made_over_other_data_is_refused_in_one_sentence",
        "measure/test_merge.py::test_shards_of_different_versions_are_refused",
        "ci/test_publish.py::test_what_was_handed_over_last_counts",
    ),
    58: (f"{AUDIT}::test_tampering_is_found_and_told_with_file_and_reason",),
    59: (f"{AUDIT}::test_tampering_is_found_and_told_with_file_and_reason",),
    60: ("board/test_attest_github.py",),
    61: ("ci/test_publish.py::test_a_run_cannot_overtake_the_one_that_stands",),
    70: (f"{SITE}::test_hostile_names_are_text_wherever_they_stand",),
    74: (f"{WORKFLOWS}::test_a_workflow_that_breaks_a_rule_is_found",),
    75: (f"{WORKFLOWS}::test_no_expression_reaches_a_shell",),
    76: (
        "hostile/test_crowd.py::test_an_honest_crowd_is_passed_within_the_fuse",
        "e2e/test_faults.py::test_a_sealed_tree_can_be_read_by_all_and_written_by_none",
    ),
}
"""Row -> tests that carry no number."""


def numbers(span: str) -> range:
    first, _, last = span.partition("-")
    return range(int(first), int(last or first) + 1)


def test_every_row_has_a_test():
    numbered = {n for spans in TESTS.values() for span in spans for n in numbers(span)}
    assert numbered | NAMED.keys() >= set(range(1, 81))


@pytest.mark.parametrize("file", TESTS)
def test_every_numbered_row_has_a_case(file):
    text = (ROOT / "tests" / file).read_text("utf-8")
    found = {int(n) for n in re.findall(r"Row\(\s*(\d+),", text)}
    told = re.findall(r'"""(?:[^"]*?)[Rr]ows? ([\d, toand]+)', text)
    found |= {int(n) for span in told for n in re.findall(r"\d+", span)}
    found |= {
        n for a, b in re.findall(r"(\d+) to (\d+)", " ".join(told)) for n in numbers(f"{a}-{b}")
    }
    missing = [n for span in TESTS[file] for n in numbers(span) if n not in found]
    assert not missing


@pytest.mark.parametrize("row", NAMED)
def test_every_named_test_is_there(row):
    for name in NAMED[row]:
        file, _, test = name.partition("::")
        assert f"def {test}(" in (ROOT / "tests" / file).read_text("utf-8") or not test, name
