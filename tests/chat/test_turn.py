"""A question from its guard to its stored answer."""

from __future__ import annotations

from decimal import Decimal

import pytest
from chatting import OFFLINE, SCRIPT, Chatting, ended, events_of, text_of
from pydantic_ai import exceptions as failed
from pydantic_ai.messages import ModelResponse
from pydantic_ai.usage import RequestUsage

from assistant.domain import ModelChoice, Route, Turn, TurnStatus
from assistant.errors import NotFound, QuestionRefused
from assistant.events import Planned, Sources, StepFinished, StepStarted, TextDelta, TurnFinished, TurnStarted
from assistant.providers.passages import CANNOT_ANSWER, read, read_agent
from assistant.providers.scripted import Gate, Reply, Structured, ToolUse

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
ANSWER = Reply(["Full-time employees receive 27 days of ", "annual leave. [", "1]"])


def test_an_answer_is_stored_with_its_citation_page_and_quote(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.COMPLETE
    assert turn.answer == f"{SENTENCE} [1]"
    citation = turn.citations[0]
    assert (citation.document, citation.page, citation.quote) == ("Handbook.pdf", 1, SENTENCE)
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_the_quote_stands_in_the_document_at_its_place(chatting: Chatting) -> None:
    chatting.plays(Reply(["Report a lost laptop to the service desk at once. [1] The form is HR-2024-07. [1]"]))
    citation = chatting.ask("What do I do about a lost laptop?").citations[0]
    text, _ = chatting.knowledge.document_text(chatting.bob, citation.document_id, citation.version)
    assert text[citation.start : citation.end] == citation.quote
    assert citation.page == 2


def test_events_tell_the_turn_in_order_and_end_with_the_stored_turn(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    events = events_of(running)
    kinds = [event.kind for event in events]
    assert kinds[0] == "turn_started"
    assert kinds.count("turn_finished") == 1
    assert kinds[-1] == "turn_finished"
    assert kinds.index("planned") < kinds.index("text_delta")
    assert kinds.index("sources") < len(kinds) - 1
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert last.turn == chatting.service.turn(chatting.bob, running.turn_id)
    assert text_of(events) == last.turn.answer


def test_sources_come_no_later_than_the_marker_that_names_them(chatting: Chatting) -> None:
    chatting.plays(Reply([f"{SENTENCE} [1] ", "Ask your manager before you book. [3]", " Bye."]))
    known: set[int] = set()
    for event in events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)):
        if isinstance(event, Sources):
            known = {citation.n for citation in event.citations}
        if isinstance(event, TextDelta):
            assert {n for n in (1, 2) if f"[{n}]" in event.text} <= known


def test_steps_have_titles_and_times_and_are_stored(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    events = events_of(running)
    begun = [event.step.kind for event in events if isinstance(event, StepStarted)]
    done = [event.step for event in events if isinstance(event, StepFinished)]
    assert begun == [step.kind for step in done] == ["classify", "retrieve", "agent"]
    assert all(step.ms is not None and step.title for step in done)
    assert chatting.service.turn(chatting.bob, running.turn_id).steps == tuple(done)


def test_a_follower_who_comes_late_gets_everything(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([f"{SENTENCE} [1]", gate, " Enjoy them."]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    late = chatting.service.following(chatting.bob, running.turn_id)
    assert late is not None
    gate.open()
    ended(running)
    assert text_of(late.wait(0, 5)) == f"{SENTENCE} [1] Enjoy them."
    assert isinstance(late.wait(0, 0)[0], TurnStarted)
    assert chatting.service.following(chatting.bob, running.turn_id) is None


def test_waiting_returns_only_what_is_new_and_does_not_wait_after_the_end(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    events = events_of(running)
    assert running.wait(len(events) - 1, 60) == events[-1:]
    assert running.wait(len(events), 60) == []
    assert running.finished


def test_many_small_pieces_reach_a_follower_as_few(chatting: Chatting) -> None:
    chatting.plays(Reply(["word "] * 500))
    events = events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT))
    assert text_of(events).split() == ["word"] * 500
    assert sum(isinstance(event, TextDelta) for event in events) < 100


def test_what_was_said_so_far_is_stored_while_the_turn_runs(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([f"{SENTENCE} [1] More follows", gate, "."]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    stored = _stored_with_text(chatting, running.turn_id)
    assert stored.status is TurnStatus.RUNNING
    assert stored.answer == f"{SENTENCE} [1] More follows"
    assert stored.citations[0].quote == SENTENCE
    gate.open()
    ended(running)


def _stored_with_text(chatting: Chatting, turn_id: str) -> Turn:
    """Wait for the next save; each look is a database read, the bound is on the count of looks."""
    for _ in range(100_000):
        turn = chatting.service.turn(chatting.bob, turn_id)
        if turn.answer:
            return turn
    pytest.fail("nothing was saved")


def test_stop_keeps_what_was_said_with_its_citations(chatting: Chatting) -> None:
    gate = Gate()
    model = chatting.plays(Reply([f"{SENTENCE} [1] And then", gate, " never said"]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.stop(chatting.bob, running.turn_id)
    turn = ended(running)
    assert turn.status is TurnStatus.STOPPED
    assert turn.answer == f"{SENTENCE} [1] And then"
    assert turn.citations[0].quote == SENTENCE
    assert turn.error is None
    assert turn.usage.estimated
    assert turn.usage.output_tokens > 0
    assert chatting.service.turn(chatting.bob, turn.id) == turn
    assert model.left == 0


def test_stop_twice_or_after_the_end_changes_nothing(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    turn = chatting.ask(LEAVE)
    chatting.service.stop(chatting.bob, turn.id)
    assert chatting.service.turn(chatting.bob, turn.id).status is TurnStatus.COMPLETE


def test_a_wire_that_breaks_in_mid_answer_leaves_the_turn_cut(chatting: Chatting) -> None:
    broken = failed.ModelConnectionError("script", "connection lost")
    chatting.plays(Reply([f"{SENTENCE} [1] And", broken]))
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.CUT
    assert turn.answer == f"{SENTENCE} [1] And"
    assert turn.error is not None
    assert turn.error.retryable
    assert "cannot be reached" in turn.error.message


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
    chatting.plays(Reply([error]))
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert (turn.error.category, turn.error.retryable) == (category, retryable)
    assert turn.error.reference
    assert "secret" not in turn.error.message
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_the_wait_that_a_provider_names_is_told(chatting: Chatting) -> None:
    chatting.plays(Reply([failed.ModelRateLimitError("script", "slow down", retry_after=7)]))
    turn = chatting.ask(LEAVE)
    assert turn.error is not None
    assert "7 s" in turn.error.message
    assert "OpenAI" in turn.error.message


def test_an_unexpected_error_is_logged_with_the_number_that_the_person_sees(
    chatting: Chatting, caplog: pytest.LogCaptureFixture
) -> None:
    chatting.plays(Reply([RuntimeError("the real reason")]))
    turn = chatting.ask(LEAVE)
    assert turn.error is not None
    assert turn.error.reference in turn.error.message
    assert f"reference {turn.error.reference}: the real reason" in caplog.text


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


def test_usage_is_that_of_the_run_and_offline_is_free(chatting: Chatting) -> None:
    chatting.plays(Reply(["Yes."], usage=RequestUsage(input_tokens=321, output_tokens=12, cost=Decimal("0.0125"))))
    usage = chatting.ask(LEAVE).usage
    assert (usage.requests, usage.input_tokens, usage.output_tokens) == (1, 321, 12)
    assert (usage.cost, usage.estimated) == (Decimal("0.0125"), False)
    assert chatting.ask(LEAVE, choice=OFFLINE).usage.cost == Decimal(0)


def test_a_price_that_nobody_knows_is_not_zero(chatting: Chatting) -> None:
    chatting.plays(Reply(["Yes."]))
    assert chatting.ask(LEAVE).usage.cost is None


def test_timings_are_in_order(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    times = chatting.ask(LEAVE).timings
    steps = [times.plan, times.retrieve, times.first_token, times.total]
    assert all(step is not None for step in steps)
    assert steps == sorted(steps, key=lambda step: step or 0)


def test_the_knowledge_agent_is_given_the_passages_and_its_instructions(chatting: Chatting) -> None:
    model = chatting.plays(ANSWER)
    chatting.ask(LEAVE)
    question, passages = read(model.calls[0].prompt)
    assert question == LEAVE
    assert (passages[0].n, passages[0].document, passages[0].page) == (1, "Handbook.pdf", 1)
    assert read_agent(model.calls[0].instructions) is Route.KNOWLEDGE


def test_a_second_search_continues_the_numbers(chatting: Chatting) -> None:
    for n in range(12):
        chatting.put(f"Filler {n}.pdf", f"Annual leave of department {n} is agreed with its lead. Days of leave {n}.")
    chatting.put("Canteen.pdf", "The canteen serves vegetarian meals every Tuesday.")
    model = chatting.plays(
        Reply(["Let me look.", ToolUse("search_knowledge_base", {"query": "canteen vegetarian meals"})]),
        Reply(["The canteen serves vegetarian meals every Tuesday. [9]"]),
    )
    turn = chatting.ask(LEAVE)
    assert len(model.calls) == 2
    assert turn.answer == "Let me look.\n\nThe canteen serves vegetarian meals every Tuesday. [1]"
    assert turn.citations[0].document == "Canteen.pdf"
    tool = next(step for step in turn.steps if step.kind == "tool")
    assert tool.detail == "canteen vegetarian meals"
    assert turn.usage.tool_calls == 1


def test_a_model_that_never_stops_calling_tools_is_ended(chatting: Chatting) -> None:
    again = [Reply([ToolUse("search_knowledge_base", {"query": f"leave {n}"})]) for n in range(12)]
    model = chatting.plays(*again)
    turn = chatting.ask(LEAVE)
    assert turn.status is TurnStatus.FAILED
    assert turn.error is not None
    assert turn.error.category == "limit"
    assert len(model.calls) == 8


def test_offline_thin_evidence_ends_in_an_honest_answer_without_a_model(chatting: Chatting) -> None:
    turn = chatting.ask("What is the policy for company cars in the Lisbon office?", choice=OFFLINE)
    assert turn.status is TurnStatus.COMPLETE
    assert turn.abstained
    assert turn.answer.startswith(CANNOT_ANSWER)
    assert turn.citations == ()
    assert turn.answerable is not None
    assert turn.nearest
    assert all(name in turn.answer for name in turn.nearest)


def test_a_model_that_says_it_does_not_know_abstains(chatting: Chatting) -> None:
    chatting.plays(Reply([f"{CANNOT_ANSWER} The canteen's prices are missing."]))
    turn = chatting.ask(LEAVE)
    assert turn.abstained
    assert turn.nearest


def test_without_any_document_no_model_is_asked(empty: Chatting) -> None:
    model = empty.plays()
    turn = empty.ask(LEAVE)
    assert turn.abstained
    assert model.calls == []
    assert turn.nearest == ()


def test_a_question_that_is_not_sure_is_planned_by_the_model(chatting: Chatting) -> None:
    plan = {
        "standalone_question": "How many euros a night may a hotel cost in Prague?",
        "search_queries": ["hotel limit per night"],
        "route": "knowledge",
        "confidence": 0.9,
        "reason": "travel rules",
    }
    model = chatting.plays(Reply([Structured(plan)]), Reply(["Hotels are paid up to 140 euros a night. [1]"]))
    history = [("user", "I travel to Prague."), ("assistant", "Good.")]
    turn = chatting.ask("And what about the hotel there?", history=history)
    assert turn.plan is not None
    assert turn.plan.standalone_question == plan["standalone_question"]
    assert "And what about the hotel there?" in turn.plan.search_queries
    assert turn.citations[0].document == "Travel.pdf"
    rewrite = next(step for step in turn.steps if step.kind == "rewrite")
    assert rewrite.detail == plan["standalone_question"]
    assert turn.usage.requests == 2
    assert len(model.calls) == 2


def test_when_planning_fails_the_question_itself_is_looked_up(chatting: Chatting) -> None:
    chatting.plays(Reply([failed.UnexpectedModelBehavior("no plan")]), ANSWER)
    turn = chatting.ask("and how many for them?", history=[("user", LEAVE), ("assistant", "27 days.")])
    assert turn.status is TurnStatus.COMPLETE
    assert turn.plan is not None
    assert turn.plan.route is Route.KNOWLEDGE
    assert turn.plan.standalone_question == "and how many for them?"


def test_small_talk_searches_nothing(chatting: Chatting) -> None:
    model = chatting.plays(Reply(["Hello!"]))
    turn = chatting.ask("Hello")
    assert turn.plan is not None
    assert turn.plan.route is Route.GENERAL
    assert turn.timings.retrieve is None
    assert turn.answerable is None
    assert model.calls[-1].prompt == "Hello"


def test_a_marker_in_small_talk_is_dropped(chatting: Chatting) -> None:
    chatting.plays(Reply(["Hello! [1]"]))
    assert chatting.ask("Hello").answer == "Hello!"


def test_earlier_turns_are_told_to_the_model_without_their_markers(chatting: Chatting) -> None:
    model = chatting.plays(ANSWER, ANSWER)
    first = chatting.ask(LEAVE)
    chatting.ask("What is the limit for a hotel night on business travel?", first.conversation_id)
    said = model.calls[-1].messages
    assert [message.text for message in said if isinstance(message, ModelResponse)] == [SENTENCE]


def test_given_history_stands_in_for_the_stored_one(chatting: Chatting) -> None:
    model = chatting.plays(ANSWER)
    chatting.ask(LEAVE, history=[("user", "Hi"), ("assistant", "Welcome back.")])
    assert "Welcome back." in str(model.calls[-1].messages)


def test_retry_asks_again_as_if_the_old_turn_had_not_been(chatting: Chatting) -> None:
    chatting.plays(Reply(["First."]))
    old = chatting.ask(LEAVE)
    model = chatting.plays(ANSWER)
    new = ended(chatting.service.retry(chatting.bob, old.id))
    assert (new.question, new.conversation_id, new.seq) == (LEAVE, old.conversation_id, old.seq + 1)
    assert "First." not in str(model.calls[0].messages)
    assert [turn.id for turn in chatting.service.turns(chatting.bob, old.conversation_id)] == [old.id, new.id]


def test_retry_may_change_the_model(chatting: Chatting) -> None:
    chatting.plays(Reply([failed.ModelConnectionError("script", "down")]))
    old = chatting.ask(LEAVE)
    new = ended(chatting.service.retry(chatting.bob, old.id, OFFLINE))
    assert (old.choice, new.choice.provider) == (SCRIPT, "offline")


@pytest.mark.parametrize("text", ["", "  \n\t", "\0", "\ud800", "\u200b"])
def test_an_empty_question_is_refused_and_stores_nothing(chatting: Chatting, text: str) -> None:
    with pytest.raises(QuestionRefused):
        chatting.service.ask(chatting.bob, None, text, SCRIPT)
    assert chatting.service.conversations(chatting.bob) == []


def test_an_over_long_question_is_refused_with_both_numbers(chatting: Chatting) -> None:
    with pytest.raises(QuestionRefused, match="4,001 characters, at most 4,000"):
        chatting.service.ask(chatting.bob, None, "x" * 4001, SCRIPT)


def test_characters_that_cannot_be_stored_are_left_out(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    assert chatting.ask(f"\0{LEAVE}\udc80").question == LEAVE


def test_a_second_question_waits_for_the_first_in_its_conversation(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply(["Well", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    with pytest.raises(QuestionRefused, match="still answering"):
        chatting.service.ask(chatting.bob, running.conversation_id, LEAVE, SCRIPT)
    gate.open()
    ended(running)


def test_a_person_may_have_so_many_questions_at_once_and_others_are_not_held_up(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(*[Reply(["Well", gate])] * 3)
    running = [chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT) for _ in range(2)]
    with pytest.raises(QuestionRefused, match="limit"):
        chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    running.append(chatting.service.ask(chatting.ann, None, LEAVE, SCRIPT))
    gate.open()
    assert {ended(one).status for one in running} == {TurnStatus.COMPLETE}


def test_the_plan_is_told_before_the_answer(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    events = events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT))
    planned = next(event for event in events if isinstance(event, Planned))
    assert planned.plan.route is Route.KNOWLEDGE
    assert planned.plan.confidence > 0.5


def test_a_turn_of_someone_else_cannot_be_followed_stopped_or_asked_again(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply(["Well", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    for act in (chatting.service.following, chatting.service.stop, chatting.service.retry, chatting.service.turn):
        with pytest.raises(NotFound):
            act(chatting.ann, running.turn_id)
    assert running.stopping is None
    gate.open()
    ended(running)


def test_closing_the_application_keeps_the_answer_so_far_as_cut(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([f"{SENTENCE} [1]", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.close()
    turn = ended(running)
    assert (turn.status, turn.answer) == (TurnStatus.CUT, f"{SENTENCE} [1]")
    assert turn.error is not None
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_deleting_a_conversation_stops_what_runs_in_it(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply(["Well", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.delete(chatting.bob, running.conversation_id)
    assert ended(running).status is TurnStatus.STOPPED


def test_clearing_a_conversation_while_it_answers_leaves_nothing_behind(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([f"{SENTENCE} [1]", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.clear(chatting.bob, running.conversation_id)
    ended(running)
    assert chatting.service.turns(chatting.bob, running.conversation_id) == []


def test_warming_up_stores_nothing_and_the_first_answer_comes_after_it(chatting: Chatting) -> None:
    chatting.service.warm()
    assert chatting.service.conversations(chatting.bob) == []
    assert chatting.ask(LEAVE, choice=OFFLINE).status is TurnStatus.COMPLETE
