"""Budgets in turns: what is left decides which model answers, and nobody is turned away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from acting import ASKS, DONE, ORDER, Tickets
from chatting import Chatting, ended, events_of
from persons import group
from pydantic_ai.models import Model
from pydantic_ai.usage import RequestUsage
from sqlalchemy import text

from assistant.domain import Decision, ModelChoice, TurnStatus, Usage, UsageRecord
from assistant.events import FellBack
from assistant.limits.rules import Allowance, LimitRules
from assistant.limits.service import LimitService
from assistant.people.rights import Rights
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier
from assistant.providers.scripted import Gate, Reply, ScriptedModel, ToolUse
from assistant.settings import Settings
from assistant.storage.people import LOCAL, People
from assistant.storage.usage_records import UsageRecords, insert_records

LEAVE = "How many days of annual leave do full-time employees receive?"
TERRA = ModelChoice("openai", "gpt-6.1-terra")
"""One dollar for a million tokens read, five for a million written; Luna costs a tenth."""
LUNA = "gpt-6-luna"
ANSWER = ["Full-time employees receive 27 days of annual leave. [1]"]
USED = RequestUsage(input_tokens=2_000, output_tokens=600)
COST = Decimal("0.005")
"""What Terra costs for that."""


class Priced(Chatting):
    """A chat in which every model of OpenAI plays the script, and ``asked`` keeps which it was."""

    asked: list[str]

    def allows(self, **rules: object) -> None:
        """Set the budgets."""
        People(self.database).local()
        limits = LimitService(self.database, Rights(self.database))
        revision = limits.rules(LOCAL).revision
        limits.set_rules(LOCAL, LimitRules(revision=revision, **rules))  # type: ignore[arg-type]  # as in the class

    def has_used(
        self, dollars: str, person: str | None = None, *, tokens: int = 10, at: datetime | None = None
    ) -> None:
        """Write a line of the ledger."""
        usage = Usage(requests=1, input_tokens=tokens, output_tokens=0, cost=Decimal(dollars))
        turn = f"earlier-{dollars}-{tokens}-{person}"
        with self.database.write() as session:
            record = UsageRecord(turn, 1, "answer", "openai", TERRA.model or "", usage)
            insert_records(session, person or self.bob.id, "earlier", [record])
            if at is not None:
                session.execute(text("DROP TRIGGER IF EXISTS usage_records_no_update"))
                session.execute(text("UPDATE usage_records SET at = :at WHERE turn_id = :t"), {"at": at, "t": turn})

    def spent(self) -> Decimal:
        """What the ledger sums up to."""
        return sum(
            (line.record.usage.cost or Decimal(0) for line in UsageRecords(self.database).lines(None)), Decimal(0)
        )

    def reservations(self) -> int:
        """How many turns hold something."""
        with self.database.read() as session:
            return int(session.execute(text("SELECT count(*) FROM reservations")).scalar_one())

    def _build(self, choice: ModelChoice, settings: Settings, embedder: MiniLM, *, prompted: bool = False) -> Model:
        if choice.provider != "openai":
            return super()._build(choice, settings, embedder, prompted=prompted)
        self.asked = [*getattr(self, "asked", []), choice.model or ""]
        return self.model


@pytest.fixture
def priced(data_dir: Path, two_documents: Path, embedder: MiniLM, classifier: RouteClassifier) -> Iterator[Priced]:
    shutil.copytree(two_documents, data_dir, dirs_exist_ok=True)
    chat = Priced(data_dir, embedder, classifier, OPENAI_API_KEY="key", running_per_person=60, questions_per_minute=999)
    yield chat
    chat.close()


def test_within_its_budgets_a_question_is_answered_as_chosen_and_the_reservation_goes(priced: Priced) -> None:
    priced.allows(person=Allowance(dollars_a_day=Decimal(1)), company=Allowance(tokens_a_month=1_000_000))
    gate = Gate()
    priced.plays(Reply([gate, *ANSWER], usage=USED))
    running = priced.service.ask(priced.bob, None, LEAVE, TERRA)
    assert gate.reached.wait(30)
    assert priced.reservations() == 1
    gate.open()
    turn = ended(running)
    assert (turn.status, turn.choice.model, turn.fell_back) == (TurnStatus.COMPLETE, TERRA.model, None)
    assert (priced.reservations(), priced.spent()) == (0, COST)


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (
            {"person": Allowance(dollars_a_day=Decimal("0.10"))},
            "Your budget for today is used up, so the documents were quoted without a model.",
        ),
        (
            {"groups": {"sales": Allowance(dollars_a_month=Decimal("0.10"))}},
            "The budget of your group sales for this month is used up, so the documents were quoted without a model.",
        ),
        (
            {"company": Allowance(tokens_a_day=10)},
            "The company's budget for today is used up, so the documents were quoted without a model.",
        ),
    ],
)
def test_a_budget_that_is_used_up_quotes_the_documents_and_says_so(
    priced: Priced, rules: dict[str, object], sentence: str
) -> None:
    group(priced.database, "sales", priced.bob, priced.ann)
    priced.has_used("0.10", priced.bob.id if "person" in rules else priced.ann.id)
    priced.allows(**rules)
    model = priced.plays()
    running = priced.service.ask(priced.bob, None, LEAVE, TERRA)
    turn = ended(running)
    assert (turn.status, turn.choice.provider, model.calls) == (TurnStatus.COMPLETE, "offline", [])
    assert "27 days" in turn.answer
    assert turn.fell_back is not None
    assert (turn.fell_back.provider, turn.fell_back.model, turn.fell_back.why) == ("openai", TERRA.model, sentence)
    assert [event.fall_back for event in events_of(running) if isinstance(event, FellBack)] == [turn.fell_back]
    assert priced.service.turn(priced.bob, turn.id).fell_back == turn.fell_back
    assert priced.spent() == Decimal("0.10")


def test_what_others_used_counts_for_the_group_and_the_company_alone(priced: Priced) -> None:
    priced.has_used("5", priced.ann.id)
    priced.allows(person=Allowance(dollars_a_day=Decimal(1)), groups={})
    priced.plays(Reply(ANSWER, usage=USED))
    assert priced.ask(LEAVE, choice=TERRA).fell_back is None


def test_a_new_day_and_a_new_month_begin_with_nothing_used(priced: Priced) -> None:
    now = datetime.now(UTC)
    priced.has_used("5", at=now.replace(day=1, hour=0, minute=0, second=0, microsecond=0).replace(year=now.year - 1))
    priced.allows(person=Allowance(dollars_a_day=Decimal(1), dollars_a_month=Decimal(1)))
    priced.plays(Reply(ANSWER, usage=USED))
    assert priced.ask(LEAVE, choice=TERRA).fell_back is None


def test_near_the_end_of_a_budget_the_cheaper_model_of_the_same_provider_answers(priced: Priced) -> None:
    priced.has_used("0.97")
    priced.allows(person=Allowance(dollars_a_day=Decimal(1)))
    priced.plays(Reply(ANSWER, usage=USED))
    turn = priced.ask(LEAVE, choice=TERRA)
    assert (turn.choice.provider, turn.choice.model) == ("openai", LUNA)
    assert turn.fell_back is not None
    assert turn.fell_back.why == "Your budget for today is nearly used up, so OpenAI (gpt-6-luna) answers."


def test_a_cheaper_model_that_is_not_allowed_does_not_answer(priced: Priced) -> None:
    models = priced.service._models
    policy = replace(models.policy(LOCAL), allowed=("openai/gpt-6.1-terra", "offline"))
    models.set_policy(LOCAL, policy)
    priced.has_used("1.5")
    priced.allows(person=Allowance(dollars_a_day=Decimal(1)))
    assert priced.ask(LEAVE, choice=TERRA).choice.provider == "offline"


def test_one_call_may_go_over_the_end_of_a_budget_that_is_not_used_up(priced: Priced) -> None:
    priced.allows(person=Allowance(tokens_a_day=100))
    priced.plays(Reply(ANSWER, usage=USED))
    assert priced.ask(LEAVE, choice=TERRA).fell_back is None
    assert priced.ask(LEAVE, choice=TERRA).choice.provider == "offline"


def test_the_offline_model_needs_no_budget_and_uses_none(priced: Priced) -> None:
    priced.allows(company=Allowance(tokens_a_day=0, dollars_a_day=Decimal(0)))
    turn = priced.ask(LEAVE, choice=ModelChoice("offline"))
    assert (turn.status, turn.fell_back) == (TurnStatus.COMPLETE, None)


def test_a_model_without_a_known_price_counts_by_its_tokens_alone(priced: Priced) -> None:
    priced.has_used("5", tokens=10)
    priced.allows(person=Allowance(dollars_a_day=Decimal(1)))
    priced.plays(Reply(ANSWER, usage=USED), Reply(ANSWER, usage=USED))
    assert priced.ask(LEAVE, choice=ModelChoice("openai", "script")).fell_back is None
    priced.allows(person=Allowance(tokens_a_day=5))
    assert priced.ask(LEAVE, choice=ModelChoice("openai", "script")).choice.provider == "offline"


def test_an_answer_that_searches_again_and_again_is_admitted_request_by_request(priced: Priced) -> None:
    much = RequestUsage(input_tokens=60_000, output_tokens=20)
    search = Reply([ToolUse("search_knowledge_base", {"query": "leave"})], usage=much)
    priced.allows(person=Allowance(tokens_a_day=60_000))
    model = priced.plays(search, search, search, Reply(ANSWER))
    turn = priced.ask(LEAVE, choice=TERRA)
    assert len(model.calls) == 1
    assert (turn.status, turn.choice.provider) == (TurnStatus.COMPLETE, "offline")
    assert turn.fell_back is not None
    assert turn.fell_back.why.startswith("Your budget for today is ")
    assert turn.usage.input_tokens == 60_000


def test_an_answer_that_has_begun_when_the_budget_ends_says_what_happened(priced: Priced) -> None:
    much = RequestUsage(input_tokens=60_000, output_tokens=20)
    search = Reply(["Let me look. ", ToolUse("search_knowledge_base", {"query": "leave"})], usage=much)
    priced.allows(person=Allowance(tokens_a_day=60_000))
    priced.plays(search, Reply(ANSWER))
    turn = priced.ask(LEAVE, choice=TERRA)
    assert turn.error is not None
    assert turn.error.category == "limit"
    assert "Offline, which is free" in turn.error.message
    assert priced.reservations() == 0


def test_models_with_a_price_are_told_how_long_an_answer_may_be(priced: Priced) -> None:
    told: list[object] = []

    class Told(ScriptedModel):
        def prepare_request(self, model_settings, model_request_parameters):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # as in its base
            told.append((model_settings or {}).get("max_tokens"))
            return super().prepare_request(model_settings, model_request_parameters)

    priced.model = Told([Reply(ANSWER), Reply(ANSWER)])
    priced.ask(LEAVE, choice=TERRA)
    priced.allows(person=Allowance(dollars_a_day=Decimal(1)))
    priced.ask(LEAVE, choice=TERRA)
    assert told[0] is None
    assert told[-1] == 8_000


def test_what_a_person_approved_is_carried_out_whatever_is_left(priced: Priced) -> None:
    tickets = Tickets()
    priced.acts(tickets.actions)
    priced.plays(ASKS, DONE)
    turn = priced.ask(ORDER, choice=TERRA)
    assert turn.status is TurnStatus.AWAITING_APPROVAL
    priced.allows(person=Allowance(tokens_a_day=1))
    done = ended(priced.service.decide(priced.bob, turn.id, [Decision(call.id, True) for call in turn.pending]))
    assert (done.status, tickets.titles, priced.reservations()) == (TurnStatus.COMPLETE, ["Headset is silent"], 0)


def test_a_turn_that_fails_or_is_stopped_gives_its_reservation_back(priced: Priced) -> None:
    priced.allows(person=Allowance(dollars_a_day=Decimal(1)))
    priced.plays(Reply([RuntimeError("no")]))
    assert priced.ask(LEAVE, choice=TERRA).status is TurnStatus.FAILED
    gate = Gate()
    priced.plays(Reply([gate, *ANSWER]))
    running = priced.service.ask(priced.bob, None, LEAVE, TERRA)
    assert gate.reached.wait(30)
    priced.service.stop(priced.bob, running.turn_id)
    assert ended(running).status is TurnStatus.STOPPED
    assert priced.reservations() == 0


def test_fifty_questions_at_once_overspend_by_one_call_at_most(priced: Priced) -> None:
    limit = Decimal("0.11")
    priced.allows(company=Allowance(dollars_a_day=limit))
    gates = [Gate() for _ in range(50)]
    dear = RequestUsage(input_tokens=4_000, output_tokens=8_000)  # as long as answers may be
    priced.plays(*[Reply([gate, *ANSWER], usage=dear) for gate in gates])
    with ThreadPoolExecutor(50) as pool:
        running = list(pool.map(lambda _: priced.service.ask(priced.bob, None, LEAVE, TERRA), range(50)))
    for gate in gates:
        gate.open()
    turns = [ended(one) for one in running]
    assert {turn.status for turn in turns} == {TurnStatus.COMPLETE}
    assert 1 <= sum(turn.choice.model == TERRA.model for turn in turns) <= 3
    assert all("27 days" in turn.answer for turn in turns)
    assert priced.spent() <= limit + Decimal("0.044")
    assert priced.reservations() == 0


def test_what_a_killed_process_had_reserved_goes_when_its_turn_is_cut(priced: Priced) -> None:
    priced.allows(person=Allowance(dollars_a_day=Decimal(1)))
    gate = Gate()
    priced.plays(Reply([gate, *ANSWER]))
    running = priced.service.ask(priced.bob, None, LEAVE, TERRA)
    assert gate.reached.wait(30)
    with priced.database.write() as session:
        session.execute(text("UPDATE turns SET owner_pid = 1, owner_started = 1"))
    other = priced.new_service()
    assert other.start() == 1
    assert priced.reservations() == 0
    other.close()
    gate.open()
    ended(running)
