"""Answers that a question offers: "Is the fee 10 or 15 euros?" asks what the fee is, whatever the documents say."""

from __future__ import annotations

import re

from assistant.providers.offline.terms import listed_words

_NUMBER = (
    r"(?:(?:EUR|USD|GBP|CHF|[€$£]) ?)?"
    r"(?:\d+(?:[.,:]\d+)*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
    r"(?: ?(?:%|[ap]\.?m\b\.?))?"
)
_UNIT = (
    r"(?: ?(?:%|EUR\b|USD\b|GBP\b|CHF\b|euros?\b|pounds?\b|dollars?\b|francs?\b|per ?cent\b|(?:full|working|calendar"
    r"|business|paid)\b|(?:minute|hour|day|night|week|month|year)s?\b|km\b|kg\b|(?:per|a) [a-z]+\b))"
)
_YEAR = r"(?:19|20)\d\d\b"
_OFFERED = rf"(?!{_YEAR})(?:{_NUMBER}{_UNIT}{{0,2}},? or )+(?:rather )?{_NUMBER}"
_IS_IT = re.compile(
    rf"^(is|are|was|were) ((?:the|my|our|your|a|an) .+?) (?:now |still |really |only )*"
    rf"(?:{_OFFERED}{_UNIT}{{0,3}}|{_NUMBER}{_UNIT}{{1,3}})\W*$",
    re.IGNORECASE,
)
_TIME = re.compile(rf"\b(at|until|till|by|from|before|after) {_OFFERED}(?: (?:o['\u2019]clock|hours))?", re.IGNORECASE)
_COUNT = re.compile(rf"\b{_OFFERED}(?-i:(?= [a-z]))", re.IGNORECASE)


def without_offers(question: str) -> str:
    """Return the question without the figures it offers for an answer, as the question that they would answer."""
    found = _IS_IT.match(question)
    if found and found.group(2).split()[-1].lower() not in listed_words("leading"):
        return f"What {found.group(1).lower()} {found.group(2)}?"
    timed = _TIME.sub(r"\1 what time", question)
    return timed if timed != question else _COUNT.sub("how many", question)
