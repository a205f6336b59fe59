"""Two documents that answer a question differently: shown side by side, with their dates where they have any."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.providers.offline.question import Question
from assistant.providers.offline.quotes import Quote
from assistant.providers.offline.scoring import Scored
from assistant.providers.offline.sides import quote_sides
from assistant.providers.offline.spans import Seeker, Wanted
from assistant.providers.offline.supersession import is_over
from assistant.providers.offline.terms import content, words
from assistant.providers.offline.units import Unit, UnitKind
from assistant.providers.passages import DIFFERENT, PromptPassage

ALIKE = 0.75
"""Share of the shorter sentence's words, the answering ones left out, from which two sentences speak of one thing."""

BEHIND = 2.5
"""How much less likely (log odds) the second may be to answer."""

COMPARED = (Wanted.FIGURE, Wanted.DATE, Wanted.NAME)

_NAMES = re.compile(r"(?<=[\w,;] )[A-Z]\w+|\d[\w.,]*\b")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence and where in it the answering words stand."""

    unit: Unit
    bold: tuple[int, int]

    @property
    def value(self) -> tuple[str, ...]:
        """The answering words, without signs and case."""
        return tuple(words(self.unit.text[slice(*self.bold)]))

    @property
    def rest(self) -> frozenset[str]:
        """The stems of the other words."""
        start, end = self.bold
        return frozenset(content(f"{self.unit.text[:start]} {self.unit.text[end:]}"))

    @property
    def named(self) -> frozenset[str]:
        """The names and numbers beside the answering words: a price in Rome is no other price than one in Oslo."""
        start, end = self.bold
        return frozenset(_NAMES.findall(f"{self.unit.text[:start]}|{self.unit.text[end:]}"))


def conflict(question: Question, scored: Sequence[Scored], passages: Sequence[PromptPassage]) -> list[Said]:
    """Return the best sentence and one of another document that gives another answer; nothing when none does."""
    seeker = Seeker(question)
    if seeker.wanted not in COMPARED:
        return []
    near = [one for one in scored if scored[0].score - one.score <= BEHIND and _holds(one, passages)]
    said = list(_said([one.unit for one in near], seeker))
    if not said or said[0].unit != scored[0].unit:
        return []
    other = next((one for one in said[1:] if _differ(said[0], one, passages)), None)
    return [said[0], other] if other else []


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


def _said(near: Sequence[Unit], seeker: Seeker) -> Iterator[Said]:
    for unit in near:
        bold = seeker.only(unit.text)
        if bold:
            yield Said(unit, bold)


def _differ(one: Said, other: Said, passages: Sequence[PromptPassage]) -> bool:
    """Whether two documents say something else of one thing."""
    if passages[one.unit.passage].document == passages[other.unit.passage].document or one.value == other.value:
        return False
    if one.named != other.named:
        return False
    shorter = min(len(one.rest), len(other.rest))
    return shorter > 1 and len(one.rest & other.rest) >= ALIKE * shorter
