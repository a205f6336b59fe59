"""What uses of models cost, one by one and in sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from assistant.domain import ModelChoice, Usage
from assistant.providers.prices import price

PER_MILLION = Decimal(1_000_000)


def priced(usage: Usage, choice: ModelChoice) -> Usage:
    """Return the usage with its cost by the price data; as it is where nobody knows the price."""
    prices = price(choice.provider, choice.model or "")
    if prices is None:
        return usage
    return replace(usage, cost=(usage.input_tokens * prices[0] + usage.output_tokens * prices[1]) / PER_MILLION)


def total(parts: Sequence[Usage]) -> Usage:
    """Return the sum; it has a cost when all of its parts have one, and is estimated when one of them is."""
    costs = [part.cost for part in parts if part.cost is not None]
    return Usage(
        requests=sum(part.requests for part in parts),
        input_tokens=sum(part.input_tokens for part in parts),
        output_tokens=sum(part.output_tokens for part in parts),
        tool_calls=sum(part.tool_calls for part in parts),
        cost=sum(costs, Decimal(0)) if len(costs) == len(parts) else None,
        estimated=any(part.estimated for part in parts),
        reasoning_tokens=sum(part.reasoning_tokens for part in parts),
        cached_tokens=sum(part.cached_tokens for part in parts),
    )
