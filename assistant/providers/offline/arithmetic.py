"""Arithmetic asked for in words, as an expression for the ``calculate`` tool."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_N = r"(\d[\d,]*(?:\.\d+)?|\.\d+)"
_CURRENCY = r"(?:euros?|dollars?|pounds?|EUR|USD|GBP|CHF|[€$£])"
_COUNTED = (
    r"(?:nights?|days?|weeks?|months?|years?|hours?|people|persons?|employees|licen[cs]es?|pieces|units?|km"
    r"|kilometres?|miles?)"
)


@dataclass(frozen=True, slots=True)
class Sum:
    """An expression to calculate; ``unit`` is the currency or sign that belongs to the result."""

    expression: str
    unit: str = ""


_Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], Sum]]


def _plain(template: str, unit: str = "") -> Callable[[re.Match[str]], Sum]:
    return lambda match: Sum(template.format(*[_number(group) for group in match.groups()]), unit)


def _priced(match: re.Match[str]) -> Sum:
    count, before, price, after = match.groups()
    return Sum(f"{_number(count)} * {_number(price)}", before or after or "")


_RULES: tuple[_Rule, ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), make)
    for pattern, make in (
        (rf"{_N} ?(?:%|per ?cent) of (?:\w+ )?{_CURRENCY}? ?{_N}", _plain("{0} / 100 * {1}")),
        (rf"{_N}.{{0,15}}? (?:plus|\+) {_N} ?(?:%|per ?cent)", _plain("{0} * (1 + {1} / 100)")),
        (rf"{_N}.{{0,15}}? (?:minus|less|-) {_N} ?(?:%|per ?cent)", _plain("{0} * (1 - {1} / 100)")),
        (rf"per ?cent\w*.*\bfrom {_CURRENCY}? ?{_N}.* to {_CURRENCY}? ?{_N}", _plain("({1} - {0}) / {0} * 100", "%")),
        (rf"square root of {_N}", _plain("{0} ** 0.5")),
        (rf"divide {_N} by {_N}", _plain("{0} / {1}")),
        (rf"subtract {_N} from {_N}", _plain("{1} - {0}")),
        (rf"multiply {_N} (?:by|with) {_N}", _plain("{0} * {1}")),
        (
            rf"{_N} (?:\w+ )?{_COUNTED} (?:\w+ \w+ )?(?:at|of|for|x|\u00d7|times) "
            rf"({_CURRENCY})? ?{_N} ?({_CURRENCY})?",
            _priced,
        ),
    )
)
_WORDS = {
    "plus": "+",
    "minus": "-",
    "times": "*",
    "multiplied by": "*",
    "divided by": "/",
    "over": "/",
    "x": "*",
    "\u00d7": "*",
}
_WORD = re.compile(r"(?<=[\d) ])(?:" + "|".join(_WORDS) + r")(?=[\d( ])", re.IGNORECASE)
_EXPRESSION = re.compile(r"[\d(][\d\s.,+*/()^%-]*[\d)%]")
_SEVERAL = re.compile(r"\b(sum|total|add|average|mean)\b", re.IGNORECASE)


def find_sum(question: str) -> Sum | None:
    """Return what a question wants calculated from its own numbers; None when it wants something else."""
    for pattern, make in _RULES:
        found = pattern.search(question)
        if found:
            return make(found)
    return _written(question) or _of_several(question)


def _written(question: str) -> Sum | None:
    """An expression as such: "(1200 - 350) / 12", "45 times 12"."""
    signs = _WORD.sub(lambda match: _WORDS[match.group().lower()], question)
    found = max(_EXPRESSION.findall(signs), key=len, default="")
    expression = re.sub(r"(?<=\d),(?=\d{3})", "", found).replace("^", "**")
    expression = re.sub(r"([\d.]+) ?%", r"(\1 / 100)", expression).strip()
    operators = re.search(r"[\d)]\s*(?:\*\*|[-+*/])\s*[\d(]", expression)
    whole = operators and not re.fullmatch(r"[\d\s]*-[\d\s-]*", re.sub(r"(?<=\d) - (?=\d)", "+", expression))
    return Sum(" ".join(expression.split())) if whole and expression.count("(") == expression.count(")") else None


def _of_several(question: str) -> Sum | None:
    """A sum or an average of three or more numbers, or of two joined by "and"."""
    wanted = _SEVERAL.search(question)
    numbers = [_number(number) for number in re.findall(rf"{_N}(?=\s*(?:,\s|and\b|[.?]|$))", question)]
    if wanted is None or len(numbers) < 2:
        return None
    total = " + ".join(numbers)
    mean = wanted.group().lower() in ("average", "mean")
    return Sum(f"({total}) / {len(numbers)}" if mean else total)


def _number(written: str) -> str:
    return written.replace(",", "")


def result_sentence(expression: str, result: str, unit: str = "") -> str:
    """Write the outcome: "12 * 140 = 1,680 EUR."."""
    shown = result.strip()
    if re.fullmatch(r"-?\d+(?:\.\d+)?", shown):
        whole, _, part = shown.partition(".")
        shown = f"{int(whole):,}" + (f".{part}" if part.strip("0") else "")
        if whole.startswith("-") and not shown.startswith("-"):
            shown = "-" + shown
    signs = expression.replace(" ** 0.5", " to the power of 0.5").replace("*", "\u00d7")
    return f"{signs} = {shown}{'' if unit == '%' else ' '}{unit}".rstrip() + "."
