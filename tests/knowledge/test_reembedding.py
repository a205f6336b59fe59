"""A change of the embedding model: the old one serves until the new one is whole; nothing is lost or made twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from embeddings_server import MODEL, EmbeddingsServer
from small_library import Library
from sqlalchemy import text

from assistant.domain import DocumentStatus, Person, Role
from assistant.errors import NotAllowed, NotFound, ProviderUnavailable
from assistant.knowledge import query_vectors, reembedding
from assistant.knowledge.chunking import contextual_text
from assistant.knowledge.service import KnowledgeBase
from assistant.providers.minilm import MiniLM
from assistant.settings import Settings
from assistant.storage.rows import EMBEDDED
from assistant.storage.usage_records import UsageRecords

WAIT_SECONDS = 30.0
OWN = f"endpoint/{MODEL}"
ADMIN = Person("ada", "ada@example.com", "Ada", Role.ADMIN)
STAFF = Person("bob", "bob@example.com", "Bob", Role.STAFF)
LEAVE = "Employees receive 27 days of annual leave each year."
CANTEEN = "The canteen serves a warm meal from half past eleven."
PRINTER = "The printer on floor two takes paper of size A3."
THREE = (("Leave", LEAVE), ("Canteen", CANTEEN), ("Printer", PRINTER))
QUERY = "How much holiday am I entitled to"
ROOT = Path(__file__).resolve().parents[2]

Opener = Callable[..., KnowledgeBase]


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    """A server to whose mind the question about leave is one about the canteen."""
    server = EmbeddingsServer({"holiday": 1, "canteen": 1, "leave": 2, "printer": 3})
    yield server
    server.close()


@pytest.fixture
def settings(data_dir: Path, server: EmbeddingsServer) -> Settings:
    """Settings that name the server."""
    return Settings(  # type: ignore[call-arg]
        data_dir=data_dir, EMBEDDINGS_BASE_URL=server.address, EMBEDDINGS_MODEL=MODEL, _env_file=None
    )


@pytest.fixture
def open_knowledge(library: Library) -> Iterator[Opener]:
    """Open knowledge bases; the test may close them before the end."""
    opened: list[KnowledgeBase] = []

    def start(*, own_index: bool = True) -> KnowledgeBase:
        knowledge = KnowledgeBase(
            database=library.database, settings=library.settings, embedder=library.embedder, own_index=own_index
        )
        opened.append(knowledge)
        knowledge.start()
        return knowledge

    yield start
    for knowledge in opened:
        knowledge.close()


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight chunks a request, and a server that failed is asked again soon."""
    monkeypatch.setattr(reembedding, "BATCH", 8)
    monkeypatch.setattr(reembedding, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(reembedding, "FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(reembedding, "LONGEST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(query_vectors, "ALONE_SECONDS", 0.1)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.02)


def serves(knowledge: KnowledgeBase, model: str) -> Callable[[], bool]:
    return lambda: knowledge.embedders(ADMIN).serving == model and knowledge._queries.model() == model


def put_three(library: Library) -> None:
    for name, page in THREE:
        library.put(f"{name}.txt", [page])


def best(knowledge: KnowledgeBase, query: str = QUERY) -> str:
    return knowledge.search(STAFF, query)[0].text


def changed(knowledge: KnowledgeBase) -> KnowledgeBase:
    """Bring the change to the server's model to its end."""
    knowledge.use_embedder(ADMIN, OWN)
    until(serves(knowledge, OWN))
    return knowledge


def test_the_old_model_answers_until_the_new_one_is_whole_and_then_the_new_one(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    put_three(library)
    knowledge = open_knowledge()
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


def test_only_the_collections_of_the_serving_model_are_left(library: Library, open_knowledge: Opener) -> None:
    put_three(library)
    knowledge = changed(open_knowledge())
    own = knowledge._own
    assert own is not None
    until(lambda: own.index.names() == {own.indexer.collection_of("general", OWN)})
    assert own.indexer.collection_of("general") is None
    knowledge.use_embedder(ADMIN, EMBEDDED)
    until(serves(knowledge, EMBEDDED))
    until(lambda: own.index.names() == {own.indexer.collection_of("general")})
    assert best(knowledge) == LEAVE


def test_back_and_forth_asks_for_no_vector_twice(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    put_three(library)
    knowledge = changed(open_knowledge())
    knowledge.use_embedder(ADMIN, EMBEDDED)
    until(serves(knowledge, EMBEDDED))
    changed(knowledge)
    assert len(server.texts) == 3


def test_a_change_without_documents_is_done_at_once(server: EmbeddingsServer, open_knowledge: Opener) -> None:
    changed(open_knowledge())
    assert server.requests == []


def test_a_process_without_the_index_follows_the_change(library: Library, open_knowledge: Opener) -> None:
    put_three(library)
    other = open_knowledge(own_index=False)
    assert best(other) == LEAVE
    other.use_embedder(ADMIN, OWN)
    owner = open_knowledge()
    until(serves(owner, OWN))
    until(serves(other, OWN))
    assert best(other) == CANTEEN


def test_a_query_is_asked_for_once_however_often_it_is_searched(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    put_three(library)
    knowledge = changed(open_knowledge())
    vectors = library.embedder.embed([QUERY])
    for _ in range(3):
        assert knowledge.retrieve(STAFF, [QUERY], query_vectors=vectors)[0].text == CANTEEN
    assert server.texts.count(QUERY) == 1


def test_a_killed_change_goes_on_without_making_the_done_ones_again(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    library.put("Long.txt", [f"Paragraph {n} speaks about topic {n % 7}." for n in range(40)])
    open_knowledge(own_index=False).use_embedder(ADMIN, OWN)
    server.gate_after = 2
    owner = _owner_process(library.settings)
    try:
        until(lambda: len(server.requests) == 3)
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    assert library.vectors.revision() == 1
    server.recover()
    knowledge = open_knowledge()
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
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    library.put("Long.txt", [f"Paragraph {n} speaks about topic {n % 7}." for n in range(40)])
    knowledge = open_knowledge()
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
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    put_three(library)
    knowledge = open_knowledge()
    server.go_away()
    knowledge.use_embedder(ADMIN, OWN)
    until(lambda: knowledge.embedders(ADMIN).error)
    assert "cannot be reached at 127.0.0.1" in knowledge.embedders(ADMIN).error
    assert best(knowledge) == LEAVE
    server.come_back()
    until(serves(knowledge, OWN))
    assert knowledge.embedders(ADMIN).error == ""


def test_a_search_falls_back_to_the_embedded_model_and_says_so(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    put_three(library)
    knowledge = changed(open_knowledge())
    assert best(knowledge) == CANTEEN
    server.refuse(401)
    found = knowledge.search(STAFF, "paid vacation")
    assert found[0].text == LEAVE
    notice = knowledge.embedders(ADMIN).notice
    assert "refused the key; check EMBEDDINGS_API_KEY" in notice
    assert notice.endswith("searches go by MiniLM.")
    server.recover()
    time.sleep(query_vectors.ALONE_SECONDS)
    assert best(knowledge, "my holiday") == CANTEEN
    assert knowledge.embedders(ADMIN).notice == ""


def test_a_server_that_hangs_holds_a_search_up_for_a_bounded_time_only(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_three(library)
    knowledge = changed(open_knowledge())
    monkeypatch.setattr(query_vectors, "ANSWER_SECONDS", 0.2)
    server.gate.clear()
    assert best(knowledge) == LEAVE
    assert "did not answer within" in knowledge.embedders(ADMIN).notice


def test_a_new_document_goes_live_with_its_vectors_of_the_serving_model(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    put_three(library)
    knowledge = changed(open_knowledge())
    server.go_away()
    document_id = library.embed("Desk.txt", ["A canteen card is had at the desk."])
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
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    put_three(library)
    knowledge = changed(open_knowledge())
    server.go_away()
    document_id = library.embed("Desk.txt", ["Cards are had at the desk."])
    until(lambda: knowledge.document(STAFF, document_id).error)
    knowledge.use_embedder(ADMIN, EMBEDDED)
    assert knowledge.wait_until_done([document_id], WAIT_SECONDS)[0].status is DocumentStatus.READY
    assert best(knowledge) == LEAVE


def test_a_replaced_document_keeps_the_vectors_of_what_did_not_change(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    document_id = library.put("Rules.txt", [LEAVE, CANTEEN])
    knowledge = changed(open_knowledge())
    library.embed("Rules.txt", [LEAVE, PRINTER])
    until(lambda: knowledge.document(STAFF, document_id).live_version == 2)
    assert len(server.texts) == 3
    assert best(knowledge, "printer paper") == PRINTER


def test_vectors_go_with_their_documents(library: Library, open_knowledge: Opener) -> None:
    document_id = library.put("Leave.txt", [LEAVE])
    library.put("Canteen.txt", [CANTEEN])
    knowledge = changed(open_knowledge())
    knowledge.delete(ADMIN, document_id)
    until(lambda: not library.vectors.has_work())
    with library.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM embeddings")).scalar() == 1


def test_a_reindex_builds_the_serving_models_collections_anew(library: Library, open_knowledge: Opener) -> None:
    put_three(library)
    knowledge = changed(open_knowledge())
    own = knowledge._own
    assert own is not None
    old = own.indexer.collection_of("general", OWN)
    knowledge.reindex(ADMIN)
    until(lambda: own.indexer.collection_of("general", OWN) not in (None, old))
    assert best(knowledge) == CANTEEN


def test_the_serving_model_is_taken_up_again_at_the_next_start(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener
) -> None:
    put_three(library)
    changed(open_knowledge()).close()
    asked = len(server.texts)
    knowledge = open_knowledge()
    own = knowledge._own
    assert own is not None
    until(lambda: own.indexer.collection_of("general", OWN))
    assert best(knowledge) == CANTEEN
    assert server.texts[asked:] == [QUERY]


def test_a_model_that_is_no_longer_set_up_leaves_the_search_to_the_embedded_one(
    library: Library, embedder: MiniLM, open_knowledge: Opener
) -> None:
    put_three(library)
    changed(open_knowledge()).close()
    without = library.settings.model_copy(update={"embeddings_model": None})
    knowledge = KnowledgeBase(database=library.database, settings=without, embedder=embedder, own_index=True)
    knowledge.start()
    assert best(knowledge) == LEAVE
    assert f"{MODEL} is no longer set up" in knowledge.embedders(ADMIN).notice
    knowledge.close()


@pytest.mark.parametrize("person", [STAFF, Person("kim", "kim@example.com", "Kim", Role.KB_ADMIN)])
def test_only_administrators_change_the_model(open_knowledge: Opener, person: Person) -> None:
    knowledge = open_knowledge(own_index=False)
    acts: list[Callable[[], object]] = [
        lambda: knowledge.use_embedder(person, OWN),
        lambda: knowledge.cancel_embedder_change(person),
        lambda: knowledge.embedders(person),
    ]
    for act in acts:
        with pytest.raises(NotAllowed, match="Only administrators"):
            act()


def test_a_model_that_cannot_be_used_is_refused_with_a_sentence(open_knowledge: Opener) -> None:
    knowledge = open_knowledge(own_index=False)
    with pytest.raises(ProviderUnavailable, match=r"cannot be used yet: Set OPENAI_API_KEY\."):
        knowledge.use_embedder(ADMIN, "openai/text-embedding-3-small")
    with pytest.raises(NotFound, match="no embedding model"):
        knowledge.use_embedder(ADMIN, "word2vec")
    assert knowledge.embedders(ADMIN).wanted is None


def test_the_end_of_the_process_does_not_wait_for_a_slow_server(
    library: Library, server: EmbeddingsServer, open_knowledge: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reembedding, "STOP_SECONDS", 0.1)
    put_three(library)
    knowledge = open_knowledge()
    server.gate.clear()
    knowledge.use_embedder(ADMIN, OWN)
    until(lambda: server.requests)
    knowledge.close()
    assert server.answered == 0
    server.gate.set()
    assert changed(open_knowledge()).embedders(ADMIN).done == 3


def test_what_a_server_was_used_for_stands_in_the_ledger(library: Library, open_knowledge: Opener) -> None:
    put_three(library)
    knowledge = changed(open_knowledge())
    knowledge.search(STAFF, QUERY)
    ledger = UsageRecords(library.database)
    until(lambda: len(ledger.summed("person", None, None)) == 2)
    lines = [(line.person, line.record.purpose, line.record.usage.input_tokens) for line in ledger.lines(None)]
    assert lines == [("documents", "embedding", 3), (STAFF.id, "embedding", 1)]


def test_a_change_called_off_while_its_collections_are_built_leaves_none_of_them(
    library: Library, open_knowledge: Opener
) -> None:
    put_three(library)
    first = changed(open_knowledge())
    first.use_embedder(ADMIN, EMBEDDED)
    until(serves(first, EMBEDDED))
    first.close()
    # Not started: the steps of its thread are taken here, one by one.
    knowledge = KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=True
    )
    own = knowledge._own
    assert own is not None
    own.indexer._step()
    own.indexer.change_to(OWN)
    own.indexer._step()
    assert own.indexer.model == EMBEDDED
    assert own.index.names() == {own.indexer.collection_of("general")}
    assert not library.vectors.has_work()
    knowledge.close()
