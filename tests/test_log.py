"""What the log keeps of an error, and what it must not."""

from __future__ import annotations

import logging
from collections.abc import Iterator

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


KEY = "gsk_aB3dE5gH7jK9mN1pQ2sT4vW6xY8z"
"""What has the shape of a key."""
PLAIN = "correct-horse-battery"
"""What only the settings know for a secret."""


@pytest.fixture
def kept_from_records() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    logs.keep_from_records([PLAIN, "abc"])
    yield
    logs.keep_from_records([])
    logging.setLogRecordFactory(before)


@pytest.mark.usefixtures("kept_from_records")
@pytest.mark.parametrize("name", ["assistant.test", "some.library"])
@pytest.mark.parametrize("secret", [KEY, PLAIN])
def test_no_record_holds_a_secret_whoever_writes_it(name: str, secret: str, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger(name)
    try:
        raise ValueError(secret)
    except ValueError as error:
        logger.exception("refused %s", error)
    logger.warning("refused " + secret)  # as libraries write
    logger.warning("%(key)s", {"key": secret})
    logger.warning("refused %s", {"headers": {"Authorization": secret}}, stack_info=True)
    assert secret not in caplog.text
    assert caplog.text.count("[hidden]") >= 5


@pytest.mark.usefixtures("kept_from_records")
def test_a_secret_is_known_by_the_word_that_only_the_message_has(caplog: pytest.LogCaptureFixture) -> None:
    LOGGER.warning("password=%s", "Winter2026!")
    assert "Winter" not in caplog.text


@pytest.mark.usefixtures("kept_from_records")
def test_a_record_without_secrets_keeps_its_words_and_arguments(caplog: pytest.LogCaptureFixture) -> None:
    LOGGER.warning("version %s in attempt %d of abcdef", "7", 2)
    assert caplog.messages == ["version 7 in attempt 2 of abcdef"]
    assert caplog.records[0].args == ("7", 2)


@pytest.mark.usefixtures("kept_from_records")
def test_the_arguments_of_the_access_log_stay_apart(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("uvicorn.access")
    logger.warning('%s - "%s %s HTTP/%s" %d', "127.0.0.1", "GET", f"/x?key={KEY}", "1.1", 200)
    assert caplog.records[0].args == ("127.0.0.1", "GET", "/x?key=[hidden]", "1.1", 200)


@pytest.mark.usefixtures("kept_from_records")
def test_arguments_that_do_not_fit_raise_nothing(caplog: pytest.LogCaptureFixture) -> None:
    logging.raiseExceptions, before = False, logging.raiseExceptions
    try:
        LOGGER.warning(f"{KEY} %d", "words")
    finally:
        logging.raiseExceptions = before
    assert KEY not in caplog.text


def test_half_a_key_is_hidden_too(caplog: pytest.LogCaptureFixture) -> None:
    logs.record(LOGGER, ValueError("x" * (logs.KNOWN_CHARACTERS - 23) + " " + KEY), traced=False)
    assert "gsk_" not in caplog.text
