"""Budgets as people see them: what they used of theirs; for admins the rules, and how all budgets stand."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from assistant.domain import Person
from assistant.errors import SettingsError
from assistant.limits import rules as limit_rules
from assistant.limits.budgets import NAME, Budgets, period, share, whose
from assistant.limits.rules import Allowance, LimitRules
from assistant.people.rights import Rights
from assistant.storage.budgets import Amount, Bound, Groups, Scope
from assistant.storage.database import Database, utc_now
from assistant.storage.preferences import Preferences

logger = logging.getLogger(__name__)

ONLY_ADMINS = "Only administrators may see and change budgets."
CHANGED_MEANWHILE = (
    "Someone else changed these limits while you did, so yours were not saved: "
    "look at what holds now, then change it again."
)
UNREADABLE = "The stored limits cannot be read: everyone is answered by Offline until they are saved again."


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """A budget with what was used of it; ``whose`` is a group's name or a person's address, empty for the company."""

    bound: Bound
    whose: str
    used: Amount
    share: Decimal


class LimitService:
    """Every function asks the database who the person is at that moment."""

    def __init__(self, database: Database, rights: Rights, now: Callable[[], datetime] = utc_now) -> None:
        self._rights = rights
        self._now = now
        self._preferences = Preferences(database)
        self._groups = Groups(database)
        self._budgets = Budgets(database, now)

    def rules(self, person: Person) -> LimitRules:
        """Return what admins set; raises NotAllowed for others."""
        self._rights.need_admin(person, ONLY_ADMINS)
        return self._budgets.rules()

    def set_rules(self, person: Person, rules: LimitRules) -> LimitRules:
        """Store rules made from those of ``rules.revision``; returns them with their new revision.

        Raises NotAllowed for others than admins, SettingsError naming what is wrong, or when someone else was faster.
        """
        by = self._rights.need_admin(person, ONLY_ADMINS).person
        limit_rules.check(rules, dict(self._groups.all()))
        value = limit_rules.stored(rules)
        revision = self._preferences.replace(NAME, value, rules.revision, by.id, audited=("limits.changed", value))
        if revision is None:
            raise SettingsError(CHANGED_MEANWHILE)
        logger.info("limits set to revision %s by %s", revision, by.id)
        return replace(rules, revision=revision)

    def groups(self, person: Person) -> list[tuple[str, str]]:
        """Return id and name of the groups that may have a budget; raises NotAllowed."""
        self._rights.need_admin(person, ONLY_ADMINS)
        return self._groups.all()

    def notices(self, person: Person) -> list[str]:
        """Return a sentence about what does not hold of the stored limits; raises NotAllowed."""
        self._rights.need_admin(person, ONLY_ADMINS)
        kept = self._preferences.get(NAME)
        readable = kept is None or limit_rules.read(kept.value, kept.revision) is not None
        return [] if readable else [UNREADABLE]

    def standing(self, person: Person) -> list[BudgetUse]:
        """Return what the person has used of each budget of their own; raises SignedOut."""
        now = self._rights.standing(person).person
        return [use for use in self._uses(self._budgets.of(now.id), now.email) if use.bound.scope is Scope.PERSON]

    def overview(self, person: Person) -> list[BudgetUse]:
        """Return how all budgets stand, company, groups and people; raises NotAllowed. People who used most first."""
        self._rights.need_admin(person, ONLY_ADMINS)
        rules, now = self._budgets.rules(), self._now()
        shared = limit_rules.bounds(replace(rules, person=Allowance()), "", self._groups.all(), now)
        people: list[BudgetUse] = []
        for person_id, email in self._groups.spenders(now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)):
            people += self._uses(limit_rules.bounds(LimitRules(rules.person), person_id, [], now), email)
        return [*reversed(self._uses(shared)), *sorted(people, key=lambda use: -use.share)]

    def warning(self, person: Person) -> str | None:
        """Return a sentence when little or nothing is left of a budget that holds for the person; raises SignedOut."""
        now = self._rights.standing(person).person
        uses = self._uses(self._budgets.of(now.id))
        nearest = max(uses, key=lambda use: use.share, default=None)
        if nearest is None or nearest.share < self._budgets.rules().soft_share:
            return None
        if nearest.share >= 1:
            until = "tomorrow" if nearest.bound.period == limit_rules.DAY else "the month ends"
            return (
                f"{whose(nearest.bound)} for {period(nearest.bound)} is used up: until {until} (UTC) the documents "
                "are quoted without a model."
            )
        budget = whose(nearest.bound)
        percent = int(100 * nearest.share)  # never 100 before it is all
        return f"{percent} % of {budget[0].lower()}{budget[1:]} for {period(nearest.bound)} is used."

    def _uses(self, bounds: Sequence[Bound], whose: str = "") -> list[BudgetUse]:
        uses = self._budgets.uses(bounds)
        return [BudgetUse(use.bound, use.bound.name or whose, use.used, share(use)) for use in uses]
