"""What a question is about, as a phrase of its own words."""

from __future__ import annotations

import re

from assistant.providers.offline.terms import content, is_stop

SUBJECT_WORDS = 9
"""A longer phrase is no name for a subject."""

_STEPS = re.compile(
    r"^(?:how (?:do|can|could|should|would) (?:i|we|you|one|employees|staff)|how to|what are the steps to"
    r"|what is the (?:process|procedure) (?:to|for)|what (?:do|should|must) i do to)\s+(.+?)\W*$",
    re.IGNORECASE,
)
_NOUN = r"((?:the |a |an |my |our |your )?.+?)"
_STATE = (
    r"(?:open|closed|available|allowed|free|valid|due|possible|included|required|needed|paid|held|kept|stored|located"
    r"|served|reached|counted|calculated|approved|granted|delivered)"
)
"""What is said of a subject: no part of its name at the end of "When is the kitchen on floor two open?"."""
_FORMS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"^(?:please |can you |could you )*(?:tell me|explain|describe|summari[sz]e|what do you know)"
        rf"(?: more)?(?: about)? {_NOUN}\W*$",
        rf"^how (?:does|do|did) {_NOUN} (?:work|apply|differ|look|start|end|happen)\b.*$",
        rf"^(?:what|who|where|when|how \w+|which \w+)(?:'s| is| are| was| were| will be) (?:there )?{_NOUN}"
        rf"(?: {_STATE})?\W*$",
        rf"^(?:who|which \w+) (?:\w+s|\w+ed) {_NOUN}\W*$",
        rf"^(?:is|are|was|were) {_NOUN} (?:\w+ed|{_STATE})\b.*$",
        rf"^what (?:does|do|did) {_NOUN} (?:mean|cover|include|cost|say|contain|offer|do)\b.*$",
    )
)
_COUNTED = re.compile(
    r"^how (?:many|much) (.+?)(?: (?:are|is|do|does|did|can|may|must|should|will|have|has)\b.*)?\W*$", re.IGNORECASE
)

_ACTING = re.compile(r"(?:have|has|had|do|does|did|be|get|gets|got|can|may|must|should|will|would)\b", re.IGNORECASE)
"""Phrases that begin so name no thing: "Which rooms have a screen?" is about the rooms."""


def steps_asked(question: str) -> str:
    """Return the doing that a how-to question is about: "reset my password"; empty for other questions."""
    found = _STEPS.match(question)
    return found.group(1) if found else ""


def subject(question: str) -> str:
    """Return the phrase that names a question's subject, empty when it has no short one."""
    steps = steps_asked(question)
    if steps:
        return steps
    named = split_topic(question)[0]
    for form in _FORMS:
        found = form.match(named)
        if found and _is_name(found.group(1)):
            return found.group(1)
    counted = _COUNTED.match(named)
    return counted.group(1) if counted and _is_name(counted.group(1)) else ""


def named_span(question: str) -> str:
    """Return a question from its first word that carries meaning to its last: what is left without its wrapping."""
    parts = question.split()
    telling = [place for place, part in enumerate(parts) if content(part) and not is_stop(part.strip("?!.,;:()"))]
    return " ".join(parts[telling[0] : telling[-1] + 1]).strip("?!.,;: ") if telling else ""


def split_topic(question: str) -> tuple[str, str]:
    """Split off the subject that an earlier rewriting named behind a question in brackets."""
    found = re.match(r"(.*\S)\s+\(([^()]+)\)\s*$", question)
    return (found.group(1), found.group(2)) if found else (question, "")


def _is_name(phrase: str) -> bool:
    if _ACTING.match(phrase):
        return False
    return len(phrase.split()) <= SUBJECT_WORDS and bool(content(phrase))
