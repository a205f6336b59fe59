"""What is tried before a person is told that a model failed, and what never is."""

from __future__ import annotations

import threading

import anyio
import pytest
from chatting import OFFLINE, SCRIPT, Chatting, ended, events_of
from pydantic_ai import exceptions as failed
from wire_behaviours import cut_hard, endless, html, never_begins, refuses, refuses_a_call_inside, says
from wire_server import Behaviour, Exchange, WireServer, closed_port

from assistant.chat.patience import Patience, RetryPolicy
from assistant.domain import ModelChoice, TurnStatus
from assistant.events import FellBack, TextDelta, Waiting
from assistant.models.policy import ModelPolicy
from assistant.models.service import ModelService
from assistant.providers.passages import read
from assistant.providers.scripted import Gate, Reply, ToolUse
from assistant.storage.people import People
from assistant.storage.usage_records import UsageRecords

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
WHOLE = says(SENTENCE, " [", "1]")
ANSWER = Reply([SENTENCE, " [1]"])
OPENAI, GROQ = ModelChoice("openai"), ModelChoice("groq")
LIMIT = refuses(429, "rate_limit_exceeded", retry_after=3)


def policy(**values: object) -> RetryPolicy:
    return RetryPolicy(chance=lambda: 0.5, **values)  # type: ignore[arg-type]  # the fields are of several types


def test_waits_grow_and_end_after_two() -> None:
    patience = Patience(policy())
    assert [patience.wait(None) for _ in range(3)] == [1, 2, None]


def test_chance_moves_a_wait_by_a_quarter_at_most() -> None:
    assert Patience(RetryPolicy(chance=lambda: 0.0)).wait(None) == 0.75
    assert Patience(RetryPolicy(chance=lambda: 1.0)).wait(None) == 1.25


def test_a_named_wait_is_taken_as_it_is_as_long_as_all_waits_fit_in_twenty_seconds() -> None:
    patience = Patience(policy())
    assert [patience.wait(15.0), patience.wait(6.0), patience.wait(5.0)] == [15.0, None, 5.0]
    assert Patience(policy()).wait(20.1) is None


def test_a_wait_is_told_before_it_is_waited(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(LIMIT, refuses(500, "server_error"), WHOLE)
    running = keyed.service.ask(keyed.bob, None, LEAVE, GROQ)
    events = events_of(running)
    assert ended(running).answer == f"{SENTENCE} [1]"
    assert [event for event in events if isinstance(event, Waiting)] == [
        Waiting(3, "Groq is rate-limiting us; trying again in 3 s."),
        Waiting(1, "Groq has trouble on its side; trying again in 1 s."),
    ]
    assert keyed.slept == [3, 1]
    assert len(wire.requests) == 3


def test_a_failed_try_is_told_in_its_step(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(LIMIT, WHOLE)
    steps = [step for step in keyed.ask(LEAVE, choice=GROQ).steps if step.kind == "agent"]
    assert steps[0].detail == "Groq is rate-limiting us"
    assert steps[1].detail.startswith("Groq, ")


def test_waits_are_never_more_than_twenty_seconds_in_all(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(refuses(429, "rate_limit_exceeded", retry_after=15))
    turn = keyed.ask(LEAVE, choice=GROQ)
    assert keyed.slept == [15]
    assert turn.error is not None
    assert "ask again in 15 s" in turn.error.message


def test_a_provider_that_cannot_be_reached_is_tried_three_times(chatting: Chatting) -> None:
    chatting.asks(f"http://127.0.0.1:{closed_port()}")
    for choice in (OPENAI, GROQ):
        turn = chatting.ask(LEAVE, choice=choice)
        assert turn.error is not None
        assert (turn.status, turn.error.category) == (TurnStatus.FAILED, "connection")
        assert "cannot be reached: ask again in a minute" in turn.error.message
    assert chatting.slept == [1, 2, 1, 2]


@pytest.mark.parametrize("choice", [OPENAI, GROQ], ids=["openai", "groq"])
@pytest.mark.parametrize("begins", [False, True], ids=["nothing at all", "headers only"])
def test_a_first_token_that_is_too_late_is_given_up_and_not_asked_for_again(
    chatting: Chatting, wire: WireServer, choice: ModelChoice, begins: bool
) -> None:
    def silent(exchange: Exchange) -> None:
        if begins:
            exchange.begin()
        exchange.hold()

    chatting.asks(wire.url, first_token_seconds=0.2)
    wire.answers(silent)
    turn = chatting.ask(LEAVE, choice=choice)
    assert turn.error is not None
    assert (turn.status, turn.error.category, turn.error.retryable) == (TurnStatus.FAILED, "timeout", True)
    assert "did not begin to answer within 0.2 s: ask again, or pick another model." in turn.error.message
    assert len(wire.requests) == 1
    assert wire.wait_for_hang_up()
    assert turn.usage.estimated


def test_a_text_that_is_too_long_is_cut_once_and_asked_again(chatting: Chatting) -> None:
    for n in range(6):
        chatting.put(f"Leave {n}.pdf", f"Annual leave of department {n}: full-time employees ask their lead {n}.")
    long = failed.ModelContextWindowExceededError("script", "too long")
    model = chatting.plays(Reply([long]), ANSWER)
    turn = chatting.ask(LEAVE, history=[("user", "Hello"), ("assistant", "Hello!")])
    assert turn.status is TurnStatus.COMPLETE
    before, after = (call for call in model.calls)
    assert len(read(before.prompt)[1]) == 8
    assert len(read(after.prompt)[1]) == 3
    assert (len(before.messages), len(after.messages)) == (3, 1)


def test_a_text_that_is_too_long_all_the_same_is_told(chatting: Chatting) -> None:
    long = failed.ModelContextWindowExceededError("script", "too long")
    chatting.plays(*[Reply([long])] * 2)
    turn = chatting.ask(LEAVE, history=[("user", "Hello"), ("assistant", "Hello!")])
    assert turn.error is not None
    assert turn.error.category == "context"


def test_a_text_is_shortened_once_only_whatever_a_search_adds(chatting: Chatting) -> None:
    for n in range(6):
        chatting.put(f"Leave {n}.pdf", f"Annual leave of department {n}: full-time employees ask their lead {n}.")
    long = failed.ModelContextWindowExceededError("script", "too long")
    search = Reply([ToolUse("search_knowledge_base", {"query": "lost laptop hotel night"})])
    model = chatting.plays(*[search, Reply([long])] * 3)
    turn = chatting.ask(LEAVE)
    assert turn.error is not None
    assert turn.error.category == "context"
    assert len(model.calls) == 4


def test_after_a_refused_tool_call_the_tools_are_told_in_words(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(refuses(400, "tool_use_failed", "Failed to call a function."), WHOLE)
    turn = keyed.ask(LEAVE, choice=GROQ)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    first, second = wire.requests
    assert first.body["tools"]
    assert not second.body.get("tools")
    assert "search_knowledge_base" in str(second.body["messages"])


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "registry.ollama.ai/library/gemma3:4b does not support tools"),
        (400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'),
        (404, "No endpoints found that support tool use."),
    ],
)
def test_a_model_without_tools_is_told_of_them_in_words(
    status: int, words: str, keyed: Chatting, wire: WireServer
) -> None:
    wire.answers(refuses(status, "invalid_request_error", words), WHOLE)
    turn = keyed.ask(LEAVE, choice=OPENAI)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert "search_knowledge_base" in str(wire.requests[1].body["messages"])


@pytest.mark.parametrize("generation", ["", '<function=search_knowledge_base>{"query": "leave"}</function>'])
def test_a_tool_call_refused_in_mid_stream_is_not_shown_and_told_in_words(
    keyed: Chatting, wire: WireServer, generation: str
) -> None:
    wire.answers(refuses_a_call_inside(generation), WHOLE)
    turn = keyed.ask(LEAVE, choice=GROQ)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert not wire.requests[1].body.get("tools")


def test_wrong_arguments_refused_in_mid_stream_are_told_to_the_model(keyed: Chatting, wire: WireServer) -> None:
    call = '{"name": "search_knowledge_base", "arguments": {"words": "leave"}}'
    wire.answers(refuses_a_call_inside(call), WHOLE)
    turn = keyed.ask(LEAVE, choice=GROQ)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert wire.requests[1].body["tools"]


def test_a_stop_after_a_wait_is_heard(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(LIMIT, endless)
    running = keyed.service.ask(keyed.bob, None, LEAVE, GROQ)
    assert wire.wait_for_requests(2)
    keyed.service.stop(keyed.bob, running.turn_id)
    assert ended(running).status is TurnStatus.STOPPED
    assert wire.wait_for_hang_up()


def test_a_tool_call_that_is_refused_in_words_too_is_given_up(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(refuses(400, "tool_use_failed", "Failed to call a function."))
    turn = keyed.ask(LEAVE, choice=GROQ)
    assert turn.error is not None
    assert turn.error.category == "tools"
    assert len(wire.requests) == 3


class Falling:
    """A chat whose first provider fails and where the admin named others; both wires are one server."""

    def __init__(self, keyed: Chatting) -> None:
        self.chat = keyed
        self.models = ModelService(keyed.database, keyed.settings)

    def back_on(self, *choices: ModelChoice) -> None:
        admin = People(self.chat.database).local()
        held = self.models.policy(admin)
        self.models.set_policy(admin, ModelPolicy(fallbacks=choices, revision=held.revision))


@pytest.fixture
def falling(keyed: Chatting) -> Falling:
    return Falling(keyed)


FATAL: list[tuple[Behaviour, str]] = [
    (refuses(401, "invalid_api_key"), "Groq refused our key"),
    (refuses(429, "insufficient_quota"), "The account at Groq has no credit left"),
    (html(), "A web page answered in place of Groq"),
]


@pytest.mark.parametrize(("fault", "why"), FATAL)
def test_another_model_answers_where_the_admin_named_one(
    falling: Falling, wire: WireServer, fault: Behaviour, why: str
) -> None:
    falling.back_on(OPENAI)
    wire.answers(fault, WHOLE)
    running = falling.chat.service.ask(falling.chat.bob, None, LEAVE, GROQ)
    turn = ended(running)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{SENTENCE} [1]")
    assert turn.choice.provider == "openai"
    assert turn.fell_back is not None
    assert turn.fell_back.provider == "groq"
    assert turn.fell_back.why == f"{why}, so OpenAI ({turn.choice.model}) answers."
    assert [event.choice for event in events_of(running) if isinstance(event, FellBack)] == [turn.choice]
    assert "Another model answers" in [step.title for step in turn.steps]
    assert [line.record.provider for line in UsageRecords(falling.chat.database).lines(None)] == ["openai"]
    assert [request.path for request in wire.requests] == ["/openai/v1/chat/completions", "/v1/chat/completions"]


def test_without_a_named_one_no_other_model_is_asked(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(refuses(401, "invalid_api_key"), WHOLE)
    turn = keyed.ask(LEAVE, choice=GROQ)
    assert (turn.status, turn.fell_back) == (TurnStatus.FAILED, None)
    assert len(wire.requests) == 1


def test_waits_come_before_another_model(falling: Falling, wire: WireServer) -> None:
    falling.back_on(OPENAI)
    wire.answers(LIMIT, LIMIT, LIMIT, WHOLE)
    turn = falling.chat.ask(LEAVE, choice=GROQ)
    assert turn.choice.provider == "openai"
    assert falling.chat.slept == [3, 3]


def test_another_model_answers_for_one_that_is_too_slow(falling: Falling, wire: WireServer) -> None:
    falling.chat.asks(wire.url, first_token_seconds=1.0)
    falling.back_on(OPENAI)
    wire.answers(never_begins, WHOLE)
    turn = falling.chat.ask(LEAVE, choice=GROQ)
    assert turn.status is TurnStatus.COMPLETE
    assert turn.fell_back is not None
    assert turn.fell_back.why.startswith("Groq did not begin to answer within 1 s, so OpenAI (")
    assert [line.record.provider for line in UsageRecords(falling.chat.database).lines(None)] == ["groq", "openai"]


def test_after_the_first_word_no_other_model_is_asked(falling: Falling, wire: WireServer) -> None:
    falling.back_on(OPENAI)
    wire.answers(cut_hard("Full-time"), WHOLE)
    turn = falling.chat.ask(LEAVE, choice=GROQ)
    assert (turn.status, turn.answer, turn.fell_back) == (TurnStatus.CUT, "Full-time", None)
    assert len(wire.requests) == 1


@pytest.mark.parametrize("public", [True, False])
def test_text_for_a_model_in_the_house_stays_in_the_house(falling: Falling, wire: WireServer, public: bool) -> None:
    falling.back_on(GROQ if public else OFFLINE)
    falling.chat.asks(wire.url, LOCAL_BASE_URL=f"http://127.0.0.1:{closed_port()}/v1")
    wire.answers(WHOLE)
    turn = falling.chat.ask(LEAVE, choice=ModelChoice("local", "mine"))
    assert wire.requests == []
    if public:
        assert turn.error is not None
        assert (turn.error.category, turn.fell_back) == ("connection", None)
    else:
        assert turn.fell_back is not None
        assert turn.choice.provider == "offline"
        assert turn.status is TurnStatus.COMPLETE


def test_a_withheld_answer_is_not_asked_of_another_model(falling: Falling, wire: WireServer) -> None:
    falling.back_on(OPENAI)
    wire.answers(says(finish="content_filter"), WHOLE)
    turn = falling.chat.ask(LEAVE, choice=GROQ)
    assert turn.error is not None
    assert turn.error.category == "withheld"
    assert len(wire.requests) == 1


def test_the_last_of_several_that_fail_is_told(falling: Falling, wire: WireServer) -> None:
    falling.back_on(OPENAI, ModelChoice("groq", "openai/gpt-oss-120b"))
    wire.answers(refuses(401, "invalid_api_key"))
    turn = falling.chat.ask(LEAVE, choice=ModelChoice("groq", "openai/gpt-oss-20b"))
    assert turn.error is not None
    assert turn.error.category == "key"
    assert len(wire.requests) == 3


class Waits:
    """A sleep that lasts until the turn is stopped; ``begun`` tells that it is slept."""

    def __init__(self) -> None:
        self.begun = threading.Event()

    async def sleep(self, seconds: float) -> None:
        del seconds
        self.begun.set()
        await anyio.sleep_forever()


def test_stop_ends_a_wait_at_once_and_the_next_question_is_answered(keyed: Chatting, wire: WireServer) -> None:
    waits = Waits()
    keyed.retry = RetryPolicy(sleep=waits.sleep)
    keyed.asks(wire.url)
    wire.answers(LIMIT, WHOLE)
    running = keyed.service.ask(keyed.bob, None, LEAVE, GROQ)
    assert waits.begun.wait(10)
    keyed.service.stop(keyed.bob, running.turn_id)
    turn = ended(running)
    assert (turn.status, turn.error, turn.usage.requests) == (TurnStatus.STOPPED, None, 0)
    assert len(wire.requests) == 1
    assert keyed.ask(LEAVE, turn.conversation_id, choice=GROQ).answer == f"{SENTENCE} [1]"


def test_a_try_after_a_tool_call_begins_again_without_repeating_what_was_shown(chatting: Chatting) -> None:
    trouble = failed.ModelServerError("script", "trouble")
    search = Reply([ToolUse("search_knowledge_base", {"query": "leave"})])
    model = chatting.plays(search, Reply([trouble]), ANSWER)
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert ended(running).answer == f"{SENTENCE} [1]"
    assert "".join(event.text for event in events_of(running) if isinstance(event, TextDelta)) == f"{SENTENCE} [1]"
    assert len(model.calls) == 3
    assert chatting.slept == [1]


def test_the_bounds_hold_over_all_tries_of_a_turn(chatting: Chatting) -> None:
    trouble = failed.ModelServerError("script", "trouble")
    search = Reply([ToolUse("search_knowledge_base", {"query": "leave"})])
    model = chatting.plays(*[search] * 4, Reply([trouble]), *[search] * 10)
    turn = chatting.ask(LEAVE)
    assert turn.error is not None
    assert turn.error.category == "limit"
    assert len(model.calls) == 9  # eight that were answered, one that failed


def test_a_key_that_the_provider_sends_back_reaches_neither_the_person_nor_the_log(
    keyed: Chatting, wire: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    key = f"key-{wire.url}"
    wire.answers(refuses(401, "invalid_api_key", f"Incorrect API key provided: {key}"))
    turn = keyed.ask(LEAVE, choice=GROQ)
    assert turn.error is not None
    assert turn.error.reference in caplog.text
    assert "ModelAuthenticationError" in caplog.text
    assert "Traceback" not in caplog.text
    assert key not in caplog.text + turn.error.message + str(turn)


def test_a_stop_while_a_model_is_silent_costs_what_it_read(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([gate, "late"]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.stop(chatting.bob, running.turn_id)
    usage = ended(running).usage
    assert (usage.requests, usage.estimated, usage.output_tokens) == (1, True, 0)
    assert usage.input_tokens > 50
