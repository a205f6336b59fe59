"""What usage and money are called."""

from __future__ import annotations

from decimal import Decimal

import pytest

from assistant.domain import ModelChoice, Parameters, Usage
from pages.components import wording


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0.00"),
        ("0.00001", "under $0.0001"),
        ("0.0001", "$0.00010"),
        ("0.00123", "$0.0012"),
        ("0.25", "$0.25"),
        ("3", "$3.00"),
        ("1234.5", "$1,234.50"),
    ],
)
def test_dollars_have_two_digits_that_say_something(amount: str, words: str) -> None:
    assert wording.dollars(Decimal(amount)) == words


def test_a_cost_that_is_not_known_is_not_priced() -> None:
    assert wording.cost(Usage(cost=None)) == "not priced"


def test_a_cost_of_nothing_is_free() -> None:
    assert wording.cost(Usage(cost=Decimal(0))) == "free"


def test_a_cost_of_an_estimated_count_is_estimated() -> None:
    assert wording.cost(Usage(cost=Decimal("0.0012"), estimated=True)) == "about $0.0012, estimated"


def test_details_tell_what_was_cached_and_what_was_reasoning() -> None:
    usage = Usage(2, 1204, 310, 1, Decimal("0.01"), reasoning_tokens=120, cached_tokens=512)
    assert wording.token_details(usage) == (
        "1,204 tokens read (512 of them from the cache), 310 written (120 of them reasoning), "
        "2 requests, 1 tool call, $0.010"
    )


def test_parameters_left_to_the_model_are_not_told() -> None:
    assert wording.parameters(Parameters()) == ""
    assert wording.parameters(Parameters("low", 0.2, None, 500)) == "effort low, temperature 0.2, at most 500 tokens"


def test_the_offline_model_is_named_by_its_provider() -> None:
    assert wording.model_name("Offline", ModelChoice("offline", "quotes")) == "Offline"
    assert wording.model_name("OpenAI", ModelChoice("openai", "gpt-6-luna")) == "OpenAI gpt-6-luna"
