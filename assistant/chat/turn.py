"""One turn on the loop: plan, retrieve, decide, answer, cite, store. Only this module and the runner know storage.

Whatever happens, a turn is stored once with its end and its last event is ``TurnFinished``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from pydantic_ai import CancellationToken, RunCancelled, RunUsage

from assistant import log as logs
from assistant.chat.abstention import abstains, abstention, nearest_documents
from assistant.chat.agent_run import AgentRun
from assistant.chat.agents import model_settings
from assistant.chat.answer import AnswerStream
from assistant.chat.failures import broke_off, turn_error
from assistant.chat.groundwork import Asked, Grounds, Groundwork
from assistant.chat.history import Said, recent, tokens
from assistant.chat.plan import OFFLINE
from assistant.chat.running import RunningTurn
from assistant.chat.steps import Steps
from assistant.chat.tools import AgentDeps
from assistant.domain import Citation, ModelChoice, Passage, Person, Route, Timings, Turn, TurnError, TurnStatus, Usage
from assistant.errors import ModelFailed, new_reference
from assistant.events import Planned, TurnFinished
from assistant.knowledge.evidence import ABSTAIN_BELOW
from assistant.providers.catalogue import label
from assistant.providers.offline.arithmetic import find_sum
from assistant.providers.passages import render

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from assistant.chat.deps import TurnDeps

STORE_TRIES = 3
STORE_WAIT_SECONDS = 0.3
CLOSING = "The application was closed while this answer was being written; what it had is shown. Ask again."
LENGTH = "The answer reached the model's length limit and ends here: ask it to go on."
EMPTY = "The model ended without an answer: ask again, or pick another model."
NO_END = "The connection ended before the answer did: what came is shown. Ask again."
UNPROVEN = "This answer names no source: do not rely on it before you have checked it."
CUT_OFF = "The answer was cut off. "

log = logging.getLogger(__name__)
Ending = tuple[TurnStatus, TurnError | None]


class TurnStopped(Exception):  # not an error: the person asked for it
    """Raised inside a turn between two steps when its stop was asked for."""


class TurnRun:
    """A turn while it runs. ``turn`` grows into what is stored; ``stored`` says whether its end was."""

    def __init__(
        self, deps: TurnDeps, person: Person, turn: Turn, history: Sequence[Said], running: RunningTurn
    ) -> None:
        settings = deps.settings
        self.turn = turn
        self.stored = False
        self._deps = deps
        self._running = running
        said = recent(history, settings.history_messages, settings.history_tokens)
        self._asked = Asked(person, turn.question, said, turn.choice.provider)
        self._steps = Steps(running)
        self._token = CancellationToken()
        self._usage = RunUsage()
        self._asked_tokens = 0  # estimate of what the model read, for answers that end without a count
        self._passages: list[Passage] = []
        self._answer = AnswerStream(running, self._passages, self._keep)
        running.on_stop(self._token.cancel)

    async def run(self) -> None:
        """Answer, store the end and publish it, on every way out."""
        ending: Ending = (TurnStatus.CUT, TurnError("cut", CLOSING, new_reference(), retryable=True))
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
            return self._stopped()
        except Exception as error:
            return self._failed(error)

    async def _work(self) -> Ending:
        model = await self._model()
        grounds = await Groundwork(self._deps, self._running, self._steps).lay(
            self._asked, model, self._usage, self._token
        )
        self._know(grounds)
        if self._running.stopping is not None:
            raise TurnStopped
        if self._abstains(grounds):
            progress = await anyio.to_thread.run_sync(self._deps.knowledge.progress, self._asked.person)
            self._answer.add(abstention(grounds.plan.standalone_question, self._passages, progress.pending))
            self._answer.finish()
            self._mark_abstained()
            return TurnStatus.COMPLETE, None
        return await self._ask_agent(model, grounds)

    async def _model(self) -> Model:
        """Build the model first: a provider that is not set up ends the turn before any work."""
        deps, choice = self._deps, self.turn.choice
        model = await anyio.to_thread.run_sync(deps.build_model, choice, deps.settings, deps.embedder)
        self.turn = replace(self.turn, choice=ModelChoice(choice.provider, choice.model or model.model_name))
        return model

    def _know(self, grounds: Grounds) -> None:
        self._passages.extend(grounds.passages)
        timings = Timings(plan=grounds.plan_ms, retrieve=grounds.retrieve_ms)
        self.turn = replace(self.turn, plan=grounds.plan, answerable=grounds.answerable, timings=timings)
        self._running.publish(Planned(grounds.plan))

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

    async def _ask_agent(self, model: Model, grounds: Grounds) -> Ending:
        route = grounds.plan.route
        prompt = render(grounds.plan.standalone_question, self._passages) if self._passages else self.turn.question
        self._asked_tokens = tokens(prompt) + sum(tokens(text) for _, text in self._asked.history)
        step = self._steps.start(
            "agent", "Writing the answer", f"{label(self.turn.choice.provider)}, {model.model_name}"
        )
        run = AgentRun(
            model=model,
            deps=AgentDeps(self._asked.person, self._deps.knowledge, self._passages),
            answer=self._answer,
            steps=self._steps,
            token=self._token,
            usage=self._usage,
        )
        try:
            settings = model_settings(self._deps.settings.first_token_seconds, {})
            await run.run(route, prompt, self._asked.history, settings)
        finally:
            self._steps.finish(step)
        if not self._answer.text.strip():
            raise ModelFailed(EMPTY)
        ending = _ended_by(run.finish_reason)
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

    def _stopped(self) -> Ending:
        if self._running.stopping is TurnStatus.CUT:
            return TurnStatus.CUT, TurnError("cut", CLOSING, new_reference(), retryable=True)
        return TurnStatus.STOPPED, None

    def _failed(self, error: Exception) -> Ending:
        reference = logs.record(log, error)
        explained = turn_error(error, reference, label(self.turn.choice.provider))
        if self._answer.text.strip() and broke_off(error):
            return TurnStatus.CUT, replace(explained, message=CUT_OFF + explained.message, retryable=True)
        return TurnStatus.FAILED, explained

    async def _end(self, status: TurnStatus, error: TurnError | None) -> None:
        """Store the whole turn, then tell the followers; when storing fails they are told what there is."""
        self._answer.finish()
        timings = replace(self.turn.timings, first_token=self._answer.first_token_ms, total=self._running.elapsed_ms())
        self.turn = replace(
            self.turn,
            status=status,
            answer=self._answer.text,
            citations=self._answer.citations,
            steps=self._steps.all,
            usage=self._counted(status),
            timings=timings,
            error=error,
        )
        if self._answer.dropped:
            log.info("turn %s: %d markers named no passage", self.turn.id, self._answer.dropped)
        self.stored = await self._store()
        self._running.publish(TurnFinished(self.turn))

    async def _store(self) -> bool:
        for tried in range(STORE_TRIES):
            try:
                await anyio.to_thread.run_sync(self._deps.stored.finish_turn, self.turn)
            except Exception as error:  # the answer is there: it is shown, and stored when the disk allows
                logs.record(log, error)
                await anyio.sleep(STORE_WAIT_SECONDS * tried)
            else:
                return True
        return False

    def _counted(self, status: TurnStatus) -> Usage:
        """Return the usage; estimated where an answer ended before the provider's count came."""
        used = self._usage
        offline = self.turn.choice.provider == OFFLINE
        missing = bool(used.unmeasured_requests) or (self._asked_tokens > 0 and status is not TurnStatus.COMPLETE)
        estimated = missing and not offline
        return Usage(
            requests=max(used.requests, 1 if self._asked_tokens else 0),
            input_tokens=max(used.input_tokens, self._asked_tokens if estimated else 0),
            output_tokens=max(used.output_tokens, tokens(self._answer.text) if estimated else 0),
            tool_calls=used.tool_calls,
            cost=Decimal(0) if offline else used.cost,
            estimated=estimated,
        )

    def _keep(self, answer: str, citations: Sequence[Citation]) -> None:
        try:
            self._deps.stored.save_progress(self.turn.id, answer, citations)
        except Exception as error:  # a full disk must not end the answer; its end is stored with more patience
            logs.record(log, error)


def _ended_by(finish_reason: str | None) -> Ending:
    """A whole answer says why it ended; a stream that only stops was cut on its way (Groq reports it no other way)."""
    if finish_reason == "length":
        return TurnStatus.CUT, TurnError("length", LENGTH, new_reference(), retryable=True)
    if finish_reason is None:
        return TurnStatus.CUT, TurnError("connection", NO_END, new_reference(), retryable=True)
    return TurnStatus.COMPLETE, None
