"""A rehearsal before the first question: imports, models and agents are there when people come."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import anyio.to_thread
from pydantic_ai import CancellationToken

from assistant.chat.agent_run import AgentRun
from assistant.chat.agents import model_settings
from assistant.chat.answer import AnswerStream
from assistant.chat.running import RunningTurn
from assistant.chat.steps import Steps
from assistant.chat.tools import AgentDeps
from assistant.domain import OFFLINE, Citation, ModelChoice, Passage, Person, Role, Route, Support
from assistant.knowledge.evidence import answerable
from assistant.providers.builders import build_model
from assistant.providers.passages import render

if TYPE_CHECKING:
    from assistant.chat.deps import TurnDeps

NOBODY = Person("", "", "", Role.STAFF)
QUESTION = "How is a rehearsal done?"
PASSAGE = Passage("", "", "", "", 1, "", 0, 31, None, (), "A rehearsal is done without people.", 1.0, 1.0)


async def rehearse(deps: TurnDeps) -> None:
    """Go through one offline answer on a made-up passage; nothing is stored and no document is read."""
    await anyio.to_thread.run_sync(deps.embedder.warm)
    await anyio.to_thread.run_sync(deps.classifier.classify, QUESTION)
    await anyio.to_thread.run_sync(deps.attacks.judge, QUESTION)
    await anyio.to_thread.run_sync(answerable, QUESTION, [PASSAGE], deps.embedder)
    model = await anyio.to_thread.run_sync(build_model, ModelChoice(OFFLINE), deps.settings, deps.embedder)
    running = RunningTurn("", "", time.perf_counter())
    answer = AnswerStream(running, [PASSAGE], _nowhere)
    answer.check("mark", QUESTION)
    run = AgentRun(
        model=model,
        deps=AgentDeps(NOBODY, deps.knowledge, [PASSAGE]),
        answer=answer,
        steps=Steps(running),
        token=CancellationToken(),
    )
    settings = model_settings(deps.settings.first_token_seconds, {})
    await run.run(Route.KNOWLEDGE, render(QUESTION, [PASSAGE]), (), settings)


def _nowhere(answer: str, citations: Sequence[Citation], support: Sequence[Support]) -> None:
    """Keep nothing."""
    del answer, citations, support
