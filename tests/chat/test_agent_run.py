"""The tool loop: reads run beside each other, reasoning is kept apart, and a loop ends with a sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from chatting import SCRIPT, Chatting, ended, events_of, text_of
from pydantic_ai.messages import ModelRequest, ThinkingPart, ToolReturnPart

from assistant.chat.agents import REQUESTS, TOOL_CALLS
from assistant.chat.answer import REASONING_CHARACTERS
from assistant.domain import Passage, Person, TurnStatus
from assistant.errors import AssistantError
from assistant.events import ReasoningDelta, TextDelta
from assistant.knowledge.service import KnowledgeBase
from assistant.providers.scripted import Gate, Reply, ScriptedModel, Thought, ToolUse

LEAVE = "How many days of annual leave do full-time employees receive?"
ANSWER = "Full-time employees receive 27 days of annual leave. [1]"


def searches(*queries: str) -> Reply:
    return Reply([ToolUse("search_knowledge_base", {"query": query}) for query in queries])


def returned(model: ScriptedModel) -> list[ToolReturnPart]:
    messages = [message for message in model.calls[-1].messages if isinstance(message, ModelRequest)]
    return [part for message in messages for part in message.parts if isinstance(part, ToolReturnPart)]


class Searched:
    """The knowledge base, with something that happens before each search."""

    def __init__(self, knowledge: KnowledgeBase, before: Callable[[str], None]) -> None:
        self._knowledge = knowledge
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._knowledge, name)

    def retrieve(self, person: Person, queries: Sequence[str], *rest: Any) -> list[Passage]:
        self._before(queries[0])
        return self._knowledge.retrieve(person, queries, *rest)


def searched(chatting: Chatting, before: Callable[[str], None]) -> None:
    """Start the chat anew over a knowledge base with something before each search."""
    chatting.knowledge = Searched(chatting.knowledge, before)  # type: ignore[assignment]  # passes all else on
    chatting.acts(())


def test_reads_run_beside_each_other(chatting: Chatting) -> None:
    both = threading.Barrier(2, timeout=20)  # each search waits here until the other has begun

    def meet(query: str) -> None:
        if query in ("canteen", "parking"):
            both.wait()

    searched(chatting, meet)
    model = chatting.plays(searches("canteen", "parking"), Reply([ANSWER]))
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.COMPLETE
    assert [part.outcome for part in returned(model)] == ["success", "success"]
    assert [step.detail.partition(" →")[0] for step in turn.steps if step.kind == "tool"] == ["canteen", "parking"]
    assert all(step.ms is not None for step in turn.steps)


def test_reasoning_is_told_and_kept_but_never_part_of_the_answer(chatting: Chatting) -> None:
    chatting.plays(Reply([Thought("Leave stands in [1]. "), Thought("So 27."), ANSWER]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    events = events_of(running)
    turn = chatting.service.turn(chatting.bob, running.turn_id)
    assert turn.reasoning == "Leave stands in [1]. So 27."
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == turn.reasoning
    assert text_of(events) == turn.answer == ANSWER
    assert len(turn.citations) == 1
    kinds = [event.kind for event in events]
    assert kinds.index("reasoning_delta") < kinds.index("text_delta")


def test_thoughts_of_several_requests_are_told_apart(chatting: Chatting) -> None:
    chatting.plays(
        Reply([Thought("First I look."), ToolUse("search_knowledge_base", {"query": "canteen"})]),
        Reply([Thought("Then I answer."), ANSWER]),
    )
    assert chatting.ask(LEAVE).reasoning == "First I look.\n\nThen I answer."


def test_the_model_reads_its_earlier_thoughts_within_a_turn(chatting: Chatting) -> None:
    model = chatting.plays(
        Reply([Thought("First I look."), ToolUse("search_knowledge_base", {"query": "canteen"})]), Reply([ANSWER])
    )
    chatting.ask(LEAVE)
    assert any(isinstance(part, ThinkingPart) for message in model.calls[1].messages for part in message.parts)


def test_many_small_thoughts_reach_a_follower_as_few_and_are_bounded(chatting: Chatting) -> None:
    chatting.plays(Reply([*[Thought("word " * 20)] * 600, ANSWER]))
    events = events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT))
    told = [event.text for event in events if isinstance(event, ReasoningDelta)]
    assert len("".join(told)) == REASONING_CHARACTERS
    assert len(told) < 100


def test_a_model_that_only_thinks_has_not_answered(chatting: Chatting) -> None:
    chatting.plays(Reply([Thought("Hm.")]), Reply([Thought("Hm.")]))
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.FAILED
    assert (turn.answer, turn.error is not None) == ("", True)


def test_what_was_thought_before_a_stop_is_kept(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([Thought("Let me see."), gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.stop(chatting.bob, running.turn_id)
    turn = ended(running)
    assert (turn.status, turn.reasoning) == (TurnStatus.STOPPED, "Let me see.")
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_a_tool_step_says_what_was_asked_and_what_came_of_it(chatting: Chatting) -> None:
    chatting.plays(Reply([ToolUse("calculate", {"expression": "3 * 140"})]), Reply(["That is 420."]))
    turn = chatting.ask("What is 3 times 140?")
    (step,) = [step for step in turn.steps if step.kind == "tool"]
    assert (step.title, step.detail) == ("Calculating", "3 * 140 → 420")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (RuntimeError("secret /var/lib"), "This did not work just now."),
        (AssistantError("The index is being built: try again in a minute."), "The index is being built"),
    ],
)
def test_a_tool_that_fails_is_a_sentence_for_the_model_and_the_turn_goes_on(
    chatting: Chatting, error: Exception, told: str
) -> None:
    def failing(query: str) -> None:
        if query == "canteen":
            raise error

    searched(chatting, failing)
    model = chatting.plays(searches("canteen"), Reply([ANSWER]))
    turn = chatting.ask(LEAVE)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, ANSWER)
    (part,) = returned(model)
    assert part.outcome == "failed"
    assert told in part.model_response_str()
    assert "secret" not in part.model_response_str()
    assert [step.detail for step in turn.steps if step.kind == "tool"] == ["canteen → did not work"]


def test_a_loop_of_requests_ends_with_a_sentence_and_keeps_what_was_said(chatting: Chatting) -> None:
    again = [replace(searches(f"leave {n}"), pieces=[f"Look {n}. ", *searches(f"leave {n}").pieces]) for n in range(20)]
    model = chatting.plays(*again)
    turn = chatting.ask(LEAVE)
    assert len(model.calls) == REQUESTS
    assert turn.error is not None
    assert turn.error.message
    assert turn.answer.startswith("Look 0.")
    assert f"Look {REQUESTS - 1}." in turn.answer


def test_a_flood_of_tool_calls_ends_with_a_sentence(chatting: Chatting) -> None:
    flood = searches(*[f"leave {n}" for n in range(TOOL_CALLS + 1)])
    model = chatting.plays(flood, flood, flood)
    turn = chatting.ask(LEAVE)
    assert turn.error is not None
    assert len(model.calls) < 3
    assert sum(step.kind == "tool" for step in turn.steps) <= TOOL_CALLS + 1


def test_text_pieces_of_one_moment_reach_a_follower_after_their_thoughts(chatting: Chatting) -> None:
    chatting.plays(Reply([Thought("a "), "b ", Thought("c "), "d. [1]"]))
    events = events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT))
    said = [event for event in events if isinstance(event, (TextDelta, ReasoningDelta))]
    assert isinstance(said[0], ReasoningDelta)
    assert text_of(events).startswith("b")
