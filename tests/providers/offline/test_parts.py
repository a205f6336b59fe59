from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.providers.offline.parts import parts
from assistant.providers.passages import NOTHING_ABOUT

Ask = Callable[..., str]

LEAVE = ("Handbook.md", "Leave", "Every employee has 27 days of paid leave a year. Requests go to the line manager.")
TRIPS = ("Trips.md", "Expenses", "The expenses of a trip are approved by the head of department.")
CANTEEN = ("Site.md", "Canteen", "The canteen is open from 11:30 to 14:00 on working days.")


def test_questions_joined_in_one_are_taken_apart() -> None:
    assert parts("How many days of leave do I have, and who approves expenses?") == [
        "How many days of leave do I have?",
        "who approves expenses?",
    ]


@pytest.mark.parametrize(
    "question",
    [
        "How many days of leave do I have?",
        "How much leave do I have and how do I request it?",
        "The river is the border between Norway and what other country?",
        "Who leads research and development?",
        "Who are you and who are they?",
    ],
)
def test_what_belongs_together_stays_together(question: str) -> None:
    assert parts(question) == [question]


def test_each_part_is_answered(ask: Ask) -> None:
    said = ask("How many days of leave do I have and who approves the expenses of a trip?", LEAVE, TRIPS)
    first, second = said.split("\n\n")
    assert first.startswith("Every employee has 27 days of paid leave a year. [1]")
    assert second == "The expenses of a trip are approved by the head of department. [2]"


def test_a_part_that_no_passage_covers_is_named(ask: Ask) -> None:
    said = ask("How many days of leave do I have and who repairs the coffee machine?", LEAVE, TRIPS)
    assert said.startswith("Every employee has 27 days")
    assert said.endswith(f"\n\n{NOTHING_ABOUT} \u201cwho repairs the coffee machine\u201d.")


def test_nothing_is_said_when_no_part_is_covered(ask: Ask) -> None:
    assert ask("Who painted the ceiling and which volcano erupted?", CANTEEN) == ""


def test_the_one_of_two_things_that_no_passage_knows_is_named(ask: Ask) -> None:
    said = ask("What are the opening hours of the canteen and the swimming pool?", CANTEEN)
    assert said.endswith(f"\n\n{NOTHING_ABOUT} the swimming pool.")


def test_a_thing_under_another_name_is_not_called_missing(ask: Ask) -> None:
    assert NOTHING_ABOUT not in ask("What are the opening hours of the canteen and the cafeteria?", CANTEEN)
