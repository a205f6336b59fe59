from __future__ import annotations

from itertools import pairwise

import pytest

from assistant.sentences import is_list_item, is_table_row, sentences

PROSE = [
    ["Staff get 27 days of leave.", "Unused days lapse on 31 March."],
    ["Claims over EUR 1.500,00 need approval, e.g. by a manager.", "Others do not."],
    ["Ask Dr. Weber or Mr. J. Smith in room no. 5 first.", "Then file the form."],
    ["The desk opens at 9 a.m. on weekdays.", "It closes at 5 p.m.", "The lobby stays open."],
    ["The price rose by 3.5 percent.", "2026 will differ."],
    ["Apple Inc. reported growth in the U.S. market.", "We did not."],
    ['He said "Never share it."', "They agreed (in writing.)", "Done!"],
    ["The answer is no.", "Ask again."],
    ["Is it covered?", "Yes!", "Wait… what?"],
    ["Version 2.0.1 is out.", "See https://intranet.example/docs/a.html for details."],
    ["東京に行きます。", "明日帰ります。"],
    ["i.e. nothing changes and so on etc. and more."],
]


@pytest.mark.parametrize("expected", PROSE)
def test_prose_is_cut_at_the_ends_of_sentences(expected: list[str]) -> None:
    assert cut(" ".join(expected)) == expected


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


def test_wrapped_lines_of_a_paragraph_are_one_sentence() -> None:
    text = (
        "Employees who travel on behalf of the company must book economy class for\n"
        "flights under six hours. Exceptions are granted by the Travel Office in\n"
        "Berlin and recorded in the booking tool. Hotels are booked in the same tool\n"
        "up to the limit of the city."
    )
    assert [" ".join(part.split()) for part in cut(text)] == [
        "Employees who travel on behalf of the company must book economy class for flights under six hours.",
        "Exceptions are granted by the Travel Office in Berlin and recorded in the booking tool.",
        "Hotels are booked in the same tool up to the limit of the city.",
    ]


def test_a_heading_is_a_unit_of_its_own() -> None:
    text = "4 Annual leave\nEvery full-time employee is entitled to 27 days of paid annual leave a year."
    assert cut(text) == text.split("\n")


def test_list_items_keep_their_numbers_and_stand_apart_from_the_lead_in() -> None:
    text = (
        "To connect, do this:\n1. Open the portal.\n2. Choose VPN and\nconfirm\n10) Restart\n- bring it along\n• done"
    )
    assert cut(text) == [
        "To connect, do this:",
        "1. Open the portal.",
        "2. Choose VPN and\nconfirm",
        "10) Restart",
        "- bring it along",
        "• done",
    ]


def test_table_rows_stand_apart() -> None:
    text = "Grade: A; Days: 27; Notice: 4 weeks\nGrade: B; Days: 30; Notice: 8 weeks\nThe table is reviewed yearly."
    assert cut(text) == text.split("\n")


def test_short_lines_of_a_table_are_not_joined_to_the_prose_around() -> None:
    text = (
        "The allowances below apply to all business trips that begin after the first of\n"
        "January and are paid with the salary of the following month.\n"
        "City Hotel Meals\nBerlin 140 EUR 28 EUR\nParis 190 EUR 44 EUR"
    )
    assert cut(text)[1:] == ["City Hotel Meals", "Berlin 140 EUR 28 EUR", "Paris 190 EUR 44 EUR"]


def test_prose_among_many_short_rows_is_still_joined_and_its_heading_apart() -> None:
    rows = "\n".join(f"Row {n} 12 34" for n in range(30))
    prose = (
        "While we believe that we have adequately provided for all uncertain positions, or positions where we\n"
        "Berlin and Graz believe it is not likely to be sustained, the amounts asserted could be greater than\n"
        "Accrued."
    )
    assert cut(f"NOTES TO THE STATEMENTS OF THE YEAR (Continued)\n{prose}\n{rows}")[1] == prose


def test_paragraphs_on_lines_of_their_own_are_not_joined() -> None:
    text = "laptop\nkeyboard\n" + "A very long paragraph about equipment without an end " * 5 + "\nmonitor"
    assert [part[:8] for part in cut(text)] == ["laptop", "keyboard", "A very l", "monitor"]


def test_a_blank_line_always_ends_a_sentence() -> None:
    assert cut("no stop here\n\nand there") == ["no stop here", "and there"]


@pytest.mark.parametrize("text", ["", "  \n\n ", "\n"])
def test_blank_text_has_no_sentences(text: str) -> None:
    assert sentences(text) == []


@pytest.mark.parametrize(
    "text", ["..", "?! ?", "a.\u00a0B. c", "1.", "1. 2. 3.", "-\n-", "\x0b.\x1c A", "。。", "( . A )"]
)
def test_odd_text_is_covered_once_and_never_fails(text: str) -> None:
    spans = sentences(text)
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(a[1] <= b[0] for a, b in pairwise(spans))


def test_list_items_and_rows_are_recognised() -> None:
    assert all(map(is_list_item, ["1. Open", "a) first", "(iv) fourth", "- dash", "Step 3 Click", "2.1. Sub"]))
    assert not any(map(is_list_item, ["2026 was good", "3.5 percent", "A word", "-5 degrees"]))
    assert is_table_row("Item: Laptop; Price: 900 EUR")
    assert not is_table_row("Note: this is prose; it has one colon")


def test_the_rows_of_a_pdf_table_are_apart_from_each_other_their_header_and_the_text_behind() -> None:
    text = (
        "Special days are paid and are not deducted from any other kind of days that an employee has.\n"
        "Occasion and days approved by\n"
        "Own wedding or registered partnership of an employee 3 days manager\n"
        "Moving house within the country or abroad, per two years 1 day head\n"
        "Sitting an examination for a course that is recognised 2 days head\n"
        "Other days have rules of their own, which are described in the guide for them\n"
        "(HR-1)."
    )
    found = ["Occasion and days approved by", *[text.splitlines()[n] for n in (2, 3, 4)]]
    cut = [text[start:end] for start, end in sentences(text)]
    assert cut[1:5] == found
    assert len(cut) == 6


def test_a_table_cell_that_wraps_stays_in_its_row() -> None:
    text = (
        "Up to EUR 500 Line manager\nAbove EUR 500 Head of the department\nAbove EUR 900 Director of the site and\n"
        "the finance office"
    )
    cut = [text[start:end] for start, end in sentences(text)]
    assert cut[-1] == "Above EUR 900 Director of the site and\nthe finance office"


def test_a_heading_that_ends_with_a_hyphened_word_is_no_unfinished_line() -> None:
    text = "Passwords and sign-in\nPasswords of everybody have at least fourteen characters and are changed each year."
    assert len(sentences(text)) == 2


@pytest.mark.parametrize("marks", [".", "?!", "…", ".)", '."', "A.", "1. ", "|", "a: b; "])
def test_a_long_line_of_marks_is_looked_at_once(marks: str) -> None:
    text = marks * 150_000
    assert sum(end - start for start, end in sentences(text)) >= len(text.replace(" ", ""))
