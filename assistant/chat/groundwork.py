"""What an answer stands on: the plan, the passages found for it, and whether they carry an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

import anyio.to_thread

from assistant.chat import plan as planning
from assistant.chat.agents import WITH_PASSAGES
from assistant.chat.head_start import PASSAGES, HeadStart
from assistant.chat.history import Said
from assistant.chat.steps import ROUTE_TITLES, Steps, reading_title, route_detail
from assistant.domain import OFFLINE, ModelChoice, Passage, Person, Plan, Route
from assistant.knowledge.evidence import answerable, hopeless
from assistant.providers.offline.arithmetic import find_sum
from assistant.providers.offline.parts import parts
from assistant.providers.offline.question import gist

if TYPE_CHECKING:
    from pydantic_ai import CancellationToken

    from assistant.chat.deps import TurnDeps
    from assistant.chat.running import RunningTurn
    from assistant.providers.offline.routing import RouteGuess
    from assistant.storage.conversations import Question

BESIDE_SECONDS = 0.02
"""By then the planning request has left; a search begun together with it would hold it up (one interpreter)."""
Planners = Callable[[], planning.Planner]
"""Makes the planner when one is needed, which most questions do not; blocks."""


@dataclass(frozen=True)
class Asked:
    """A question with what was said before, the person who asks and the ``route`` that they chose, if they did.

    One that is ``settled`` is read as it stands; the person ``reworded`` it where it is not what they asked first.
    """

    person: Person
    question: str
    history: Sequence[Said]
    route: Route | None = None
    settled: bool = False
    reworded: bool = False

    @property
    def context(self) -> Sequence[Said]:
        """What was said before as far as the question is to be read with it."""
        return () if self.settled else self.history


def asked_as(person: Person, question: str, said: Sequence[Said], given: Question | None) -> Asked:
    """Return what is asked: the ``question``, or what it was ``given`` with to be read as."""
    if given is None or given.standalone is None:
        return Asked(person, question, said, given.route if given else None)
    read = " ".join(given.standalone.split())
    return Asked(person, read, said, given.route, settled=True, reworded=given.reworded)


@dataclass(frozen=True)
class Grounds:
    """``answerable`` is None when it is to be estimated after the answer; no documents may have been ``searched``.

    ``thin`` when the passages are not enough to ask the model at all; ``doubtful`` when the rules planned alone and
    could not tell a question from a request. Times are milliseconds since the person asked.
    """

    plan: Plan
    passages: list[Passage]
    answerable: float | None
    searched: bool
    thin: bool
    plan_ms: float
    retrieve_ms: float | None
    doubtful: bool = False

    def abstains(self, choice: ModelChoice) -> bool:
        """Whether the evidence is too thin to ask the chosen model, and the question one that needs it.

        A sum brings its own numbers and needs none; whether a question is one, other models see better than rules.
        """
        if not self.searched:
            return False
        sums = choice.provider != OFFLINE or find_sum(self.plan.standalone_question) is not None
        if self.plan.route is Route.FACT_FINDING and sums:
            return False
        return self.thin


class Groundwork:
    """Plans and retrieves for one turn, and tells its steps."""

    def __init__(self, deps: TurnDeps, running: RunningTurn, steps: Steps, begun: HeadStart) -> None:
        """``begun`` is the head start that the question got."""
        self._deps = deps
        self._begun = begun
        self._running = running
        self._steps = steps

    async def lay(self, asked: Asked, choice: ModelChoice, planners: Planners, token: CancellationToken) -> Grounds:
        """Plan by rules, or by a model of ``planners`` with the retrieval of the raw question beside it."""
        step = self._steps.start("classify", "Reading the question")
        question = asked.question
        asked, seen, written, planner = await anyio.to_thread.run_sync(self._look, asked, choice, planners)
        if planner is None:
            plan, early = planning.by_rules(seen, asked.route), None
        else:
            plan, early = await self._by_model(asked, seen, planner, token)
        if asked.settled:
            plan = planning.as_settled(plan, asked.question, reworded=asked.reworded)
        elif plan.route in WITH_PASSAGES:
            plan = planning.as_written(plan, written, read_so=choice.provider == OFFLINE)
        plan_ms = self._running.elapsed_ms()
        self._tell_plan(step, plan, question, first=not asked.history)
        if plan.route not in WITH_PASSAGES:
            return Grounds(plan, [], None, False, False, plan_ms, None)
        offline = choice.provider == OFFLINE
        passages, evidence, thin = await self._retrieve(asked, plan, seen, early, offline=offline)
        doubtful = planner is None and asked.route is None and seen.doubtful
        return Grounds(plan, passages, evidence, True, thin, plan_ms, self._running.elapsed_ms(), doubtful)

    def _look(
        self, asked: Asked, choice: ModelChoice, planners: Planners
    ) -> tuple[Asked, planning.Look, dict[str, str], planning.Planner | None]:
        """Look by the rules, and get the planner where they are not enough; blocking, one hop for both.

        With each query as the documents write its words, but for a reading that is settled. A long story is for models
        that read.
        """
        if choice.provider == OFFLINE and not asked.settled:
            asked = replace(asked, question=gist(asked.question))
        alone = choice.provider == OFFLINE or asked.route is not None
        seen = planning.look(asked.question, asked.context, self._guess, self._begun.nearest, alone=alone)
        knowledge, unsettled = self._deps.knowledge, () if asked.settled else seen.queries
        written = {query: knowledge.in_words_of_documents(asked.person, query) for query in unsettled}
        return asked, seen, written, None if alone or seen.sure else planners()

    def _guess(self, queries: Sequence[str]) -> RouteGuess:
        return self._deps.classifier.classify(queries[0], self._begun.embed(queries)[0])

    async def _by_model(
        self, asked: Asked, seen: planning.Look, planner: planning.Planner, token: CancellationToken
    ) -> tuple[Plan, list[Passage]]:
        early = asyncio.create_task(self._search_beside(asked, seen))
        try:
            plan = await planning.by_model(planner, asked.question, asked.context, token)
        finally:
            passages = await early
        return plan, passages

    async def _retrieve(
        self, asked: Asked, plan: Plan, seen: planning.Look, early: list[Passage] | None, *, offline: bool
    ) -> tuple[list[Passage], float | None, bool]:
        step = self._steps.start("retrieve", "Searching the documents")
        ready = early if set(plan.search_queries) <= set(seen.queries) else self._begun.there(plan.search_queries)
        passages, evidence, thin = await anyio.to_thread.run_sync(self._found, asked, plan, ready, offline)
        documents = {passage.document_id for passage in passages}
        self._steps.finish(step, f"{_count(passages, 'passage')} from {_count(documents, 'document')}")
        return passages, evidence, thin

    async def _search_beside(self, asked: Asked, seen: planning.Look) -> list[Passage]:
        await asyncio.sleep(BESIDE_SECONDS)
        return await anyio.to_thread.run_sync(self._search, asked, seen.queries)

    def _search(self, asked: Asked, queries: Sequence[str]) -> list[Passage]:
        found = self._begun.passages(queries)
        if found is not None:
            return found
        return self._deps.knowledge.retrieve(asked.person, queries, PASSAGES, self._begun.embed(queries))

    def _found(
        self, asked: Asked, plan: Plan, ready: list[Passage] | None, offline: bool
    ) -> tuple[list[Passage], float | None, bool]:
        """Retrieve (where it was not done beside the planning) and estimate; blocking, one hop for both.

        Only the offline model waits for the whole estimate, some 40 ms. Others decide by the passages themselves, and
        are spared only what is hopeless by what is at hand; never where a follow-up may not have been understood, nor
        where a person has said that the documents are meant.
        """
        several = parts(plan.standalone_question)
        if len(several) > 1:
            return self._found_by_parts(asked, plan, several, offline)
        passages = self._search(asked, plan.search_queries) if ready is None else ready
        if not offline and not self._hopeless(asked, plan, several, [passages]):
            return passages, None, False
        evidence = answerable(several[0], passages, self._deps.embedder)
        return passages, evidence, not offline or evidence < self._deps.knowledge.caution.threshold()

    def _found_by_parts(
        self, asked: Asked, plan: Plan, several: Sequence[str], offline: bool
    ) -> tuple[list[Passage], float | None, bool]:
        """The same for a question that joins ``several``: each is searched and judged alone, and one is enough.

        The offline model gets no passages for a part that the documents do not answer, so that it names the gap.
        """
        found = [self._search(asked, [part]) for part in several]
        if not offline and not self._hopeless(asked, plan, several, found):
            return in_turn(found, PASSAGES), None, False
        threshold = self._deps.knowledge.caution.threshold()
        chances = [answerable(part, own, self._deps.embedder) for part, own in zip(several, found, strict=True)]
        told = [own for own, chance in zip(found, chances, strict=True) if chance >= threshold]
        return in_turn(told or found, PASSAGES), max(chances), not offline or not told

    def _hopeless(self, asked: Asked, plan: Plan, questions: Sequence[str], found: Sequence[Sequence[Passage]]) -> bool:
        if not any(found):
            return True
        unclear = bool(asked.history) and plan.confidence == 0.0
        settled = plan.confidence == 1.0  # chosen or corrected by a person
        return not unclear and not settled and all(map(hopeless, questions, found))

    def _tell_plan(self, step: int, plan: Plan, question: str, *, first: bool) -> None:
        self._steps.finish(step, ROUTE_TITLES[plan.route], route_detail(plan))
        if plan.reworded or plan.standalone_question != " ".join(question.split()):
            self._steps.finish(self._steps.start("rewrite", reading_title(plan, first=first), plan.standalone_question))


def in_turn(found: Sequence[Sequence[Passage]], most: int) -> list[Passage]:
    """Return the best passages of each search, then the second ones and so on, none twice, ``most`` altogether."""
    every = (passage for place in zip_longest(*found) for passage in place if passage is not None)
    return list({passage.chunk_id: passage for passage in every}.values())[:most]


def _count(things: Sequence[object] | set[str], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
