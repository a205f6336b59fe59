"""Amounts in a question against the ranges of a table or a rule: 4,500 falls under "EUR 3,000.01 to EUR 10,000"."""

from __future__ import annotations

import re

_UNIT = r"(?:EUR|USD|GBP|CHF|[€$£%]|kg|km|days?|months?|years?|hours?)"
_N = rf"(?:{_UNIT} ?)?(\d[\d,]*(?:\.\d+)?)(?: ?{_UNIT})?"
_BETWEEN = re.compile(rf"{_N} ?(?:to|and|-|\u2013) ?{_N}", re.IGNORECASE)
_UP_TO = re.compile(rf"\b(?:up to|at most|under|below|less than|not more than|until|maximum) {_N}", re.IGNORECASE)
_ABOVE = re.compile(rf"\b(?:above|over|more than|from|at least|exceeding|beyond) {_N}", re.IGNORECASE)
_AMOUNT = re.compile(
    rf"(?:(?:EUR|USD|GBP|CHF|[€$£]) ?(\d[\d,]*(?:\.\d+)?)|(\d[\d,]*(?:\.\d+)?) ?(?:euros?|pounds?|dollars?|{_UNIT})\b)",
    re.IGNORECASE,
)


def amounts(question: str) -> tuple[float, ...]:
    """Return the amounts (with a unit) that a question names."""
    return tuple(_value(before or after) for before, after in _AMOUNT.findall(question))


def covers(text: str, amount: float) -> bool:
    """Return whether a range in ``text`` holds ``amount``; only a range says so, not the same number."""
    between = _BETWEEN.search(text)
    if between:
        return _value(between.group(1)) <= amount <= _value(between.group(2))
    up_to, above = _UP_TO.search(text), _ABOVE.search(text)
    if up_to:
        return amount <= _value(up_to.group(1))
    return above is not None and amount > _value(above.group(1))


def _value(written: str) -> float:
    return float(written.replace(",", "").rstrip("."))
