from __future__ import annotations

import pytest

from assistant.providers.offline.arithmetic import find_sum, result_sentence


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What is 17% of 2400?", 408),
        ("7.5 percent of 64,000", 4800),
        ("12 nights at 140 EUR, what is the total?", 1680),
        ("what do 3 nights in Leeds at GBP 120 cost", 360),
        ("How much is 350 plus 20 percent VAT?", 420),
        ("(1200 - 350) / 10", 85),
        ("what's 45 times 12?", 540),
        ("square root of 1764", 42),
        ("Average of 12, 15 and 21?", 16),
        ("Add 120, 340 and 95", 555),
        ("Divide 5400 by 36", 150),
        ("Subtract 20 from 50", 30),
        ("By how much percent did the price rise from 80 to 92?", 15),
        ("What is 3/8?", 0.375),
    ],
)
def test_a_sum_in_words_becomes_an_expression(question: str, value: float) -> None:
    found = find_sum(question)
    assert found is not None
    assert eval(found.expression) == pytest.approx(value)  # noqa: S307 - our own expressions


@pytest.mark.parametrize(
    "question",
    [
        "Compare the travel policy 2024 with 2026",
        "Which policy is of 2026-01-05?",
        "call 0316-555-12",
        "How many employees did we have in 2024?",
        "How many days lie between 3 March and 17 May?",
        "What is the per diem?",
    ],
)
def test_a_question_without_a_sum_is_left_alone(question: str) -> None:
    assert find_sum(question) is None


def test_an_expression_holds_nothing_but_figures_and_signs() -> None:
    found = find_sum("What is 2 * 3; import os; 4 * 5?")
    assert found is not None
    assert set(found.expression) <= set("0123456789.+-*/() ")


def test_the_result_is_written_with_its_unit() -> None:
    assert result_sentence("12 * 140", "1680", "EUR") == "12 \u00d7 140 = 1,680 EUR."
    assert result_sentence("(92 - 80) / 80 * 100", "15", "%") == "(92 - 80) / 80 \u00d7 100 = 15%."
    assert result_sentence("1 / 4", "0.25") == "1 / 4 = 0.25."
    assert result_sentence("1 - 1.5", "-0.5") == "1 - 1.5 = -0.5."
