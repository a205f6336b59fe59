"""The embeddings section of the models page: what leaves the house is said before anything does, progress is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from embeddings_server import MODEL, EmbeddingsServer
from lent_model import lend
from small_documents import write_documents
from streamlit.testing.v1 import AppTest
from waiting import WAIT_SECONDS, until

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.knowledge.embedder_state import EmbedderState
from assistant.storage.rows import EMBEDDED
from assistant.web.state import HOLDER

RunApp = Callable[..., AppTest]
PAGE = "pages/models.py"
OWN = f"endpoint/{MODEL}"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddingsServer]:
    """A server of embeddings."""
    server = EmbeddingsServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, server: EmbeddingsServer) -> Iterator[bootstrap.Services]:
    """Started services with three small documents, whose settings name the server and no key."""
    folder = tmp_path_factory.mktemp("embeddings")
    lend(folder / "data")
    named = {"EMBEDDINGS_BASE_URL": server.address, "EMBEDDINGS_MODEL": MODEL}
    built = bootstrap.build(settings_module.load(data_dir=folder / "data", samples=False, OPENAI_API_KEY=None, **named))
    person = built.people.local()
    files = [path for path in sorted(write_documents(folder).iterdir()) if path.is_file()]
    uploads = [built.knowledge.upload(person, path.name, path.read_bytes()) for path in files]
    built.knowledge.wait_until_done([upload.document_id for upload in uploads], WAIT_SECONDS)
    HOLDER.set_ready(built)
    yield built
    HOLDER.close()


@pytest.fixture(autouse=True)
def _embedded_again(services: bootstrap.Services, server: EmbeddingsServer) -> Iterator[None]:
    """After each test the embedded model serves, and what a change still asked for was refused, not stored."""
    yield
    server.refuse(503)
    server.gate.set()
    services.knowledge.use_embedder(services.people.local(), EMBEDDED)
    until(lambda: state(services).serving == EMBEDDED and state(services).wanted is None)
    until(lambda: server.answered == len(server.requests))
    server.recover()


def state(services: bootstrap.Services) -> EmbedderState:
    return services.knowledge.embedders(services.people.local())


def section(run_app: RunApp) -> AppTest:
    app = run_app(PAGE)
    app.session_state["models-section"] = "Embeddings"
    return app.run()


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.warning, app.error)
    progress = [element.proto.text for element in app.get("progress")]
    return "\n".join([*(str(element.value) for kind in kinds for element in kind), *progress])


def test_each_model_says_what_it_needs_and_where_the_documents_would_go(run_app: RunApp) -> None:
    app = section(run_app)
    assert not app.exception
    shown = text_of(app)
    assert "**MiniLM** :green-badge[in use] :blue-badge[stays in the house]" in shown
    assert "**OpenAI text-embedding-3-small** :gray-badge[not set up]" in shown
    assert ":material/block: Set OPENAI_API_KEY." in shown
    assert app.button(key="use-openai/text-embedding-3-small").disabled
    assert "127.0.0.1" in shown
    assert not app.button(key=f"use-{OWN}").disabled


def test_nothing_is_sent_before_an_admin_has_read_what_will_be(
    run_app: RunApp, services: bootstrap.Services, server: EmbeddingsServer
) -> None:
    asked = len(server.requests)
    app = section(run_app).button(key=f"use-{OWN}").click().run()
    assert not app.exception
    assert "The text of **all documents** (" in text_of(app)
    assert "every question will be sent to 127.0.0.1, a server in the house." in text_of(app)
    app = app.button(key="keep-embedder").click().run()
    assert "all documents" not in text_of(app)
    assert state(services).wanted is None
    assert len(server.requests) == asked


def test_a_change_is_shown_at_every_visit_until_it_is_cancelled(
    run_app: RunApp, services: bootstrap.Services, server: EmbeddingsServer
) -> None:
    server.gate.clear()
    section(run_app).button(key=f"use-{OWN}").click().run().button(key="confirm-embedder").click().run()
    total = state(services).total
    app = section(run_app)
    assert f"**Changing to Own embeddings server: {MODEL}**: 0 of {total} passages" in text_of(app)
    assert "MiniLM answers until then." in text_of(app)
    app = app.button(key="cancel-embedder").click().run()
    assert "Changing to" not in text_of(app)
    assert (state(services).serving, state(services).wanted) == (EMBEDDED, None)


def test_a_server_that_refuses_is_told_beside_the_progress(
    run_app: RunApp, services: bootstrap.Services, server: EmbeddingsServer
) -> None:
    services.knowledge.use_embedder(services.people.local(), EMBEDDED)
    server.refuse(401)
    services.knowledge.use_embedder(services.people.local(), OWN)
    until(lambda: state(services).error or state(services).serving == OWN)
    app = section(run_app)
    assert "refused the key; check EMBEDDINGS" in text_of(app).replace("\\_", "_")


def test_the_new_model_is_in_use_at_the_end_and_can_be_left_again(
    run_app: RunApp, services: bootstrap.Services
) -> None:
    section(run_app).button(key=f"use-{OWN}").click().run().button(key="confirm-embedder").click().run()
    until(lambda: state(services).serving == OWN)
    app = section(run_app)
    assert f"{MODEL}** :green-badge[in use]" in text_of(app)
    app = app.button(key=f"use-{EMBEDDED}").click().run()
    assert "the search sends nothing anywhere" in text_of(app)
    app.button(key="confirm-embedder").click().run()
    until(lambda: state(services).serving == EMBEDDED)


def test_a_document_that_waits_for_the_server_says_so(
    run_app: RunApp, services: bootstrap.Services, server: EmbeddingsServer
) -> None:
    person = services.people.local()
    services.knowledge.use_embedder(person, OWN)
    until(lambda: state(services).serving == OWN)
    server.refuse(503)
    upload = services.knowledge.upload(person, "Canteen.md", b"# Canteen\n\nThe canteen opens at 11:30.\n")
    until(lambda: services.knowledge.document(person, upload.document_id).error)
    shown = text_of(run_app("pages/knowledge_base.py"))
    assert ":material/hourglass_empty: Waiting: Own embeddings server" in shown
    assert "has a fault of its own (status 503)" in shown
    services.knowledge.delete(person, upload.document_id)


def test_the_banner_tells_of_a_server_outside_that_is_given_the_questions(
    run_app: RunApp, services: bootstrap.Services
) -> None:
    services.knowledge.use_embedder(services.people.local(), OWN)
    until(lambda: state(services).serving == OWN)
    assert "Demo: everything runs on this machine" in text_of(run_app())
    outside = services.settings.model_copy(update={"embeddings_base_url": "https://embeddings.example.com/v1"})
    elsewhere = bootstrap.build(outside, own_index=False)
    HOLDER.set_ready(elsewhere)
    try:
        for page in (None, "pages/models.py", "pages/knowledge_base.py"):
            assert "questions go to embeddings.example.com" in text_of(run_app(page)).replace("\\", "")
    finally:
        HOLDER.set_ready(services)
        elsewhere.close()
