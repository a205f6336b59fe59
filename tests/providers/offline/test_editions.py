"""Questions about editions of a document are answered from those, each with its own source."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.providers.offline.editions import asked_editions, matter

Ask = Callable[..., str]

RULES = "Crew rules {}.pdf"
OLD = (
    RULES.format(2023),
    "Allowances",
    "Crew members have 14 days to report a lost oar. The meal allowance in Bergen is EUR 20.",
)
NEW = (
    RULES.format(2025),
    "Allowances",
    "Crew members have 7 days to report a lost oar. The meal allowance in Bergen is EUR 26.",
)
TARIFF = ("Tariff v1.md", "Berths", "A berth costs EUR 31 a night.")
NEW_TARIFF = ("Tariff v2.md", "Berths", "A berth costs EUR 38 a night.")
NAMES = [NEW[0], OLD[0]]
BOTH = (
    "- Crew rules 2025.pdf, newer:\n  The meal allowance in Bergen is EUR 26. [2]\n"
    "- Crew rules 2023.pdf:\n  The meal allowance in Bergen is EUR 20. [1]"
)


@pytest.mark.parametrize(
    "question",
    [
        "What was the meal allowance in Bergen in 2023 and what is it in 2025?",
        "What is the meal allowance in Bergen, and what was it in 2023?",
        "Has the meal allowance in Bergen changed since 2023?",
        "By how much has the meal allowance in Bergen risen since 2023?",
        "How do the Crew rules 2023 differ from 2025 on the meal allowance in Bergen?",
        "Is the meal allowance in Bergen higher than in 2023?",
        "Was the meal allowance in Bergen lower in 2023?",
        "Is the meal allowance in Bergen still the same as in 2023?",
        "Has the meal allowance in Bergen changed?",
        "Did the meal allowance in Bergen go up recently?",
        "How do the old rules and the new ones differ on the meal allowance in Bergen?",
    ],
)
def test_a_question_about_two_editions_gets_both_the_newer_first(question: str, ask: Ask) -> None:
    assert ask(question, OLD, NEW) == BOTH


@pytest.mark.parametrize(
    "question",
    [
        "What was the meal allowance in Bergen in 2023?",
        "What was the meal allowance in Bergen under the Crew rules 2023?",
        "What was the meal allowance in Bergen before 2025?",
        "What was the previous meal allowance in Bergen?",
    ],
)
def test_a_question_about_an_older_edition_is_answered_from_that_one_alone(question: str, ask: Ask) -> None:
    said = ask(question, NEW, OLD)
    assert said.startswith("The meal allowance in Bergen is EUR 20. [2]")
    assert "26" not in said


def test_a_question_that_names_no_edition_gets_the_newest_alone(ask: Ask) -> None:
    assert "EUR 20" not in ask("How high is the meal allowance in Bergen?", OLD, NEW)
    assert "14 days" not in ask("Until when does one report a lost oar?", OLD, NEW)


def test_versions_are_told_apart_like_years(ask: Ask) -> None:
    assert ask("What did a berth cost in version 1?", NEW_TARIFF, TARIFF).startswith("A berth costs EUR 31 a night.")
    both = ask("How does the berth price differ between version 1 and version 2?", TARIFF, NEW_TARIFF)
    assert both.index("EUR 38") < both.index("EUR 31")


def test_beside_an_edition_that_was_asked_for_no_other_document_speaks(ask: Ask) -> None:
    others = ("Cooks.md", "Allowances", "The meal allowance in Bergen is EUR 31 for cooks. The allowance is for meals.")
    said = ask("What was the meal allowance in Bergen in 2023?", OLD, others)
    assert said.startswith("The meal allowance in Bergen is EUR 20. [1]")
    assert "[2]" not in said


def test_an_edition_that_says_nothing_is_named(ask: Ask) -> None:
    silent = (RULES.format(2023), "Allowances", "Crew members have 14 days to report a lost oar.")
    said = ask("What was the meal allowance in Bergen in 2023 and 2025?", silent, NEW)
    assert said.startswith("- Crew rules 2025.pdf:\n  The meal allowance in Bergen is EUR 26. [2]")
    assert said.endswith(
        "The sources say nothing about \u201cWhat was the meal allowance in Bergen\u201d in Crew rules 2023.pdf."
    )


def test_two_questions_are_each_answered_from_the_edition_they_name(ask: Ask) -> None:
    said = ask(
        "What was the meal allowance in Bergen in 2023 and how many days are given to report a lost oar in 2025?",
        OLD,
        NEW,
    )
    assert "EUR 20" in said
    assert "7 days" in said
    assert "EUR 26" not in said
    assert "14 days" not in said


def test_each_edition_shows_the_rows_of_its_own_table(ask: Ask) -> None:
    table = "City Country Meals {0} (EUR) Hotels {0} (EUR)\nBergen Norway {1}\nLisbon Portugal {2}"
    old = (RULES.format(2023), "Meals 2023", table.format(2023, "20 150", "15 90"))
    new = (RULES.format(2025), "Meals 2025", table.format(2025, "26 170", "18 99"))
    assert ask("How much were meals in Bergen in 2023 and how much are they now?", old, new) == (
        "- Crew rules 2025.pdf, newer:\n  - City Country Meals 2025 (EUR) Hotels 2025 (EUR) [2]\n"
        "  - Bergen Norway 26 170 [2]\n"
        "- Crew rules 2023.pdf:\n  - City Country Meals 2023 (EUR) Hotels 2023 (EUR) [1]\n  - Bergen Norway 20 150 [1]"
    )


def test_each_edition_is_quoted_on_the_same_point(ask: Ask) -> None:
    old = (RULES.format(2023), "Guests", "Guests must sit at the back of the boat. Guests pay EUR 5 for their seat.")
    new = (RULES.format(2025), "Guests", "Guests pay EUR 8 for their seat. Guests bring a warm coat and a life vest.")
    said = ask("What has changed for guests since 2023?", old, new)
    assert "Guests pay EUR 8" in said
    assert "Guests pay EUR 5" in said


def test_a_list_of_changes_answers_what_has_changed(ask: Ask) -> None:
    told = (RULES.format(2025), "What has changed", "What has changed in the rules: the meal allowance is higher now.")
    assert ask("What has changed in the crew rules since 2023?", OLD, told).startswith("What has changed in the rules")


def test_to_change_something_is_no_question_about_editions() -> None:
    assert asked_editions("How do I change a shift?", NAMES) == {"crew rules": ((2025, 0.0),)}
    assert asked_editions("What is the difference between a mate and a pilot?", NAMES) == {"crew rules": ((2025, 0.0),)}


def test_a_year_that_no_edition_has_leaves_all_of_them() -> None:
    assert len(asked_editions("How many oars were lost in 2019?", NAMES)["crew rules"]) == len(NAMES)


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Is the meal allowance 20 or 26 euros?", "What is the meal allowance?"),
        ("Is the meal allowance 21 euros?", "What is the meal allowance?"),
        ("Do we get 7 or 14 days?", "Do we get how many days?"),
        ("Is the shop open until 5 or 6 pm?", "Is the shop open until what time?"),
        ("Was the fee higher than in 2023?", "What is the fee?"),
        ("What was the meal allowance before 2025?", "What was the meal allowance?"),
        ("When were the crew rules last changed?", "When were the crew rules last changed?"),
        ("What did the crew rules 2023 say about oars?", "What about oars?"),
        ("When did the crew rules 2023 end?", "When did the crew rules end?"),
        ("What are the crew rules in 2025?", "What are the crew rules in 2025?"),
        ("Is the office closed on 24 or 31 December?", "Is the office closed on 24 or 31 December?"),
        ("Is room 12 free?", "Is room 12 free?"),
        ("When do the crew rules say I must report an oar?", "When I must report an oar?"),
        ("According to the crew rules, who reports an oar?", "Who reports an oar?"),
        ("What does the captain say about oars?", "What does the captain say about oars?"),
    ],
)
def test_what_is_asked_is_told_from_the_edition_and_the_answers_it_offers(question: str, asked: str) -> None:
    assert matter(question, NAMES) == asked


def test_a_year_is_part_of_the_question_where_no_document_is_of_it() -> None:
    question = "How much was the meal allowance in 2019?"
    assert matter(question, NAMES) == question
    assert (
        matter("How much was the meal allowance in 2025?", ["Canteen.md"]) == "How much was the meal allowance in 2025?"
    )


def test_figures_that_a_question_offers_do_not_keep_its_answer_away(ask: Ask) -> None:
    assert (
        ask("Is the meal allowance in Bergen 22 or 24 euros?", OLD, NEW)
        == "The meal allowance in Bergen is EUR 26. [2]"
    )
