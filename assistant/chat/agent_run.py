"""One run of an agent: its events become text of the answer, reasoning and visible steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic_ai import AgentRunResultEvent, CancellationToken, DeferredToolRequests, RunCancelled, RunUsage, Tool
from pydantic_ai.exceptions import ModelTimeoutError, UserError
from pydantic_ai.messages import (
    FunctionToolCallEvent,
    FunctionToolResultEvent,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
)

from assistant.chat.agents import TOOL_RETRIES, WITH_ACTIONS, agent_for, limits
from assistant.chat.answer import AnswerStream
from assistant.chat.approval import Resumed, pending_calls, suspended, title_of
from assistant.chat.careful_tools import careful
from assistant.chat.failures import EndlessAnswer
from assistant.chat.guard import storable
from assistant.chat.history import Said, as_messages
from assistant.chat.silence import LONGER, Silence
from assistant.chat.steps import Steps
from assistant.chat.tools import OUTCOME, AgentDeps
from assistant.domain import PendingCall, Route

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from pydantic_ai import AgentStreamEvent, UsageLimits
    from pydantic_ai.agent import AgentRunEvents
    from pydantic_ai.models import Model
    from pydantic_ai.run import AgentRunResult
    from pydantic_ai.settings import ModelSettings

CALCULATE = "calculate"
TOOL_TITLES = {"search_knowledge_base": "Searching once more", CALCULATE: "Calculating"}
DETAIL_CHARACTERS = 300
ARGUMENT_CHARACTERS = 100
MOST_CHARACTERS = 200_000
"""Of text and reasoning in one run, some 50,000 tokens: more than models may write, so that only one that never ends
comes there."""
WAITS = "waits for your decision"
NO = "not done: you said no"
FAILED = "did not work"

Output = str | DeferredToolRequests


@dataclass
class AgentRun:
    """Runs one agent in what the turn has left after ``spent``; with ``resumed`` it goes on with a turn that waited.

    Without ``tools`` none are offered. ``cut`` is the answer within which, or before which, the run was broken off;
    ``unanswered`` says that nothing of it had come: ``usage`` then does not know the request.
    ``usage`` is right on every way out, ``finish_reason`` only after a whole answer. When the run ended because
    calls wait for approval, ``pending`` tells them and ``messages_json`` is what going on needs.
    """

    model: Model
    deps: AgentDeps
    answer: AnswerStream
    steps: Steps
    token: CancellationToken
    usage: RunUsage = field(default_factory=RunUsage)
    spent: RunUsage = field(default_factory=RunUsage)
    actions: Sequence[Tool[AgentDeps]] = ()
    resumed: Resumed | None = None
    tools: bool = True
    cut: ModelResponse | None = None
    unanswered: bool = False
    finish_reason: str | None = None
    pending: tuple[PendingCall, ...] = ()
    messages_json: str | None = None
    _open_tools: dict[str, int] = field(default_factory=dict)
    _came: int = 0

    async def run(
        self,
        route: Route,
        prompt: str,
        history: Sequence[Said],
        model_settings: ModelSettings,
        cost_limit: Decimal | None = None,
    ) -> None:
        """Run to the end; raises what pydantic-ai raises, RunCancelled after ``token`` was cancelled.

        A model that falls silent in the middle raises ModelTimeoutError, one that never ends EndlessAnswer.
        """
        async with self._begun(route, prompt, history, model_settings, cost_limit) as events:
            silence = Silence(LONGER * model_settings["first_event_timeout"], events.cancel)
            try:
                await self._follow(events, silence)
            finally:
                silence.rest()
                self._count(events)
                self.answer.finish()

    async def _follow(self, events: AgentRunEvents[Output], silence: Silence) -> None:
        try:
            async for event in events:
                self._take(event)
                if self._is_endless(event):
                    events.cancel()
                if self._open_tools:
                    silence.rest()
                else:
                    silence.heard()
        except RunCancelled as error:
            if self._came > MOST_CHARACTERS:
                raise EndlessAnswer from error
            if not silence.over:
                raise
            raise ModelTimeoutError(self.model.model_name, f"silent for {silence.seconds:g} s") from error

    def _begun(
        self,
        route: Route,
        prompt: str,
        history: Sequence[Said],
        model_settings: ModelSettings,
        cost_limit: Decimal | None,
    ) -> AbstractAsyncContextManager[AgentRunEvents[Output]]:
        acts = self.tools and bool(self.actions) and route in WITH_ACTIONS
        resumed = self.resumed
        return agent_for(route, acts=acts, tools=self.tools).run_stream_events(
            None if resumed else prompt,
            output_type=[str, DeferredToolRequests] if acts else [str],
            model=self.model,
            deps=self.deps,
            message_history=resumed.messages if resumed else as_messages(history),
            deferred_tool_results=resumed.results() if resumed else None,
            usage_limits=self._limits(cost_limit),
            cancellation_token=self.token,
            model_settings=model_settings,
            toolsets=[careful(self.actions)] if acts else None,
            retries={"tools": TOOL_RETRIES, "output": 1},
        )

    def _limits(self, cost_limit: Decimal | None) -> UsageLimits:
        """Return what is left; approved calls and one request to tell of them are always left."""
        left = limits(cost_limit, self.spent)
        if self.resumed is not None:
            left.request_limit = max(left.request_limit or 0, 1)
            left.tool_calls_limit = max(left.tool_calls_limit or 0, len(self.resumed.decisions))
        return left

    def _take(self, event: AgentStreamEvent | AgentRunResultEvent[Output]) -> None:
        match event:
            case PartStartEvent(part=TextPart(content=text)):
                self.answer.add(f"\n\n{text}" if self.answer.text.strip() else text)
            case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                self.answer.add(text)
            case PartStartEvent(part=ThinkingPart(content=text)):
                self.answer.think(f"\n\n{text}" if self.answer.reasoning.strip() else text)
            case PartDeltaEvent(delta=ThinkingPartDelta(content_delta=str(text))):
                self.answer.think(text)
            case FunctionToolCallEvent():
                self._tool_started(event)
            case FunctionToolResultEvent():
                self._tool_finished(event)
            case AgentRunResultEvent():
                self._ended(event.result)

    def _is_endless(self, event: AgentStreamEvent | AgentRunResultEvent[Output]) -> bool:
        if isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta | ThinkingPartDelta):
            self._came += len(event.delta.content_delta or "")
        return self._came > MOST_CHARACTERS

    def _ended(self, result: AgentRunResult[Output]) -> None:
        self.finish_reason = result.response.finish_reason
        if isinstance(result.output, DeferredToolRequests):
            self.pending = pending_calls(result.output, self.actions)
            self.messages_json = suspended(result.all_messages(), self.deps.passages, self.deps.asked_before + 1)
            for place in self._open_tools.values():
                self.steps.finish(place, detail=_joined(self.steps.all[place].detail, WAITS))

    def _tool_started(self, event: FunctionToolCallEvent) -> None:
        call = event.part
        titles = {**TOOL_TITLES, **{tool.name: title_of(tool) for tool in self.actions}}
        title = titles.get(call.tool_name, call.tool_name)
        asked = _in_words(call.args_as_dict(raise_if_invalid=False))
        self._open_tools[call.tool_call_id] = self.steps.start("tool", title, asked)

    def _tool_finished(self, event: FunctionToolResultEvent) -> None:
        place = self._open_tools.pop(event.part.tool_call_id, None)
        if place is not None:
            asked, outcome = self.steps.all[place].detail, _outcome(event)
            self.steps.finish(place, detail=_joined(asked, outcome))
            if event.part.tool_name == CALCULATE:
                self.answer.calculated(asked, outcome)

    def _count(self, events: AgentRunEvents[Output]) -> None:
        try:
            self.usage.incr(events.usage)
            answers = [message for message in events.new_messages() if isinstance(message, ModelResponse)]
            self.cut = answers[-1] if answers and answers[-1].state == "interrupted" else None
            self.unanswered = self.cut is not None and len(answers) > events.usage.requests
            if self.resumed is not None:
                self.resumed.advance(events.all_messages())
        except UserError:  # it was cancelled before it began
            return


def _in_words(arguments: dict[str, Any]) -> str:
    """Return a call's arguments for people; what only one argument says needs no name."""
    texts = {name: storable(str(value)) for name, value in arguments.items()}
    said = {storable(name): " ".join(text.split())[:ARGUMENT_CHARACTERS] for name, text in texts.items()}
    if len(said) == 1:
        return next(iter(said.values()))
    return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in said.items())[:DETAIL_CHARACTERS]


def _outcome(event: FunctionToolResultEvent) -> str:
    part = event.part
    if part.outcome == "denied":
        return NO
    if part.outcome != "success":
        return FAILED
    metadata = part.metadata if isinstance(part.metadata, dict) else {}
    return " ".join(storable(str(metadata.get(OUTCOME, ""))).split())


def _joined(asked: str, outcome: str) -> str:
    parts = [part for part in (asked, outcome) if part]
    return " → ".join(parts)[:DETAIL_CHARACTERS]
