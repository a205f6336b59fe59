"""Amounts of a question against ranges of a table or a rule."""

from __future__ import annotations

import pytest

from assistant.providers.offline.ranges import Amount, amounts, covers

RANGES = ("Up to EUR 500", "EUR 500.01 to EUR 3,000", "Above EUR 3,000")


@pytest.mark.parametrize(
    ("question", "held"),
    [
        ("Who approves a trip of 800 euros?", [False, True, False]),
        ("Who approves a trip of 500 euros?", [True, False, False]),
        ("Who approves trips above 2,000 euros?", [False, True, True]),
        ("Who approves trips over 500 euros?", [False, True, True]),
        ("Who approves trips of more than EUR 9,000?", [False, False, True]),
    ],
)
def test_an_amount_falls_under_the_ranges_that_hold_it_or_what_is_beyond_it(question: str, held: list[bool]) -> None:
    (amount,) = amounts(question)
    assert [covers(text, amount) for text in RANGES] == held


def test_only_amounts_with_a_unit_are_meant() -> None:
    assert amounts("Which form is it in building 12 for 40 km?") == (Amount(40.0),)


def test_a_mere_figure_is_no_range() -> None:
    assert not covers("The fee is EUR 800.", Amount(800.0))
