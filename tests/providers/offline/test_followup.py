from __future__ import annotations

import pytest

from assistant.providers.offline.followup import stand_alone


def follow(*questions: str) -> str:
    """The last question as it stands alone after the ones before it."""
    history = [turn for question in questions[:-1] for turn in (("user", question), ("assistant", "See above. [1]"))]
    return stand_alone(questions[-1], history).question


LEAVE = "How many days of annual leave do employees get?"
CAP = "What is the hotel cap in Vienna?"


@pytest.mark.parametrize(
    ("before", "asked", "alone"),
    [
        (LEAVE, "and for contractors?", "How many days of annual leave do contractors get?"),
        ("How many sick days do I have?", "And for interns?", "How many sick days do interns have?"),
        ("Am I insured abroad?", "what about visitors?", "are visitors insured abroad?"),
        (CAP, "and in Utrecht?", "What is the hotel cap in Utrecht?"),
        (CAP, "what about Leeds?", "What is the hotel cap in Leeds?"),
        (CAP, "Leeds?", "What is the hotel cap in Leeds?"),
        (CAP, "and the per diem?", "What is the per diem in Vienna?"),
        ("What was the price list in 2024?", "and in 2026?", "What was the price list in 2026?"),
        ("What does the A100 cost?", "and the B200?", "What does the B200 cost?"),
        ("What is the rate for a private car?", "and for bicycles?", "What is the rate for bicycles?"),
        ("Who approves a trip of EUR 4,500?", "and EUR 12,000?", "Who approves a trip of EUR 12,000?"),
        ("What do I do when my laptop is lost?", "And my phone?", "What do I do when my phone is lost?"),
        ("What is the laptop policy?", "ok, and for monitors?", "What is the laptop policy for monitors?"),
    ],
)
def test_an_elliptic_follow_up_takes_the_place_of_the_phrase_of_its_kind(before: str, asked: str, alone: str) -> None:
    assert follow(before, asked) == alone


@pytest.mark.parametrize(
    ("before", "asked", "alone"),
    [
        (CAP, "Who approves it?", "Who approves the hotel cap in Vienna?"),
        ("What is the home office allowance?", "Who gets it?", "Who gets the home office allowance?"),
        ("Who is the head of finance?", "What is their phone number?", "What is the head of finance's phone number?"),
        ("How do I reset my password?", "How long does it take?", "How long does it take to reset my password?"),
        ("How do I book a trip?", "Who approves that?", "Who approves that? (book a trip)"),
        ("How does the bonus scheme work?", "why?", "why? (the bonus scheme)"),
        ("How do I register a visitor?", "Is there a deadline?", "Is there a deadline? (register a visitor)"),
        (
            "What is the size of the Leeds office?",
            "Who works there?",
            "Who works there? (the size of the Leeds office)",
        ),
    ],
)
def test_a_pronoun_or_a_bare_question_word_takes_the_last_subject(before: str, asked: str, alone: str) -> None:
    assert follow(before, asked) == alone


@pytest.mark.parametrize(
    "asked",
    [
        "When is payday?",
        "How do I report a lost laptop?",
        "Is it allowed to park in the yard?",
        "How do suppliers send their invoices?",
        "Is there a canteen in Graz?",
        "What is the IT support number?",
        "How much leave may I carry over this year?",
        "printer setup",
        "And how do I connect to the VPN?",
        "Thanks, that sounds good.",
    ],
)
def test_a_question_with_its_own_subject_drags_nothing_in(asked: str) -> None:
    assert follow(LEAVE, asked) == asked
    assert not stand_alone(asked, [("user", LEAVE)]).changed


def test_the_rules_work_through_the_whole_conversation() -> None:
    assert follow(LEAVE, "and for contractors?", "and in Leeds?") == (
        "How many days of annual leave do contractors get in Leeds?"
    )


def test_thanks_between_two_questions_do_not_become_the_subject() -> None:
    assert follow(CAP, "thanks!", "and in Utrecht?") == "What is the hotel cap in Utrecht?"


def test_a_new_subject_replaces_the_old_one() -> None:
    assert follow(LEAVE, "What is the notice period in Graz?", "and in Leeds?") == "What is the notice period in Leeds?"


def test_subjects_do_not_pile_up() -> None:
    alone = follow("How do I book a trip?", "Who approves that?", "why?", "since when?")
    assert alone.count("(") == 1


def test_the_first_question_stays_as_it_is() -> None:
    first = stand_alone("  And for\ncontractors? ", [])
    assert (first.question, first.changed) == ("And for contractors?", False)


HEAD = [("user", "Who is the head of finance?"), ("assistant", "The head of finance is Anna Berger. [1]")]


@pytest.mark.parametrize(
    ("asked", "alone"),
    [
        ("What is her phone number?", "What is Anna Berger's phone number?"),
        ("Does she approve trips?", "Does Anna Berger approve trips?"),
        ("How do I reach her?", "How do I reach Anna Berger?"),
    ],
)
def test_he_and_she_are_whoever_was_named_last(asked: str, alone: str) -> None:
    assert stand_alone(asked, HEAD).question == alone


def test_a_phrase_is_not_put_into_a_mere_phrase() -> None:
    assert not stand_alone("and for contractors?", [("user", "leave rules")]).changed


def test_he_and_she_stay_where_nobody_was_named() -> None:
    assert not stand_alone("What is her phone number?", [("user", LEAVE)]).changed


@pytest.mark.parametrize(
    ("asked", "alone"),
    [
        ("exceptions", "exceptions (days of annual leave)"),
        ("what about monitors?", "(days of annual leave)"),
        ("Can I give my manager half of those days?", "(days of annual leave)"),
        ("Is there another form for the same thing?", "(days of annual leave)"),
    ],
)
def test_a_question_that_leans_takes_the_last_subject_where_the_documents_hold_nothing_near(
    asked: str, alone: str
) -> None:
    lost = stand_alone(asked, [("user", LEAVE)], lambda: True)
    assert lost.changed
    assert lost.question.startswith(asked)
    assert lost.question.endswith(alone)
    assert not stand_alone(asked, [("user", LEAVE)], lambda: False).changed
    assert not stand_alone(asked, [("user", LEAVE)]).changed


def test_the_documents_are_not_asked_about_a_question_that_names_its_own_subject() -> None:
    def lost() -> bool:
        raise AssertionError

    assert not stand_alone("How do I report a lost laptop?", [("user", LEAVE)], lost).changed
    assert stand_alone("and for contractors?", [("user", LEAVE)], lost).changed


def test_a_subject_that_the_question_names_itself_is_not_named_again() -> None:
    assert not stand_alone("annual leave for employees, days", [("user", LEAVE)], lambda: True).changed


@pytest.mark.parametrize(
    "asked", ["Wie viele Tage sind das?", "Et pour les stagiaires ?", "それはいくらですか", "मेरी छुट्टी?"]
)
def test_a_question_in_another_language_stays_as_it_is(asked: str) -> None:
    assert stand_alone(asked, [("user", LEAVE)], lambda: True).question == asked


def test_capitals_are_read_as_the_small_letters_they_stand_for() -> None:
    assert follow(LEAVE, "AND FOR CONTRACTORS?") == "How many days of annual leave do contractors get?"
    assert follow(CAP, "WHO APPROVES IT?") == "who approves the hotel cap in Vienna?"
    assert follow(LEAVE, "HOW DO I REPORT A LOST LAPTOP?") == "HOW DO I REPORT A LOST LAPTOP?"


@pytest.mark.parametrize("asked", ["?", "42", "it", "WHY", "a" * 4_000, "it " * 1_300, "IT? " * 1_000, '" OR 1=1 --'])
def test_any_text_can_follow(asked: str) -> None:
    for history in ([("user", LEAVE)], [("user", asked)], [("assistant", asked), ("user", asked)]):
        assert stand_alone(asked, history, lambda: True).question
