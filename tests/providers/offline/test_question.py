from __future__ import annotations

import pytest

from assistant.providers.offline.question import Kind, answer_fit, core, is_lookup, understand


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("How do I reset my password?", Kind.STEPS),
        ("Who counts as a guest?", Kind.DEFINITION),
        ("What are the steps to order a monitor?", Kind.STEPS),
        ("How many days of leave do I have?", Kind.DURATION),
        ("How much is the allowance?", Kind.AMOUNT),
        ("What is the hotel cap in Graz?", Kind.AMOUNT),
        ("How often are backups made?", Kind.FREQUENCY),
        ("When does the office open?", Kind.TIME),
        ("Who approves travel?", Kind.PERSON),
        ("Where is the first aid box?", Kind.PLACE),
        ("Why is a badge needed?", Kind.REASON),
        ("Can I work from abroad?", Kind.YES_NO),
        ("What is a data owner?", Kind.DEFINITION),
        ("What is the e-mail address of payroll?", Kind.CONTACT),
        ("Hello, can you tell me who signs invoices?", Kind.PERSON),
    ],
)
def test_a_question_asks_for_a_kind_of_answer(text: str, kind: Kind) -> None:
    assert understand(text).kind is kind


@pytest.mark.parametrize(
    ("question", "better", "worse"),
    [
        ("How many days of leave do I have?", "You have 27 working days.", "Leave must be approved by two people."),
        ("How much is the allowance?", "It is EUR 350.", "The allowance is paid with the salary."),
        ("When does the office open?", "It opens at 7:30.", "The office is open plan."),
        ("Who approves travel?", "It is approved by Anna Smith.", "Travel is booked online."),
        ("Can I work from abroad?", "Working from abroad is not allowed.", "The office abroad."),
        ("What is the e-mail address of payroll?", "Write to pay@firm.example.", "Payroll runs monthly."),
    ],
)
def test_a_sentence_of_the_asked_kind_fits_better(question: str, better: str, worse: str) -> None:
    asked = understand(question)
    assert answer_fit(asked, better) > answer_fit(asked, worse)


def test_an_order_about_the_form_of_the_answer_is_not_part_of_the_question() -> None:
    assert core("Who is the cook? Answer with the full name. Please respond briefly.") == "Who is the cook?"
    assert core("Answer the phone how?") == "Answer the phone how?"


def test_names_and_numbers_of_a_question_are_known() -> None:
    assert understand("What does the Aurea 220 cost in Graz, says HR?").names == {"aurea", "220", "graz", "hr"}


def test_an_acronym_is_no_function_word() -> None:
    assert "it" in understand("Who runs IT?").terms
    assert "it" not in understand("Who runs it?").terms


@pytest.mark.parametrize(
    ("said", "asked_for"),
    [
        ("Can you identify the brand of the phones that employees receive? Answer with the brand.", True),
        ("Please tell me who repairs the coffee machine", True),
        ("In our company, which language is used for contracts?", True),
        ("How do you work?", False),
        ("Can you help me?", False),
        ("Tell me a joke", False),
        ("That was a quick reply about the phones", False),
    ],
)
def test_a_message_that_asks_for_a_fact_is_told_from_talk(said: str, asked_for: bool) -> None:
    assert is_lookup(said) is asked_for


def test_who_counts_as_one_asks_what_one_is() -> None:
    assert understand("Who counts as a guest of the club?").terms == ("guest", "club")


def test_from_when_on_something_holds_is_no_answer_to_how_many() -> None:
    asked = understand("How many days per week can I sail?")
    assert answer_fit(asked, "Crews with at least two sailing days per week get a coat.") < 1.0
    assert answer_fit(asked, "Crews sail on up to three days per week.") == 1.0
    assert answer_fit(understand("How many days must I sail at least?"), "Crews sail at least two days.") == 1.0


def test_a_price_is_money() -> None:
    asked = understand("How much does the boat cost?")
    assert answer_fit(asked, "The boat is 12 metres long.") < answer_fit(asked, "The boat is sold for EUR 900.") == 1.0
