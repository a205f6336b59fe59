"""What goes wrong is explained, kept and never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from sqlite3 import Connection

import anthropic
import httpx
import httpx2
import pytest
from botocore import exceptions as botocore
from botocore.parsers import ResponseParserError
from chatting import SCRIPT, Chatting, ended
from pydantic_ai import exceptions as failed
from sqlalchemy import event as database_event
from sqlalchemy import text

from assistant.chat.failures import (
    BY_CLASS,
    BY_SDK_NAME,
    BY_WORDS,
    PAGE,
    TOOL_CALL,
    UNEXPECTED,
    Answerer,
    turn_error,
)
from assistant.domain import ModelChoice, TurnStatus
from assistant.errors import QuestionRefused
from assistant.providers.scripted import Gate, Reply, ToolUse

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
ANSWER = Reply(["Full-time employees receive 27 days of ", "annual leave. [", "1]"])


def test_a_wire_that_breaks_in_mid_answer_leaves_the_turn_cut(chatting: Chatting) -> None:
    broken = failed.ModelConnectionError("script", "connection lost")
    chatting.plays(Reply([f"{SENTENCE} [1] And", broken]))
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.CUT
    assert turn.answer == f"{SENTENCE} [1] And"
    assert turn.error is not None
    assert turn.error.retryable
    assert turn.error.message.startswith("The answer was cut off. The connection to OpenAI broke off: ")


def test_a_stream_without_an_end_mark_counts_as_cut(chatting: Chatting) -> None:
    chatting.plays(Reply(["Half an answ"], finish_reason=None))
    turn = chatting.ask(LEAVE)
    assert (turn.status, turn.answer) == (TurnStatus.CUT, "Half an answ")


def test_an_answer_at_the_length_limit_says_so(chatting: Chatting) -> None:
    chatting.plays(Reply(["A long answ"], finish_reason="length"))
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.CUT
    assert turn.error is not None
    assert turn.error.category == "length"


@pytest.mark.parametrize(
    ("error", "category", "retryable"),
    [
        (failed.ModelRateLimitError("script", "slow down", retry_after=7), "rate_limit", True),
        (failed.ModelQuotaExceededError("script", "no money"), "quota", False),
        (failed.ModelAuthenticationError("script", "bad key"), "key", False),
        (failed.ModelNotFoundError("script", "gone"), "model", False),
        (failed.ModelContextWindowExceededError("script", "too long"), "context", False),
        (failed.ModelOverloadedError("script", "busy"), "overloaded", True),
        (failed.ModelConnectionError("script", "no route"), "connection", True),
        (failed.ContentFilterError("withheld"), "withheld", False),
        (failed.UnexpectedModelBehavior("garbage"), "model", True),
        (RuntimeError("secret detail"), "unexpected", True),
    ],
)
def test_a_failure_before_the_first_word_is_explained(
    chatting: Chatting, error: Exception, category: str, retryable: bool
) -> None:
    chatting.plays(*[Reply([error])] * 3)
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert (turn.error.category, turn.error.retryable) == (category, retryable)
    assert turn.error.reference
    assert "secret" not in turn.error.message
    assert chatting.service.turn(chatting.bob, turn.id) == turn


@pytest.mark.parametrize(("seconds", "told"), [(0, "in 1 s"), (70, "in 70 s"), (10**20, "in some hours")])
def test_a_wait_is_told_in_words_that_make_sense(chatting: Chatting, seconds: int, told: str) -> None:
    limit = Reply([failed.ModelRateLimitError("script", "slow down", retry_after=seconds)])
    chatting.plays(limit, limit, limit)
    error = chatting.ask(LEAVE).error
    assert error is not None
    assert told in error.message


def test_the_wait_that_a_provider_names_is_told(chatting: Chatting) -> None:
    chatting.plays(Reply([failed.ModelRateLimitError("script", "slow down", retry_after=70)]))
    turn = chatting.ask(LEAVE)
    assert turn.error is not None
    assert turn.error.message == "OpenAI is rate-limiting us: ask again in 70 s, or pick another model."
    assert chatting.slept == []


GROQ = Answerer("Groq", "openai/gpt-oss-20b", 30.0)


@pytest.mark.parametrize(
    ("error", "category", "words"),
    [
        (botocore.NoCredentialsError(), "key", "There is no valid key for Groq: an admin has to set one."),
        (botocore.EndpointConnectionError(endpoint_url="http://x"), "connection", "Groq cannot be reached"),
        (botocore.ReadTimeoutError(endpoint_url="http://x"), "timeout", "Groq did not answer in time"),
        (botocore.ConnectionClosedError(endpoint_url="http://x"), "connection", "Groq cannot be reached"),
        (botocore.ParamValidationError(report="no"), "rejected", "Groq did not accept the request"),
        (ResponseParserError("no"), "garbled", "Groq sent something that cannot be read"),
        (botocore.EventStreamError({"Error": {}}, "x"), "server", "Groq broke off with an error of its own"),
        (anthropic.APIConnectionError(request=httpx2.Request("POST", "http://x")), "connection", "cannot be reached"),
        (anthropic.APITimeoutError(request=httpx2.Request("POST", "http://x")), "timeout", "did not answer in time"),
        (httpx.ConnectError("no"), "connection", "Groq cannot be reached"),
        (httpx.RemoteProtocolError("no"), "server", "Groq broke off with an error of its own"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_of_an_sdk_is_explained_as_well(error: Exception, category: str, words: str) -> None:
    for raised in (error, _from(error)):
        told = turn_error(raised, "1234", GROQ)
        assert told.category == category
        assert words in told.message
        assert "1234" not in told.message


def _from(error: Exception) -> Exception:
    """Another error that was raised because of this one."""
    outer = RuntimeError("outer")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize(
    "words",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Input is too long for requested model.",
        "This model's maximum context length is 8192 tokens.",
        "Please reduce the length of the messages.",
        "input length and `max_tokens` exceed context limit: 199000 + 21333 > 200000, decrease input length",
    ],
)
def test_a_refusal_that_means_too_much_text_is_known_by_its_words(words: str) -> None:
    refused = failed.ModelRequestRejectedError("m", "refused", body={"error": {"message": words}})
    assert turn_error(refused, "1", GROQ).category == "context"


@pytest.mark.parametrize("words", ["temperature is not supported", "tools: too many", "invalid image"])
def test_other_refusals_are_not_taken_for_too_much_text(words: str) -> None:
    refused = failed.ModelRequestRejectedError("m", "refused", body={"error": {"message": words}})
    assert turn_error(refused, "1", GROQ).category == "rejected"


def test_every_explanation_is_a_sentence_that_says_what_to_do() -> None:
    kinds = [*BY_CLASS.values(), *BY_SDK_NAME.values(), *(found for _, found in BY_WORDS), PAGE, TOOL_CALL, UNEXPECTED]
    for kind in kinds:
        sentence = f"{kind.cause}: {kind.advice}"
        assert sentence.endswith(".")
        assert any(word in sentence for word in ("ask", "pick", "admin", "word the question", "allow a longer"))


def test_an_unexpected_error_is_logged_with_the_number_that_the_person_sees(
    chatting: Chatting, caplog: pytest.LogCaptureFixture
) -> None:
    chatting.plays(Reply([RuntimeError("the real reason")]))
    turn = chatting.ask(LEAVE)
    assert turn.error is not None
    assert turn.error.reference in turn.error.message
    assert f"reference {turn.error.reference}: the real reason" in caplog.text
    assert "Traceback" in caplog.text


def test_an_empty_answer_is_a_failure(chatting: Chatting) -> None:
    chatting.plays(Reply(["  \n"]))
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert turn.error.retryable


def test_a_model_that_does_not_begin_in_time_is_given_up(chatting_with_little_patience: Chatting) -> None:
    chatting = chatting_with_little_patience
    gate = Gate()
    chatting.plays(Reply([gate, "too late"]))
    turn = chatting.ask(LEAVE)
    gate.open()
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert turn.error.category == "timeout"


def test_a_provider_that_is_not_set_up_fails_with_the_name_of_its_variable(chatting: Chatting) -> None:
    turn = chatting.ask(LEAVE, choice=ModelChoice("groq"))
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert "GROQ_API_KEY" in turn.error.message
    assert turn.question == LEAVE


def test_a_model_that_never_stops_calling_tools_is_ended(chatting: Chatting) -> None:
    again = [Reply([ToolUse("search_knowledge_base", {"query": f"leave {n}"})]) for n in range(12)]
    model = chatting.plays(*again)
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert turn.error.category == "limit"
    assert len(model.calls) == 8


def test_characters_of_a_model_that_cannot_be_stored_are_left_out(chatting: Chatting) -> None:
    chatting.plays(Reply([f"{SENTENCE}\ud800\0 [1]"]))
    assert chatting.ask(LEAVE).answer == f"{SENTENCE} [1]"


@pytest.fixture
def disk_full(chatting: Chatting) -> Iterator[Callable[[bool], None]]:
    """Let the database file grow no more, as on a full disk, or let it grow again."""

    def limit(connection: Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    def switch(full: bool) -> None:
        if full:
            database_event.listen(chatting.database.engine, "connect", limit)
        elif database_event.contains(chatting.database.engine, "connect", limit):
            database_event.remove(chatting.database.engine, "connect", limit)
        chatting.database.engine.dispose()

    yield switch
    switch(False)


def test_an_answer_that_a_full_disk_refused_is_shown_and_stored_when_there_is_room(
    chatting: Chatting, disk_full: Callable[[bool], None]
) -> None:
    gate = Gate()
    long = "word " * 40_000
    chatting.plays(Reply([SENTENCE, " [1] ", gate, long]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    disk_full(True)
    gate.open()
    turn = ended(running)
    assert turn.answer.endswith("word ")
    assert chatting.service.turn(chatting.bob, turn.id).status is TurnStatus.RUNNING
    with pytest.raises(QuestionRefused, match="could not be stored"):
        chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    disk_full(False)
    chatting.plays(ANSWER)
    chatting.ask(LEAVE, turn.conversation_id)
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_an_end_that_can_never_be_stored_holds_up_nobody_else(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    odd = "WHEN NEW.status = 'complete' AND NEW.question = 'Odd?' BEGIN SELECT RAISE(ABORT, 'odd'); END"
    with chatting.database.write() as session:
        session.execute(text(f"CREATE TRIGGER odd BEFORE UPDATE ON turns {odd}"))
    shown = chatting.ask("Odd?")
    assert shown.status is TurnStatus.COMPLETE
    for person in (chatting.ann, chatting.bob):
        chatting.plays(ANSWER)
        assert chatting.ask(LEAVE, person=person).status is TurnStatus.COMPLETE
