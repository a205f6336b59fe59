"""A document by its web address: only where that is allowed, by who may change documents, and traced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from persons import person
from small_library import Library

from assistant.access import AuditQuery
from assistant.domain import Person, Role, UploadOutcome
from assistant.errors import NotAllowed, NotFound, UploadRefused
from assistant.knowledge import fetching
from assistant.knowledge.fetching import Fetcher
from assistant.knowledge.rights import Access
from assistant.knowledge.service import KnowledgeBase
from assistant.knowledge.web_addresses import WebAddresses
from assistant.storage.audit import AuditLog


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<h1>Leave</h1><p>Everyone has 27 days.</p>")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setitem(fetching.PORTS, "http", server.server_port)
    yield f"http://127.0.0.1:{server.server_port}/hr/leave?key=sesame"
    server.shutdown()
    server.server_close()


def _addresses(library: Library, *, fetch: bool = True) -> WebAddresses:
    settings = library.settings.model_copy(update={"fetch": fetch})
    knowledge = KnowledgeBase(database=library.database, settings=settings, embedder=library.embedder, own_index=False)
    return WebAddresses(
        library.database,
        settings,
        Access(library.database),
        lambda by, name, data, space: knowledge.upload(by, name, data, space=space),
        Fetcher(1, lambda _address: True),
    )


@pytest.fixture
def editor(library: Library) -> Person:
    return person(library.database, "ann", Role.KB_ADMIN)


def test_a_page_becomes_a_document_and_the_log_has_its_address_without_the_query(
    library: Library, editor: Person, address: str
) -> None:
    done = _addresses(library).add(editor, address)
    assert (done.name, done.outcome) == ("127.0.0.1 leave.html", UploadOutcome.NEW)
    acts = {entry.action: entry for entry in AuditLog(library.database).lines(AuditQuery())}
    assert acts["address.fetched"].details["name"] == address.partition("?")[0]
    assert acts["document.uploaded"].subject == done.document_id


def test_nothing_is_fetched_where_the_settings_do_not_allow_it(library: Library, editor: Person, address: str) -> None:
    with pytest.raises(NotAllowed, match="ASSISTANT_FETCH"):
        _addresses(library, fetch=False).add(editor, address)


def test_staff_fetch_nothing(library: Library, address: str) -> None:
    with pytest.raises(NotAllowed):
        _addresses(library).add(person(library.database, "bob"), address)


def test_a_space_that_is_not_there_and_an_address_that_is_none_are_refused(library: Library, editor: Person) -> None:
    with pytest.raises(NotFound):
        _addresses(library).add(editor, "https://example.com", "no such space")
    with pytest.raises(UploadRefused):
        _addresses(library).add(editor, "file:///etc/passwd")
