"""Behind a proxy: its word opens a session, and neither the word nor the session is of use without the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from assistant import bootstrap
from assistant.domain import Role
from assistant.errors import SettingsError
from assistant.settings import Settings, load
from assistant.storage.people import LOCAL
from assistant.web import proxy
from assistant.web.gate import Gate
from assistant.web.identity import person_of
from assistant.web.peers import Peers
from assistant.web.routes import routes
from assistant.web.state import HOLDER

HOME = "https://assist.example.org"
HOSTS = ["assist.example.org"]
STREAM = "wss://assist.example.org/stream"
PROXY, STRANGER = "10.0.0.5", "10.0.0.6"
ANN = {"X-Forwarded-Email": "Ann@Example.com", "X-Forwarded-Groups": "Sales, Berlin"}
BOB = {"X-Forwarded-Email": "bob@example.com"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[bootstrap.Services]:
    built = bootstrap.build(_settings(data_dir=tmp_path / "data"), own_index=False)
    HOLDER.set_ready(built)
    yield built
    HOLDER.close()


@pytest.fixture
def browser(services: bootstrap.Services) -> Iterator[TestClient]:
    with _new_browser(services) as client:
        yield client


def _settings(**other: Any) -> Settings:
    given: dict[str, Any] = {
        "auth": "proxy", "public_url": HOME, "proxy_peers": PROXY, "admin_groups": "Bosses", "samples": False, **other,
    }  # fmt: skip
    return load(_env_file=None, **given)


def _new_browser(services: bootstrap.Services, peer: str = PROXY) -> TestClient:
    async def page(request: Any) -> PlainTextResponse:
        person = person_of(services, request.headers)
        return PlainTextResponse(f"{person.email} {person.role}")

    async def stream(socket: Any) -> None:
        await socket.accept()
        await socket.send_text(person_of(services, socket.headers).email)
        await socket.close()

    app = Starlette(
        routes=[*routes(lambda: HOSTS), Route("/", page, methods=["GET", "POST"]), WebSocketRoute("/stream", stream)],
        middleware=[
            Middleware(Peers, named=lambda: services.settings.proxy_peers),
            Middleware(Gate, hosts=lambda: HOSTS, assets=frozenset()),
        ],
    )
    return TestClient(app, base_url=HOME, follow_redirects=False, client=(peer, 40_000))


def _sessions(services: bootstrap.Services) -> int:
    with services.database.read() as session:
        return int(session.scalar(text("SELECT count(*) FROM sessions WHERE ended_at IS NULL")) or 0)


def _groups(services: bootstrap.Services) -> set[str]:
    named = "SELECT name FROM groups JOIN group_members ON group_id = groups.id"
    with services.database.read() as session:
        return set(session.scalars(text(named)))


def test_the_first_request_opens_a_session_and_the_next_ones_go_on_with_it(
    browser: TestClient, services: bootstrap.Services
) -> None:
    first = browser.get("/", headers=ANN)
    assert first.text == "ann@example.com staff"
    assert first.headers["set-cookie"].startswith("__Host-assistant_session=")
    again = browser.get("/", headers=ANN)
    assert (again.text, again.headers.get("set-cookie")) == (first.text, None)
    assert (_sessions(services), _groups(services)) == (1, {"Sales", "Berlin"})


@pytest.mark.parametrize("peer", [STRANGER, "127.0.0.1"])
def test_the_same_words_of_anybody_else_are_refused(services: bootstrap.Services, peer: str) -> None:
    with _new_browser(services, peer) as stranger:
        for spoofed in ({}, {"X-Forwarded-For": PROXY}, {"Forwarded": f"for={PROXY}"}, {"X-Real-IP": PROXY}):
            answer = stranger.get("/", headers={**ANN, **spoofed})
            assert (answer.status_code, answer.headers.get("set-cookie")) == (403, None)
    assert _sessions(services) == 0


def test_a_session_is_of_no_use_past_the_proxy(browser: TestClient, services: bootstrap.Services) -> None:
    browser.get("/", headers=ANN)
    with _new_browser(services, STRANGER) as stranger:
        stranger.cookies.update(browser.cookies)
        assert stranger.get("/", headers=ANN).status_code == 403


@pytest.mark.parametrize(
    "said",
    [
        [],
        [("X-Forwarded-Email", "")],
        [("X-Forwarded-Email", "nobody")],
        [("X-Forwarded-Email", "ann@example.com, bob@example.com")],
        [("X-Forwarded-Email", "ann@example.com"), ("X-Forwarded-Email", "bob@example.com")],
        [("X-Forwarded-Email", "ann@example.com"), ("X-Forwarded-Email", "ann@example.com")],
        [("X_Forwarded_Email", "ann@example.com")],
        [("x-assistant-identity", "session:abc")],
    ],
    ids=str,
)
def test_a_proxy_that_does_not_say_who_comes_lets_nobody_in(browser: TestClient, said: list[tuple[str, str]]) -> None:
    assert _asked(browser, said).status_code == 401


def test_the_local_operator_is_nobody_to_a_proxy(browser: TestClient, services: bootstrap.Services) -> None:
    services.people.local()
    assert browser.get("/", headers={"X-Forwarded-Email": LOCAL.email}).status_code == 401


def test_another_name_in_the_header_replaces_the_session(browser: TestClient, services: bootstrap.Services) -> None:
    browser.get("/", headers=ANN)
    before = dict(browser.cookies)
    assert browser.get("/", headers=BOB).text == "bob@example.com staff"
    assert dict(browser.cookies) != before
    assert _sessions(services) == 1
    assert browser.post("/", headers={**BOB, "Origin": HOME}).text == "bob@example.com staff"


def test_the_sign_in_page_leads_on_with_a_session(browser: TestClient, services: bootstrap.Services) -> None:
    answer = browser.get("/login?next=/document", headers=ANN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/document")
    assert browser.get("/", headers=ANN).text == "ann@example.com staff"
    assert _sessions(services) == 1


def test_the_log_names_a_strange_peer_once_and_each_refusal_by_its_number(
    browser: TestClient, services: bootstrap.Services, caplog: pytest.LogCaptureFixture
) -> None:
    with _new_browser(services, "10.9.9.9") as stranger:
        for _ in range(3):
            stranger.get("/", headers=ANN)
    assert caplog.text.count("Requests of 10.9.9.9 are refused") == 1
    number = re.search("Number ([0-9a-f]{8})", browser.get("/", headers={"Accept": "text/html"}).text)
    assert number is not None
    assert f"reference {number[1]}" in caplog.text


def test_what_changes_something_begins_no_session(browser: TestClient, services: bootstrap.Services) -> None:
    assert browser.post("/", headers={**ANN, "Origin": HOME}).status_code == 401
    assert _sessions(services) == 0


def test_a_websocket_needs_the_word_and_the_session(browser: TestClient, services: bootstrap.Services) -> None:
    def heard(client: TestClient, headers: dict[str, str]) -> str:
        with client.websocket_connect(STREAM, headers={**headers, "Origin": HOME}) as socket:
            return socket.receive_text()

    def is_refused(client: TestClient, headers: dict[str, str]) -> bool:
        with pytest.raises(WebSocketDisconnect):
            heard(client, headers)
        return True

    assert is_refused(browser, ANN)
    browser.get("/", headers=ANN)
    assert heard(browser, ANN) == "ann@example.com"
    assert is_refused(browser, BOB)
    assert is_refused(browser, {})
    with _new_browser(services, STRANGER) as stranger:
        stranger.cookies.update(browser.cookies)
        assert is_refused(stranger, ANN)


def test_changed_groups_count_at_the_next_request(browser: TestClient, services: bootstrap.Services) -> None:
    browser.get("/", headers=ANN)
    assert browser.get("/", headers={**ANN, "X-Forwarded-Groups": "Bosses"}).text == "ann@example.com admin"
    assert _groups(services) == {"Bosses"}
    browser.get("/", headers={"X-Forwarded-Email": "ann@example.com"})
    assert (_groups(services), services.people.by_email("ann@example.com").role) == (set(), Role.STAFF)  # type: ignore[union-attr]  # there


def test_a_disabled_person_is_refused_with_a_sentence(browser: TestClient, services: bootstrap.Services) -> None:
    browser.get("/", headers=ANN)
    with services.database.write() as session:
        session.execute(text("UPDATE people SET disabled_at = '2026-11-01 00:00:00'"))
    answer = browser.get("/", headers=ANN)
    assert (answer.status_code, "may not be used any more" in answer.text) == (403, True)


def test_a_log_out_ends_the_session_and_says_how_far_that_goes(
    browser: TestClient, services: bootstrap.Services
) -> None:
    browser.get("/", headers=ANN)
    assert browser.get("/auth/logout", headers=ANN).headers["location"] == proxy.ENDED
    assert "a new one" in browser.get(proxy.ENDED, headers=ANN).text
    assert _sessions(services) == 0


def test_a_log_out_leads_on_to_the_proxys_own(tmp_path: Path) -> None:
    settings = _settings(data_dir=tmp_path, proxy_logout_url="/oauth2/sign_out")
    built = bootstrap.build(settings, own_index=False)
    HOLDER.set_ready(built)
    try:
        with _new_browser(built) as browser:
            browser.get("/", headers=ANN)
            assert browser.get("/auth/logout", headers=ANN).headers["location"] == "/oauth2/sign_out"
    finally:
        HOLDER.close()


def test_names_in_other_letters_come_whole(browser: TestClient, services: bootstrap.Services) -> None:
    _asked(browser, [("X-Forwarded-Email", "ann@example.com"), ("X-Forwarded-Preferred-Username", "Änn Ärbor")])
    assert services.people.by_email("ann@example.com").name == "Änn Ärbor"  # type: ignore[union-attr]  # there


@pytest.mark.parametrize(
    ("wrong", "variable"),
    [
        ({"proxy_peers": None}, "ASSISTANT_PROXY_PEERS"),
        ({"proxy_peers": " , "}, "ASSISTANT_PROXY_PEERS"),
        ({"proxy_peers": "proxy.example.org"}, "ASSISTANT_PROXY_PEERS"),
        ({"proxy_user_header": "X Email"}, "ASSISTANT_PROXY_USER_HEADER"),
        ({"proxy_groups_header": "X_Groups"}, "ASSISTANT_PROXY_GROUPS_HEADER"),
        ({"proxy_logout_url": "javascript:alert(1)"}, "ASSISTANT_PROXY_LOGOUT_URL"),
    ],
    ids=str,
)
def test_a_start_without_what_is_needed_names_the_variable(wrong: dict[str, Any], variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        proxy.need_settings(_settings(**wrong))


@pytest.mark.parametrize("leads_to", ["/oauth2/sign_out", "https://login.example.org/out?next=/", None])
def test_a_log_out_may_lead_to_a_path_or_another_host(leads_to: str | None) -> None:
    proxy.need_settings(_settings(proxy_logout_url=leads_to))


def _asked(browser: TestClient, said: list[tuple[str, str]]) -> Response:
    """Ask with these very headers, several of a name among them."""
    raw = [(name.encode(), value.encode()) for name, value in said]
    return browser.request("GET", "/", headers=raw)
