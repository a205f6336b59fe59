"""One turn on the loop: plan, retrieve, decide, answer, cite, store. Only this module and the runner know storage.

Whatever happens, a turn is stored once with its end and its last event is ``TurnFinished``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from pydantic_ai import CancellationToken, RunCancelled

from assistant import log as logs
from assistant.chat import guardrail
from assistant.chat.abstention import ASK_BACK, abstains, abstention, nearest_documents
from assistant.chat.accounts import Accounts
from assistant.chat.agents import WITH_PASSAGES
from assistant.chat.answer import AnswerStream
from assistant.chat.approval import Decided, Resumed
from assistant.chat.attempts import Attempts
from assistant.chat.choosing import Choosing
from assistant.chat.ending import Ending, TurnStopped, closing, ended_by, source_deleted, stopped
from assistant.chat.failures import UNEXPECTED, Answerer, broke_off, explain, turn_error
from assistant.chat.groundwork import Grounds, Groundwork, asked_as
from assistant.chat.history import Said, recent
from assistant.chat.plan import A_PHRASE, Planner, without_plan
from assistant.chat.planners import planner_for
from assistant.chat.purse import Metering, Purse
from assistant.chat.running import RunningTurn
from assistant.chat.showing import WITHHELD, withheld
from assistant.chat.sources import Sources, expiry_note
from assistant.chat.steps import ASKED_BACK, Steps
from assistant.chat.tools import AgentDeps
from assistant.domain import (
    OFFLINE,
    Citation,
    FallBack,
    ModelChoice,
    Passage,
    Person,
    Plan,
    Route,
    Support,
    Timings,
    Turn,
    TurnError,
    TurnStatus,
    UsageRecord,
)
from assistant.errors import AssistantError, new_reference
from assistant.events import ApprovalNeeded, Planned, TurnFinished
from assistant.knowledge.evidence import answerable
from assistant.library import today
from assistant.providers.catalogue import label
from assistant.providers.offline import talk
from assistant.providers.offline.parts import parts

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from assistant.chat.agent_run import AgentRun
    from assistant.chat.deps import TurnDeps
    from assistant.chat.head_start import HeadStart
    from assistant.storage.conversations import Question

STORE_TRIES = 3
STORE_WAIT_SECONDS = 0.3
DECIDED = "What you decided had been acted on by then: the steps say what came of it. Look there before you ask again."
STOPPED_WHILE_ACTING = (
    "This ended while it carried out what you approved ({titles}): "
    "look whether it was done before you ask for it again."
)
UNPROVEN = "This answer names no source: do not rely on it before you have checked it."

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Begun:
    """How a turn begins: by a ``question``, of which some was begun already; what was ``said_from`` as in Started."""

    question: Question
    head_start: HeadStart
    said_from: tuple[str, ...] = ()


class TurnRun:
    """A turn while it runs. ``turn`` grows into what is stored; ``stored`` says whether its end was."""

    def __init__(
        self,
        deps: TurnDeps,
        person: Person,
        turn: Turn,
        history: Sequence[Said],
        running: RunningTurn,
        start: Begun | Decided,
    ) -> None:
        """Take a turn that was begun by a question, or one that goes on after it waited, as decided."""
        settings = deps.settings
        self.turn = turn
        self.stored = False
        self.records: tuple[UsageRecord, ...] = ()
        self._purse = Purse(deps.budgets, deps.models, settings, turn.id, person.id, surely=isinstance(start, Decided))
        self._deps = deps = replace(deps, build_model=Metering(deps.build_model, self._purse))
        self._running = running
        said = recent(history, settings.history_messages, settings.history_tokens)
        decided = start if isinstance(start, Decided) else None
        given = start.question if isinstance(start, Begun) else None
        self._asked = asked_as(person, turn.question, said, given)
        self._start = start
        self._resumed: Resumed | None = None
        self._steps = Steps(running)
        self._token = CancellationToken()
        self._accounts = Accounts(turn.usage, decided.taken.records) if decided else Accounts()
        self._passages: list[Passage] = []
        self._sources = Sources(deps.knowledge.library, deps.showing, person, self._passages, start.said_from)
        self._answer = AnswerStream(running, self._passages, self._keep)
        self._attempts: Attempts | None = None
        self._messages_json: str | None = None
        self._choosing = Choosing(self._deps, self._purse, self._steps, self._keep_choice)
        self._marked = False  # by the guardrail: answered from the documents, without effects
        running.on_stop(self._token.cancel)

    async def run(self) -> None:
        """Answer, store the end and publish it, on every way out."""
        ending = closing()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._answer.keep_saving)
                tasks.start_soon(self._sources.watch, self._lose)
                ending = await self._ending()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._end(*ending)

    def _lose(self) -> None:
        if self._sources.hidden:
            self._running.withhold()
        if not isinstance(self._start, Decided):  # what the person approved is not broken off
            self._token.cancel()

    async def _ending(self) -> Ending:
        try:
            return await self._work()
        except (TurnStopped, RunCancelled):
            return self._stopped()
        except Exception as error:
            return self._failed(error)

    def _stopped(self) -> Ending:
        """Return the end that was asked for; an approved call that it broke off may have had its effect."""
        if self._sources.gone and self._running.stopping is None:
            return source_deleted()
        status, error = stopped(self._running.stopping)
        doing = [step.title for step in self._steps.all if step.kind == "tool" and step.ms is None]
        if self._resumed is None or not doing:
            return status, error
        sentence = STOPPED_WHILE_ACTING.format(titles=", ".join(doing))
        return status, TurnError("cut", sentence, new_reference())

    async def _work(self) -> Ending:
        if isinstance(self._start, Decided):
            return await self._gone_on(self._start)
        wanted = self.turn.choice
        model = await self._choosing.chosen(wanted, self._asked)
        verdict = await anyio.to_thread.run_sync(self._start.head_start.verdict)
        if verdict is not None and verdict.refused:
            return guardrail.refused()
        if verdict is not None and verdict.flagged:
            self._marked = True
            guardrail.mark(self._steps)
            self._asked = replace(self._asked, route=self._asked.route or Route.KNOWLEDGE)
        grounds = await self._grounds(self._start.head_start)
        if grounds.abstains(self.turn.choice):
            return await self._abstained(grounds)
        if self.turn.choice.auto:
            model = await self._choosing.chosen(wanted, self._asked, grounds.plan.route)
        return await self._answered(model, grounds.plan)

    async def _gone_on(self, decided: Decided) -> Ending:
        """Tell again what was said, carry out what was decided, and go on with the model that asked for it."""
        turn = self.turn
        plan = turn.plan or without_plan(turn.question)
        try:
            self._resumed = Resumed.read(decided.taken.messages, decided.decisions)
            self._passages.extend(self._resumed.passages)
        finally:  # what was said stays, whatever comes
            self._running.publish(Planned(plan))
            self._steps.go_on_from(turn.steps)
            self._answer.go_on_from(turn)
        return await self._answered(await self._choosing.built(turn.choice), plan)

    def _keep_choice(self, choice: ModelChoice, fell_back: FallBack | None) -> None:
        self.turn = replace(self.turn, choice=choice, fell_back=fell_back)

    async def _grounds(self, head_start: HeadStart) -> Grounds:
        work = Groundwork(self._deps, self._running, self._steps, head_start)
        grounds = await work.lay(self._asked, self.turn.choice, self._planner, self._token)
        self._passages.extend(grounds.passages)
        timings = Timings(plan=grounds.plan_ms, retrieve=grounds.retrieve_ms)
        self.turn = replace(self.turn, plan=grounds.plan, answerable=grounds.answerable, timings=timings)
        self._running.publish(Planned(grounds.plan))
        if self._running.stopping is not None:
            raise TurnStopped
        return grounds

    def _planner(self) -> Planner:
        return planner_for(self._deps, self.turn.choice, self._accounts)

    async def _abstained(self, grounds: Grounds) -> Ending:
        if grounds.doubtful:
            self._steps.finish(self._steps.start(ASKED_BACK, "Asked what is wanted"))
            self._answer.add(ASK_BACK)
        elif grounds.plan.reason == A_PHRASE:
            self._answer.add(talk.general(grounds.plan.standalone_question))
        else:
            progress = await anyio.to_thread.run_sync(self._deps.knowledge.progress, self._asked.person)
            asked, empty = grounds.plan.standalone_question, progress.total == 0
            self._answer.add(abstention(asked, self._passages, progress.pending, empty=empty))
        self._answer.finish()
        self._mark_abstained()
        return TurnStatus.COMPLETE, None

    async def _answered(self, model: Model, plan: Plan) -> Ending:
        question = plan.standalone_question if self._passages else self.turn.question
        asked_before = self._resumed.asked_before if self._resumed else 0
        self._attempts = Attempts(
            deps=self._deps,
            running=self._running,
            steps=self._steps,
            answer=self._answer,
            token=self._token,
            accounts=self._accounts,
            agent_deps=AgentDeps(self._asked.person, self._deps.knowledge, self._passages, self.turn.id, asked_before),
            choice=self.turn.choice,
            model=model,
            purse=self._purse,
            cost_limit=self._choosing.cost_limit,
            resumed=self._resumed,
            acts=not self._marked,
        )
        found = tuple(self._passages)
        if plan.route in WITH_PASSAGES and self._resumed is None:  # what was done needs no source
            self._answer.check(self._choosing.unsupported, question)
        try:
            run = await self._attempts.ask(plan.route, question, self._asked.history)
        finally:
            await self._judge(plan, found)
        return self._ended(run, plan.route)

    async def _judge(self, plan: Plan, found: Sequence[Passage]) -> None:
        """Estimate whether the documents answer where the answer did not wait for it, to keep it with the turn.

        Also where nothing was to be looked up: what the head start found tells whether it should have been.
        """
        if self.turn.answerable is None and isinstance(self._start, Begun):
            estimate = await anyio.to_thread.run_sync(self._estimated, plan, found, self._start.head_start)
            self.turn = replace(self.turn, answerable=estimate)

    def _estimated(self, plan: Plan, found: Sequence[Passage], begun: HeadStart) -> float | None:
        if plan.route in WITH_PASSAGES:
            return max(answerable(part, found, self._deps.embedder) for part in parts(plan.standalone_question))
        nearest = begun.passages((begun.question,))
        return None if nearest is None else answerable(begun.question, nearest, self._deps.embedder)

    def _ended(self, run: AgentRun, route: Route) -> Ending:
        if run.pending:
            self.turn = replace(self.turn, pending=run.pending)
            self._messages_json = run.messages_json
            self._running.publish(ApprovalNeeded(run.pending))
            return TurnStatus.AWAITING_APPROVAL, None
        ending = ended_by(run.finish_reason)
        if ending[0] is TurnStatus.COMPLETE:
            self._heed_missing_sources(route)
            self._heed_expired_sources()
        return ending

    def _heed_expired_sources(self) -> None:
        note = expiry_note(self._answer.citations, self._passages, today())
        if note is not None:
            self._answer.say(f"\n\n{note}")

    def _heed_missing_sources(self, route: Route) -> None:
        """An answer without a source either says that it does not know, or is told to be unproven."""
        if self._answer.citations:
            return
        if abstains(self._answer.text):
            self._mark_abstained()
        elif route is Route.KNOWLEDGE and self._resumed is None:
            self._answer.say(f"\n\n{UNPROVEN}")

    def _mark_abstained(self) -> None:
        self.turn = replace(self.turn, abstained=True, nearest=nearest_documents(self._passages))

    def _failed(self, error: Exception) -> Ending:
        unknown = explain(error) is UNEXPECTED and not isinstance(error, AssistantError)
        traced = unknown or type(error).__module__ == "builtins"
        reference = logs.record(log, error, logs.secrets(self._deps.settings), traced=traced)
        attempts, choice = self._attempts, self.turn.choice
        seconds = self._deps.settings.first_token_seconds
        asked = attempts.answerer() if attempts else Answerer(label(choice.provider), choice.model or "", seconds)
        begun = attempts is not None and attempts.begun
        explained = turn_error(error, reference, asked, begun=begun)
        if self._resumed is not None and not self._resumed.decisions:
            explained = replace(explained, message=f"{explained.message} {DECIDED}", retryable=False)
        return (TurnStatus.CUT if begun and broke_off(error) else TurnStatus.FAILED), explained

    async def _end(self, status: TurnStatus, error: TurnError | None) -> None:
        """Store the whole turn, then tell the followers; when storing fails they are told what there is."""
        self._answer.finish()
        status, error = await self._unless_source_deleted(status, error)
        timings = replace(self.turn.timings, first_token=self._answer.first_token_ms, total=self._running.elapsed_ms())
        self.records = self._accounts.records(self.turn.id)
        attempts = self._attempts
        self.turn = replace(
            self.turn,
            status=status,
            answer=self._answer.text,
            reasoning=self._answer.reasoning,
            citations=self._answer.citations,
            support=self._answer.support,
            steps=self._steps.all,
            choice=attempts.choice if attempts else self.turn.choice,
            fell_back=(attempts and attempts.fell_back) or self.turn.fell_back,
            usage=self._accounts.usage(),
            timings=timings,
            error=error,
        )
        if self._answer.dropped:
            log.info("turn %s: %d markers named no passage", self.turn.id, self._answer.dropped)
        self.stored = await self._store()
        hidden = await self._sources.is_lost(self._rests_on())
        self._running.publish(TurnFinished(withheld(self.turn, WITHHELD) if hidden else self.turn))

    async def _unless_source_deleted(self, status: TurnStatus, error: TurnError | None) -> Ending:
        """An answer is not whole, and nothing waits for a yes, once a document that it was given is gone."""
        ends_well = status in (TurnStatus.COMPLETE, TurnStatus.AWAITING_APPROVAL)
        if not ends_well or not await self._sources.look():
            return status, error
        self.turn = replace(self.turn, pending=())
        self._messages_json = None
        status, error = source_deleted()
        if self._resumed is not None and error is not None:
            error = replace(error, message=f"{error.message} {DECIDED}", retryable=False)
        return status, error

    def save_end(self) -> None:
        """Store the end with its lines of the ledger, once whatever happens; blocking."""
        person_id = self._asked.person.id
        self._deps.stored.finish_turn(self.turn, self.records, person_id, self._messages_json, self._rests_on())

    def _rests_on(self) -> frozenset[str]:
        """Return the ids of the documents whose words may be in what was said so far, or in how that came about."""
        attempts, turn = self._attempts, self.turn
        asked = {turn.choice.provider, attempts.choice.provider if attempts else turn.choice.provider}
        if asked == {OFFLINE} and turn.fell_back is None and not (attempts and attempts.fell_back):
            return self._sources.quoted(turn, self._answer.text, self._answer.citations)
        return self._sources.all

    async def _store(self) -> bool:
        for tried in range(STORE_TRIES):
            try:
                await anyio.to_thread.run_sync(self.save_end)
            except Exception as error:  # the answer is there: it is shown, and stored when the disk allows
                logs.record(log, error)
                await anyio.sleep(STORE_WAIT_SECONDS * tried)
            else:
                return True
        return False

    def _keep(self, answer: str, citations: Sequence[Citation], support: Sequence[Support]) -> None:
        try:
            self._deps.stored.save_progress(self.turn.id, answer, citations, support, self._rests_on())
        except Exception as error:  # a full disk must not end the answer; its end is stored with more patience
            logs.record(log, error)
