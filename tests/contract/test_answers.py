"""What every provider's adapter does with a good answer, through its real SDK and the whole chat."""

from __future__ import annotations

import json

from chatting import Chatting, ended, events_of, text_of
from contract.adapters import Adapter
from contract.peers import INPUT_TOKENS, OUTPUT_TOKENS, Calls, Peer, Says

from assistant.domain import Route, TurnStatus
from assistant.events import ReasoningDelta, TextDelta

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
ANSWER = f"{SENTENCE} [1]"
THOUGHT = "The passage names the number of days, so it can be quoted."
PLAN = {
    "standalone_question": "Up to how much is a hotel paid a night?",
    "search_queries": ["hotel limit per night"],
    "route": "knowledge",
    "confidence": 0.9,
    "reason": "asks for a rule",
}


def test_a_cited_answer_streams_and_is_whole(with_peer: Chatting, adapter: Adapter, peer: Peer) -> None:
    peer.plays(Says(ANSWER))
    running = with_peer.service.ask(with_peer.bob, None, LEAVE, adapter.choice)
    events = events_of(running)
    turn = ended(running)
    assert (turn.status, turn.answer, turn.error) == (TurnStatus.COMPLETE, ANSWER, None)
    assert turn.citations[0].quote == SENTENCE
    assert len([event for event in events if isinstance(event, TextDelta)]) > 1
    assert text_of(events) == ANSWER


def test_a_simple_question_asks_the_model_once_and_tells_who_answered(
    with_peer: Chatting, adapter: Adapter, peer: Peer
) -> None:
    peer.plays(Says(ANSWER))
    turn = with_peer.ask(LEAVE, choice=adapter.choice)
    assert len(peer.seen()) == turn.usage.requests == 1
    assert (turn.choice.provider, turn.choice.model) == (adapter.provider, adapter.model)


def test_tokens_are_counted_or_said_to_be_estimated(with_peer: Chatting, adapter: Adapter, peer: Peer) -> None:
    peer.plays(Says(ANSWER))
    usage = with_peer.ask(LEAVE, choice=adapter.choice).usage
    if adapter.counted:
        assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (INPUT_TOKENS, OUTPUT_TOKENS, False)
    else:
        assert usage.estimated
        assert usage.input_tokens > 0
        assert usage.output_tokens > 0


def test_a_cost_is_told_only_where_there_is_a_price(with_peer: Chatting, adapter: Adapter, peer: Peer) -> None:
    peer.plays(Says(ANSWER))
    cost = with_peer.ask(LEAVE, choice=adapter.choice).usage.cost
    assert (cost is not None) == adapter.priced
    assert cost is None or cost > 0


def test_a_second_search_is_run_and_its_passages_come_back_to_the_model(
    with_peer: Chatting, adapter: Adapter, peer: Peer
) -> None:
    peer.plays(Calls("search_knowledge_base", {"query": "hotel price per night"}), Says(ANSWER))
    turn = with_peer.ask(LEAVE, choice=adapter.choice)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, ANSWER)
    assert turn.usage.tool_calls == 1
    first, second = peer.seen()
    assert "140 euros" in json.dumps(second) or "Nothing else was found" in json.dumps(second)
    assert len(json.dumps(second)) > len(json.dumps(first))


def test_a_follow_up_is_planned_by_one_structured_call(with_peer: Chatting, adapter: Adapter, peer: Peer) -> None:
    peer.plays(Says("Hotels are paid up to 140 euros a night. [1]"), plan=PLAN)
    said = [("user", "Who books hotels?"), ("assistant", "You do, after your manager agreed.")]
    turn = with_peer.ask("And how much is paid for them?", choice=adapter.choice, history=said)
    assert turn.status is TurnStatus.COMPLETE
    assert turn.plan is not None
    assert turn.plan.standalone_question == PLAN["standalone_question"]
    assert turn.plan.route is Route.KNOWLEDGE
    assert turn.citations[0].document == "Travel.pdf"
    assert len(peer.seen()) == 2


def test_what_a_model_thinks_is_told_apart_from_its_answer(with_peer: Chatting, adapter: Adapter, peer: Peer) -> None:
    peer.plays(Says(ANSWER, reasoning=THOUGHT))
    running = with_peer.service.ask(with_peer.bob, None, LEAVE, adapter.choice)
    thought = "".join(event.text for event in events_of(running) if isinstance(event, ReasoningDelta))
    turn = ended(running)
    assert turn.answer == ANSWER
    assert thought == turn.reasoning == (THOUGHT if adapter.thinks else "")
