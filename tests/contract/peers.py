"""What a contract test lets a provider say, in words that every wire has; each peer writes them in its own frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

INPUT_TOKENS = 1000
OUTPUT_TOKENS = 100
PLANNER = "Agent: plan"
"""How the instructions of the planning agent begin; a plan is asked for by a tool or by a schema for the text."""


@dataclass(frozen=True)
class Says:
    """A whole answer in pieces of about 20 characters; ``reasoning`` comes before it."""

    text: str
    reasoning: str = ""


@dataclass(frozen=True)
class Calls:
    """A call of one tool."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Refuses:
    """An error before any byte of an answer. ``code`` is what OpenAI calls it."""

    status: int
    code: str
    message: str


Step = Says | Calls | Refuses


class Peer(Protocol):
    """A server on this computer that plays a provider."""

    url: str

    def plays(self, *steps: Step, plan: Mapping[str, Any] | None = None) -> None:
        """Answer the coming requests so, in order, the last one for good; ``plan`` whenever a plan is asked for."""

    def seen(self) -> list[Mapping[str, Any]]:
        """Bodies of the requests since ``plays``."""
