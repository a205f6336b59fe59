"""Limits on the pages: what is refused stays in the composer, what is nearly used up is told, admins set the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from decimal import Decimal

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.domain import Usage, UsageRecord
from assistant.limits.rules import Allowance, LimitRules
from assistant.storage.rates import Meter, Rates
from assistant.storage.usage_records import insert_records

RunApp = Callable[..., AppTest]
SETTINGS = "pages/settings.py"
A_DOLLAR = Allowance(dollars_a_day=Decimal(1))


@pytest.fixture(autouse=True)
def _afterwards(services: Services) -> Iterator[None]:
    yield
    allow(services)
    with services.database.write() as session:
        session.execute(text("DELETE FROM rate_events"))


def allow(services: Services, **rules: object) -> LimitRules:
    """Set the budgets anew."""
    person = services.people.local()
    revision = services.limits.rules(person).revision
    return services.limits.set_rules(person, LimitRules(revision=revision, **rules))  # type: ignore[arg-type]  # as in the class


def use(services: Services, dollars: str) -> None:
    """Write a line of the ledger for the person of the demo."""
    used = Usage(1, 100, 20, cost=Decimal(dollars))
    with services.database.write() as session:
        line = UsageRecord(f"used-{dollars}", 1, "answer", "openai", "gpt-4o", used)
        insert_records(session, services.people.local().id, "c", [line])


def limits_section(run_app: RunApp) -> AppTest:
    app = run_app(SETTINGS)
    app.session_state["settings-section"] = "Limits"
    return app.run()


def field(app: AppTest, services: Services, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201  # AppTest has no public type for it
    revision = services.limits.rules(services.people.local()).revision
    return app.number_input(key=f"limits-{name}-{revision}")


def test_a_question_beyond_the_limit_is_refused_and_stays_in_the_composer(services: Services, run_app: RunApp) -> None:
    person = services.people.local()
    meter = Meter("question", services.settings.questions_per_minute)
    with services.database.write() as session:
        session.execute(
            text(
                "INSERT INTO rate_events (person_id, kind, at, boot, tick) VALUES (:by, 'question', :at, :boot, :tick)"
            ),
            [{"by": person.id, "kind": meter.kind, **asdict(meter.clock())} for _ in range(meter.most)],
        )
    app = run_app()
    app.chat_input[0].set_value("How many days of leave?").run()
    assert "which is the limit: ask again in " in app.error[0].value
    assert services.chat.conversations(person) == []


def test_the_same_search_drawn_again_is_one_search(services: Services, run_app: RunApp) -> None:
    app = run_app("pages/knowledge_base.py", search="leave")
    for _ in range(3):
        app.run()
    assert not app.exception
    meter = Meter("embedding", 2)
    assert Rates(services.database).wait(meter, services.people.local().id) == 0


def test_a_budget_that_is_nearly_used_up_is_told_beside_the_composer(services: Services, run_app: RunApp) -> None:
    allow(services, person=A_DOLLAR)
    assert not run_app().warning
    use(services, "0.85")
    assert [one.value for one in run_app().warning] == ["85 % of your budget for today is used."]


def test_admins_set_budgets_and_see_how_they_stand(services: Services, run_app: RunApp) -> None:
    use(services, "0.25")
    app = limits_section(run_app)
    field(app, services, "person-dollars-day").set_value(2.5)
    field(app, services, "company-tokens-month").set_value(5_000_000)
    field(app, services, "share").set_value(60)
    app.button(key="limits-save").click().run()
    assert not app.exception
    assert app.success[0].value.startswith("Saved.")
    rules = services.limits.rules(services.people.local())
    assert rules.person == Allowance(dollars_a_day=Decimal("2.5"))
    assert rules.company == Allowance(tokens_a_month=5_000_000)
    assert rules.soft_share == Decimal("0.6")
    table = next(one.value for one in app.markdown if "| Budget |" in one.value)
    assert "| Company | everyone | this month |" in table
    assert "| Person | local@localhost | today |" in table


def test_what_was_typed_stays_when_somebody_else_was_faster(services: Services, run_app: RunApp) -> None:
    app = limits_section(run_app)
    mine = field(app, services, "person-dollars-day")
    mine.set_value(3.0)
    person = services.people.local()
    services.limits.set_rules(person, replace(services.limits.rules(person), company=A_DOLLAR))
    app.button(key="limits-save").click().run()
    assert "Someone else changed these limits" in app.error[0].value
    assert 3.0 in [one.value for one in app.number_input]
    app.button(key="limits-reload").click().run()
    assert field(app, services, "company-dollars-day").value == 1.0
    assert not services.limits.rules(person).person.is_set
