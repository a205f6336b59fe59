"""Providers are rows of data; each is shown, set up or not; no model of the catalogue has come to its end."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import get_args

import pytest
from pydantic_ai.models import KnownModelName

from assistant.domain import Parameters
from assistant.errors import ProviderUnavailable
from assistant.providers import builders, catalogue, parameters
from assistant.providers.catalogue import ModelInfo, ProviderRow
from assistant.settings import Settings, load

pytestmark = pytest.mark.usefixtures("without_providers")

KNOWN_AS = {"openai": "openai", "openai-responses": "openai", "groq": "groq", "anthropic": "anthropic"}
"""Our providers whose models pydantic-ai lists, by its name for them; of Bedrock's it lists the global ids."""


def settings(data_dir: Path, **values: str) -> Settings:
    return load(_env_file=None, data_dir=data_dir, **values)


def offered() -> Iterator[tuple[ProviderRow, ModelInfo]]:
    return ((row, model) for row in catalogue.rows() for model in row.models)


def test_offline_comes_first_and_needs_nothing(tmp_path: Path) -> None:
    first = catalogue.providers(settings(tmp_path))[0]
    assert (first.id, first.configured, first.problem) == ("offline", True, "")


def test_without_keys_only_offline_is_set_up_and_the_others_name_their_variable(tmp_path: Path) -> None:
    states = catalogue.providers(settings(tmp_path))
    assert [state.id for state in states if state.configured] == ["offline"]
    needs = {row.id: row.needs for row in catalogue.rows()}
    assert all(needs[state.id][0] in state.problem for state in states if not state.configured)


def test_a_key_sets_its_provider_up(tmp_path: Path) -> None:
    states = {state.id: state for state in catalogue.providers(settings(tmp_path, GROQ_API_KEY="gsk_0123456789"))}
    assert states["groq"].configured
    assert not states["openai"].configured


def test_every_offered_model_has_a_label_and_a_character_of_one_word() -> None:
    assert all(model.label and model.character.isalpha() for _, model in offered())


def test_the_default_and_the_models_of_auto_are_offered() -> None:
    for row in catalogue.rows():
        ids = [model.id for model in row.models]
        assert {row.quick, row.thorough} <= {None, *ids}, row.id
        assert len(set(ids)) == len(ids), row.id


def test_no_offered_model_has_come_to_its_end() -> None:
    today = datetime.now(UTC).date()
    gone = [f"{row.id}:{model.id} ended on {model.retires}" for row, model in offered() if model.retired(today)]
    assert not gone, "move these to retired_models of catalogue.toml, and offer their successors"


def test_what_ends_has_an_offered_successor_that_does_not_end_before_it() -> None:
    for row in catalogue.rows():
        live = {model.id: model for model in row.models}
        for model in (*row.models, *row.retired):
            if model.retires is not None:
                successor = live[model.successor or ""]
                assert successor.retires is None or successor.retires > model.retires, f"{row.id}:{model.id}"


def test_no_id_is_both_offered_and_retired() -> None:
    for row in catalogue.rows():
        ids = [model.id for model in (*row.models, *row.retired)]
        assert len(set(ids)) == len(ids), row.id


def test_the_models_are_ones_that_the_installed_library_knows() -> None:
    known = set(get_args(KnownModelName.__value__))
    still_served = {
        f"{KNOWN_AS[row.id]}:{model.id}" for row, model in offered() if row.id in KNOWN_AS and not model.retires
    }
    on_bedrock = {f"bedrock:{model.id}" for row, model in offered() if row.kind == "bedrock"}
    assert still_served | on_bedrock <= known


def test_effort_sampling_and_output_mode_are_ones_that_the_installed_library_sends() -> None:
    """Bedrock and Anthropic are extras; where one is missing its rows are left to the installation that has it."""
    for row, model in offered():
        if row.kind == "offline" or (row.module and importlib.util.find_spec(row.module) is None):
            continue
        profile = importlib.import_module(f"assistant.providers.{builders.HOMES[row.kind]}").profile(row.kind, model.id)
        forced = profile.get("supports_forced_tool_choice") is not False
        taken = parameters.model_settings(Parameters(temperature=0.5), model.id, None, profile)
        assert not model.efforts or profile.get("supports_thinking"), model.id
        assert model.sampling == ("temperature" in taken), model.id
        assert model.output != "tool" or forced, f"{model.id} refuses to be made to call a tool"
        assert model.output != "native" or profile.get("supports_json_schema_output"), model.id


def test_the_two_doors_of_openai_offer_the_same_models() -> None:
    chat, responses = catalogue.provider("openai"), catalogue.provider("openai-responses")
    assert (chat.models, chat.retired) == (responses.models, responses.retired)


def test_an_id_of_earlier_days_is_found_with_its_end_and_what_to_take_instead(tmp_path: Path) -> None:
    found = catalogue.find("groq", "mixtral-8x7b-32768", settings(tmp_path))
    assert found is not None
    assert (found.retires, found.successor) == (date(2025, 3, 20), "openai/gpt-oss-120b")
    assert found.retired(date(2026, 11, 20))


def test_a_bedrock_model_is_found_with_any_region_in_front(tmp_path: Path) -> None:
    known = settings(tmp_path)
    old = catalogue.find("aws-claude", "eu.anthropic.claude-3-5-sonnet-20241022-v2:0", known)
    new = catalogue.find("aws-claude", "us.anthropic.claude-sonnet-5-5", known)
    assert old is not None
    assert new is not None
    assert old.successor == "global.anthropic.claude-sonnet-5-5"
    assert new.label == "Claude Sonnet 5.5"


@pytest.mark.parametrize(("provider", "model"), [("groq", "no-such-model"), ("no-such-provider", "quotes")])
def test_what_nobody_ever_named_is_not_found(provider: str, model: str, tmp_path: Path) -> None:
    assert catalogue.find(provider, model, settings(tmp_path)) is None


def test_the_picker_lists_offered_models_first_and_retired_ones_last(tmp_path: Path) -> None:
    row = catalogue.provider("groq")
    state = next(state for state in catalogue.providers(settings(tmp_path)) if state.id == "groq")
    assert [model.id for model in state.models] == [model.id for model in (*row.models, *row.retired)]


def test_labels_are_for_people_and_unknown_ids_stay_readable() -> None:
    assert catalogue.label("groq") == "Groq"
    assert catalogue.label("old-provider") == "old-provider"


def test_an_unknown_provider_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ProviderUnavailable, match="offline, openai, openai-responses, groq, aws-claude"):
        catalogue.provider("grok")
