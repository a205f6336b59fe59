"""The tools that agents may call. Their results are text for the model; an error is a sentence, never a trace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio.to_thread
from pydantic_ai import RunContext, ToolReturn

from assistant.domain import Passage, Person
from assistant.providers.passages import render

if TYPE_CHECKING:
    from assistant.knowledge.service import KnowledgeBase

PASSAGES_PER_SEARCH = 5
CODE_CHARACTERS = 2_000
CODE_SECONDS = 2.0
CODE_MEMORY_BYTES = 64 * 1024 * 1024
CODE_RECURSION = 100
RESULT_CHARACTERS = 2_000
NOTHING_ELSE = "Nothing else was found: use the passages you have."
OUTCOME = "outcome"
"""The key in a result's metadata under which a tool says in a few words, for people, what came of it."""


@dataclass
class AgentDeps:
    """What an agent's tools work with. ``passages`` are numbered from 1 and only ever appended to.

    ``person`` is who asked: every tool acts with their rights. ``turn_id`` and ``asked_before`` (how often this turn
    has waited for approval) make the key by which a tool with an effect knows a call that was carried out already.
    """

    person: Person
    knowledge: KnowledgeBase
    passages: list[Passage] = field(default_factory=list)
    turn_id: str = ""
    asked_before: int = 0


async def search_knowledge_base(ctx: RunContext[AgentDeps], query: str) -> ToolReturn[str]:
    """Search the company's documents once more.

    Args:
        ctx: the run.
        query: what to look for, in a few words or as a question.
    """
    deps = ctx.deps
    found = await anyio.to_thread.run_sync(deps.knowledge.retrieve, deps.person, [query], PASSAGES_PER_SEARCH)
    known = {passage.chunk_id for passage in deps.passages}
    fresh = [passage for passage in found if passage.chunk_id not in known]
    if not fresh:
        return ToolReturn(NOTHING_ELSE, metadata={OUTCOME: "nothing else found"})
    first = len(deps.passages) + 1
    deps.passages.extend(fresh)
    counted = f"{len(fresh)} more passage{'' if len(fresh) == 1 else 's'}"
    return ToolReturn(render(query, fresh, first=first), metadata={OUTCOME: counted})


async def calculate(expression: str) -> ToolReturn[str]:
    """Calculate with numbers, in a small Python interpreter without files, network, classes and generators.

    Args:
        expression: a Python expression, or a few lines whose last one is an expression; math, datetime, decimal
            and statistics by hand are there. For example: 27 / 12 * 8
    """
    result = await anyio.to_thread.run_sync(evaluate, expression)
    return ToolReturn(result, metadata={OUTCOME: result})


def evaluate(code: str) -> str:
    """Run ``code`` in a sandboxed interpreter process of its own; returns its value or the error as a sentence."""
    import pydantic_monty as monty

    if len(code) > CODE_CHARACTERS:
        return f"That is too long: at most {CODE_CHARACTERS} characters."
    printed = monty.CollectString()
    limits: monty.ResourceLimits = {
        "max_feed_duration_secs": CODE_SECONDS,
        "max_memory": CODE_MEMORY_BYTES,
        "max_recursion_depth": CODE_RECURSION,
    }
    try:
        with (
            monty.Monty(max_processes=1, request_timeout=CODE_SECONDS * 2) as pool,
            pool.checkout(limits=limits) as box,
        ):
            shown = _shown(box.feed_run(code, print_callback=printed))
    except (monty.MontyError, TimeoutError, ValueError) as error:
        return f"That cannot be calculated: {error}"[:RESULT_CHARACTERS]
    lines = [text for text in (printed.output.strip(), shown) if text]
    return "\n".join(lines)[:RESULT_CHARACTERS] or "There is no result: end with an expression."


def _shown(value: object) -> str:
    """Write a result; a float to 12 digits, so that 0.1 + 0.2 reads 0.3."""
    if isinstance(value, float):
        return f"{value:.12g}"
    return "" if value is None else str(value)
