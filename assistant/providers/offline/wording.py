"""What a question asks for, without its wrapping: answers it offers, documents it is asked of, that it compares.

"Is the fee 10 or 15 euros?" asks what the fee is, whatever the documents say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from assistant.providers.offline.terms import content, listed_words

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
_SOURCE = re.compile(
    r"\b(?:does|do|did) ((?:the |our |my )?[^,?]{3,60}?) says? (?:that |about |on )?"
    r"|(?:, )?\b(?:according to|as per) ((?:the |our |my )?[^,?]{3,60})(?:, |(?=\?|$))",
    re.IGNORECASE,
)
_COMPARING = re.compile(
    r"^compare\b|\b(?:the )?(?:differences?|comparison) (?:in|between|of) "
    r"|\b(?:compare[sd]?|differs?) (?:to|with|from) |\b(?:compare|differ)(?= in\b|\W*$)"
    r"|\bside by side\b|\brespectively\b",
    re.IGNORECASE,
)


def without_offers(question: str) -> str:
    """Return the question without the figures it offers for an answer, as the question that they would answer."""
    found = _IS_IT.match(question)
    if found and found.group(2).split()[-1].lower() not in listed_words("leading"):
        return f"What {found.group(1).lower()} {found.group(2)}?"
    timed = _TIME.sub(r"\1 what time", question)
    return timed if timed != question else _COUNT.sub("how many", question)


def without_source(question: str, documents: Iterable[str]) -> str:
    """Return the question without the document that it is asked of: "What does the handbook say about lunch?"."""
    found = _SOURCE.search(question)
    named = set(content(found.group(1) or found.group(2))) if found else set()
    if found is None or not named or not any(named <= set(content(document)) for document in documents):
        return question
    about = "about " if found.group().lower().endswith((" about ", " on ")) else ""
    left = " ".join(f"{question[: found.start()]}{about}{question[found.end() :]}".split())
    return left[:1].upper() + left[1:] if content(left) else question


def without_comparing(question: str) -> str:
    """Return the question without words that only say to put the answers beside each other."""
    return " ".join(_COMPARING.sub(lambda found: "what is" if found.start() == 0 else "", question).split())
