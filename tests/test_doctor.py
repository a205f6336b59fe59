"""What the doctor says about providers: where keys are from, what is wrong with them, and never a key itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import doctor
from assistant import settings as settings_module
from assistant.doctor import Check

KEY = "sk-test-PLANTED-0123456789-wxyz"
VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "GROQ_API_KEY", "GROQ_BASE_URL", "ANTHROPIC_API_KEY")


@pytest.fixture(autouse=True)
def _no_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def providers(data_dir: Path, **settings: object) -> Check:
    checks = doctor.check_all(settings_module.load(data_dir=data_dir, samples=False, _env_file=None, **settings))
    return next(check for check in checks if check.name == "providers")


def test_a_key_is_told_by_its_source_and_last_four_characters(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    check = providers(data_dir)
    assert check.ok
    assert "Groq (key from environment ending in wxyz)" in check.detail
    assert KEY not in check.detail


def test_a_broken_key_and_an_unknown_default_are_told_and_the_rest_goes_on(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", f"{KEY} x")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OLLAMA_BASE_URL", "localhost")
    check = providers(data_dir, default_provider="grok")
    assert not check.ok
    assert "OpenAI (key" in check.detail
    assert "Groq: GROQ_API_KEY has white space" in check.detail
    assert "Ollama: OLLAMA_BASE_URL" in check.detail
    assert "ASSISTANT_DEFAULT_PROVIDER names 'grok'" in check.detail
    assert KEY not in check.detail
