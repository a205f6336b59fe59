"""Two documents that answer a question differently: shown side by side, with their dates where they have any."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.providers.offline.question import Kind, Question
from assistant.providers.offline.quotes import Quote
from assistant.providers.offline.scoring import Scored
from assistant.providers.offline.sides import quote_sides
from assistant.providers.offline.spans import Seeker, Wanted
from assistant.providers.offline.supersession import is_over
from assistant.providers.offline.terms import content, words
from assistant.providers.offline.units import Unit, UnitKind
from assistant.providers.offline.values import Value, values
from assistant.providers.passages import DIFFERENT, PromptPassage

ALIKE = 0.75
"""Share of the shorter sentence's words, the answering ones left out, from which two sentences speak of one thing."""

SHARED = 0.4
"""The same share with the answering words, from which two sentences are compared at all."""

BY_NAME = (Wanted.NAME, Wanted.CONTACT)
"""Questions for which the one name or address in a sentence is compared; for all others what the sentence sets."""

_NAMES = re.compile(r"(?<=[\w,;] )[A-Z]\w+|\d[\w.,]*\b")
_NOT = re.compile(r"\b(?:not|never|no|nobody|cannot|forbidden|prohibited)\b|n['\u2019]t\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and where in it the words stand that another document has otherwise; None for a mere no or yes."""

    unit: Unit
    bold: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class _Statement:
    """A sentence with the values that it sets, and what it says them of."""

    unit: Unit
    values: Sequence[Value]
    about: str
    title: frozenset[str]
    """The stems of the document's name and of the headings above the sentence."""

    @property
    def rest(self) -> frozenset[str]:
        """The stems of the words beside the values."""
        return frozenset(content(self.about))

    @property
    def named(self) -> frozenset[str]:
        """The names and numbers beside the values: a price in Rome is no other price than one in Oslo."""
        return frozenset(content(" ".join(_NAMES.findall(self.about))))


def conflict(question: Question, scored: Sequence[Scored], passages: Sequence[PromptPassage]) -> list[Said]:
    """Return the best sentence and one of another document that gives another answer; nothing when none does.

    ``scored`` has the best one first. How well the others answer does not matter: they say the same of the same thing.
    """
    if not scored or not _holds(scored[0], passages):
        return []
    seeker = Seeker(question)
    best = _statement(scored[0].unit, seeker, passages)
    document = passages[best.unit.passage].document
    for one in scored[1:]:
        if passages[one.unit.passage].document != document and _near(best.unit, one.unit) and _holds(one, passages):
            differing = _differing(question, best, _statement(one.unit, seeker, passages))
            if differing:
                return differing
    return []


def _near(one: Unit, other: Unit) -> bool:
    """Whether sentences share so many words that a closer look is worth its time."""
    mine, theirs = set(one.terms), set(other.terms)
    return len(mine & theirs) >= SHARED * min(len(mine), len(theirs))


def quote_conflict(both: Sequence[Said], passages: Sequence[PromptPassage]) -> list[Quote]:
    """Write each under its document's name and date, with the newer one marked."""
    placed = [(passages[one.unit.passage], one) for one in both]
    return quote_sides(
        [(passage, [Quote(passage.n, one.unit.text, bold=one.bold)]) for passage, one in placed], DIFFERENT
    )


def _holds(one: Scored, passages: Sequence[PromptPassage]) -> bool:
    """Whether a sentence holds today, and for the people whom the question means."""
    meant = not one.features["audience"] and not one.features["left_out"]
    return meant and one.unit.kind is UnitKind.PROSE and not is_over(passages[one.unit.passage])


def _statement(unit: Unit, seeker: Seeker, passages: Sequence[PromptPassage]) -> _Statement:
    found = _compared(unit.text, seeker)
    about = unit.text
    for value in reversed(found):
        about = f"{about[: value.span[0]]}|{about[value.span[1] :]}"
    passage = passages[unit.passage]
    return _Statement(unit, found, about, frozenset(content(f"{passage.document} {passage.heading}")))


def _compared(text: str, seeker: Seeker) -> list[Value]:
    if seeker.wanted not in BY_NAME:
        return values(text)
    only = seeker.only(text)
    return [Value(only, tuple(words(text[slice(*only)])))] if only else []


def _differing(question: Question, one: _Statement, other: _Statement) -> list[Said]:
    """Both sentences where they say something else of one thing: one of their values differs, or one says no."""
    if len(one.values) != len(other.values) or not _of_one_thing(question, one, other):
        return []
    pairs = zip(one.values, other.values, strict=True)
    differ = [(mine, theirs) for mine, theirs in pairs if mine.said != theirs.said]
    denied = bool(_NOT.search(one.about)) != bool(_NOT.search(other.about))
    if len(differ) == 1 and not denied:
        return [Said(one.unit, differ[0][0].span), Said(other.unit, differ[0][1].span)]
    if question.kind is Kind.YES_NO and denied and not differ:
        return [Said(one.unit, None), Said(other.unit, None)]
    return []


def _of_one_thing(question: Question, one: _Statement, other: _Statement) -> bool:
    """Whether two sentences speak of one thing: most words are the same, and so is all that is named or asked for.

    What one of them leaves out may stand in the name or heading of its document.
    """
    asked = frozenset(question.terms)
    for left, right in ((one, other), (other, one)):
        if (left.named | (left.rest & asked) | (left.title & question.names)) - right.title.union(right.unit.terms):
            return False
    shorter = min(len(one.rest), len(other.rest))
    return shorter > 1 and len(one.rest & other.rest) >= ALIKE * shorter
