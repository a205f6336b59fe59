"""What uses of models cost, one by one and in sum."""

from __future__ import annotations

from decimal import Decimal

from assistant.domain import ModelChoice, Usage
from assistant.providers.prices import price
from assistant.usage.costs import priced, total


def test_a_use_costs_what_its_tokens_do_by_the_price_data() -> None:
    choice = ModelChoice("groq", "openai/gpt-oss-20b")
    prices = price("groq", "openai/gpt-oss-20b")
    assert prices is not None
    million = Usage(1, 1_000_000, 2_000_000)
    assert priced(million, choice).cost == prices[0] + 2 * prices[1]


def test_a_model_whose_price_nobody_knows_has_no_cost() -> None:
    assert priced(Usage(1, 10, 5), ModelChoice("local", "mine")).cost is None


def test_a_sum_has_a_cost_only_when_all_of_its_parts_have_one() -> None:
    known, unknown = Usage(1, 10, 5, cost=Decimal("0.1")), Usage(1, 10, 5, estimated=True)
    assert total([known, known]) == Usage(2, 20, 10, cost=Decimal("0.2"))
    assert total([known, unknown]) == Usage(2, 20, 10, cost=None, estimated=True)
    assert total([]).cost == 0
