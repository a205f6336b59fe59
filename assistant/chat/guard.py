"""The first check of a question, before anything is stored or spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.domain import ModelChoice
from assistant.errors import QuestionRefused
from assistant.redaction import Kind, found

SURROGATES = range(0xD800, 0xE000)
"""Lone halves of UTF-16 pairs (Unicode 16.0, 3.8): no database and no provider can encode them."""
MAX_TITLE = 200
"""Characters of a conversation's title: more than any list shows."""

LONGEST_NAME = 200
"""Characters of a provider's or model's id: as many as are taken from the providers' own lists."""


def cleaned(text: str, max_characters: int) -> str:
    """Return the question without NUL, lone surrogates and outer blanks; raise QuestionRefused with a sentence."""
    question = storable(text).strip()
    if not _visible(question):
        raise QuestionRefused("There is no question yet: write what you want to know.")
    if len(question) > max_characters:
        raise QuestionRefused(
            f"The question has {len(question):,} characters, at most {max_characters:,} are possible: "
            "shorten it, or have the long text added to the knowledge base."
        )
    return question


def title(text: str) -> str:
    """Return a conversation's title on one line, cut to 200 characters; raise QuestionRefused when empty."""
    words = " ".join(storable(text).split())
    if not _visible(words):
        raise QuestionRefused("A conversation needs a title: write a few words.")
    return words[:MAX_TITLE].rstrip()


def check_choice(choice: ModelChoice) -> None:
    """Raise QuestionRefused for a provider or model whose id no provider could have: it may be typed by hand."""
    for name in (choice.provider, choice.model or ""):
        if len(name) > LONGEST_NAME or not name.isprintable():
            raise QuestionRefused(
                f"The id of a model or provider is one line of at most {LONGEST_NAME} characters: pick another model."
            )
        if found(name, (Kind.SECRET,)):  # it would be stored, and shown as what answered
            raise QuestionRefused("That looks like a key and not like a model's id: pick another model.")


def storable(text: str) -> str:
    """Return a text without what no database and no page can take."""
    return "".join(char for char in text if char != "\0" and ord(char) not in SURROGATES)


def storable_values(value: Any) -> Any:
    """Return a value of JSON with all its texts made storable."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Mapping):
        return {storable(str(key)): storable_values(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [storable_values(inner) for inner in value]
    return value


def _visible(text: str) -> bool:
    return any(char.isprintable() and not char.isspace() for char in text)
