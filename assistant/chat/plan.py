"""Rewrite and classify in one step: by rules when they are sure, else by one structured call to the model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field
from pydantic_ai import (
    Agent,
    CancellationToken,
    NativeOutput,
    PromptedOutput,
    RunCancelled,
    RunTimedOut,
    ToolOutput,
    UsageLimits,
)
from pydantic_ai.settings import ModelSettings

from assistant.chat.accounts import Account
from assistant.chat.history import Said, tokens
from assistant.chat.prompts import PLAN
from assistant.domain import Plan, Route
from assistant.providers.model_info import OutputMode
from assistant.providers.offline.followup import Standalone, stand_alone
from assistant.providers.offline.leaning import is_phrase, is_remark
from assistant.providers.offline.question import is_lookup
from assistant.providers.passages import render

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from assistant.providers.offline.routing import RouteGuess

PLAN_REQUESTS = 1
"""A second try would cost the person a third wait before the answer; the question itself can be looked up."""
PLAN_SECONDS = 10.0
"""How long a plan is waited for; it takes a quick model one second."""
QUERY_CHARACTERS = 1_000
"""What is kept of a query that a model wrote; the embedding model reads about as much."""
CHOSEN = "chosen by you"
DOUBTFUL = "may be a question or a request, so the documents are asked first"
NEAR_PASSAGE = "a passage of the documents is near it"
ASKS_A_FACT = "asks for a fact, so the documents are asked"
A_PHRASE = "may be about the documents, so they are asked first"
SURELY_TALK = 0.95
"""How sure a guess has to be for what reads like a question for a fact to be small talk all the same.

On six public sets this looks up 25 of 75 questions on documents that were taken for small talk (of a company's articles
all 12; most of the others are mere phrases), and two more of 269 messages of small talk.
"""
SURELY_SAID = 0.98
"""The same for a word or two alone: shipped small talk of this length is 0.993 sure at least, and what companies write
about ("badge", "overtime", "sabbatical", an extension) at most 0.973. Where the documents are silent on one that was
looked up, the reply is the one that it would have had as small talk."""
NO_TALK = 0.5
"""Cosine (of the embedded model) with a passage from which a message is no small talk.

Of 91 examples of small talk one came this near to any of 7,000 passages of five public sets; of 45 follow-ups that were
about documents and taken for small talk 25 did.
"""
NEAR_ENOUGH = 0.6
"""Cosine (of the embedded model) from which a passage is near enough to a question for it to need no context.

nDCG@10 of follow-ups in two public sets (bench/follow_ups.py), read with their context where nothing is nearer than
0.5: 0.509 and 0.950, 0.55: 0.511 and 0.952, 0.6: 0.515 and 0.952, 0.65: 0.520 and 0.952, whatever is near: 0.517 and
0.952; never: 0.489 and 0.895. Cut into chunks as the application cuts, the first set is best at 0.6 and loses 0.01 at
0.65, and a higher bound drags in more.
"""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """What the rules see in a question; without a ``guess`` where it would decide nothing."""

    question: str
    standalone: Standalone
    queries: tuple[str, ...]
    guess: RouteGuess | None

    @property
    def sure(self) -> bool:
        """Whether the rules know what is asked for and where to look."""
        return self.guess is not None and self.guess.sure and not self.standalone.changed

    @property
    def doubtful(self) -> bool:
        """Whether the rules cannot tell a question from a request."""
        return self.guess is not None and self.guess.doubtful


class PlanDraft(BaseModel):
    """What the model fills in."""

    standalone_question: Annotated[str, Field(min_length=1, max_length=4000)]
    search_queries: Annotated[list[str], Field(min_length=1, max_length=3)]
    route: Route
    confidence: Annotated[float, Field(ge=0, le=1)]
    reason: Annotated[str, Field(max_length=300)] = ""


@dataclass(frozen=True)
class Planner:
    """The model that plans: how it is asked for a structure, with which settings, and for how many seconds.

    ``account`` grows by what it uses.
    """

    model: Model
    account: Account
    output: OutputMode = "tool"
    settings: ModelSettings = field(default_factory=ModelSettings)
    seconds: float = PLAN_SECONDS


def look(
    question: str,
    history: Sequence[Said],
    guess: Callable[[Sequence[str]], RouteGuess],
    nearest: Callable[[], float | None],
    *,
    alone: bool,
) -> Look:
    """Rewrite by rules, and ``guess`` the route from the queries, best first; blocks for about 6 ms.

    ``nearest`` tells how near the documents come to the question as it is. One that had to be rewritten needs a
    model, whatever the guess, unless the rules are ``alone``.
    """

    def lost() -> bool:
        near = nearest()
        return near is not None and near < NEAR_ENOUGH and not _small_talk(question, guess((question,)))

    standalone = stand_alone(question, history, lost)
    queries = (standalone.question, question) if standalone.changed else (standalone.question,)
    guessed = _heeding(queries[0], guess(queries), nearest) if alone or not standalone.changed else None
    return Look(question, standalone, queries, guessed)


def _small_talk(question: str, guess: RouteGuess) -> bool:
    """Whether it is a remark for which no documents are wanted: "that was quick" is not about the last subject."""
    return is_remark(question) and guess.route is Route.GENERAL


def _heeding(question: str, guess: RouteGuess, nearest: Callable[[], float | None]) -> RouteGuess:
    """Take for a question about the documents what was guessed to be small talk and finds a passage this near.

    So is what asks for a fact that the documents may not have: to say so is more use than a word about small talk; and
    a word, a name or a number alone, which may be what the documents are about.

    What a person corrected (1.0 sure) stands.
    """
    if guess.route is not Route.GENERAL or guess.confidence == 1.0:
        return guess
    near = nearest()
    if near is None:
        return guess
    if near < NO_TALK:
        phrase = is_phrase(question) and guess.confidence < SURELY_SAID
        if not phrase and (guess.confidence >= SURELY_TALK or not is_lookup(question)):
            return guess
        chance, reason = 1 - guess.confidence, A_PHRASE if phrase else ASKS_A_FACT
    else:
        chance, reason = near, NEAR_PASSAGE
    return replace(guess, route=Route.KNOWLEDGE, confidence=round(chance, 3), reason=reason, sure=False)


def as_settled(plan: Plan, question: str, *, reworded: bool) -> Plan:
    """Return a plan that reads the question as the person has settled it, whatever a model made of it."""
    queries = tuple(dict.fromkeys((question, *plan.search_queries)))
    return replace(plan, standalone_question=question, search_queries=queries, reworded=reworded)


def as_written(plan: Plan, written: Mapping[str, str], *, read_so: bool) -> Plan:
    """Return a plan that searches by the words of the documents, which ``written`` has for queries.

    For a model that knows other words for the same they are searched beside its own queries; where nothing but rules
    reads the question it is ``read_so`` too.
    """
    if not read_so:
        other = [by_words for query, by_words in written.items() if by_words != query]
        return replace(plan, search_queries=tuple(dict.fromkeys((*plan.search_queries, *other))))
    queries = tuple(dict.fromkeys(written.get(query, query) for query in plan.search_queries))
    question = written.get(plan.standalone_question, plan.standalone_question)
    return replace(plan, standalone_question=question, search_queries=queries)


def by_rules(seen: Look, route: Route | None = None) -> Plan:
    """Return the plan that the rules make: with the ``route`` that the person chose, else with their guess.

    Where they are in doubt whether something is to be done, the documents come first: looking does no harm.
    """
    if route is not None:
        return Plan(seen.standalone.question, seen.queries, route, 1.0, CHOSEN)
    assert seen.guess is not None  # noqa: S101  # whoever lets the rules decide has let them guess
    guess = seen.guess
    if guess.doubtful and guess.route is not Route.FACT_FINDING:  # which is looked up as well, and may be a sum
        confidence = guess.confidence if guess.route is Route.KNOWLEDGE else round(1 - guess.confidence, 3)
        return Plan(seen.standalone.question, seen.queries, Route.KNOWLEDGE, confidence, DOUBTFUL)
    return Plan(seen.standalone.question, seen.queries, guess.route, guess.confidence, guess.reason)


def without_plan(question: str) -> Plan:
    """Return the plan when planning failed: look up the question as it is."""
    return Plan(question, (question,), Route.KNOWLEDGE, 0.0, "planning failed, so the documents are asked")


async def by_model(planner: Planner, question: str, history: Sequence[Said], token: CancellationToken) -> Plan:
    """Ask the model for the plan; adds to its account. Never fails but by RunCancelled when the person stops."""
    prompt = render(question, history=history)
    planner.account.asked_tokens = tokens(prompt)
    try:
        run = await planning_agent(planner.output).run(
            prompt,
            model=planner.model,
            usage=planner.account.usage,
            usage_limits=UsageLimits(request_limit=PLAN_REQUESTS),
            cancellation_token=token,
            model_settings={**planner.settings, "max_retries": 0},
            timeout=planner.seconds,
        )
    except RunTimedOut:
        planner.account.give_up(planner.account.asked_tokens)
        log.warning("planning took longer than %s s, the raw question is used", planner.seconds)
    except RunCancelled:
        planner.account.give_up(planner.account.asked_tokens)
        raise
    except Exception as error:  # whatever it was, the question itself can still be looked up
        log.warning("planning failed (%s), the raw question is used", type(error).__name__)
    else:
        return _plan(run.output, question)
    return without_plan(question)


@cache
def planning_agent(output: OutputMode) -> Agent[None, PlanDraft]:
    """Return the planning agent for models that are asked for a structure in this way, built once."""
    kinds = {"tool": ToolOutput, "native": NativeOutput, "prompted": PromptedOutput}
    return Agent(output_type=kinds[output](PlanDraft), instructions=f"Agent: plan\n{PLAN}", name="plan", retries=0)


def _plan(draft: PlanDraft, question: str) -> Plan:
    standalone = " ".join(draft.standalone_question.split())
    searched = (" ".join(query.split())[:QUERY_CHARACTERS] for query in draft.search_queries)
    wanted = [standalone, question, *searched]
    queries = tuple(dict.fromkeys(query for query in wanted if query))
    return Plan(standalone or question, queries, draft.route, draft.confidence, draft.reason)
