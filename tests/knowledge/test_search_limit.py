"""Twenty searches a minute and person, besides what questions need."""

from __future__ import annotations

import pytest
from moving_clock import MovingClock
from persons import person
from small_library import Library

from assistant.domain import Role
from assistant.errors import TooMany
from assistant.knowledge.search_limit import SearchLimit
from assistant.knowledge.service import KnowledgeBase
from assistant.providers.minilm import MiniLM
from assistant.settings import load
from assistant.storage.database import Database


def test_the_twenty_first_search_within_a_minute_is_refused_with_the_seconds_to_wait(database: Database) -> None:
    moving = MovingClock()
    limit = SearchLimit(database, load(_env_file=None), moving)
    for _ in range(20):
        limit.count("ann", "leave")
        limit.count("ann", "  ")
    moving.passes(18)
    with pytest.raises(TooMany) as refused:
        limit.count("ann", "leave")
    assert refused.value.message == (
        "You have searched 20 times within a minute, which is the limit: search again in 42 seconds."
    )
    limit.count("bob", "leave")
    moving.passes(42)
    limit.count("ann", "leave")


def test_a_search_is_counted_and_what_a_question_needs_is_not(embedder: MiniLM, library: Library) -> None:
    settings = library.settings.model_copy(update={"embeddings_per_minute": 2})
    base = KnowledgeBase(database=library.database, settings=settings, embedder=embedder, own_index=False)
    ann = person(library.database, "ann", Role.STAFF)
    for _ in range(3):
        base.retrieve(ann, ["leave"])
        base.search(ann, "leave", limited=False)
    for _ in range(2):
        base.search(ann, "leave")
    with pytest.raises(TooMany):
        base.search(ann, "leave")
    base.close()
