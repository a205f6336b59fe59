"""How careful the assistant is with answers: the rate of false ones that admins put up with, and what follows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.domain import Person
from assistant.errors import Conflict, WrongUse
from assistant.knowledge.evidence import curve, threshold_for
from assistant.people.rights import Rights
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.preferences import Preferences

if TYPE_CHECKING:
    from assistant.storage.database import Database

PREFERENCE = "caution"
RATE = "false_answers"
AUDITED = "caution.set"
FALSE_ANSWERS = 0.15
"""Share of the questions without an answer that is answered all the same, unless an admin says otherwise.

Measured on a company's articles this keeps 98 in 100 of the questions that have an answer, and on questions written to
mislead, about single paragraphs, still 95 in 100. At 0.05 it is 93 and 89: questions that go unanswered though the
answer is there are taken for a broken search, and the offline model quotes its source, so that a wrong answer can be
seen for one."""
ONLY_ADMINS = "Only admins may see and change how careful the answers are."
CHANGED = "Somebody else changed this setting just now: look at it again."


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rate of false answers that is put up with (0.05 is 5 %); ``revision`` counts the changes, 0 is none yet."""

    false_answers: float = FALSE_ANSWERS
    revision: int = 0


class Caution:
    """Keeps the wanted rate and knows the threshold that it comes to."""

    def __init__(self, database: Database) -> None:
        self._rights = Rights(database)
        self._preferences = Preferences(database)

    def wanted(self, person: Person) -> Wanted:
        """Return what admins want; raises NotAllowed for others."""
        self._rights.need_admin(person, ONLY_ADMINS)
        return self._wanted()

    @full_disk_told(NOTHING_CHANGED)
    def set_wanted(self, person: Person, wanted: Wanted) -> Wanted:
        """Store another rate for the one of ``wanted.revision``, with a line in the audit log.

        Raises NotAllowed, WrongUse for a rate that was not measured, Conflict when somebody else was faster.
        """
        self._rights.need_admin(person, ONLY_ADMINS)
        rate = checked(wanted.false_answers)
        change = {"from": self._wanted().false_answers, "to": rate}
        revision = self._preferences.replace(
            PREFERENCE, {RATE: rate}, wanted.revision, person.id, audited=(AUDITED, change)
        )
        if revision is None:
            raise Conflict(CHANGED)
        return Wanted(rate, revision)

    def threshold(self) -> float:
        """Return the probability below which the assistant says that it does not know; one small select."""
        return threshold_for(self._wanted().false_answers)

    def _wanted(self) -> Wanted:
        stored = self._preferences.get(PREFERENCE)
        if stored is None:
            return Wanted()
        try:
            return Wanted(checked((stored.value or {}).get(RATE)), stored.revision)
        except WrongUse:  # a row that someone damaged: as if nothing had been set, and it can be set anew
            return Wanted(revision=stored.revision)


def checked(rate: object) -> float:
    """Return a rate that the curve has; raises WrongUse for others."""
    rates = [point.rate for point in curve()]
    if not isinstance(rate, float) or not math.isfinite(rate) or not rates[0] <= rate <= rates[-1]:
        raise WrongUse(f"The rate of false answers must be from {rates[0]:.0%} to {rates[-1]:.0%}.")
    return min(rates, key=lambda one: abs(one - rate))
