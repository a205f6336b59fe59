"""A sentence is found where the sources say it, whatever words it shares with them otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assistant.chat.support import FOUND_FROM, Found, support
from assistant.domain import Passage

CASES = json.loads((Path(__file__).parents[2] / "bench" / "support_cases.json").read_text(encoding="utf-8"))
LEAVE = (
    "Full-time employees receive 27 days of annual leave. Up to 5 days carry over to March. "
    "Contractors have no paid leave."
)
CAPS = "City: Vienna; Cap: 155 euros\nCity: Zurich; Cap: 225 euros"


def passage(text: str, heading: str = "") -> Passage:
    return Passage("c", "d", "Handbook.pdf", "Handbook", 1, "general", 0, len(text), 1, (heading,), text, 1.0, 0.8)


def found(sentence: str, *texts: str) -> Found:
    return support(sentence, [passage(text) for text in texts or (LEAVE,)])


def test_a_sentence_of_the_passage_is_found_word_for_word() -> None:
    place = found("**Up to 5 days carry over to March.**")
    assert (place.score, place.verbatim) == (1.0, True)
    assert LEAVE[place.start : place.end] == "Up to 5 days carry over to March."


def test_a_paraphrase_is_found_with_a_score_below_one() -> None:
    place = found("Full-time staff get 27 days of annual leave every year.")
    assert FOUND_FROM <= place.score < 1
    assert not place.verbatim


def test_two_neighbouring_sentences_bear_out_one_together() -> None:
    place = found("Employees receive 27 days of annual leave, of which up to 5 days carry over to March.")
    assert place.enough
    assert LEAVE[place.start : place.end].endswith("March.")


@pytest.mark.parametrize(
    "sentence",
    [
        "Full-time employees receive 28 days of annual leave.",
        "Full-time employees receive 27 weeks of annual leave.",
        "Full-time employees receive twenty days of annual leave.",
        "Up to 27 days carry over to March.",
        "Up to 5 days carry over to June.",
        "Full-time employees in Lisbon receive 27 days of annual leave.",
        "Full-time employees receive no annual leave.",
        "Up to 5 days do not carry over to March.",
        "Contractors have paid leave.",
        "Full-time employees may sell unused leave to colleagues.",
    ],
)
def test_another_figure_name_or_negation_is_not_found_whatever_is_shared(sentence: str) -> None:
    assert not found(sentence).enough


@pytest.mark.parametrize(
    ("sentence", "text"),
    [
        ("Contractors do not get paid leave.", LEAVE),
        ("The deposit is 1,200 euros.", "A deposit of EUR 1200 (GBP 1,000) is taken."),
        ("Probation lasts 3 months.", "The probation lasts three months."),
        ("Contractors may not book trips.", "Only employees may book trips; contractors may book nothing."),
        ("The fault is No. 5 on the list.", "The fault No. 5 is on the list."),
    ],
)
def test_the_same_in_other_signs_is_found(sentence: str, text: str) -> None:
    assert found(sentence, text).enough


def test_what_stands_in_a_row_is_not_mixed_with_the_next_row() -> None:
    assert found("The cap in Zurich is 225 euros.", CAPS).enough
    assert not found("The cap in Zurich is 155 euros.", CAPS).enough


def test_a_row_written_with_the_names_above_it_is_found_and_no_other() -> None:
    table = "City\tCountry\tCap (EUR)\nVienna\tAustria\t155\nZurich\tSwitzerland\t225"
    place = found("City: Vienna; Country: Austria; Cap (EUR): **155**", table)
    assert (place.verbatim, table[place.start : place.end]) == (True, "Vienna\tAustria\t155")
    assert found("The cap in Vienna is 155 EUR.", table).enough
    assert not found("The cap in Vienna is 225 EUR.", table).enough


def test_words_of_a_longer_sentence_that_denies_them_are_not_found() -> None:
    assert not found("Paid leave for contractors.", "There is no paid leave for contractors.").enough


def test_the_cited_passage_comes_first_and_any_other_will_do() -> None:
    passages = [passage("Leave is 27 days."), passage("The leave is 27 days.")]
    assert support("Leave is 27 days.", passages, cited=[1]).index == 1
    assert support("Leave is 27 days.", [passage("Hotels are paid."), passages[0]], cited=[0]).index == 1


def test_what_another_passage_denies_word_for_word_is_not_found_by_half_its_words() -> None:
    employees = "Every full-time employee has 27 working days of paid annual leave."
    assert not found("Contractors have paid annual leave.", employees, "Contractors have no paid annual leave.").enough


def test_a_heading_stands_for_what_the_sentences_below_it_leave_out() -> None:
    below = passage("The cap is 155 euros a night.", heading="Hotels in Vienna")
    assert support("The hotel cap in Vienna is 155 euros.", [below]).enough


def test_parts_between_semicolons_are_looked_up_each() -> None:
    assert found("Up to 5 days carry over to March; full-time employees receive 27 days of annual leave.").enough
    assert not found("Up to 5 days carry over to March; full-time employees receive 30 days of annual leave.").enough


def test_nothing_is_found_in_no_passage() -> None:
    assert support("Leave is 27 days.", []).score == 0


def test_written_paraphrases_are_found_and_altered_ones_are_not() -> None:
    passages = [passage(case["text"], case["heading"]) for case in CASES]

    def share(*kinds: str) -> float:
        each = [support(text, passages).enough for case in CASES for kind in kinds for text in case[kind]]
        return sum(each) / len(each)

    assert share("supported") >= 0.95
    assert share("number", "name", "negation") <= 0.02
    assert share("invented") <= 0.05
