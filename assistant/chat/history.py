"""What was said before, cut to what a model should read of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage

Said = tuple[str, str]
"""(role, text); roles are "user" and "assistant"."""

CHARACTERS_PER_TOKEN = 4
"""The usual estimate for English text; counting exactly would need each model's own tokenizer."""
MARKER = re.compile(r"[ \t]*\[\d{1,4}\](?!\()")


def tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return -(-len(text) // CHARACTERS_PER_TOKEN)


def recent(history: Sequence[Said], messages: int, max_tokens: int) -> list[Said]:
    """Return the latest messages within both bounds, oldest first, answers without their markers.

    A single message that is over the bound alone is left out, and so is all before it.
    """
    kept: list[Said] = []
    left = max_tokens
    for role, text in reversed(history[-messages:] if messages else ()):
        plain = MARKER.sub("", text) if role == "assistant" else text
        left -= tokens(plain)
        if left < 0:
            break
        kept.append((role, plain))
    return kept[::-1]


def as_messages(history: Sequence[Said]) -> list[ModelMessage]:
    """Return the history in the form that pydantic-ai takes."""
    from pydantic_ai.messages import ModelRequest, ModelResponse, TextPart

    return [
        ModelResponse([TextPart(text)]) if role == "assistant" else ModelRequest.user_text_prompt(text)
        for role, text in history
    ]
