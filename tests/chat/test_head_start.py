"""What is begun of a question while it is being stored."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from chatting import Chatting

from assistant.chat.deps import TurnDeps
from assistant.chat.head_start import HeadStart
from assistant.chat.showing import Showing
from assistant.limits.budgets import Budgets
from assistant.models.service import ModelService
from assistant.people.rights import Rights
from assistant.providers.builders import build_model
from assistant.providers.offline.attacks import AttackClassifier, kept_file
from assistant.storage.conversations import Conversations

QUESTION = "How long may the thermal camera be away?"


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def deps(chatting: Chatting) -> TurnDeps:
    return TurnDeps(
        stored=Conversations(chatting.database),
        showing=Showing(chatting.database, Rights(chatting.database)),
        knowledge=chatting.knowledge,
        embedder=chatting.embedder,
        settings=chatting.settings,
        build_model=build_model,
        classifier=chatting.classifier,
        models=ModelService(chatting.database, chatting.settings),
        budgets=Budgets(chatting.database),
        attacks=AttackClassifier(chatting.embedder, kept_file(chatting.settings.data_dir / "cache", chatting.embedder)),
    )


def test_the_passages_of_the_question_itself_are_there(
    chatting: Chatting, deps: TurnDeps, threads: ThreadPoolExecutor
) -> None:
    document = chatting.put("Lending.md", "The thermal camera may be away for nine days.")
    begun = HeadStart(threads, deps, chatting.bob, f"  {QUESTION}\n")
    assert next(iter(begun.passages([QUESTION]) or [])).document_id == document


def test_what_was_found_for_the_question_is_not_taken_for_others(
    chatting: Chatting, deps: TurnDeps, threads: ThreadPoolExecutor
) -> None:
    begun = HeadStart(threads, deps, chatting.bob, QUESTION)
    assert begun.passages([QUESTION, "thermal camera"]) is None


def test_vectors_are_those_of_the_embedder_whatever_was_begun(
    chatting: Chatting, deps: TurnDeps, threads: ThreadPoolExecutor
) -> None:
    begun = HeadStart(threads, deps, chatting.bob, QUESTION)
    texts = ["Who lends it?", QUESTION, "Who lends it?"]
    assert np.allclose(begun.embed(texts), chatting.embedder.embed(texts), atol=1e-6)


def test_trouble_with_searching_ahead_is_left_to_the_turn(
    chatting: Chatting, deps: TurnDeps, threads: ThreadPoolExecutor
) -> None:
    with chatting.database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE chunks_fts")
    begun = HeadStart(threads, deps, chatting.bob, QUESTION)
    assert begun.passages([QUESTION]) is None
    assert begun.nearest() is None
    assert chatting.ask(QUESTION).error is not None


def test_the_verdict_on_the_question_is_there(chatting: Chatting, deps: TurnDeps, threads: ThreadPoolExecutor) -> None:
    verdict = HeadStart(threads, deps, chatting.bob, QUESTION).verdict()
    assert verdict is not None
    assert not verdict.flagged


def test_it_tells_how_near_the_documents_come_to_the_question(
    chatting: Chatting, deps: TurnDeps, threads: ThreadPoolExecutor
) -> None:
    chatting.put("Lending.md", "The thermal camera may be away for nine days.")
    near = HeadStart(threads, deps, chatting.bob, "How long may the thermal camera be away?").nearest()
    far = HeadStart(threads, deps, chatting.bob, "Tell me a joke about penguins").nearest()
    assert near is not None
    assert far is not None
    assert near > 0.6 > far
