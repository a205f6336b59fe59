"""Prices come with the installation; what is not in them is not priced, never free."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from assistant.providers.prices import price


@pytest.mark.parametrize(
    ("provider", "model", "dollars"),
    [
        ("openai", "gpt-4o-mini", ("0.15", "0.6")),
        ("openai-responses", "gpt-4o-mini", ("0.15", "0.6")),
        ("groq", "openai/gpt-oss-20b", ("0.075", "0.3")),
        ("aws-claude", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", ("3.3", "16.5")),
        ("portkey", "@openai/gpt-4o-mini", ("0.15", "0.6")),
    ],
)
def test_a_price_is_dollars_per_million_tokens(provider: str, model: str, dollars: tuple[str, str]) -> None:
    assert price(provider, model) == tuple(Decimal(amount) for amount in dollars)


def test_the_usual_price_is_shown_not_that_of_long_prompts() -> None:
    assert price("anthropic", "claude-haiku-5-5") == (Decimal("0.1"), Decimal("0.5"))


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openrouter", "openrouter/auto"),
        ("openai", "a-model-of-next-year"),
        ("ollama", "gpt-oss:20b"),
        ("local", "gpt-4o-mini"),
        ("portkey", "@our-own/name"),
        ("portkey", ""),
        ("no-such-provider", "gpt-4o-mini"),
    ],
)
def test_an_unknown_price_is_none_and_never_nought(provider: str, model: str) -> None:
    assert price(provider, model) is None


def test_the_offline_model_is_free() -> None:
    assert price("offline", "quotes") == (Decimal(0), Decimal(0))


def test_the_price_data_is_not_loaded_before_a_price_is_asked_for() -> None:
    code = "import sys, assistant.providers.catalogue as c; c.rows(); sys.exit('genai_prices.data' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
