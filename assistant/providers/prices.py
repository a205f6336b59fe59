"""What models cost, from the price data that comes with pydantic-ai; nothing is asked over the network."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from assistant.domain import OFFLINE

SAMPLE = 1000
"""Tokens. Small, so that a model with a higher price for long prompts gives its usual one."""
FREE = (Decimal(0), Decimal(0))
PRICED_AS = {
    "openai": "openai",
    "openai-responses": "openai",
    "groq": "groq",
    "aws-claude": "aws",
    "anthropic": "anthropic",
    "openrouter": "openrouter",
}
"""The price data's name of each of our providers; what is not here runs at home and is not priced."""


@lru_cache(maxsize=8192)
def price(provider_id: str, model_id: str) -> tuple[Decimal, Decimal] | None:
    """Return US dollars per million tokens of input and of output; None for a model that is not priced."""
    if provider_id == OFFLINE:
        return FREE
    if provider_id == "portkey":
        provider_id, model_id = _behind_gateway(model_id)
    listed = PRICED_AS.get(provider_id)
    return _listed(listed, model_id) if listed else None


def costs_less(provider_id: str, model_id: str, other: str) -> bool:
    """Whether a provider's model is cheaper than its ``other``, read and written; no for what is not priced."""
    own, others = price(provider_id, model_id), price(provider_id, other)
    return own is not None and others is not None and own[0] < others[0] and own[1] < others[1]


def _behind_gateway(model_id: str) -> tuple[str, str]:
    """A gateway's model is ``@provider/model``, where the provider has the name that its account gave it."""
    name, _, model = model_id.removeprefix("@").partition("/")
    return name.lower(), model


def _listed(provider: str, model_id: str) -> tuple[Decimal, Decimal] | None:
    from genai_prices import Usage, calc_price

    try:
        found = calc_price(Usage(input_tokens=SAMPLE, output_tokens=SAMPLE), model_id, provider_id=provider)
    except LookupError:
        return None
    per_million = Decimal(1_000_000 // SAMPLE)
    return found.input_price * per_million, found.output_price * per_million
