"""A change of the embedding model: the old one serves until the new one is whole; nothing is lost or made twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from changing_embedder import CANTEEN, LEAVE, OWN, PRINTER, QUERY, THREE, best, changed, put_three, serves
from embeddings_server import MODEL, EmbeddingsServer
from small_library import ADMIN, EDITOR, STAFF, Library, Opener
from sqlalchemy import text
from waiting import WAIT_SECONDS, until

from assistant.domain import DocumentStatus, Person
from assistant.errors import NotAllowed, NotFound, ProviderUnavailable
from assistant.knowledge import reembedding
from assistant.knowledge.chunking import contextual_text
from assistant.knowledge.service import KnowledgeBase
from assistant.settings import Settings
from assistant.storage.rows import EMBEDDED

ROOT = Path(__file__).resolve().parents[2]


def test_the_old_model_answers_until_the_new_one_is_whole_and_then_the_new_one(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    knowledge = open_served()
    server.gate.clear()
    state = knowledge.use_embedder(ADMIN, OWN)
    assert (state.serving, state.wanted, state.done, state.total) == (EMBEDDED, OWN, 0, 3)
    until(lambda: server.requests)
    before = knowledge.search(STAFF, QUERY)
    assert before[0].text == LEAVE
    server.gate.set()
    until(serves(knowledge, OWN))
    after = knowledge.search(STAFF, QUERY)
    assert after[0].text == CANTEEN
    given = [contextual_text(name, ("Rules",), page) for name, page in THREE]
    assert server.texts == [*given, QUERY]
    similar = {passage.text: passage.similarity for passage in before}
    assert {passage.text: passage.similarity for passage in after} == pytest.approx(similar)
    state = knowledge.embedders(ADMIN)
    assert (state.wanted, state.done, state.total, state.error, state.notice) == (None, 3, 3, "", "")


def test_only_the_collections_of_the_serving_model_are_left(served: Library, open_served: Opener) -> None:
    put_three(served)
    knowledge = changed(open_served())
    own = knowledge._own
    assert own is not None
    until(lambda: own.index.names() == {own.indexer.collection_of("general", OWN)})
    assert own.indexer.collection_of("general") is None
    knowledge.use_embedder(ADMIN, EMBEDDED)
    until(serves(knowledge, EMBEDDED))
    until(lambda: own.index.names() == {own.indexer.collection_of("general")})
    assert best(knowledge) == LEAVE


def test_back_and_forth_asks_for_no_vector_twice(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    knowledge = changed(open_served())
    knowledge.use_embedder(ADMIN, EMBEDDED)
    until(serves(knowledge, EMBEDDED))
    changed(knowledge)
    assert len(server.texts) == 3


def test_a_change_without_documents_is_done_at_once(server: EmbeddingsServer, open_served: Opener) -> None:
    changed(open_served())
    assert server.requests == []


def test_a_killed_change_goes_on_without_making_the_done_ones_again(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    served.put("Long.txt", [f"Paragraph {n} speaks about topic {n % 7}." for n in range(40)])
    open_served(own_index=False).use_embedder(ADMIN, OWN)
    server.gate_after = 2
    owner = _owner_process(served.settings)
    try:
        until(lambda: len(server.requests) == 3)
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    assert served.vectors.revision() == 1
    server.recover()
    knowledge = open_served()
    assert knowledge.embedders(ADMIN).done == 16
    until(serves(knowledge, OWN))
    times = Counter(server.texts)
    assert len(times) == 40
    assert {asked for asked, count in times.items() if count == 2} == set(server.requests[2]["input"])


def _owner_process(settings: Settings) -> subprocess.Popen[bytes]:
    script = (
        "import time; from assistant import bootstrap, settings; from assistant.knowledge import reembedding\n"
        "reembedding.BATCH = 8\n"
        "services = bootstrap.build(settings.load()); time.sleep(600)"
    )
    environment = {
        **os.environ,
        "ASSISTANT_DATA_DIR": str(settings.data_dir),
        "EMBEDDINGS_BASE_URL": str(settings.embeddings_base_url),
        "EMBEDDINGS_MODEL": MODEL,
    }
    return subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, env=environment)


def test_a_cancelled_change_leaves_the_old_model_and_keeps_what_was_made(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    served.put("Long.txt", [f"Paragraph {n} speaks about topic {n % 7}." for n in range(40)])
    knowledge = open_served()
    server.gate_after = 2
    knowledge.use_embedder(ADMIN, OWN)
    until(lambda: len(server.requests) == 3)
    assert knowledge.cancel_embedder_change(ADMIN).wanted is None
    server.gate.set()
    until(lambda: knowledge._embeddings.counts(OWN)[0] == 24)
    assert knowledge.embedders(ADMIN).serving == EMBEDDED
    assert len(server.requests) == 3
    changed(knowledge)
    assert len(server.texts) == 40


def test_a_server_that_is_gone_is_told_while_the_old_model_serves_and_asked_again(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    knowledge = open_served()
    server.go_away()
    knowledge.use_embedder(ADMIN, OWN)
    until(lambda: knowledge.embedders(ADMIN).error)
    assert "cannot be reached at 127.0.0.1" in knowledge.embedders(ADMIN).error
    assert best(knowledge) == LEAVE
    server.come_back()
    until(serves(knowledge, OWN))
    assert knowledge.embedders(ADMIN).error == ""


def test_a_new_document_goes_live_with_its_vectors_of_the_serving_model(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    knowledge = changed(open_served())
    server.go_away()
    document_id = served.embed("Desk.txt", ["A canteen card is had at the desk."])
    until(lambda: knowledge.document(STAFF, document_id).error)
    waiting = knowledge.document(STAFF, document_id)
    assert (waiting.status, waiting.live_version) == (DocumentStatus.INDEXING, None)
    assert "cannot be reached" in str(waiting.error)
    assert document_id not in {found.document_id for found in knowledge.search(STAFF, "canteen card at the desk")}
    assert knowledge.wait_until_indexed(0)
    server.come_back()
    document = knowledge.wait_until_done([document_id], WAIT_SECONDS)[0]
    assert (document.status, document.error) == (DocumentStatus.READY, None)
    assert knowledge.search(STAFF, "canteen card at the desk")[0].document_id == document_id


def test_going_back_frees_documents_that_wait_for_a_dead_server(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    knowledge = changed(open_served())
    server.go_away()
    document_id = served.embed("Desk.txt", ["Cards are had at the desk."])
    until(lambda: knowledge.document(STAFF, document_id).error)
    knowledge.use_embedder(ADMIN, EMBEDDED)
    assert knowledge.wait_until_done([document_id], WAIT_SECONDS)[0].status is DocumentStatus.READY
    assert best(knowledge) == LEAVE


def test_a_replaced_document_keeps_the_vectors_of_what_did_not_change(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    document_id = served.put("Rules.txt", [LEAVE, CANTEEN])
    knowledge = changed(open_served())
    served.embed("Rules.txt", [LEAVE, PRINTER])
    until(lambda: knowledge.document(STAFF, document_id).live_version == 2)
    assert len(server.texts) == 3
    assert best(knowledge, "printer paper") == PRINTER


def test_vectors_go_with_their_documents(served: Library, open_served: Opener) -> None:
    document_id = served.put("Leave.txt", [LEAVE])
    served.put("Canteen.txt", [CANTEEN])
    knowledge = changed(open_served())
    knowledge.delete(ADMIN, document_id)
    until(lambda: not served.vectors.has_work())
    with served.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM embeddings")).scalar() == 1


def test_a_reindex_builds_the_serving_models_collections_anew(served: Library, open_served: Opener) -> None:
    put_three(served)
    knowledge = changed(open_served())
    own = knowledge._own
    assert own is not None
    old = own.indexer.collection_of("general", OWN)
    knowledge.reindex(ADMIN)
    until(lambda: own.indexer.collection_of("general", OWN) not in (None, old))
    assert best(knowledge) == CANTEEN


def test_the_serving_model_is_taken_up_again_at_the_next_start(
    served: Library, server: EmbeddingsServer, open_served: Opener
) -> None:
    put_three(served)
    changed(open_served()).close()
    asked = len(server.texts)
    knowledge = open_served()
    own = knowledge._own
    assert own is not None
    until(lambda: own.indexer.collection_of("general", OWN))
    assert best(knowledge) == CANTEEN
    assert server.texts[asked:] == [QUERY]


@pytest.mark.parametrize("person", [STAFF, EDITOR])
def test_only_administrators_change_the_model(open_served: Opener, person: Person) -> None:
    knowledge = open_served(own_index=False)
    acts: list[Callable[[], object]] = [
        lambda: knowledge.use_embedder(person, OWN),
        lambda: knowledge.cancel_embedder_change(person),
        lambda: knowledge.embedders(person),
    ]
    for act in acts:
        with pytest.raises(NotAllowed, match="Only administrators"):
            act()


def test_a_model_that_cannot_be_used_is_refused_with_a_sentence(open_served: Opener) -> None:
    knowledge = open_served(own_index=False)
    with pytest.raises(ProviderUnavailable, match=r"cannot be used yet: Set OPENAI_API_KEY\."):
        knowledge.use_embedder(ADMIN, "openai/text-embedding-3-small")
    with pytest.raises(NotFound, match="no embedding model"):
        knowledge.use_embedder(ADMIN, "word2vec")
    assert knowledge.embedders(ADMIN).wanted is None


def test_the_end_of_the_process_does_not_wait_for_a_slow_server(
    served: Library, server: EmbeddingsServer, open_served: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reembedding, "STOP_SECONDS", 0.1)
    put_three(served)
    knowledge = open_served()
    server.gate.clear()
    knowledge.use_embedder(ADMIN, OWN)
    until(lambda: server.requests)
    knowledge.close()
    assert server.answered == 0
    server.gate.set()
    assert changed(open_served()).embedders(ADMIN).done == 3


def test_a_change_called_off_while_its_collections_are_built_leaves_none_of_them(
    served: Library, open_served: Opener
) -> None:
    put_three(served)
    first = changed(open_served())
    first.use_embedder(ADMIN, EMBEDDED)
    until(serves(first, EMBEDDED))
    first.close()
    # Not started: the steps of its thread are taken here, one by one.
    knowledge = KnowledgeBase(
        database=served.database, settings=served.settings, embedder=served.embedder, own_index=True
    )
    own = knowledge._own
    assert own is not None
    own.indexer._step()
    own.indexer.change_to(OWN)
    own.indexer._step()
    assert own.indexer.model == EMBEDDED
    assert own.index.names() == {own.indexer.collection_of("general")}
    assert not served.vectors.has_work()
    knowledge.close()
