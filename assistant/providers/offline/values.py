"""What a sentence sets: its figures, times, days and dates, by what they mean and not by how they are written.

"08:00 - 17:00" is "8 am to 5 pm", "EUR 10" is "ten euros", and "two weeks" are "14 days".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.providers.offline.spans import Wanted, standing

Span = tuple[int, int]

_JOINED = re.compile(r"\s*(?:to|until|till|and|through|-|\u2013|\u2014)\s*", re.IGNORECASE)
"""Between two values that are one: "Monday to Friday", "07:30 - 17:00"."""

_TOKEN = re.compile(
    r"(?P<hour>\d{1,2})[:.](?P<minute>[0-5]\d)(?!\d)(?: ?(?P<half>[ap])\.?m\b)?"
    r"|(?P<full>\d{1,2}) ?(?P<part>[ap])\.?m\b|\d+(?:[.,]\d+)*|[^\W\d_]+|[\u20ac$\u00a3%]",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"[\u20ac$\u00a3%]|\b(?:eur|usd|gbp|chf|euros?|dollars?|pounds?|francs?|per ?cent|km|kg|g|m)\b", re.IGNORECASE
)
_SAME = {
    **dict.fromkeys(("euro", "euros", "\u20ac"), "eur"),
    **dict.fromkeys(("dollar", "dollars", "$"), "usd"),
    **dict.fromkeys(("pound", "pounds", "\u00a3"), "gbp"),
    **dict.fromkeys(("percent", "cent"), "%"),
    **dict(zip(("one", "two", "three", "four", "five", "six"), "123456", strict=True)),
    **{"seven": "7", "eight": "8", "nine": "9", "ten": "10", "twelve": "12", "fourteen": "14", "fifteen": "15"},
    **{"twenty": "20", "thirty": "30", "sixty": "60", "ninety": "90", "once": "1", "twice": "2"},
}
_LARGER = {"week": (7, "day"), "year": (12, "month")}
_NOTHING = frozenset(("to", "until", "till", "and", "through", "of", "the", "per", "within", "times"))


@dataclass(frozen=True, slots=True)
class Value:
    """Where a value stands in its sentence, and what it says: equal for all ways of writing it."""

    span: Span
    said: tuple[str, ...]


def values(text: str) -> list[Value]:
    """Return the figures, times, days and dates of a sentence in order; what is joined ("from 8 to 5") is one."""
    return [Value(span, meaning(text[slice(*span)])) for span in _joined(text)]


def meaning(written: str) -> tuple[str, ...]:
    """Return what a value says, its words in the order of the alphabet."""
    exact = re.sub(r"(?<=\d\.\d)0+\b|(?<=\d)\.0+\b", "", written) if _AMOUNT.search(written) else written
    said = [word for found in _TOKEN.finditer(exact) for word in [_said(found)] if word not in _NOTHING]
    for at, word in enumerate(said):
        if word in _LARGER and at and said[at - 1].isdigit():
            factor, unit = _LARGER[word]
            said[at - 1 : at + 1] = [str(factor * int(said[at - 1])), unit]
    return tuple(sorted(said))


def _said(found: re.Match[str]) -> str:
    """One word, number or time of day in the form that all writings share."""
    hour = found["hour"] or found["full"]
    if hour:
        later = 12 if (found["half"] or found["part"] or "").lower() == "p" and int(hour) < 12 else 0
        minute = int(found["minute"] or 0)
        return f"{int(hour) + later}" + (f":{minute:02}" if minute else "")
    word = found.group().lower()
    if word[0].isdigit():
        plain = word.replace(",", "")
        return plain.rstrip("0").rstrip(".") if plain.count(".") == 1 else plain
    return _SAME.get(word, word.removesuffix("s"))


def _joined(text: str) -> Iterator[Span]:
    """Where the values stand, dates before the figures in them, neighbours that are joined as one."""
    dates = standing(Wanted.DATE, text)
    figures = [
        (start, end) for start, end in standing(Wanted.FIGURE, text) if not any(a < end and start < b for a, b in dates)
    ]
    open_span: Span | None = None
    for start, end in sorted([*dates, *figures]):
        if open_span and _JOINED.fullmatch(text[open_span[1] : start]):
            open_span = (open_span[0], end)
            continue
        if open_span:
            yield open_span
        open_span = (start, end)
    if open_span:
        yield open_span
