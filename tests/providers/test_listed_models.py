"""Lists of models are a stranger's data: taken by type, bounded, and without what cannot chat."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from assistant.providers import listed_models
from assistant.providers.model_info import ModelInfo

TODAY = date(2026, 11, 20)


def test_openrouters_list_gives_price_context_and_abilities() -> None:
    (model,) = listed_models.read(
        {
            "data": [
                {
                    "id": "vendor/model",
                    "name": "Vendor: Model",
                    "context_length": 200000,
                    "pricing": {"prompt": "0.0000025", "completion": "0.00001"},
                    "top_provider": {"max_completion_tokens": 32000},
                    "architecture": {"output_modalities": ["text"]},
                    "supported_parameters": ["reasoning", "structured_outputs", "max_tokens"],
                    "expiration_date": "2027-01-31",
                }
            ]
        },
        TODAY,
    )
    assert model == ModelInfo(
        "vendor/model",
        "Vendor: Model",
        context=200000,
        max_output=32000,
        tools=False,
        output="native",
        efforts=("low", "medium", "high"),
        sampling=False,
        retires=date(2027, 1, 31),
        input_price=Decimal("2.5"),
        output_price=Decimal(10),
        discovered=True,
    )


def test_a_negative_price_is_not_priced() -> None:
    (model,) = listed_models.read({"data": [{"id": "a/auto", "pricing": {"prompt": "-1", "completion": "-1"}}]}, TODAY)
    assert (model.input_price, model.output_price) == (None, None)


def test_a_retirement_of_anthropic_that_was_put_off_is_no_end() -> None:
    entries = [
        {"id": "late", "lifecycle": "deprecated", "retires_at": "2026-01-01T00:00:00Z"},
        {"id": "soon", "lifecycle": "deprecated", "retires_at": "2026-11-30T00:00:00Z"},
        {"id": "gone", "lifecycle": "retired", "retires_at": "2026-01-01T00:00:00Z"},
    ]
    assert {model.id: model.retires for model in listed_models.read(entries, TODAY)} == {
        "late": None,
        "soon": date(2026, 11, 30),
    }


@pytest.mark.parametrize(
    "name",
    [
        "text-embedding-3-small",
        "nomic-embed-text:latest",
        "bge-m3",
        "all-minilm",
        "whisper-large-v3-turbo",
        "gpt-4o-mini-tts",
        "gpt-4o-transcribe",
        "gpt-image-2.5-flare",
        "dall-e-3",
        "gpt-realtime-2",
        "omni-moderation-latest",
        "meta-llama/llama-prompt-guard-2-22m",
        "openai/gpt-6-luna:batch",
        "canopylabs/orpheus-v1-english",
    ],
)
def test_what_cannot_chat_is_left_out(name: str) -> None:
    assert listed_models.read([{"id": name}, {"id": "stays"}], TODAY)[0].id == "stays"


@pytest.mark.parametrize(
    "name", ["gpt-6-luna", "olive-7b", "mistral-large-latest", "llava:13b", "imagine-7b", "deliver-1"]
)
def test_a_chat_model_with_a_similar_name_stays(name: str) -> None:
    assert [model.id for model in listed_models.read([{"id": name}], TODAY)] == [name]


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"id": None},
        {"id": 7},
        {"id": ""},
        {"id": "a b"},
        {"id": "a\nb"},
        {"id": "a\u202eb"},
        {"id": "x" * 201},
        "text",
    ],
)
def test_an_entry_that_is_no_model_is_passed_over(entry: object) -> None:
    assert listed_models.read([entry, {"id": "good"}], TODAY)[0].id == "good"


def test_a_list_is_bounded_and_names_each_model_once() -> None:
    endless = [{"id": f"m-{number}"} for number in range(listed_models.MOST_MODELS + 5)]
    assert len(listed_models.read(endless, TODAY)) == listed_models.MOST_MODELS
    assert len(listed_models.read([{"id": "m"}, {"id": "m"}], TODAY)) == 1


def test_numbers_that_cannot_be_are_unknown() -> None:
    entry = {"id": "m", "context_length": -1, "max_tokens": "many", "pricing": {"prompt": "NaN", "completion": "x"}}
    assert listed_models.read([entry], TODAY) == [replace(ModelInfo("m", "m"), discovered=True)]


def test_ollama_without_models_has_an_empty_list() -> None:
    assert listed_models.read({"object": "list", "data": None}, TODAY) == []


def test_a_file_that_a_server_runs_is_called_by_its_name() -> None:
    paths = ["/srv/models/qwen3-8b-q4.gguf", "C:\\models\\gemma.GGUF", "vendor/model"]
    labels = [model.label for model in listed_models.read([{"id": path} for path in paths], TODAY)]
    assert labels == ["qwen3-8b-q4.gguf", "gemma.GGUF", "vendor/model"]
