"""The running app as strangers and thieves meet it: every route, the websocket, uploads, a stolen session's id."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest
from running_app import ROOT, RunningApp
from signing_in import PASSWORD, with_password
from streamlit_wire import tab
from websockets.exceptions import InvalidStatus

from assistant.domain import Person, Role
from assistant.people.links import digest
from assistant.people.rights import Rights
from assistant.people.sessions import Visitor
from assistant.people.sign_in import PER_ACCOUNT, SignIn
from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.web.cookies import NAME
from assistant.web.identity import HEADER

OPEN, CLOSED = "open", "closed"
ROUTES = {
    "/login": OPEN,
    "/auth/logout": OPEN,
    "/auth/setup": OPEN,
    "/auth/invite": OPEN,
    "/auth/reset": OPEN,
    "/auth/view": OPEN,
    "/auth/style.css": OPEN,
    "/auth/oidc/start": OPEN,
    "/auth/oidc/callback": OPEN,
    "/auth/oidc/end": OPEN,
    "/auth/oidc/ended": OPEN,
    "/auth/{rest:path}": OPEN,
    "/auth/login": OPEN,  # Streamlit's own, which ours stand before: there is nothing
    "/healthz": OPEN,
    "/_stcore/health": OPEN,
    "/documents/upload": CLOSED,
    "/documents/{document_id}/original": CLOSED,
    "/_stcore/metrics": CLOSED,
    "/_stcore/host-config": CLOSED,
    "/media/{file_id:path}": CLOSED,
    "/_stcore/upload_file/{session_id}/{file_id}": CLOSED,
    "/component/{path:path}": CLOSED,
    "/_stcore/bidi-components/{path:path}": CLOSED,
    "/_stcore/stream": CLOSED,
    "/oauth2callback": CLOSED,
    "/_stcore/agent/interact": CLOSED,
    "/_stcore/agent/openapi.json": CLOSED,
    "/_stcore/agent/mcp": CLOSED,
    "": CLOSED,  # the pages: whatever no other route takes
}
"""Every route of the app; one that is not here fails the walk."""
READ_ROUTES = """
import json, app
app.app._runtime = app.app._create_runtime()
print(json.dumps([route.path for route in app.app._build_starlette_app().routes]))
"""
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
FILE = b"x" * 5_000_000
UPLOADS = 40
MOST_GROWTH = 30_000_000
"""Bytes; a tenth of what the uploads bring."""


class Place:
    """A running app with sign-in by password, and its people."""

    def __init__(self, app: RunningApp, database: Database) -> None:
        self.app = app
        self.database = database
        self.sign_in = SignIn(database, Rights(database), Settings())

    def person(self, name: str, role: Role = Role.STAFF) -> Person:
        return with_password(self.database, name, role)

    def cookie(self, someone: Person) -> str:
        return f"{NAME}={self.sign_in.open_session(someone.id, 'password', Visitor())}"

    def ask(self, method: str, path: str, **headers: str) -> httpx.Response:
        return httpx.request(method, self.app.url + path, headers=headers, timeout=30, trust_env=False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("gate") / "data"
    with RunningApp(data, ASSISTANT_SAMPLES="off", ASSISTANT_AUTH="password") as app:
        database = Database(f"sqlite:///{data / 'assistant.sqlite'}")
        yield Place(app, database)
        database.close()


def routes_of_the_app() -> list[str]:
    """The paths of all routes, read from the app as it is served."""
    command = [sys.executable, "-c", READ_ROUTES]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    return list(json.loads(told.stdout.splitlines()[-1]))


def test_every_route_is_known_to_be_open_or_closed() -> None:
    assert set(routes_of_the_app()) == set(ROUTES)


@pytest.mark.parametrize("path", [path for path, state in ROUTES.items() if state == CLOSED])
def test_without_a_session_a_closed_route_answers_nobody(place: Place, path: str) -> None:
    asked = path or "/some/page"
    for part in ("document_id", "session_id", "file_id", "file_id:path", "path:path"):
        asked = asked.replace(f"{{{part}}}", "x")
    for method in METHODS:
        assert place.ask(method, asked).status_code == 401, method
    assert place.ask("GET", asked, Accept="text/html").headers["location"].startswith("/login")


TARGETS = [
    *("/login/../_stcore/metrics", "/login/%2e%2e/_stcore/metrics", "/login%00", "//login", "/static/%2e%2e/media/x"),
    *("/static/..%2f..%2fapp.py", "/auth/%2e%2e/_stcore/metrics", "/auth/..%2f_stcore/metrics", "/_stcore/%6detrics"),
    *("/_stcore/health%2f..%2fmetrics", "/_stcore/metrics?x=/login", "/_stcore/metrics#/login", "/_stcore/metrics%20"),
    *("http://127.0.0.1/_stcore/metrics", "http://evil.example/_stcore/metrics", "*", "/_STCORE/METRICS", "login"),
    *(
        "/healthz;/../_stcore/metrics",
        "/.;/_stcore/metrics",
        "/%5clogin",
        "/auth/%5c..%5c_stcore/metrics",
        "/%2e/login",
    ),
    *("/favicon.png/../_stcore/metrics", "/auth/style.css/..%2f..%2f_stcore/metrics", "/_stcore/upload_file/a/%2e%2e"),
]


@pytest.mark.parametrize("method", ["GET", "PUT", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_no_way_of_writing_a_request_opens_anything(place: Place, method: str) -> None:
    for target in TARGETS:
        assert raw(place, f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{place.app.port}") in (400, 401), target
    for hosts in ((), ("Host: evil.example",), (f"Host: 127.0.0.1:{place.app.port}", "Host: evil.example")):
        assert raw(place, f"{method} /login HTTP/1.1", *hosts) in (400, 403)


def raw(place: Place, *lines: str) -> int:
    """Send a request of these lines as they are and return the status of the answer."""
    with socket.create_connection(("127.0.0.1", place.app.port), 30) as wire:
        wire.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        return int(wire.makefile("rb").readline().split()[1])


def test_without_a_session_no_websocket_opens(place: Place) -> None:
    forged = {"X-Assistant-Identity": f"session:{digest('x')}", "X_Assistant_Identity": "demo:admin"}
    for cookie, headers in ((None, {}), (f"{NAME}=made-up", {}), (None, forged), ("assistant_view=staff", {})):
        with pytest.raises(InvalidStatus) as refused, tab(place.app.url, cookie, **headers):
            pass
        assert refused.value.response.status_code == 403


def test_a_websocket_of_another_site_or_name_does_not_open(place: Place) -> None:
    cookie = place.cookie(place.person("ann"))
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"host": "evil.example"}):
        with pytest.raises(InvalidStatus) as refused, tab(place.app.url, cookie, **headers):
            pass
        assert refused.value.response.status_code == 403


def test_a_stolen_streamlit_session_gives_nothing(place: Place) -> None:
    victim, thief = place.cookie(place.person("victim", Role.ADMIN)), place.cookie(place.person("thief"))
    with tab(place.app.url, victim) as here:
        mine = here.run()
        assert "Victim" in mine.text
        with pytest.raises(InvalidStatus), tab(place.app.url, resumes=mine.session_id):
            pass
        with tab(place.app.url, thief, resumes=mine.session_id) as stolen:
            theirs = stolen.run()
        assert theirs.session_id != mine.session_id
        assert "Victim" not in theirs.text
        assert here.run().session_id == mine.session_id
    with tab(place.app.url, thief, resumes=mine.session_id) as late:
        assert late.run().session_id != mine.session_id
    with tab(place.app.url, victim, resumes=mine.session_id) as again:
        assert again.run().session_id == mine.session_id


def test_another_session_of_the_same_person_does_not_take_over_either(place: Place) -> None:
    ann = place.person("ann")
    with tab(place.app.url, place.cookie(ann)) as first:
        mine = first.run()
        with tab(place.app.url, place.cookie(ann), resumes=mine.session_id) as second:
            assert second.run().session_id != mine.session_id


def test_a_forged_identity_changes_nothing(place: Place) -> None:
    admin = place.cookie(place.person("boss", Role.ADMIN)).partition("=")[2]
    forged = {name: f"session:{digest(admin)}" for name in (HEADER, HEADER.upper(), HEADER.replace("-", "_"))}
    with tab(place.app.url, place.cookie(place.person("bob")), **forged) as here:
        drawn = here.run().text
    assert "Bob" in drawn
    assert "Boss" not in drawn


def test_a_log_out_bites_on_the_next_action_of_an_open_page(place: Place) -> None:
    ann = place.person("ann")
    cookie = place.cookie(ann)
    with tab(place.app.url, cookie) as here:
        assert "Ann" in here.run().text
        place.sign_in.log_out(cookie.partition("=")[2])
        after = here.run().text
        assert "Ann" not in after
        assert "Your session has ended" in after
    assert place.ask("PUT", "/_stcore/upload_file/a/b", Cookie=cookie).status_code == 401
    assert place.ask("GET", "/media/x", Cookie=cookie).status_code == 401


@pytest.mark.parametrize("path", ["/_stcore/upload_file/a/b", "/documents/upload?name=a.txt"])
def test_uploads_of_strangers_take_no_memory(place: Place, path: str) -> None:
    def sent(_: int) -> int:
        return httpx.put(place.app.url + path, content=FILE, timeout=60, trust_env=False).status_code

    process = psutil.Process(place.app.pid)
    assert {sent(0) for _ in range(5)} == {401}
    before = process.memory_info().rss
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(sent, range(UPLOADS))) == {401}
    assert process.memory_info().rss - before < MOST_GROWTH


def test_a_restart_gives_no_new_tries(tmp_path: Path) -> None:
    data = tmp_path / "data"
    app = RunningApp(data, ASSISTANT_SAMPLES="off", ASSISTANT_AUTH="password")

    def tried(password: str) -> int:
        given = {"email": "ann@example.com", "password": password}
        return httpx.post(f"{app.url}/login", data=given, timeout=30, trust_env=False).status_code

    with app:
        database = Database(f"sqlite:///{data / 'assistant.sqlite'}")
        with_password(database, "ann")
        database.close()
        assert [tried("wrong") for _ in range(PER_ACCOUNT.free)] == [401] * PER_ACCOUNT.free
        assert tried(PASSWORD) == 429
        app.kill()
        app.start()
        app.wait_until_answering()
        assert tried(PASSWORD) == 429


def test_the_way_in_stands_on_the_terminal_and_not_in_the_log(place: Place) -> None:
    assert "/auth/setup?token=" in place.app.log.read_text()
    for kept in (place.app.log.parent / "data").glob("*.log*"):
        assert "token=" not in kept.read_text()
