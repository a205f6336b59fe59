"""Budgets as people see them, and as admins set them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from persons import group, person
from sqlalchemy import text

from assistant.domain import Person, Role, Usage, UsageRecord
from assistant.errors import NotAllowed, SettingsError, SignedOut
from assistant.limits.rules import Allowance, LimitRules
from assistant.limits.service import LimitService
from assistant.people.rights import Rights
from assistant.storage.database import Database
from assistant.storage.people import People
from assistant.storage.usage_records import insert_records

A_DOLLAR = Allowance(dollars_a_day=Decimal(1))


@pytest.fixture
def admin(database: Database) -> Person:
    return People(database).local()


@pytest.fixture
def ann(database: Database) -> Person:
    return person(database, "ann")


@pytest.fixture
def limits(database: Database) -> LimitService:
    return LimitService(database, Rights(database))


def use(database: Database, by: Person, dollars: str) -> None:
    with database.write() as session:
        used = Usage(1, 100, 20, cost=Decimal(dollars))
        insert_records(session, by.id, "c", [UsageRecord(f"{by.id}{dollars}", 1, "answer", "openai", "m", used)])


def test_rules_that_an_admin_sets_hold_and_are_in_the_audit_log(
    database: Database, limits: LimitService, admin: Person
) -> None:
    saved = limits.set_rules(admin, LimitRules(person=A_DOLLAR))
    assert (saved.revision, limits.rules(admin)) == (1, saved)
    with database.read() as session:
        action, details = session.execute(text("SELECT action, details FROM audit_log ORDER BY id DESC LIMIT 1")).one()
    assert action == "limits.changed"
    assert '"dollars_a_day": "1"' in details


def test_of_two_admins_who_change_the_rules_at_once_the_second_is_told(limits: LimitService, admin: Person) -> None:
    seen = limits.rules(admin)
    limits.set_rules(admin, replace(seen, person=A_DOLLAR))
    with pytest.raises(SettingsError, match="Someone else changed these limits"):
        limits.set_rules(admin, replace(seen, company=A_DOLLAR))
    assert not limits.rules(admin).company.is_set


def test_a_rule_that_cannot_be_is_refused_and_nothing_stored(limits: LimitService, admin: Person) -> None:
    with pytest.raises(SettingsError):
        limits.set_rules(admin, LimitRules(person=Allowance(tokens_a_day=-5)))
    assert limits.rules(admin) == LimitRules()


@pytest.mark.parametrize("role", [Role.STAFF, Role.KB_ADMIN])
def test_only_admins_see_and_set_the_rules(database: Database, limits: LimitService, role: Role) -> None:
    bob = person(database, "bob", role)
    for refused in (
        lambda: limits.rules(bob),
        lambda: limits.set_rules(bob, LimitRules()),
        lambda: limits.overview(bob),
        lambda: limits.groups(bob),
        lambda: limits.notices(bob),
        lambda: limits.rules(replace(bob, role=Role.ADMIN)),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_who_is_disabled_sees_nothing(database: Database, limits: LimitService, ann: Person) -> None:
    with database.write() as session:
        session.execute(text("UPDATE people SET disabled_at = '2026-11-01 08:00:00' WHERE id = :id"), {"id": ann.id})
    for refused in (lambda: limits.standing(ann), lambda: limits.warning(ann)):
        with pytest.raises(SignedOut):
            refused()


def test_people_see_what_they_used_of_their_own_budgets_alone(
    database: Database, limits: LimitService, admin: Person, ann: Person
) -> None:
    limits.set_rules(admin, LimitRules(person=A_DOLLAR, company=A_DOLLAR))
    use(database, ann, "0.25")
    use(database, admin, "0.50")
    (own,) = limits.standing(ann)
    assert (own.whose, own.used.cost, own.used.tokens, own.share) == (ann.email, Decimal("0.25"), 120, Decimal("0.25"))


def test_admins_see_all_budgets_with_who_used_most_first(
    database: Database, limits: LimitService, admin: Person, ann: Person
) -> None:
    group(database, "sales", ann)
    person(database, "idle")
    limits.set_rules(admin, LimitRules(person=A_DOLLAR, groups={"sales": A_DOLLAR}, company=A_DOLLAR))
    use(database, ann, "0.25")
    use(database, admin, "0.50")
    seen = [(use.bound.scope.value, use.whose, use.share) for use in limits.overview(admin)]
    assert seen == [
        ("company", "", Decimal("0.75")),
        ("group", "sales", Decimal("0.25")),
        ("person", admin.email, Decimal("0.5")),
        ("person", ann.email, Decimal("0.25")),
    ]


@pytest.mark.parametrize(
    ("used", "sentence"),
    [
        ("0.79", None),
        ("0.855", "85 % of your budget for today is used."),
        ("0.999", "99 % of your budget for today is used."),
        ("1", "Your budget for today is used up: until tomorrow (UTC) the documents are quoted without a model."),
    ],
)
def test_people_are_warned_from_the_soft_limit_on(
    database: Database, limits: LimitService, admin: Person, ann: Person, used: str, sentence: str | None
) -> None:
    limits.set_rules(admin, LimitRules(person=A_DOLLAR))
    use(database, ann, used)
    assert limits.warning(ann) == sentence


def test_the_warning_names_the_budget_of_which_least_is_left(
    database: Database, limits: LimitService, admin: Person, ann: Person
) -> None:
    group(database, "sales", ann)
    limits.set_rules(admin, LimitRules(person=A_DOLLAR, groups={"sales": Allowance(tokens_a_month=125)}))
    use(database, ann, "0.85")
    assert limits.warning(ann) == "96 % of the budget of your group sales for this month is used."


def test_limits_that_cannot_be_read_are_told_to_admins(database: Database, limits: LimitService, admin: Person) -> None:
    limits.set_rules(admin, LimitRules(person=A_DOLLAR))
    assert limits.notices(admin) == []
    with database.write() as session:
        session.execute(text("UPDATE preferences SET value = '3'"))
    assert "cannot be read" in limits.notices(admin)[0]
    assert limits.set_rules(admin, LimitRules(person=A_DOLLAR, revision=1)).revision == 2
