"""Amounts in a question against the ranges of a table or a rule: 4,500 falls under "EUR 3,000.01 to EUR 10,000"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf, nextafter

_UNIT = r"(?:EUR|USD|GBP|CHF|[€$£%]|kg|km|days?|months?|years?|hours?)"
_N = rf"(?:{_UNIT} ?)?(\d[\d,]*(?:\.\d+)?)(?: ?{_UNIT})?"
_BETWEEN = re.compile(rf"{_N} ?(?:to|and|-|\u2013) ?{_N}", re.IGNORECASE)
_UP_TO = re.compile(rf"\b(?:up to|at most|under|below|less than|not more than|until|maximum) {_N}", re.IGNORECASE)
_ABOVE = re.compile(rf"\b(?:above|over|more than|from|at least|exceeding|beyond) {_N}", re.IGNORECASE)
_BEYOND = re.compile(r"\b(?:above|over|more than|exceed\w*|beyond|(?:higher|greater) than) $", re.IGNORECASE)
_AMOUNT = re.compile(
    rf"(?:(?:EUR|USD|GBP|CHF|[€$£]) ?(\d[\d,]*(?:\.\d+)?)|(\d[\d,]*(?:\.\d+)?) ?(?:euros?|pounds?|dollars?|{_UNIT})\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount that a question names; ``beyond`` when it asks about all that is more ("above 2,000 euros")."""

    value: float
    beyond: bool = False


def amounts(question: str) -> tuple[Amount, ...]:
    """Return the amounts (with a unit) that a question names."""
    return tuple(
        Amount(_value(found.group(1) or found.group(2)), _BEYOND.search(question[: found.start()]) is not None)
        for found in _AMOUNT.finditer(question)
    )


def limits(text: str) -> tuple[float, float] | None:
    """Return the lowest and the highest amount of the range that a text states; None where it states none."""
    between, up_to, above = _BETWEEN.search(text), _UP_TO.search(text), _ABOVE.search(text)
    if between:
        return _value(between.group(1)), _value(between.group(2))
    if up_to:
        return -inf, _value(up_to.group(1))
    return (nextafter(_value(above.group(1)), inf), inf) if above else None


def covers(text: str, amount: Amount) -> bool:
    """Return whether a range in ``text`` holds ``amount``, or some of what is beyond it; the same number alone says no.

    "EUR 500.01 to EUR 3,000" and "above EUR 3,000" both hold some of what is above 2,000, "up to EUR 500" nothing.
    """
    stated = limits(text)
    if stated is None:
        return False
    return amount.value < stated[1] if amount.beyond else stated[0] <= amount.value <= stated[1]


def _value(written: str) -> float:
    return float(written.replace(",", "").rstrip("."))
