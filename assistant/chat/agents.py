"""The agent of each route: instructions, tools and bounds."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from pydantic_ai import Agent, RunUsage, Tool, UsageLimits
from pydantic_ai.settings import ModelSettings

from assistant.chat.careful_tools import careful
from assistant.chat.prompts import NO_TOOLS, instructions
from assistant.chat.tools import AgentDeps, calculate, search_knowledge_base
from assistant.domain import Route

TOOLS: dict[Route, tuple[Tool[AgentDeps], ...]] = {
    Route.KNOWLEDGE: (Tool(search_knowledge_base),),
    Route.FACT_FINDING: (Tool(search_knowledge_base), Tool(calculate)),
    Route.ACTION: (),
    Route.GENERAL: (),
}
WITH_PASSAGES = (Route.KNOWLEDGE, Route.FACT_FINDING)
"""The routes that documents are searched for before the model is asked."""
WITH_ACTIONS = (Route.KNOWLEDGE, Route.ACTION)
"""The routes that are given the tools with an effect, where there are any."""
REQUESTS = 8
"""Model requests a turn; one that kept asking for the same tool made 50 in 1.1 s before bounds were set."""
TOOL_CALLS = 12
"""Tool calls a turn: as many as eight requests use when they ask for one or two at a time."""
TOOL_RETRIES = 3
"""With pydantic-ai's default of 1, one repeated bad call ends the whole run."""


@cache
def agent_for(route: Route, *, acts: bool = False, tools: bool = True) -> Agent[AgentDeps, str]:
    """Return the agent of a route, built once; one that ``acts`` is given tools with an effect at each run.

    Without ``tools`` it answers from what it is given, for a model that could not use them.
    """
    told = instructions(route, acts=acts)
    return Agent(
        deps_type=AgentDeps,
        instructions=told if tools else f"{told}\n{NO_TOOLS}",
        toolsets=[careful(TOOLS[route])] if tools and TOOLS[route] else (),
        name=route.value,
        retries={"tools": TOOL_RETRIES, "output": 1},
    )


@dataclass(repr=False, kw_only=True)
class TurnLimits(UsageLimits):
    """Limits that hold as far as a model can be counted and priced; where it cannot, the answer's badge says so.

    pydantic-ai's own would warn at each request, with the process's warnings as the only place to turn that off.
    """

    def check_cost(self, usage: RunUsage, *, warn_if_cost_unavailable: bool = True) -> None:
        """Raise UsageLimitExceeded when the run has cost more than it may."""
        del warn_if_cost_unavailable
        super().check_cost(usage, warn_if_cost_unavailable=False)

    def check_tokens(self, usage: RunUsage) -> None:
        """Let all pass: tokens are not limited but by what they cost."""


def limits(cost_limit: Decimal | None, spent: RunUsage) -> UsageLimits:
    """Return what is left for a run of a turn that may cost ``cost_limit`` US dollars and has used ``spent``."""
    cost_left = None if cost_limit is None else max(cost_limit - (spent.cost or 0), Decimal(0))
    return TurnLimits(
        request_limit=max(REQUESTS - spent.requests, 0),
        tool_calls_limit=max(TOOL_CALLS - spent.tool_calls, 0),
        cost_limit=cost_left,
    )


def model_settings(first_token_seconds: float, chosen: ModelSettings) -> ModelSettings:
    """Return the settings of an answering request over those ``chosen`` for its model.

    Waits are ours, so the SDK's own silent ones are off.
    """
    return {**chosen, "first_event_timeout": first_token_seconds, "max_retries": 0}
