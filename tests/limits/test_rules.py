"""The rules of budgets: what may be set, and what is made of what was stored."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from assistant.errors import SettingsError
from assistant.limits.rules import Allowance, LimitRules, bounds, check, read, stored
from assistant.storage.budgets import Scope

FULL = LimitRules(
    person=Allowance(tokens_a_day=1_000, dollars_a_day=Decimal("0.50")),
    groups={"sales": Allowance(dollars_a_month=Decimal(20))},
    company=Allowance(tokens_a_month=5_000_000),
    soft_share=Decimal("0.75"),
    revision=3,
)
NOW = datetime(2026, 11, 29, 19, 30, tzinfo=UTC)


def test_rules_are_read_as_they_were_stored() -> None:
    assert read(stored(FULL), 3) == FULL
    assert read(stored(LimitRules()), 0) == LimitRules()


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        {},
        {**stored(FULL), "person": {"tokens_a_day": "many"}},
        {**stored(FULL), "person": {"tokens_a_day": "-1"}},
        {**stored(FULL), "company": {"dollars_a_day": "NaN"}},
        {**stored(FULL), "soft_share": "0"},
        {**stored(FULL), "groups": "all"},
    ],
)
def test_what_was_damaged_is_not_read(damaged: dict[str, Any] | None) -> None:
    assert read(damaged, 3) is None


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (LimitRules(person=Allowance(tokens_a_day=-1)), "Each person: tokens a day must be from 0 to "),
        (LimitRules(company=Allowance(dollars_a_month=Decimal("Infinity"))), "The whole company: dollars a month must"),
        (LimitRules(groups={"sales": Allowance(tokens_a_month=10**16)}), "Group Sales: tokens a month must be from 0"),
        (LimitRules(groups={"gone": Allowance(tokens_a_day=1)}), "One of the groups with a budget is not there any"),
        (LimitRules(soft_share=Decimal("1.01")), "The share from which people are warned must be from 1 to 100"),
    ],
)
def test_what_is_wrong_is_named(rules: LimitRules, sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        check(rules, {"sales": "Sales"})


def test_a_person_is_bound_by_their_own_their_groups_and_the_companys_budgets() -> None:
    found = bounds(FULL, "ann", [("sales", "Sales"), ("support", "Support")], NOW)
    assert [(one.scope, one.subject, one.period, one.tokens, one.cost) for one in found] == [
        (Scope.PERSON, "ann", "day", 1_000, None),
        (Scope.PERSON, "ann", "day", None, Decimal("0.50")),
        (Scope.GROUP, "sales", "month", None, Decimal(20)),
        (Scope.COMPANY, "", "month", 5_000_000, None),
    ]


def test_days_and_months_are_those_of_utc() -> None:
    since = {one.period: one.since for one in bounds(FULL, "ann", [("sales", "Sales")], NOW)}
    assert since == {"day": datetime(2026, 11, 29, tzinfo=UTC), "month": datetime(2026, 11, 1, tzinfo=UTC)}
