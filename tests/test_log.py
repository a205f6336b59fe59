"""What the log keeps of an error, and what it must not."""

from __future__ import annotations

import logging

import pytest

from assistant import log as logs
from assistant.settings import load

LOGGER = logging.getLogger("assistant.test")


def test_a_secret_is_hidden_in_words_and_trace(caplog: pytest.LogCaptureFixture) -> None:
    try:
        raise ValueError("the key sk-1234567890 was refused")
    except ValueError as error:
        reference = logs.record(LOGGER, error, ["sk-1234567890"])
    assert f"reference {reference}: the key [hidden] was refused" in caplog.text
    assert "Traceback" in caplog.text
    assert "sk-1234567890" not in caplog.text


def test_a_known_error_is_one_bounded_line_whatever_it_says(caplog: pytest.LogCaptureFixture) -> None:
    key = "sk-1234567890"
    error = ValueError("refused\n2026-01-01 ERROR forged " + "x" * (logs.KNOWN_CHARACTERS - 45) + key + "y" * 5000)
    logs.record(LOGGER, error, [key], traced=False)
    message = caplog.records[0].getMessage()
    assert "\n" not in message
    assert len(message) < logs.KNOWN_CHARACTERS + 50
    assert "sk-" not in message


def test_the_secrets_of_the_settings_are_their_keys_the_longest_first() -> None:
    keys = {"OPENAI_API_KEY": "short-key", "GROQ_API_KEY": "a-longer-key"}
    settings = load(_env_file=None, **keys)
    assert [secret for secret in logs.secrets(settings) if secret in keys.values()] == ["a-longer-key", "short-key"]
