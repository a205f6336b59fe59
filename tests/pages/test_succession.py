"""A conversation that used a model which is gone: it goes on, with a suggestion."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.domain import AUTO, ModelChoice, Parameters, TurnStatus
from pages.components import picker

RunApp = Callable[..., AppTest]
RETIRED = ModelChoice("openai", "gpt-4")
HOTEL = "How much may a hotel room in Vienna cost?"


def asked(services: Services, choice: ModelChoice) -> str:
    """A conversation in which this was asked of that model."""
    running = services.chat.ask(services.people.local(), None, HOTEL, choice)
    running.result(30)
    return running.conversation_id


def suggestion(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown if element.value.startswith(":material/update:"))


def test_a_retired_model_is_named_with_its_successor(run_app: RunApp, services: Services) -> None:
    app = run_app(conversation=asked(services, RETIRED))
    assert not app.exception
    assert "OpenAI retired GPT-4 on " in suggestion(app)


def test_one_click_takes_the_successor_and_the_suggestion_goes(run_app: RunApp, services: Services) -> None:
    app = run_app(conversation=asked(services, RETIRED))
    app.button(key="take-successor").click().run()
    found = services.models.successor(RETIRED)
    assert found is not None
    assert app.session_state[picker.CHOICE] == found[0]
    assert suggestion(app) == ""


def test_a_provider_that_is_gone_is_no_error_and_another_answers_the_retry(run_app: RunApp, services: Services) -> None:
    app = run_app(conversation=asked(services, ModelChoice("strange", "model")))
    assert not app.exception
    assert "There is no provider 'strange'" in suggestion(app)
    next(button for button in app.button if button.label == "Retry").click().run()
    (_, again) = services.chat.turns(services.people.local(), app.query_params["conversation"])
    assert again.status is TurnStatus.COMPLETE
    assert again.choice.provider == "offline"


def test_a_conversation_of_a_model_that_answers_has_no_suggestion(run_app: RunApp, services: Services) -> None:
    assert suggestion(run_app(conversation=asked(services, ModelChoice("offline")))) == ""


def opened(app: AppTest) -> AppTest:
    app.session_state[picker.POPOVER] = True
    return app.run()


def test_a_conversation_opened_anew_keeps_its_model_and_parameters(run_app: RunApp, services: Services) -> None:
    choice = ModelChoice(AUTO, None, Parameters(temperature=0.2))
    app = opened(run_app(conversation=asked(services, services.models.resolve(choice))))
    assert app.selectbox(key=picker.PROVIDER).value == AUTO
    assert app.select_slider(key="parameter-temperature").value == 0.2
    del app.query_params["conversation"]
    assert opened(app).selectbox(key=picker.PROVIDER).value == "offline"


def test_reset_takes_the_default_also_where_the_conversation_had_another(run_app: RunApp, services: Services) -> None:
    app = opened(run_app(conversation=asked(services, services.models.resolve(ModelChoice(AUTO)))))
    next(button for button in app.button if button.label == "Reset to default").click().run()
    assert opened(app).selectbox(key=picker.PROVIDER).value == "offline"
    assert next(button for button in app.button if button.label == "Reset to default").disabled


def test_a_conversation_does_not_keep_a_model_that_is_gone(run_app: RunApp, services: Services) -> None:
    assert opened(run_app(conversation=asked(services, RETIRED))).selectbox(key=picker.PROVIDER).value == "offline"
