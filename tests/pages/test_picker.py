"""The picker of provider and model: what it offers, what it keeps, and why something cannot be chosen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from assistant.domain import AUTO, ModelChoice, Parameters
from assistant.providers.catalogue import ModelInfo
from pages.components import parameter_fields, picker

RunApp = Callable[..., AppTest]


def opened(app: AppTest) -> AppTest:
    """Run the app with the picker standing open; each run without a browser closes it again."""
    app.session_state[picker.POPOVER] = True
    return app.run()


def choice(app: AppTest) -> ModelChoice:
    picked: ModelChoice = app.session_state[picker.CHOICE]
    return picked


def test_nothing_behind_the_button_is_drawn_before_it_is_opened(run_app: RunApp) -> None:
    assert not run_app().selectbox


def test_without_any_key_the_offline_model_and_auto_can_be_chosen(run_app: RunApp) -> None:
    app = opened(run_app())
    assert not app.exception
    assert app.selectbox(key=picker.PROVIDER).options == ["Auto", "Offline"]


def test_providers_that_are_not_set_up_name_their_variable(run_app: RunApp) -> None:
    app = opened(run_app())
    for variable in ("OPENAI_API_KEY", "GROQ_API_KEY"):
        assert any(variable in caption.value for caption in app.caption)


def test_auto_shows_its_rule(run_app: RunApp) -> None:
    app = opened(run_app())
    app.selectbox(key=picker.PROVIDER).select(AUTO).run()
    opened(app)
    assert choice(app).provider == AUTO
    assert any(caption.value.startswith("Auto takes") for caption in app.caption)


def test_a_parameter_is_kept_in_the_choice_and_shown_again(run_app: RunApp) -> None:
    app = opened(run_app())
    app.selectbox(key=picker.PROVIDER).select(AUTO).run()
    opened(app)
    app.select_slider(key="parameter-temperature").set_value(0.2).run()
    opened(app)
    app.number_input(key="parameter-max_tokens").set_value(500).run()
    opened(app)
    app.button_group(key="parameter-effort").set_value("high").run()
    opened(app)
    assert choice(app) == ModelChoice(AUTO, None, Parameters(effort="high", temperature=0.2, max_tokens=500))
    assert app.select_slider(key="parameter-temperature").value == 0.2


def test_reset_goes_back_to_the_default_and_its_parameters(run_app: RunApp) -> None:
    app = opened(run_app())
    app.selectbox(key=picker.PROVIDER).select(AUTO).run()
    opened(app)
    app.number_input(key="parameter-max_tokens").set_value(500).run()
    opened(app)
    next(button for button in app.button if button.label == "Reset to default").click().run()
    opened(app)
    assert picker.CHOICE not in app.session_state
    assert app.selectbox(key=picker.PROVIDER).value == "offline"
    app.selectbox(key=picker.PROVIDER).select(AUTO).run()
    opened(app)
    assert app.number_input(key="parameter-max_tokens").value is None


def test_the_offline_model_has_nothing_to_set(run_app: RunApp) -> None:
    app = opened(run_app())
    assert not app.select_slider
    assert any("nothing to set" in caption.value for caption in app.caption)


def test_only_parameters_that_the_model_takes_are_kept() -> None:
    wanted = Parameters(effort="high", temperature=0.4, top_p=0.5, max_tokens=9000)
    plain = ModelInfo("m", "M", sampling=False, max_output=4096)
    assert parameter_fields.fitting(wanted, plain) == Parameters(max_tokens=4096)
    able = ModelInfo("m", "M", efforts=("low", "high"))
    assert parameter_fields.fitting(wanted, able) == wanted


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.0, "0 · focused"), (0.3, "0.3 · focused"), (0.7, "0.7 · balanced"), (1.0, "1 · varied"), (2.0, "2 · varied")],
)
def test_a_temperature_says_what_it_means(value: float, words: str) -> None:
    assert parameter_fields.temperature_word(value) == words
