"""One turn on the loop: plan, retrieve, decide, answer, cite, store. Only this module and the runner know storage.

Whatever happens, a turn is stored once with its end and its last event is ``TurnFinished``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from pydantic_ai import CancellationToken, RunCancelled

from assistant import log as logs
from assistant.chat.abstention import abstains, abstention, nearest_documents
from assistant.chat.accounts import Accounts, total
from assistant.chat.answer import AnswerStream
from assistant.chat.attempts import Attempts
from assistant.chat.ending import Ending, TurnStopped, closing, ended_by, stopped
from assistant.chat.failures import Answerer, broke_off, turn_error
from assistant.chat.groundwork import Asked, Grounds, Groundwork
from assistant.chat.history import Said, recent
from assistant.chat.plan import OFFLINE, Planner
from assistant.chat.planners import planner_for
from assistant.chat.running import RunningTurn
from assistant.chat.steps import Steps
from assistant.chat.tools import AgentDeps
from assistant.domain import (
    AUTO,
    Citation,
    ModelChoice,
    Passage,
    Person,
    Route,
    Timings,
    Turn,
    TurnError,
    TurnStatus,
    UsageRecord,
)
from assistant.events import Planned, TurnFinished
from assistant.knowledge.evidence import ABSTAIN_BELOW
from assistant.providers.catalogue import label
from assistant.providers.offline.arithmetic import find_sum

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from assistant.chat.agent_run import AgentRun
    from assistant.chat.deps import TurnDeps

STORE_TRIES = 3
STORE_WAIT_SECONDS = 0.3
UNPROVEN = "This answer names no source: do not rely on it before you have checked it."

log = logging.getLogger(__name__)


class TurnRun:
    """A turn while it runs. ``turn`` grows into what is stored; ``stored`` says whether its end was."""

    def __init__(
        self, deps: TurnDeps, person: Person, turn: Turn, history: Sequence[Said], running: RunningTurn
    ) -> None:
        settings = deps.settings
        self.turn = turn
        self.stored = False
        self.records: tuple[UsageRecord, ...] = ()
        self._deps = deps
        self._running = running
        said = recent(history, settings.history_messages, settings.history_tokens)
        self._asked = Asked(person, turn.question, said)
        self._steps = Steps(running)
        self._token = CancellationToken()
        self._accounts = Accounts()
        self._passages: list[Passage] = []
        self._answer = AnswerStream(running, self._passages, self._keep)
        self._attempts: Attempts | None = None
        self._messages_json: str | None = None
        running.on_stop(self._token.cancel)

    async def run(self) -> None:
        """Answer, store the end and publish it, on every way out."""
        ending = closing()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._answer.keep_saving)
                ending = await self._ending()
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._end(*ending)

    async def _ending(self) -> Ending:
        try:
            return await self._work()
        except (TurnStopped, RunCancelled):
            return stopped(self._running.stopping)
        except Exception as error:
            return self._failed(error)

    async def _work(self) -> Ending:
        wanted = self.turn.choice
        model = await self._chosen(wanted)
        grounds = await self._grounds()
        if self._abstains(grounds):
            return await self._abstained(grounds)
        if self.turn.choice.auto:
            model = await self._chosen(wanted, grounds.plan.route)
        return await self._answered(model, grounds)

    async def _chosen(self, wanted: ModelChoice, route: Route | None = None) -> Model:
        """Build the model first: a provider that is not set up ends the turn before any work."""
        deps = self._deps
        if wanted.auto:
            wanted = ModelChoice(AUTO, parameters=wanted.parameters)
        choice = await anyio.to_thread.run_sync(deps.models.resolve, wanted, route)
        self.turn = replace(self.turn, choice=choice)
        model = await anyio.to_thread.run_sync(deps.build_model, choice, deps.settings, deps.embedder)
        self.turn = replace(self.turn, choice=replace(choice, model=choice.model or model.model_name))
        return model

    async def _grounds(self) -> Grounds:
        work = Groundwork(self._deps, self._running, self._steps)
        grounds = await work.lay(self._asked, self.turn.choice, self._planner, self._token)
        self._passages.extend(grounds.passages)
        timings = Timings(plan=grounds.plan_ms, retrieve=grounds.retrieve_ms)
        self.turn = replace(self.turn, plan=grounds.plan, answerable=grounds.answerable, timings=timings)
        self._running.publish(Planned(grounds.plan))
        if self._running.stopping is not None:
            raise TurnStopped
        return grounds

    async def _planner(self) -> Planner:
        return await anyio.to_thread.run_sync(planner_for, self._deps, self.turn.choice, self._accounts)

    def _abstains(self, grounds: Grounds) -> bool:
        """Whether the evidence is too thin to ask: always without passages, by the calibrated bound offline.

        A sum brings its own numbers and needs none; whether a question is one, other models see better than rules.
        """
        if grounds.answerable is None:
            return False
        offline = self.turn.choice.provider == OFFLINE
        sums = not offline or find_sum(grounds.plan.standalone_question) is not None
        if grounds.plan.route is Route.FACT_FINDING and sums:
            return False
        return not grounds.passages or (offline and grounds.answerable < ABSTAIN_BELOW)

    async def _abstained(self, grounds: Grounds) -> Ending:
        progress = await anyio.to_thread.run_sync(self._deps.knowledge.progress, self._asked.person)
        self._answer.add(abstention(grounds.plan.standalone_question, self._passages, progress.pending))
        self._answer.finish()
        self._mark_abstained()
        return TurnStatus.COMPLETE, None

    async def _answered(self, model: Model, grounds: Grounds) -> Ending:
        question = grounds.plan.standalone_question if self._passages else self.turn.question
        self._attempts = Attempts(
            deps=self._deps,
            running=self._running,
            steps=self._steps,
            answer=self._answer,
            token=self._token,
            accounts=self._accounts,
            agent_deps=AgentDeps(self._asked.person, self._deps.knowledge, self._passages, self.turn.id),
            choice=self.turn.choice,
            model=model,
        )
        run = await self._attempts.ask(grounds.plan.route, question, self._asked.history)
        return self._ended(run, grounds.plan.route)

    def _ended(self, run: AgentRun, route: Route) -> Ending:
        if run.pending:
            self.turn = replace(self.turn, pending=run.pending)
            self._messages_json = run.messages_json
            return TurnStatus.AWAITING_APPROVAL, None
        ending = ended_by(run.finish_reason)
        if ending[0] is TurnStatus.COMPLETE:
            self._heed_missing_sources(route)
        return ending

    def _heed_missing_sources(self, route: Route) -> None:
        """An answer without a source either says that it does not know, or is told to be unproven."""
        if self._answer.citations:
            return
        if abstains(self._answer.text):
            self._mark_abstained()
        elif route is Route.KNOWLEDGE:
            self._answer.add(f"\n\n{UNPROVEN}")
            self._answer.finish()

    def _mark_abstained(self) -> None:
        self.turn = replace(self.turn, abstained=True, nearest=nearest_documents(self._passages))

    def _failed(self, error: Exception) -> Ending:
        reference = logs.record(log, error, logs.secrets(self._deps.settings))
        attempts, choice = self._attempts, self.turn.choice
        seconds = self._deps.settings.first_token_seconds
        asked = attempts.answerer() if attempts else Answerer(label(choice.provider), choice.model or "", seconds)
        begun = attempts is not None and attempts.begun
        explained = turn_error(error, reference, asked, begun=begun)
        return (TurnStatus.CUT if begun and broke_off(error) else TurnStatus.FAILED), explained

    async def _end(self, status: TurnStatus, error: TurnError | None) -> None:
        """Store the whole turn, then tell the followers; when storing fails they are told what there is."""
        self._answer.finish()
        timings = replace(self.turn.timings, first_token=self._answer.first_token_ms, total=self._running.elapsed_ms())
        self.records = self._accounts.records(self.turn.id)
        attempts = self._attempts
        self.turn = replace(
            self.turn,
            status=status,
            answer=self._answer.text,
            reasoning=self._answer.reasoning,
            citations=self._answer.citations,
            steps=self._steps.all,
            choice=attempts.choice if attempts else self.turn.choice,
            fell_back=attempts.fell_back if attempts else None,
            usage=total([record.usage for record in self.records]),
            timings=timings,
            error=error,
        )
        if self._answer.dropped:
            log.info("turn %s: %d markers named no passage", self.turn.id, self._answer.dropped)
        self.stored = await self._store()
        self._running.publish(TurnFinished(self.turn))

    async def _store(self) -> bool:
        person, stored = self._asked.person, self._deps.stored
        finish = partial(stored.finish_turn, self.turn, self.records, person.id, self._messages_json)
        for tried in range(STORE_TRIES):
            try:
                await anyio.to_thread.run_sync(finish)
            except Exception as error:  # the answer is there: it is shown, and stored when the disk allows
                logs.record(log, error)
                await anyio.sleep(STORE_WAIT_SECONDS * tried)
            else:
                return True
        return False

    def _keep(self, answer: str, citations: Sequence[Citation]) -> None:
        try:
            self._deps.stored.save_progress(self.turn.id, answer, citations)
        except Exception as error:  # a full disk must not end the answer; its end is stored with more patience
            logs.record(log, error)
