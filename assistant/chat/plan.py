"""Rewrite and classify in one step: by rules when they are sure, else by one structured call to the model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field
from pydantic_ai import Agent, CancellationToken, RunCancelled, RunUsage, UsageLimits

from assistant.chat.history import Said
from assistant.chat.prompts import PLAN
from assistant.domain import Plan, Route
from assistant.providers.offline.followup import Standalone, stand_alone
from assistant.providers.passages import render

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from pydantic_ai.models import Model

    from assistant.providers.minilm import MiniLM
    from assistant.providers.offline.routing import RouteClassifier, RouteGuess

OFFLINE = "offline"
PLAN_REQUESTS = 2
"""The structured call and one correction of it; planning must not cost more than the answer."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """What the rules see in a question. ``vectors`` belong to ``queries``, row by row."""

    question: str
    standalone: Standalone
    queries: tuple[str, ...]
    vectors: NDArray[np.float32]
    guess: RouteGuess


class PlanDraft(BaseModel):
    """What the model fills in."""

    standalone_question: Annotated[str, Field(min_length=1, max_length=4000)]
    search_queries: Annotated[list[str], Field(min_length=1, max_length=3)]
    route: Route
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: Annotated[str, Field(max_length=300)] = ""


def look(question: str, history: Sequence[Said], embedder: MiniLM, classifier: RouteClassifier) -> Look:
    """Rewrite by rules, embed once and classify by neighbours; blocks for about 6 ms."""
    standalone = stand_alone(question, history)
    queries = (standalone.question, question) if standalone.changed else (standalone.question,)
    vectors = embedder.embed(queries)
    return Look(question, standalone, queries, vectors, classifier.classify(standalone.question, vectors[0]))


def decides_alone(seen: Look, provider: str) -> bool:
    """Whether the rules are enough, so that no model is asked: always offline, whose planner they are."""
    return provider == OFFLINE or (seen.guess.sure and not seen.standalone.changed)


def by_rules(seen: Look) -> Plan:
    """Return the plan that the rules make."""
    guess = seen.guess
    return Plan(seen.standalone.question, seen.queries, guess.route, guess.confidence, guess.reason)


def without_plan(question: str) -> Plan:
    """Return the plan when planning failed: look up the question as it is."""
    return Plan(question, (question,), Route.KNOWLEDGE, 0.0, "planning failed, so the documents are asked")


async def by_model(
    model: Model, question: str, history: Sequence[Said], usage: RunUsage, token: CancellationToken, seconds: float
) -> Plan:
    """Ask the model for the plan; adds to ``usage``. Never fails but by RunCancelled when the person stops."""
    try:
        run = await planner().run(
            render(question, history=history),
            model=model,
            usage=usage,
            usage_limits=UsageLimits(request_limit=PLAN_REQUESTS),
            cancellation_token=token,
            model_settings={"timeout": seconds, "max_retries": 0},
        )
    except RunCancelled:
        raise
    except Exception as error:  # whatever it was, the question itself can still be looked up
        log.warning("planning failed, the raw question is used: %s", error)
        return without_plan(question)
    return _plan(run.output, question)


@cache
def planner() -> Agent[None, PlanDraft]:
    """Return the planning agent, built once."""
    return Agent(output_type=PlanDraft, instructions=f"Agent: plan\n{PLAN}", name="plan", retries=1)


def _plan(draft: PlanDraft, question: str) -> Plan:
    standalone = " ".join(draft.standalone_question.split())
    wanted = [standalone, question, *(" ".join(query.split()) for query in draft.search_queries)]
    queries = tuple(dict.fromkeys(query for query in wanted if query))
    return Plan(standalone or question, queries, draft.route, draft.confidence, draft.reason)
