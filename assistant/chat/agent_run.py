"""One run of an agent: its events become text of the answer and visible steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic_ai import AgentRunResultEvent, CancellationToken, RunUsage
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import (
    FunctionToolCallEvent,
    FunctionToolResultEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)

from assistant.chat.agents import agent_for, limits
from assistant.chat.answer import AnswerStream
from assistant.chat.history import Said, as_messages
from assistant.chat.steps import Steps
from assistant.chat.tools import AgentDeps
from assistant.domain import Route

if TYPE_CHECKING:
    from pydantic_ai import AgentStreamEvent
    from pydantic_ai.agent import AgentRunEvents
    from pydantic_ai.models import Model
    from pydantic_ai.settings import ModelSettings

TOOL_TITLES = {"search_knowledge_base": "Searching once more", "calculate": "Calculating"}
DETAIL_CHARACTERS = 300


@dataclass
class AgentRun:
    """Runs one agent in what the turn has left after ``spent``.

    ``usage`` is right on every way out; ``finish_reason`` only after a whole answer.
    """

    model: Model
    deps: AgentDeps
    answer: AnswerStream
    steps: Steps
    token: CancellationToken
    usage: RunUsage = field(default_factory=RunUsage)
    spent: RunUsage = field(default_factory=RunUsage)
    finish_reason: str | None = None
    _open_tools: dict[str, int] = field(default_factory=dict)

    async def run(
        self,
        route: Route,
        prompt: str,
        history: Sequence[Said],
        model_settings: ModelSettings,
        cost_limit: Decimal | None = None,
    ) -> None:
        """Run to the end; raises what pydantic-ai raises, RunCancelled after ``token`` was cancelled."""
        async with agent_for(route).run_stream_events(
            prompt,
            model=self.model,
            deps=self.deps,
            message_history=as_messages(history),
            usage_limits=limits(cost_limit, self.spent),
            cancellation_token=self.token,
            model_settings=model_settings,
        ) as events:
            try:
                async for event in events:
                    self._take(event)
            finally:
                self._count(events)
                self.answer.finish()

    def _take(self, event: AgentStreamEvent | AgentRunResultEvent[str]) -> None:
        match event:
            case PartStartEvent(part=TextPart(content=text)):
                self.answer.add(f"\n\n{text}" if self.answer.text.strip() else text)
            case PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
                self.answer.add(text)
            case FunctionToolCallEvent():
                self._tool_started(event)
            case FunctionToolResultEvent():
                self._tool_finished(event)
            case AgentRunResultEvent():
                self.finish_reason = event.result.response.finish_reason

    def _tool_started(self, event: FunctionToolCallEvent) -> None:
        call = event.part
        asked = ", ".join(str(value) for value in call.args_as_dict(raise_if_invalid=False).values())
        title = TOOL_TITLES.get(call.tool_name, call.tool_name)
        self._open_tools[call.tool_call_id] = self.steps.start("tool", title, asked[:DETAIL_CHARACTERS])

    def _tool_finished(self, event: FunctionToolResultEvent) -> None:
        place = self._open_tools.pop(event.part.tool_call_id, None)
        if place is None:
            return
        begun = self.steps.all[place]
        short = event.part.tool_name == "calculate"
        detail = f"{begun.detail} = {event.part.model_response_str()}" if short else ""
        self.steps.finish(place, detail=detail[:DETAIL_CHARACTERS])

    def _count(self, events: AgentRunEvents[str]) -> None:
        try:
            self.usage.incr(events.usage)
        except UserError:  # it was cancelled before it began
            return
