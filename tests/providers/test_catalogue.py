"""Providers are rows of data; each is shown, set up or not."""

from __future__ import annotations

from typing import get_args

import pytest
from pydantic_ai.models import KnownModelName

from assistant.errors import ProviderUnavailable
from assistant.providers import catalogue
from assistant.settings import Settings


def settings(**values: str) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type,call-arg]


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in catalogue.rows():
        if row.needs:
            monkeypatch.delenv(row.needs, raising=False)


def test_offline_comes_first_and_needs_nothing() -> None:
    first = catalogue.providers(settings())[0]
    assert (first.id, first.configured, first.needs) == ("offline", True, None)


def test_without_keys_only_offline_is_set_up_and_the_others_name_their_variable() -> None:
    states = catalogue.providers(settings())
    assert [state.id for state in states if state.configured] == ["offline"]
    assert all(state.needs and state.needs.isupper() for state in states if not state.configured)


def test_a_key_sets_its_provider_up() -> None:
    states = {state.id: state for state in catalogue.providers(settings(GROQ_API_KEY="k"))}
    assert states["groq"].configured
    assert not states["openai"].configured


def test_a_provider_of_a_later_version_is_not_set_up_by_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    states = {state.id: state for state in catalogue.providers(settings())}
    assert (states["anthropic"].built, states["anthropic"].configured) == (False, False)


def test_every_built_provider_has_models_with_a_character() -> None:
    for row in catalogue.rows():
        if row.built:
            assert row.models
            assert all(model.id and model.label and model.character for model in row.models)


def test_the_models_are_ones_that_the_installed_library_knows() -> None:
    known = set(get_args(KnownModelName.__value__))
    wanted = {f"{row.id}:{model.id}" for row in catalogue.rows() if row.built and row.needs for model in row.models}
    assert wanted <= known


def test_labels_are_for_people_and_unknown_ids_stay_readable() -> None:
    assert catalogue.label("groq") == "Groq"
    assert catalogue.label("old-provider") == "old-provider"


def test_an_unknown_provider_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ProviderUnavailable, match="offline, openai, groq"):
        catalogue.provider("grok")
