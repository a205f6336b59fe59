"""Models are built from a choice, and only for what is set up."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assistant.domain import ModelChoice
from assistant.errors import ProviderUnavailable
from assistant.providers.builders import build_model
from assistant.providers.minilm import MiniLM
from assistant.settings import Settings


def settings(**values: str) -> Settings:
    return Settings(_env_file=None, **values)  # type: ignore[arg-type,call-arg]


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GROQ_API_KEY", "OPENAI_BASE_URL", "GROQ_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_the_offline_model_needs_no_key(embedder: MiniLM) -> None:
    assert build_model(ModelChoice("offline"), settings(), embedder).system == "offline"


@pytest.mark.parametrize(("provider", "variable"), [("openai", "OPENAI_API_KEY"), ("groq", "GROQ_API_KEY")])
def test_a_missing_key_is_named(embedder: MiniLM, provider: str, variable: str) -> None:
    with pytest.raises(ProviderUnavailable, match=variable):
        build_model(ModelChoice(provider), settings(), embedder)


def test_a_provider_of_a_later_version_says_so(embedder: MiniLM) -> None:
    with pytest.raises(ProviderUnavailable, match="Anthropic cannot be used in this version yet"):
        build_model(ModelChoice("anthropic"), settings(), embedder)


def test_without_a_model_the_default_of_the_provider_is_built(embedder: MiniLM) -> None:
    model = build_model(ModelChoice("groq"), settings(GROQ_API_KEY="k"), embedder)
    assert (model.system, model.model_name) == ("groq", "openai/gpt-oss-20b")


def test_any_model_id_is_taken(embedder: MiniLM) -> None:
    model = build_model(ModelChoice("openai", "gpt-of-tomorrow"), settings(OPENAI_API_KEY="k"), embedder)
    assert model.model_name == "gpt-of-tomorrow"


def test_a_cut_stream_of_openai_is_an_error(embedder: MiniLM) -> None:
    model = build_model(ModelChoice("openai"), settings(OPENAI_API_KEY="k"), embedder)
    assert model.profile.get("openai_chat_streaming_requires_finish_reason")


def test_the_same_choice_keeps_its_client_and_another_key_gets_its_own(embedder: MiniLM) -> None:
    one = build_model(ModelChoice("groq"), settings(GROQ_API_KEY="k"), embedder)
    assert build_model(ModelChoice("groq"), settings(GROQ_API_KEY="k"), embedder) is one
    assert build_model(ModelChoice("groq"), settings(GROQ_API_KEY="other"), embedder) is not one


def test_no_sdk_is_imported_before_its_provider_is_used() -> None:
    code = (
        "import sys; import assistant.chat.service, assistant.providers.builders;"
        "print([name for name in ('openai', 'groq', 'pydantic_ai', 'chromadb', 'pandas') if name in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "[]"
