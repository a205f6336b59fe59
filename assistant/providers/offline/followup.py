"""Rewriting a follow-up so that it stands alone, by rules.

A question that names its own subject is never touched: dragging the old subject into a new one does more harm than
a search that finds too little.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.providers.offline.substitution import substitute
from assistant.providers.offline.terms import content, is_stop, words
from assistant.providers.offline.topic import split_topic, steps_asked, subject


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that can be understood without its conversation; ``changed`` when it had to be rewritten."""

    question: str
    changed: bool


FRAGMENT_WORDS = 8
"""A longer rest after "what about" is a question of its own."""

_OPENER = re.compile(
    r"^(?:(?:ok(?:ay)?|and|so|but|thanks|thank you|also|then)[,.!]? +)*"
    r"(?:(?:what|how) about|what if it is|same for|and|or|but)\s+",
    re.IGNORECASE,
)
_JOINER = re.compile(r"^(?:(?:ok(?:ay)?|and|so|but|also|then)[,.!]? +)+", re.IGNORECASE)
_CLAUSE = re.compile(
    r"^(?:who|whom|whose|what|which|when|where|why|how|is|are|am|was|were|do|does|did|can|could|may|must|should"
    r"|will|would|has|have|tell|show|give|list|explain|if|i|we|you)\b",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"^(?:why(?: not| is that| so)?|how(?: so| exactly)?|(?:when|where|who)(?: exactly)?|by whom"
    r"|(?:since|until|by) when|how (?:long|much|many|often|soon|far|late|early))\W*$",
    re.IGNORECASE,
)
_SEQUEL = re.compile(
    r"^(?:tell me more|more details?|(?:any|what) (?:others?|else|exceptions?)|go on|continue|(?:and|what) then"
    r"|what next|give me (?:an )?examples?|can you (?:explain|elaborate)|for example)\W*$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|they|them|this|that|these|those)\b", re.IGNORECASE)
# "It", "this" and "that" where they stand for nothing said before.
_IMPERSONAL = re.compile(
    r"\b(?:is|was|will|would|does|can) it (?:be )?(?:\w+ly )?(?:allowed|possible|ok|okay|permitted|necessary|required"
    r"|mandatory|safe|legal|true|matter|normal|too late|worth)\b(?! ?\?)"
    r"|\b(?:so|such|know|think|say|means?|ensure|sure|fact|policy|rule|document|one|anything|something|everything|all"
    r"|those|person|people|team) that\b"
    r"|\bthat (?:i|we|you|they|he|she|it|the|are|is|was|were|has|have)\b"
    r"|\bthis (?:year|month|week|quarter|morning|afternoon|evening|company|site|summer|winter)\b|\bthose who\b"
    r"|\bhow long does it take (?:to|until|for)\b|\bhow much does it cost to\b"
    r"|\bit (?:department|team|support|desk|security|equipment)\b|\b(?-i:IT)\b",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"\b(?:its|their)\b", re.IGNORECASE)
_THERE = re.compile(r"\b(?:over )?(?:there|here)\b(?! (?:is|are|was|were|any|a|an|some)\b)", re.IGNORECASE)
_EXISTS = re.compile(r"\b(?:is|are|was|were|will|isn't|aren't) there\b|\bthere (?:is|are|was|were)\b", re.IGNORECASE)
_TAKES = re.compile(r"(.*\bdoes (?:it|that|this) (?:usually |normally )?(?:take|cost))\W*$", re.IGNORECASE)
_NOUN_FOLLOWS = re.compile(
    r"\s+(?!(?:do|does|did|is|are|was|be|to|in|for|at|on|by|from|with|and|or|cost|work|apply|take|mean|count)\b)[a-z]{3,}"
)
# Words that always belong to something: with nothing else in the question, that is the subject of the last one.
_RELATIONAL = frozenset(
    term
    for term in content(
        "deadline limit limits exception exceptions cost costs price fee maximum minimum process procedure form "
        "approve approves approval approved apply applies requirement requirements condition conditions penalty "
        "duration difference reason reasons step steps next eligible included responsible charge details rules "
        "period paid pays pay charged expire expires start starts end ends valid mandatory compulsory optional "
        "online more other"
    )
)
_QUANTITIES = frozenset(content("long much many often soon far late early big high"))
TOPIC_WORDS = 14
"""A longer earlier question is cut: its beginning names what it is about."""


def stand_alone(question: str, history: Sequence[tuple[str, str]]) -> Standalone:
    """Rewrite ``question`` by the earlier (role, text) turns, oldest first; roles are "user" and "assistant"."""
    context = ""
    for role, text in history:
        if role == "user" and content(text):
            context = _rewrite(_tidy(text), context)
    asked = _tidy(question)
    rewritten = _rewrite(asked, context)
    return Standalone(rewritten, changed=rewritten != asked)


def _tidy(text: str) -> str:
    return " ".join(text.split())


def _rewrite(asked: str, before: str) -> str:
    if not before:
        return asked
    fragment = _fragment(asked)
    if fragment:
        return substitute(fragment, split_topic(before)[0])
    plain = _JOINER.sub("", asked)
    if _BARE.match(plain) or _SEQUEL.match(plain):
        return _about(plain, before)
    return _resolved(asked, plain, before)


def _fragment(asked: str) -> str:
    """The phrase of an elliptic follow-up: "contractors" of "and for contractors?", with its preposition."""
    opener = _OPENER.match(asked)
    rest = (asked[opener.end() :] if opener else asked).strip(" ?.!,")
    if not rest or _CLAUSE.match(rest) or len(rest.split()) > FRAGMENT_WORDS or _PRONOUN.fullmatch(rest):
        return ""
    if opener:
        return rest
    alone = re.fullmatch(r"(?:(?:for|in|at|with|on) )?(?:[A-Z][\w-]+|\d{4})(?: [A-Z0-9][\w-]*)?", rest)
    return rest if alone and asked.endswith("?") else ""


def _resolved(asked: str, plain: str, before: str) -> str:
    """Put the last subject in the place of a pronoun, or behind a question that has none of its own."""
    if not (asked.endswith("?") or _CLAUSE.match(plain)):
        return asked
    masked = _masked(_IMPERSONAL, asked)
    possessive, pronoun = _POSSESSIVE.search(masked), _PRONOUN.search(masked)
    if possessive and not _refers_inside(asked, possessive, 1):
        return _placed(asked, possessive, before, "'s")
    if pronoun and not _refers_inside(asked, pronoun, 2):
        return _placed(asked, pronoun, before, "")
    if _THERE.search(_masked(_EXISTS, masked)) or _leans_on_subject(plain):
        return _about(plain, before)
    return asked


def _refers_inside(asked: str, pronoun: re.Match[str], nouns: int) -> bool:
    """Whether enough stands before the pronoun for it to mean that: "How do suppliers send their invoices?"."""
    return len(set(content(asked[: pronoun.start()])) - _QUANTITIES) >= nouns


def _masked(pattern: re.Pattern[str], text: str) -> str:
    """The text with what the pattern matches blanked out, at its old length."""
    return pattern.sub(lambda match: "\0" * len(match.group()), text)


def _leans_on_subject(plain: str) -> bool:
    own = set(content(plain))
    asks = plain.endswith("?") or bool(_CLAUSE.match(plain))
    return asks and own <= _RELATIONAL and any(is_stop(word) for word in words(plain)) and bool(own)


def _placed(asked: str, pronoun: re.Match[str], before: str, ending: str) -> str:
    """Replace the pronoun by the subject where that is a noun, else name the subject behind."""
    steps, takes = steps_asked(before), _TAKES.match(asked)
    if steps and takes:
        return f"{takes.group(1)} to {steps}?"
    named = subject(before)
    points = pronoun.group().lower() in ("this", "that", "these", "those") and _NOUN_FOLLOWS.match(asked, pronoun.end())
    if steps or points or not named:
        return _about(asked, before)
    return asked[: pronoun.start()] + named + ending + asked[pronoun.end() :]


def _about(asked: str, before: str) -> str:
    """Name the subject behind the question: "Why? (annual leave for contractors)"."""
    return f"{asked.rstrip()} ({_topic(before)})"


def _topic(before: str) -> str:
    """The subject of the question before; where that says little itself, the subject it was about."""
    plain, named = split_topic(before)
    topic = subject(plain) or plain.rstrip("?. ")
    if named and set(content(plain)) <= _RELATIONAL | _QUANTITIES:
        topic = named
    return " ".join(topic.split()[:TOPIC_WORDS])
