"""Models are built from a choice, once, and only for what is set up; an SDK is imported when it is needed."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assistant.domain import ModelChoice, Parameters
from assistant.errors import ProviderUnavailable
from assistant.providers import catalogue, clients, model_lists
from assistant.providers.builders import build_model, settings_for, warm
from assistant.providers.minilm import MiniLM
from assistant.providers.model_info import ModelInfo
from assistant.providers.prompted_tools import PromptedTools
from assistant.providers.think_tags import ThinkTags
from assistant.settings import Settings, load

SET_UP = {
    "OPENAI_API_KEY": "sk-0123456789",
    "GROQ_API_KEY": "gsk_0123456789",
    "ANTHROPIC_API_KEY": "sk-ant-0123456789",
    "AWS_ACCESS_KEY_ID": "AKIA0123456789",
    "AWS_SECRET_ACCESS_KEY": "secret-0123456789",
    "OPENROUTER_API_KEY": "sk-or-0123456789",
    "PORTKEY_API_KEY": "pk-0123456789",
    "OLLAMA_BASE_URL": "http://127.0.0.1:11434",
    "LOCAL_BASE_URL": "http://127.0.0.1:8080",
}
CHOICES = {
    "openai": "gpt-6-luna",
    "openai-responses": "gpt-6-luna",
    "groq": "openai/gpt-oss-20b",
    "anthropic": "claude-haiku-5-5",
    "aws-claude": "global.anthropic.claude-haiku-5-5",
    "openrouter": "openrouter/auto",
    "portkey": "@openai/gpt-6-luna",
    "ollama": "llama3.2",
    "local": "qwen3",
}
OPENAI_CHAT_WIRE = ("openai", "openrouter", "portkey", "ollama", "local")
RETRYING_CLIENTS = [provider for provider in CHOICES if provider != "aws-claude"]
SDKS = "('openai', 'groq', 'anthropic', 'boto3', 'pydantic_ai', 'opentelemetry.sdk', 'chromadb', 'pandas')"


def settings(**values: str) -> Settings:
    return load(_env_file=None, **{**SET_UP, **values})


def client_of(model: Any) -> Any:
    """The SDK's client, which each kind of model has and their base class does not know."""
    return model.client


@pytest.fixture(autouse=True)
def _clients_are_closed() -> object:
    yield
    asyncio.run(clients.close_clients())


def test_the_offline_provider_does_not_answer_under_another_models_name(embedder: MiniLM) -> None:
    with pytest.raises(ProviderUnavailable, match="Offline has no model 'gpt-4': pick the provider"):
        build_model(ModelChoice("offline", "gpt-4"), load(_env_file=None), embedder)


def test_the_offline_model_needs_no_key(embedder: MiniLM) -> None:
    assert build_model(ModelChoice("offline"), load(_env_file=None), embedder).system == "offline"


@pytest.mark.parametrize(("provider", "model_id"), CHOICES.items())
def test_every_provider_is_built_with_any_model_id(provider: str, model_id: str, embedder: MiniLM) -> None:
    assert build_model(ModelChoice(provider, model_id), settings(), embedder).model_name == model_id


def test_a_wrong_variable_makes_its_provider_unusable_and_is_named(embedder: MiniLM) -> None:
    broken = settings(GROQ_API_KEY="gsk_ 0123456789")
    with pytest.raises(ProviderUnavailable, match=r"Groq cannot be used\. GROQ_API_KEY has white space") as caught:
        build_model(ModelChoice("groq"), broken, embedder)
    assert "0123456789" not in caught.value.message
    assert build_model(ModelChoice("openai"), broken, embedder).model_name == "gpt-6-luna"


def test_without_a_model_the_default_of_the_provider_is_built(embedder: MiniLM) -> None:
    model = build_model(ModelChoice("groq"), settings(), embedder)
    assert (model.system, model.model_name) == ("groq", "openai/gpt-oss-20b")


def test_a_server_without_a_usual_model_wants_one_named(embedder: MiniLM, tmp_path: Path) -> None:
    configured = settings(data_dir=str(tmp_path))
    with pytest.raises(ProviderUnavailable, match="Ollama has no usual model"):
        build_model(ModelChoice("ollama"), configured, embedder)
    assert settings_for(ModelChoice("ollama"), configured) == {}


def test_the_usual_model_of_a_server_is_the_first_it_names(embedder: MiniLM, tmp_path: Path) -> None:
    configured = settings(data_dir=str(tmp_path))
    named = [ModelInfo("qwen3:8b", "qwen3:8b", discovered=True), ModelInfo("llama3.2", "llama3.2", discovered=True)]
    model_lists.keep(catalogue.provider("ollama"), configured, named)
    assert build_model(ModelChoice("ollama"), configured, embedder).model_name == "qwen3:8b"


def test_an_id_that_openrouter_cannot_have_is_told(embedder: MiniLM) -> None:
    with pytest.raises(ProviderUnavailable, match="vendor/model"):
        build_model(ModelChoice("openrouter", "gpt-6-luna"), settings(), embedder)


def test_a_profile_that_aws_does_not_know_is_told(embedder: MiniLM) -> None:
    configured = settings(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_PROFILE="nowhere")
    with pytest.raises(ProviderUnavailable, match="no profile of the name in AWS_PROFILE"):
        build_model(ModelChoice("aws-claude"), configured, embedder)


@pytest.mark.parametrize("provider", OPENAI_CHAT_WIRE)
def test_a_cut_stream_is_an_error_on_every_server_of_the_chat_wire(provider: str, embedder: MiniLM) -> None:
    profile = build_model(ModelChoice(provider, CHOICES[provider]), settings(), embedder).profile
    assert dict(profile)["openai_chat_streaming_requires_finish_reason"] is True


def test_what_is_added_to_a_profile_keeps_what_is_known_of_the_model(embedder: MiniLM) -> None:
    profile = build_model(ModelChoice("openai"), settings(), embedder).profile
    assert dict(profile)["openai_supports_reasoning"] is True


def test_the_same_choice_keeps_its_model_and_models_share_a_client(embedder: MiniLM) -> None:
    one = build_model(ModelChoice("groq"), settings(), embedder)
    assert build_model(ModelChoice("groq", parameters=Parameters(effort="low")), settings(), embedder) is one
    other = build_model(ModelChoice("groq", "openai/gpt-oss-120b"), settings(), embedder)
    assert other is not one
    assert client_of(other) is client_of(one)


def test_two_threads_that_ask_at_once_share_one_model(embedder: MiniLM) -> None:
    with ThreadPoolExecutor(8) as pool:
        built = list(pool.map(lambda _: build_model(ModelChoice("openai"), settings(), embedder), range(16)))
    assert len({id(model) for model in built}) == 1


def test_models_of_any_number_of_ids_do_not_fill_the_memory(embedder: MiniLM) -> None:
    one = build_model(ModelChoice("groq"), settings(), embedder)
    for number in range(clients.MOST_MODELS):
        build_model(ModelChoice("groq", f"model-{number}"), settings(), embedder)
    again = build_model(ModelChoice("groq"), settings(), embedder)
    assert again is not one
    assert client_of(again) is client_of(one)


def test_tools_are_told_in_words_when_asked(embedder: MiniLM) -> None:
    choice = ModelChoice("groq")
    in_words = build_model(choice, settings(), embedder, prompted=True)
    assert isinstance(in_words, PromptedTools)
    assert in_words is build_model(choice, settings(), embedder, prompted=True)
    assert not isinstance(build_model(choice, settings(), embedder), PromptedTools)


def test_a_model_that_takes_no_tools_is_told_them_in_words(embedder: MiniLM, tmp_path: Path) -> None:
    configured = settings(data_dir=str(tmp_path))
    named = ModelInfo("vendor/plain", "Plain", tools=False, discovered=True)
    model_lists.keep(catalogue.provider("openrouter"), configured, [named])
    assert isinstance(build_model(ModelChoice("openrouter", "vendor/plain"), configured, embedder), PromptedTools)


@pytest.mark.parametrize("provider", ["ollama", "local"])
def test_reasoning_between_tags_is_looked_for_on_servers_of_open_models(provider: str, embedder: MiniLM) -> None:
    assert isinstance(build_model(ModelChoice(provider, "qwen3"), settings(), embedder), ThinkTags)


@pytest.mark.parametrize("change", [{"GROQ_API_KEY": "gsk_9876543210"}, {"GROQ_BASE_URL": "http://127.0.0.1:9"}])
def test_another_key_or_address_gets_a_client_of_its_own(change: dict[str, str], embedder: MiniLM) -> None:
    one = build_model(ModelChoice("groq"), settings(), embedder)
    other = build_model(ModelChoice("groq"), settings(**change), embedder)
    assert client_of(other) is not client_of(one)


@pytest.mark.parametrize("provider", RETRYING_CLIENTS)
def test_clients_never_retry_by_themselves(provider: str, embedder: MiniLM) -> None:
    model = build_model(ModelChoice(provider, CHOICES[provider]), settings(), embedder)
    while hasattr(model, "wrapped"):
        model = model.wrapped
    assert client_of(model).max_retries == 0


def test_bedrock_tries_once(embedder: MiniLM) -> None:
    model = build_model(ModelChoice("aws-claude"), settings(), embedder)
    assert client_of(model).meta.config.retries["total_max_attempts"] == 1
    assert client_of(model).meta.region_name == "us-east-1"


def test_bedrocks_own_key_from_a_file_is_used(embedder: MiniLM) -> None:
    model = build_model(ModelChoice("aws-claude"), settings(AWS_BEARER_TOKEN_BEDROCK="bedrock-0123456789"), embedder)
    assert client_of(model).meta.config.signature_version == "bearer"
    assert client_of(model).meta.endpoint_url == "https://bedrock-runtime.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        (Parameters("high", 0.2, 0.9, 500), {"thinking": "high", "temperature": 0.2, "top_p": 0.9, "max_tokens": 500}),
        (Parameters(max_tokens=10**9), {"max_tokens": 65_536}),
        (Parameters(), {}),
    ],
)
def test_parameters_become_settings_of_the_request(parameters: Parameters, sent: dict[str, object]) -> None:
    assert settings_for(ModelChoice("groq", "openai/gpt-oss-20b", parameters), settings()) == sent


@pytest.mark.parametrize(
    ("provider", "model_id", "taken"),
    [
        ("openai", "gpt-6-luna", {"thinking"}),
        ("openai", "gpt-4o", {"temperature", "top_p"}),
        ("openai", "gpt-5.2", {"thinking"}),
        ("groq", "llama-9-of-tomorrow", {"temperature", "top_p"}),
        ("anthropic", "claude-haiku-5-5", {"thinking"}),
        ("anthropic", "claude-haiku-4-5", {"thinking"}),
        ("aws-claude", "us.anthropic.claude-haiku-4-5-20251001-v1:0", {"thinking"}),
        ("portkey", "@openai-prod/gpt-6-luna", {"thinking"}),
        ("portkey", "@our-team/gpt-4o", {"temperature", "top_p"}),
        ("ollama", "gpt-oss:20b", {"thinking", "temperature", "top_p"}),
        ("ollama", "llama3.2", {"temperature", "top_p"}),
        ("local", "openai/gpt-oss-120b", {"thinking", "temperature", "top_p"}),
        ("offline", None, set()),
    ],
)
def test_a_parameter_that_the_model_refuses_is_left_out(provider: str, model_id: str | None, taken: set[str]) -> None:
    asked = Parameters(effort="low", temperature=0.3, top_p=0.9)
    assert set(settings_for(ModelChoice(provider, model_id, asked), settings())) == taken


def test_claude_gets_a_temperature_it_takes_and_never_top_p_beside_it() -> None:
    choice = ModelChoice("anthropic", "claude-haiku-4-5", Parameters(temperature=1.4, top_p=0.9))
    assert settings_for(choice, settings()) == {"temperature": 1.0}


def test_an_openai_model_that_rests_by_itself_takes_a_temperature_until_an_effort_is_asked() -> None:
    choice = ModelChoice("openai", "gpt-5.2", Parameters(temperature=0.3))
    assert settings_for(choice, settings()) == {"temperature": 0.3}


def test_settings_of_an_unknown_provider_are_empty() -> None:
    assert settings_for(ModelChoice("grok", "x", Parameters(temperature=1)), settings()) == {}


def imported(code: str) -> str:
    listed = f"import sys; {code}; print([name for name in {SDKS} if name in sys.modules])"
    return subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, check=True).stdout.strip()


def test_no_sdk_is_imported_before_its_provider_is_used() -> None:
    assert imported("import assistant.chat.service, assistant.providers.builders, assistant.bootstrap") == "[]"


def test_warming_a_provider_imports_its_sdk_and_not_the_others() -> None:
    groq = "Settings(_env_file=None, GROQ_API_KEY='gsk_0123456789')"
    warmed = imported(
        "from assistant.providers.builders import warm; from assistant.settings import Settings;"
        f"settings = {groq}; warm('groq', settings); warm('anthropic', settings)"
    )
    assert "groq" in warmed
    assert "anthropic" not in warmed
    assert "boto3" not in warmed


def test_warming_raises_nothing() -> None:
    warm("no-such-provider", settings())


@pytest.mark.parametrize("provider", ["offline", "groq"])
def test_the_banner_of_the_agent_library_is_off(
    provider: str, embedder: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pydantic_ai

    monkeypatch.setattr(pydantic_ai, "BANNER_ENABLED", True)
    build_model(ModelChoice(provider), settings(), embedder)
    assert pydantic_ai.BANNER_ENABLED is False


@pytest.mark.parametrize(("provider", "module"), [("anthropic", "anthropic"), ("aws-claude", "boto3")])
def test_a_missing_extra_is_told_with_the_command_that_installs_it(
    provider: str, module: str, embedder: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == module else found(name))
    with pytest.raises(ProviderUnavailable, match="run `make extras`"):
        build_model(ModelChoice(provider, CHOICES[provider]), settings(), embedder)
