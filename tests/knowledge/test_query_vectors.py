"""Searches by the model that serves, and by the embedded one while its server does not answer."""

from __future__ import annotations

import pytest
from changing_embedder import CANTEEN, LEAVE, OWN, QUERY, best, changed, put_three, serves
from embeddings_server import MODEL, EmbeddingsServer
from small_library import ADMIN, STAFF, Library, Opener
from waiting import until

from assistant.knowledge import query_vectors
from assistant.knowledge.service import KnowledgeBase
from assistant.providers.minilm import MiniLM
from assistant.storage.rows import EMBEDDED
from assistant.storage.usage_records import UsageRecords


def test_a_process_without_the_index_follows_the_change(served: Library, open_served: Opener) -> None:
    put_three(served)
    other = open_served(own_index=False)
    assert best(other) == LEAVE
    other.use_embedder(ADMIN, OWN)
    owner = open_served()
    until(serves(owner, OWN))
    until(serves(other, OWN))
    assert best(other) == CANTEEN


def test_a_query_is_asked_for_once_however_often_it_is_searched(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    knowledge = changed(open_served())
    vectors = served.embedder.embed([QUERY])
    for _ in range(3):
        assert knowledge.retrieve(STAFF, [QUERY], query_vectors=vectors)[0].text == CANTEEN
    assert server.texts.count(QUERY) == 1


def test_a_search_falls_back_to_the_embedded_model_and_says_so(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    knowledge = changed(open_served())
    assert best(knowledge) == CANTEEN
    server.refuse(401)
    found = knowledge.search(STAFF, "paid vacation")
    assert found[0].text == LEAVE
    notice = knowledge.embedders(ADMIN).notice
    assert "refused the key; check EMBEDDINGS_API_KEY" in notice
    assert notice.endswith("searches go by MiniLM.")
    server.recover()
    until(lambda: best(knowledge, "my holiday") == CANTEEN)
    assert knowledge.embedders(ADMIN).notice == ""


def test_a_server_that_hangs_holds_a_search_up_for_a_bounded_time_only(
    served: Library, server: EmbeddingsServer, open_served: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_three(served)
    knowledge = changed(open_served())
    monkeypatch.setattr(query_vectors, "ANSWER_SECONDS", 0.2)
    server.gate.clear()
    assert best(knowledge) == LEAVE
    assert "did not answer within" in knowledge.embedders(ADMIN).notice


def test_a_model_that_is_no_longer_set_up_leaves_the_search_to_the_embedded_one(
    served: Library, embedder: MiniLM, open_served: Opener
) -> None:
    put_three(served)
    changed(open_served()).close()
    without = served.settings.model_copy(update={"embeddings_model": None})
    knowledge = KnowledgeBase(database=served.database, settings=without, embedder=embedder, own_index=True)
    knowledge.start()
    assert best(knowledge) == LEAVE
    assert f"{MODEL} is no longer set up" in knowledge.embedders(ADMIN).notice
    knowledge.close()


def test_what_a_server_was_used_for_stands_in_the_ledger(served: Library, open_served: Opener) -> None:
    put_three(served)
    knowledge = changed(open_served())
    knowledge.search(STAFF, QUERY)
    ledger = UsageRecords(served.database)
    until(lambda: len(ledger.summed("person", None, None)) == 2)
    lines = [(line.person, line.record.purpose, line.record.usage.input_tokens) for line in ledger.lines(None)]
    assert lines == [("documents", "embedding", 3), (STAFF.email, "embedding", 1)]


def test_words_that_were_asked_before_are_found_by_the_serving_model_while_its_server_is_gone(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    knowledge = changed(open_served())
    assert best(knowledge) == CANTEEN
    server.go_away()
    assert best(knowledge, "paid vacation") == LEAVE
    assert best(knowledge) == CANTEEN
    assert knowledge.embedders(ADMIN).notice


def test_going_back_to_the_embedded_model_ends_the_notice(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    knowledge = changed(open_served())
    server.refuse(503)
    best(knowledge)
    assert knowledge.embedders(ADMIN).notice
    knowledge.use_embedder(ADMIN, EMBEDDED)
    until(serves(knowledge, EMBEDDED))
    assert knowledge.embedders(ADMIN).notice == ""


def test_a_search_says_which_host_outside_is_given_its_words(served: Library, open_served: Opener) -> None:
    knowledge = open_served()
    assert knowledge.queries_go_to() is None
    changed(knowledge).close()
    assert knowledge.queries_go_to() is None  # the server is in the house
    outside = served.settings.model_copy(update={"embeddings_base_url": "https://embeddings.example.com/v1"})
    elsewhere = KnowledgeBase(database=served.database, settings=outside, embedder=served.embedder, own_index=False)
    assert elsewhere.queries_go_to() == "embeddings.example.com"
