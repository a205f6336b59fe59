from __future__ import annotations

import pytest

from assistant.providers.offline.values import meaning, values


def test_what_is_joined_is_one_value() -> None:
    text = "The shed is open Monday to Friday from 08:00 to 17:30 and costs EUR 3."
    assert [text[slice(*one.span)] for one in values(text)] == ["Monday to Friday", "08:00 to 17:30", "EUR 3"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("08:00 - 17:00", "8 am to 5 pm"),
        ("7.30", "07:30"),
        ("EUR 10", "ten euros"),
        ("12 per cent", "12%"),
        ("two weeks", "14 days"),
        ("1,000", "1000"),
        ("Mondays", "Monday"),
        ("EUR 2.50", "2.5 euros"),
        ("10.00 %", "10 per cent"),
    ],
)
def test_other_writings_of_a_value_mean_the_same(one: str, other: str) -> None:
    assert meaning(one) == meaning(other)


@pytest.mark.parametrize(
    ("one", "other"), [("08:00", "08:30"), ("5 am", "5 pm"), ("EUR 10", "GBP 10"), ("Monday", "Friday")]
)
def test_other_values_do_not(one: str, other: str) -> None:
    assert meaning(one) != meaning(other)
