"""What admins set about budgets: tokens and US dollars a day and a month, for each person, for groups, for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from assistant.errors import SettingsError
from assistant.storage.budgets import Bound, Scope

DAY, MONTH = "day", "month"
SOFT_SHARE = Decimal("0.8")
MOST_TOKENS = 10**15
"""Above it a number is a slip of the hand; the largest companies use less in a month."""
MOST_DOLLARS = Decimal(10**9)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be used up in a day and in a month of UTC, in tokens and in US dollars; None is no bound."""

    tokens_a_day: int | None = None
    tokens_a_month: int | None = None
    dollars_a_day: Decimal | None = None
    dollars_a_month: Decimal | None = None

    @property
    def is_set(self) -> bool:
        """Whether it bounds anything."""
        return any(getattr(self, one.name) is not None for one in fields(self))


NOTHING = Allowance(tokens_a_day=0)
"""Only what is free, which is the offline model."""


@dataclass(frozen=True, slots=True)
class LimitRules:
    """Budgets of each ``person``, of ``groups`` by their ids (the sum over their members) and of the ``company``.

    From ``soft_share`` of one on people are warned. ``revision`` counts the changes.
    """

    person: Allowance = field(default_factory=Allowance)
    groups: Mapping[str, Allowance] = field(default_factory=dict)
    company: Allowance = field(default_factory=Allowance)
    soft_share: Decimal = SOFT_SHARE
    revision: int = 0

    @property
    def bounds_something(self) -> bool:
        """Whether any budget is set."""
        return self.person.is_set or self.company.is_set or any(one.is_set for one in self.groups.values())


def check(rules: LimitRules, groups: Mapping[str, str]) -> None:
    """Raise SettingsError with a sentence that names what is wrong; ``groups`` are names by id."""
    _check(rules.person, "Each person")
    _check(rules.company, "The whole company")
    for group, allowance in rules.groups.items():
        if group not in groups:
            raise SettingsError("One of the groups with a budget is not there any more: take it out.")
        _check(allowance, f"Group {groups[group]}")
    if not (rules.soft_share.is_finite() and Decimal("0.01") <= rules.soft_share <= 1):
        raise SettingsError("The share from which people are warned must be from 1 to 100 percent.")


def stored(rules: LimitRules) -> dict[str, Any]:
    """Return the rules as they are stored; the revision stands beside them."""
    return {
        "person": _stored(rules.person),
        "groups": {group: _stored(one) for group, one in rules.groups.items() if one.is_set},
        "company": _stored(rules.company),
        "soft_share": str(rules.soft_share),
    }


def read(value: Mapping[str, Any] | None, revision: int) -> LimitRules | None:
    """Return stored rules; None for what cannot be read."""
    try:
        given = dict(value or {})
        groups = {str(group): _read(one) for group, one in dict(given["groups"]).items()}
        share = Decimal(str(given["soft_share"]))
        rules = LimitRules(_read(given["person"]), groups, _read(given["company"]), share, revision)
        check(rules, dict.fromkeys(groups, ""))
    except (KeyError, TypeError, ValueError, InvalidOperation, SettingsError):
        return None
    return rules


def bounds(rules: LimitRules, person_id: str, groups: list[tuple[str, str]], now: datetime) -> list[Bound]:
    """Return the budgets that hold for a person who is in these ``groups`` (id, name)."""
    found = _of(rules.person, Scope.PERSON, person_id, "", now)
    for group, name in groups:
        found += _of(rules.groups.get(group, Allowance()), Scope.GROUP, group, name, now)
    return found + _of(rules.company, Scope.COMPANY, "", "", now)


def _of(allowance: Allowance, scope: Scope, subject: str, name: str, now: datetime) -> list[Bound]:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    month = day.replace(day=1)
    return [
        Bound(scope, subject, name, period, since, tokens, dollars)
        for period, since, tokens, dollars in (
            (DAY, day, allowance.tokens_a_day, None),
            (DAY, day, None, allowance.dollars_a_day),
            (MONTH, month, allowance.tokens_a_month, None),
            (MONTH, month, None, allowance.dollars_a_month),
        )
        if tokens is not None or dollars is not None
    ]


def _check(allowance: Allowance, whose: str) -> None:
    for one in fields(allowance):
        value = getattr(allowance, one.name)
        most = MOST_TOKENS if one.name.startswith("tokens") else MOST_DOLLARS
        words = one.name.replace("_", " ")
        if value is not None and not (Decimal(value).is_finite() and 0 <= value <= most):
            raise SettingsError(f"{whose}: {words} must be from 0 to {most:,}, or empty for no limit, not {value}.")


def _stored(allowance: Allowance) -> dict[str, Any]:
    values = {one.name: getattr(allowance, one.name) for one in fields(allowance)}
    return {name: str(value) for name, value in values.items() if value is not None}


def _read(value: Any) -> Allowance:
    given = {name: str(text) for name, text in dict(value).items()}
    tokens = {name: int(text) for name, text in given.items() if name.startswith("tokens")}
    dollars = {name: Decimal(text) for name, text in given.items() if name.startswith("dollars")}
    return Allowance(**tokens, **dollars)  # type: ignore[arg-type]  # a strange name raises, a wrong one is refused
