"""The agent of each route: instructions, tools and bounds."""

from __future__ import annotations

from functools import cache

from pydantic_ai import Agent, Tool, UsageLimits
from pydantic_ai.settings import ModelSettings

from assistant.chat.prompts import instructions
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
LIMITS = UsageLimits(request_limit=8, tool_calls_limit=12)
"""A model that kept asking for the same tool made 50 requests in 1.1 s before bounds were set."""
TOOL_RETRIES = 3
"""With pydantic-ai's default of 1, one repeated bad call ends the whole run."""


@cache
def agent_for(route: Route) -> Agent[AgentDeps, str]:
    """Return the agent of a route, built once."""
    return Agent(
        deps_type=AgentDeps,
        instructions=instructions(route),
        tools=TOOLS[route],
        name=route.value,
        retries={"tools": TOOL_RETRIES, "output": 1},
    )


def model_settings(first_token_seconds: float) -> ModelSettings:
    """Return the settings of an answering request: waits are ours, so the SDK's own silent ones are off."""
    return ModelSettings(first_event_timeout=first_token_seconds, max_retries=0)
