"""Tools with an effect for tests: tickets in a list, each with the key that keeps it from being made twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from chatting import Chatting, ended
from pydantic_ai import RunContext, Tool
from pydantic_ai.messages import ModelRequest, ToolReturnPart

from assistant.chat.approval import action, idempotency_key
from assistant.chat.tools import AgentDeps
from assistant.domain import Decision, Turn, TurnStatus
from assistant.providers.scripted import Gate, Reply, ScriptedModel, ToolUse

ORDER = "Open a ticket, my headset makes no sound"
ARGUMENTS = {"title": "Headset is silent", "priority": "low"}
ASKS = Reply(["I will open a ticket.", ToolUse("create_ticket", ARGUMENTS)])
DONE = Reply(["It is done."])


@dataclass
class Tickets:
    """Where the tools put what they do. A ``gate`` holds the tool up, an ``error`` is what it raises."""

    made: dict[str, dict[str, str]] = field(default_factory=dict)
    by: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    at_work: int = 0
    most_at_once: int = 0
    gate: Gate | None = None
    error: Exception | None = None

    async def create_ticket(
        self, ctx: RunContext[AgentDeps], title: str, priority: Literal["low", "high"] = "low"
    ) -> str:
        """Create a ticket.

        Args:
            ctx: the run.
            title: what it is about.
            priority: how soon it is needed.
        """
        self._begin(title)
        if self.gate is not None:
            await self.gate.wait()
        self.at_work -= 1
        if self.error is not None:
            raise self.error
        self.made.setdefault(idempotency_key(ctx), {"title": title, "priority": priority})
        self.by.append(ctx.deps.person.email)
        return f"Ticket {len(self.made)}: {title} <b>"

    async def close_ticket(self, number: int) -> str:
        """Close a ticket.

        Args:
            number: the ticket's number.
        """
        self._begin(f"close {number}")
        self.at_work -= 1
        return f"Ticket {number} is closed."

    def _begin(self, call: str) -> None:
        self.calls.append(call)
        self.at_work += 1
        self.most_at_once = max(self.most_at_once, self.at_work)

    @property
    def actions(self) -> tuple[Tool[AgentDeps], ...]:
        """The tools as the chat takes them."""
        return (action(self.create_ticket, "Create a ticket"), action(self.close_ticket, "Close a ticket"))

    @property
    def titles(self) -> list[str]:
        """The titles of the tickets made."""
        return [ticket["title"] for ticket in self.made.values()]


def waiting(chatting: Chatting, *replies: Reply, question: str = ORDER) -> Turn:
    """A turn that waits for a yes, with the model's further replies ready."""
    chatting.plays(*(replies or (ASKS, DONE)))
    turn = chatting.ask(question)
    assert turn.status is TurnStatus.AWAITING_APPROVAL, turn
    return turn


def yes(turn: Turn, **arguments: object) -> list[Decision]:
    return [Decision(call.id, approved=True, arguments=arguments or None) for call in turn.pending]


def no(turn: Turn, note: str = "") -> list[Decision]:
    return [Decision(call.id, approved=False, note=note) for call in turn.pending]


def decided(chatting: Chatting, turn: Turn, decisions: Sequence[Decision]) -> Turn:
    return ended(chatting.service.decide(chatting.bob, turn.id, decisions))


def returned(model: ScriptedModel) -> list[str]:
    """What tools have told the model in its last request."""
    parts = [
        part for message in model.calls[-1].messages if isinstance(message, ModelRequest) for part in message.parts
    ]
    return [part.model_response_str() for part in parts if isinstance(part, ToolReturnPart)]
