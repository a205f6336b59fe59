"""A question from its plan to its stored answer."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from chatting import OFFLINE, SCRIPT, Chatting, events_of, text_of
from pydantic_ai import exceptions as failed
from pydantic_ai.messages import ModelResponse
from pydantic_ai.usage import RequestUsage

from assistant.chat.checking import NOTE
from assistant.chat.turn import UNPROVEN
from assistant.domain import Role, Route, TurnStatus
from assistant.events import Supported
from assistant.knowledge.caution import FALSE_ANSWERS
from assistant.knowledge.evidence import threshold_for
from assistant.models.service import ModelService
from assistant.providers.passages import CANNOT_ANSWER, read, read_agent
from assistant.providers.scripted import Reply, Structured, ToolUse
from assistant.storage.people import People

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
ANSWER = Reply(["Full-time employees receive 27 days of ", "annual leave. [", "1]"])

TEAMS = ("sales", "finance", "legal", "design", "repairs", "research", "training", "export", "events", "stores")


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
    for name in TEAMS:
        chatting.put(f"Leave in {name}.pdf", f"Annual leave in {name} is agreed with the lead of {name}.")
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
    assert tool.detail == "canteen vegetarian meals → 3 more passages"
    assert turn.usage.tool_calls == 1


def test_offline_thin_evidence_ends_in_an_honest_answer_without_a_model(chatting: Chatting) -> None:
    turn = chatting.ask("What is the policy for company cars in the Lisbon office?", choice=OFFLINE)
    assert turn.status is TurnStatus.COMPLETE
    assert turn.abstained
    assert turn.answer.startswith(CANNOT_ANSWER)
    assert turn.citations == ()
    assert turn.answerable is not None
    assert turn.nearest
    assert all(name in turn.answer for name in turn.nearest)


def test_offline_a_comparison_of_what_no_document_knows_ends_as_honestly(chatting: Chatting) -> None:
    turn = chatting.ask("What is the difference between the company cars in Lisbon and Madrid?", choice=OFFLINE)
    assert turn.plan is not None
    assert turn.plan.route is Route.FACT_FINDING
    assert turn.abstained
    assert turn.nearest
    assert turn.citations == ()


def test_offline_a_sum_is_calculated_whatever_the_documents_hold(chatting: Chatting) -> None:
    turn = chatting.ask("What is 12 times 140?", choice=OFFLINE)
    assert not turn.abstained
    assert "1,680" in turn.answer


def test_a_model_that_says_it_does_not_know_abstains(chatting: Chatting) -> None:
    chatting.plays(Reply([f"{CANNOT_ANSWER} The canteen's prices are missing."]))
    turn = chatting.ask(LEAVE)
    assert turn.abstained
    assert turn.nearest


def test_an_answer_that_names_no_source_says_so(chatting: Chatting) -> None:
    chatting.plays(Reply(["Employees get 31 days. [99]"]))
    assert chatting.ask(LEAVE).answer == f"Employees get 31 days.\n\n{UNPROVEN}"


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
    assert model.calls[-1].prompt == "Hello"


def test_also_what_needs_no_documents_is_told_whether_they_would_answer_it(chatting: Chatting) -> None:
    chatting.plays(Reply(["Hello!"]))
    turn = chatting.ask("Hello")
    assert turn.plan is not None
    assert turn.plan.route is Route.GENERAL
    assert turn.answerable is not None
    assert turn.answerable < threshold_for(FALSE_ANSWERS)


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


def test_each_sentence_is_kept_with_what_bears_it_out(chatting: Chatting) -> None:
    chatting.plays(Reply([f"{SENTENCE} [1] They may sell unused days to colleagues at the fair. [1]"]))
    turn = chatting.ask(LEAVE)
    assert [(turn.answer[one.start : one.end], one.found, one.n) for one in turn.support] == [
        (f"{SENTENCE} [1]", True, 1),
        ("They may sell unused days to colleagues at the fair. [1]", False, None),
    ]
    assert chatting.service.turn(chatting.bob, turn.id).support == turn.support


def test_followers_are_told_of_a_sentence_after_its_text_and_each_time_all_so_far(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    events = events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT))
    told = [event for event in events if isinstance(event, Supported)]
    assert told[-1].support == events[-1].turn.support  # type: ignore[union-attr]
    said = text_of(events[: events.index(told[0])])
    assert said[told[0].support[0].start : told[0].support[0].end] == f"{SENTENCE} [1]"


def test_a_sentence_without_a_marker_makes_its_source_known(chatting: Chatting) -> None:
    chatting.plays(Reply([SENTENCE]))
    turn = chatting.ask(LEAVE)
    assert turn.answer == SENTENCE
    assert [(one.n, one.quote) for one in turn.citations] == [(1, SENTENCE)]


def test_an_admin_may_have_left_out_what_no_source_says(chatting: Chatting) -> None:
    admin = People(chatting.database).add("eve@example.com", "Eve", Role.ADMIN)
    models = ModelService(chatting.database, chatting.settings)
    models.set_policy(admin, replace(models.policy(admin), unsupported="withhold"))
    chatting.plays(Reply(["They may sell unused days ", f"to colleagues at the fair. [1] {SENTENCE} [1]"]))
    events = events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT))
    assert text_of(events) == f"{NOTE} {SENTENCE} [1]"
    turn = events[-1].turn  # type: ignore[union-attr]
    assert [one.found for one in turn.support] == [False, True]


def test_what_the_assistant_says_itself_and_small_talk_are_not_looked_up(chatting: Chatting) -> None:
    chatting.plays(Reply(["Employees get 31 days. [99]"]), Reply(["Hello! There are 31 of us."]))
    turn = chatting.ask(LEAVE)
    assert [turn.answer[one.start : one.end] for one in turn.support] == ["Employees get 31 days."]
    assert chatting.ask("Hello").support == ()
    assert chatting.ask("What is the policy for company cars in Lisbon?", choice=OFFLINE).support == ()


def test_the_offline_answer_is_found_word_for_word(chatting: Chatting) -> None:
    turn = chatting.ask(LEAVE, choice=OFFLINE)
    assert turn.support
    assert all(one.found for one in turn.support)
