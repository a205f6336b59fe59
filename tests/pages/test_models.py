"""The models page: for admins alone; providers, rules and usage as they are, keys nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
from signed_in import visit
from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.domain import AUTO, ModelChoice, Usage, UsageRecord
from assistant.knowledge.caution import FALSE_ANSWERS, Wanted
from assistant.models.policy import ModelPolicy
from assistant.storage.usage_records import insert_records

RunApp = Callable[..., AppTest]
PAGE = "pages/models.py"


@pytest.fixture(autouse=True)
def _usual_rules(services: Services) -> Iterator[None]:
    yield
    person = services.people.local()
    services.models.set_policy(person, ModelPolicy(revision=services.models.policy(person).revision))


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.title, app.info, app.warning, app.error, app.success)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def section(run_app: RunApp, name: str) -> AppTest:
    app = run_app(PAGE)
    app.session_state["models-section"] = name
    return app.run()


def key(field: str, services: Services) -> str:
    return f"rules-{field}-{services.models.policy(services.people.local()).revision}"


def test_every_provider_is_shown_with_what_is_missing(run_app: RunApp) -> None:
    app = run_app(PAGE)
    assert not app.exception
    shown = text_of(app)
    assert "**Offline** :green-badge[set up] :blue-badge[stays in the house]" in shown
    assert "**OpenAI** :gray-badge[not set up]" in shown
    assert "Set OPENAI_API_KEY." in shown


@pytest.mark.usefixtures("services")
def test_the_page_is_for_admins_and_says_so_to_others() -> None:
    app = visit("demo:staff", PAGE)
    assert not app.exception
    assert app.info[0].value.startswith("Only admins see this page")
    assert not app.get("tab")
    assert "Offline" not in text_of(app)


def test_rules_are_saved(run_app: RunApp, services: Services) -> None:
    app = section(run_app, "Rules")
    assert not app.exception
    app.selectbox(key=key("default", services)).set_value(AUTO).run()
    app.number_input(key=key("cost", services)).set_value(0.25).run()
    app.multiselect(key=key("fallbacks", services)).set_value(["offline/quotes"]).run()
    app.button(key="rules-save").click().run()
    assert not app.exception
    assert app.success[0].value.startswith("Saved.")
    policy = services.models.policy(services.people.local())
    assert policy.default == ModelChoice(AUTO)
    assert policy.cost_limit == Decimal("0.25")
    assert policy.fallbacks == (ModelChoice("offline", "quotes"),)
    assert app.number_input(key=key("cost", services)).value == 0.25


def test_a_wrong_rule_is_named_and_nothing_entered_is_lost(run_app: RunApp, services: Services) -> None:
    app = section(run_app, "Rules")
    app.multiselect(key=key("order", services)).set_value(["groq"]).run()
    app.number_input(key=key("cost", services)).set_value(-1.0).run()
    app.button(key="rules-save").click().run()
    assert not app.exception
    assert app.error[0].value.startswith("The cost limit must be above 0")
    assert app.number_input(key=key("cost", services)).value == -1.0
    assert app.multiselect(key=key("order", services)).value == ["groq"]
    assert services.models.policy(services.people.local()).cost_limit == Decimal("0.50")


def test_rules_that_someone_else_changed_meanwhile_are_not_overwritten(run_app: RunApp, services: Services) -> None:
    app, person = section(run_app, "Rules"), services.people.local()
    shown = key("heat", services)
    app.number_input(key=shown).set_value(0.7).run()
    services.models.set_policy(person, replace(services.models.policy(person), cost_limit=Decimal(3)))
    app.button(key="rules-save").click().run()
    assert app.error[0].value.startswith("Someone else changed these settings")
    assert app.number_input(key=shown).value == 0.7
    app.button(key="rules-reload").click().run()
    assert app.number_input(key=key("cost", services)).value == 3.0


def test_a_fallback_outside_the_house_is_warned_of(run_app: RunApp, services: Services) -> None:
    app = section(run_app, "Rules")
    app.multiselect(key=key("fallbacks", services)).set_value(["groq"]).run()
    assert any("then go to Groq" in warning.value for warning in app.warning)


def test_usage_is_summed_up_and_what_has_no_price_is_told(run_app: RunApp, services: Services) -> None:
    person = services.people.local()
    priced = UsageRecord("page-1", 1, "answer", "groq", "fast|model", Usage(1, 1200, 80, 0, Decimal("0.013")))
    unpriced = UsageRecord("page-1", 2, "answer", "openrouter", "odd", Usage(1, 10, 5, estimated=True))
    with services.database.write() as session:
        insert_records(session, person.id, "c", [priced, unpriced])
    app = section(run_app, "Usage")
    assert not app.exception
    table = next(element.value for element in app.markdown if element.value.startswith("| Model"))
    assert "Groq · fast\\|model | \\$0.013 | 1 | 1,200" in table
    assert "OpenRouter · odd | not priced" in table
    assert "1 use not priced" in text_of(app)


def test_the_false_answers_that_are_put_up_with_are_set_on_a_curve(run_app: RunApp, services: Services) -> None:
    app, person = section(run_app, "Caution"), services.people.local()
    assert not app.exception
    assert app.slider[0].value == round(100 * FALSE_ANSWERS)
    app.slider[0].set_value(20).run()
    assert "about **20** are answered all the same" in text_of(app)
    app.button(key="caution-save").click().run()
    assert not app.exception
    assert app.success[0].value.startswith("Saved.")
    assert services.knowledge.caution.wanted(person).false_answers == 0.2
    assert app.slider[0].value == 20
    services.knowledge.caution.set_wanted(person, Wanted(FALSE_ANSWERS, 1))


def test_the_curve_is_there_in_words_for_those_who_cannot_see_it(run_app: RunApp) -> None:
    app = section(run_app, "Caution")
    table = app.table[0].value
    assert list(table)[:2] == ["False answers of 100 without one", "Answered of 100 with one"]
    assert len(table) == 10


def test_a_caution_that_someone_else_changed_meanwhile_is_not_overwritten(run_app: RunApp, services: Services) -> None:
    app, person = section(run_app, "Caution"), services.people.local()
    wanted = services.knowledge.caution.wanted(person)
    app.slider[0].set_value(12).run()
    services.knowledge.caution.set_wanted(person, replace(wanted, false_answers=0.02))
    app.button(key="caution-save").click().run()
    assert app.error[0].value.startswith("Somebody else changed this setting")
    assert app.slider[0].value == 2
