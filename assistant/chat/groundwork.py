"""What an answer stands on: the plan, the passages found for it, and whether they carry an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread
import numpy as np

from assistant.chat import plan as planning
from assistant.chat.agents import WITH_PASSAGES
from assistant.chat.history import Said
from assistant.chat.steps import ROUTE_TITLES, Steps, route_detail
from assistant.domain import OFFLINE, ModelChoice, Passage, Person, Plan, Route
from assistant.knowledge.evidence import answerable

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydantic_ai import CancellationToken

    from assistant.chat.deps import TurnDeps
    from assistant.chat.running import RunningTurn

BESIDE_SECONDS = 0.02
"""By then the planning request has left; a search begun together with it would hold it up (one interpreter)."""
PASSAGES = 8
"""As many as answer well without filling small context windows: 8 x 256 tokens."""


Planners = Callable[[], Awaitable[planning.Planner]]
"""Makes the planner when one is needed, which most questions do not."""


@dataclass(frozen=True)
class Asked:
    """A question with what was said before, the person who asks and the ``route`` that they chose, if they did."""

    person: Person
    question: str
    history: Sequence[Said]
    route: Route | None = None


@dataclass(frozen=True)
class Grounds:
    """``answerable`` is None when no documents were ``searched``, or when it is to be estimated after the answer.

    Times are milliseconds since the person asked.
    """

    plan: Plan
    passages: list[Passage]
    answerable: float | None
    searched: bool
    plan_ms: float
    retrieve_ms: float | None


class Groundwork:
    """Plans and retrieves for one turn, and tells its steps."""

    def __init__(self, deps: TurnDeps, running: RunningTurn, steps: Steps) -> None:
        self._deps = deps
        self._running = running
        self._steps = steps

    async def lay(self, asked: Asked, choice: ModelChoice, planners: Planners, token: CancellationToken) -> Grounds:
        """Plan by rules, or by a model of ``planners`` with the retrieval of the raw question beside it."""
        deps = self._deps
        step = self._steps.start("classify", "Reading the question")
        seen = await anyio.to_thread.run_sync(
            planning.look, asked.question, asked.history, deps.embedder, deps.classifier
        )
        if planning.decides_alone(seen, choice.provider, asked.route):
            plan, early = planning.by_rules(seen, asked.route), None
        else:
            plan, early = await self._by_model(asked, seen, planners(), token)
        plan_ms = self._running.elapsed_ms()
        self._tell_plan(step, plan, asked.question)
        if plan.route not in WITH_PASSAGES:
            return Grounds(plan, [], None, False, plan_ms, None)
        judged = choice.provider == OFFLINE
        passages, evidence = await self._retrieve(asked.person, plan, seen, early, judged=judged)
        return Grounds(plan, passages, evidence, True, plan_ms, self._running.elapsed_ms())

    async def _by_model(
        self, asked: Asked, seen: planning.Look, planner: Awaitable[planning.Planner], token: CancellationToken
    ) -> tuple[Plan, list[Passage]]:
        early = asyncio.create_task(self._search_beside(asked.person, seen))
        try:
            plan = await planning.by_model(await planner, asked.question, asked.history, token)
        finally:
            passages = await early
        return plan, passages

    async def _retrieve(
        self, person: Person, plan: Plan, seen: planning.Look, early: list[Passage] | None, *, judged: bool
    ) -> tuple[list[Passage], float | None]:
        step = self._steps.start("retrieve", "Searching the documents")
        ready = early if set(plan.search_queries) <= set(seen.queries) else None
        passages, evidence = await anyio.to_thread.run_sync(self._found, person, plan, seen, ready, judged)
        documents = {passage.document_id for passage in passages}
        self._steps.finish(step, f"{_count(passages, 'passage')} from {_count(documents, 'document')}")
        return passages, evidence

    async def _search_beside(self, person: Person, seen: planning.Look) -> list[Passage]:
        await asyncio.sleep(BESIDE_SECONDS)
        return await self._search(person, seen)

    async def _search(self, person: Person, seen: planning.Look) -> list[Passage]:
        return await anyio.to_thread.run_sync(
            self._deps.knowledge.retrieve, person, seen.queries, PASSAGES, seen.vectors
        )

    def _found(
        self, person: Person, plan: Plan, seen: planning.Look, ready: list[Passage] | None, judged: bool
    ) -> tuple[list[Passage], float | None]:
        """Retrieve (where it was not done beside the planning) and estimate; blocking, one hop for both.

        Only the offline model waits for the estimate: others decide by the passages themselves.
        """
        passages = ready
        if passages is None:
            vectors = self._vectors(plan.search_queries, seen)
            passages = self._deps.knowledge.retrieve(person, plan.search_queries, PASSAGES, vectors)
        return passages, answerable(plan.standalone_question, passages) if judged or not passages else None

    def _vectors(self, queries: Sequence[str], seen: planning.Look) -> NDArray[np.float32]:
        """Embed only what the rules have not: each query costs about as much as the search itself."""
        rows = dict(zip(seen.queries, seen.vectors, strict=True))
        fresh = [query for query in queries if query not in rows]
        if fresh:
            rows.update(zip(fresh, self._deps.embedder.embed(fresh), strict=True))
        return np.stack([rows[query] for query in queries])

    def _tell_plan(self, step: int, plan: Plan, question: str) -> None:
        self._steps.finish(step, ROUTE_TITLES[plan.route], route_detail(plan))
        if plan.standalone_question != " ".join(question.split()):
            rewrite = self._steps.start("rewrite", "Read with what was said before", plan.standalone_question)
            self._steps.finish(rewrite)


def _count(things: Sequence[object] | set[str], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
