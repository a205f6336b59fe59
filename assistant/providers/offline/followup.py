"""Rewriting a follow-up so that it stands alone, by rules.

A question that names its own subject is never touched: dragging the old subject into a new one does more harm than
a search that finds too little. Rules that see the words alone rewrite only what is certain ("and for contractors?").
Where a question merely leans on what was said before, the documents decide: one that finds something near by itself
needs no context. On 155 follow-up turns about finance and 94 about mixed subjects (bench/follow_ups.py) nDCG@10 of the
question alone is 0.489 and 0.895, of the reading 0.515 and 0.952, of both searched together 0.518 and 0.934; as people
rewrote it 0.543 in the first set. Naming the subject of an earlier turn than the last, or of two turns, costs 0.01 to
0.03 in the first set; the whole history halves it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from assistant.providers.offline.leaning import CLAUSE, EXISTS, IMPERSONAL, JOINER, LONGEST, in_english, leans, masked
from assistant.providers.offline.persons import last_named
from assistant.providers.offline.substitution import substitute
from assistant.providers.offline.terms import content, is_stop, words
from assistant.providers.offline.topic import named_span, split_topic, steps_asked, subject

Lost = Callable[[], bool]
"""Tells whether a question as it is finds nothing near in the documents."""


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
_POSSESSIVE = re.compile(r"\b(?:its|their)\b", re.IGNORECASE)
_THERE = re.compile(r"\b(?:over )?(?:there|here)\b(?! (?:is|are|was|were|any|a|an|some)\b)", re.IGNORECASE)
_PERSON = re.compile(r"\b(?:he|she|him|his|hers?)\b", re.IGNORECASE)
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


def stand_alone(question: str, history: Sequence[tuple[str, str]], lost: Lost | None = None) -> Standalone:
    """Rewrite ``question`` by the earlier (role, text) turns, oldest first; roles are "user" and "assistant".

    ``lost`` is asked at most once, where the words alone are not certain; without it only certain rules apply.
    """
    asked = _tidy(question)
    plain = asked.lower() if asked.isupper() and " " in asked else asked
    if not in_english(plain):
        return Standalone(asked, changed=False)
    before = _Before()
    for role, text in history:
        before = before.after(role, text)
    rewritten = before.rewrite(plain, lost)
    return Standalone(asked, changed=False) if rewritten == plain else Standalone(rewritten, changed=True)


def _tidy(text: str) -> str:
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class _Before:
    """What was said before, oldest first; what was ``asked`` stands as it stands alone."""

    asked: tuple[str, ...] = ()
    told: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """The last question, empty before the first."""
        return self.asked[-1] if self.asked else ""

    def after(self, role: str, text: str) -> _Before:
        """Return what was said before the next message."""
        if role != "user":
            return replace(self, told=(*self.told, text))
        return replace(self, asked=(*self.asked, self.rewrite(_tidy(text), None))) if content(text) else self

    def rewrite(self, asked: str, lost: Lost | None) -> str:
        """Return ``asked`` as it stands alone after this."""
        if not self.question or len(asked.split()) > LONGEST:
            return asked
        plain = JOINER.sub("", asked)
        certain = self._completed(asked)
        if certain:
            return certain
        if _BARE.match(plain) or _SEQUEL.match(plain):
            return _about(plain, self.question)
        resolved = self._resolved(asked, plain)
        if lost is None:
            return resolved
        if resolved == asked and (leans(asked) or _fragment(asked)):
            resolved = _about(asked, self.question)
        return resolved if resolved != asked and lost() else asked

    def _completed(self, asked: str) -> str:
        """Complete an elliptic question by the last one, empty where the two do not fit together."""
        before, fragment = split_topic(self.question)[0], _fragment(asked)
        return substitute(fragment, before) if fragment and CLAUSE.match(JOINER.sub("", before)) else ""

    def _resolved(self, asked: str, plain: str) -> str:
        """Put the last subject in the place of a pronoun, or behind a question that has none of its own."""
        if not (asked.endswith("?") or CLAUSE.match(plain)):
            return asked
        bare = masked(IMPERSONAL, asked)
        person, possessive, pronoun = _PERSON.search(bare), _POSSESSIVE.search(bare), _PRONOUN.search(bare)
        if person and not _refers_inside(asked, person, 2):
            return _with_person(asked, person, last_named(self.asked, self.told))
        if possessive and not _refers_inside(asked, possessive, 1):
            return _placed(asked, possessive, self.question, "'s")
        if pronoun and not _refers_inside(asked, pronoun, 2):
            return _placed(asked, pronoun, self.question, "")
        if _THERE.search(masked(EXISTS, bare)) or _leans_on_subject(plain):
            return _about(plain, self.question)
        return asked


def _fragment(asked: str) -> str:
    """The phrase of an elliptic follow-up: "contractors" of "and for contractors?", with its preposition."""
    opener = _OPENER.match(asked)
    rest = (asked[opener.end() :] if opener else asked).strip(" ?.!,")
    if not rest or CLAUSE.match(rest) or len(rest.split()) > FRAGMENT_WORDS or _PRONOUN.fullmatch(rest):
        return ""
    if opener:
        return rest
    alone = re.fullmatch(r"(?:(?:for|in|at|with|on) )?(?:[A-Z][\w-]+|\d{4})(?: [A-Z0-9][\w-]*)?", rest)
    return rest if alone and asked.endswith("?") else ""


def _refers_inside(asked: str, pronoun: re.Match[str], nouns: int) -> bool:
    """Whether enough stands before the pronoun for it to mean that: "How do suppliers send their invoices?"."""
    return len(set(content(asked[: pronoun.start()])) - _QUANTITIES) >= nouns


def _leans_on_subject(plain: str) -> bool:
    own = set(content(plain))
    asks = plain.endswith("?") or bool(CLAUSE.match(plain))
    return asks and own <= _RELATIONAL and any(is_stop(word) for word in words(plain)) and bool(own)


def _with_person(asked: str, pronoun: re.Match[str], name: str) -> str:
    """Put the name in the place of "he", "him" or "his"; the question stays where nobody was named."""
    said = pronoun.group().lower()
    owns = said in ("his", "hers") or (said == "her" and bool(_NOUN_FOLLOWS.match(asked, pronoun.end())))
    named = f"{name}'s" if owns else name
    return f"{asked[: pronoun.start()]}{named}{asked[pronoun.end() :]}" if name else asked


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
    topic = _topic(before)
    return f"{asked.rstrip()} ({topic})" if set(content(topic)) - set(content(asked)) else asked


def _topic(before: str) -> str:
    """The subject of the question before; where that says little itself, the subject it was about."""
    plain, named = split_topic(before)
    topic = subject(plain) or named_span(plain)
    if named and set(content(plain)) <= _RELATIONAL | _QUANTITIES:
        topic = named
    return " ".join(topic.split()[:TOPIC_WORDS])
