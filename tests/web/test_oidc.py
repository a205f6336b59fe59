"""Signing in by an identity provider: the whole way through the gate, and everything that must end before it."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from httpx2 import Response
from oidc_server import CLIENT, SECRET, OidcServer
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from assistant import bootstrap
from assistant.errors import SettingsError
from assistant.settings import Settings, load
from assistant.web import oidc
from assistant.web.gate import Gate
from assistant.web.identity import person_of
from assistant.web.routes import routes
from assistant.web.state import HOLDER

HOME = "https://assist.example.org"
HOSTS = ["assist.example.org"]


@pytest.fixture(scope="module")
def provider() -> Iterator[OidcServer]:
    server = OidcServer()
    yield server
    server.close()


@pytest.fixture
def services(provider: OidcServer, tmp_path: Path) -> Iterator[bootstrap.Services]:
    built = bootstrap.build(_settings(provider.url, data_dir=tmp_path / "data"), own_index=False)
    HOLDER.set_ready(built)
    yield built
    HOLDER.close()


@pytest.fixture
def server(provider: OidcServer) -> OidcServer:
    """The provider, honest again."""
    provider.says = type(provider.says)()
    return provider


@pytest.fixture
def browser(services: bootstrap.Services) -> Iterator[TestClient]:
    with _new_browser(services) as client:
        yield client


def _settings(issuer: str = "https://id.example.org", **other: Any) -> Settings:
    given: dict[str, Any] = {
        "auth": "oidc", "public_url": HOME, "oidc_issuer": issuer, "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET, "samples": False, **other,
    }  # fmt: skip
    return load(_env_file=None, **given)


def _new_browser(services: bootstrap.Services) -> TestClient:
    async def page(request: Any) -> PlainTextResponse:
        return PlainTextResponse(person_of(services, request.headers).email)

    app = Starlette(
        routes=[*routes(lambda: HOSTS), Route("/", page)],
        middleware=[Middleware(Gate, hosts=lambda: HOSTS, assets=frozenset())],
    )
    return TestClient(app, base_url=HOME, follow_redirects=False)


def _begin(browser: TestClient, **query: str) -> str:
    """Begin to sign in and return the address of the provider that the browser is led to."""
    answer = browser.get(oidc.START, params=query)
    assert answer.status_code == 303
    return str(answer.headers["location"])


def _come_back(browser: TestClient, server: OidcServer, address: str, **other: str) -> Response:
    code, state = server.begin(address)
    return browser.get(oidc.BACK, params={"code": code, "state": state, **other})


def _is_refused(answer: Response, status: int, caplog: pytest.LogCaptureFixture) -> bool:
    """One sentence with a number that stands in the log, and no session."""
    number = re.search(r"(?:number|Number) ([0-9a-f]{8})", answer.text)
    assert number is not None, answer.text
    assert f"reference {number[1]}" in caplog.text
    return answer.status_code == status and "assistant_session" not in answer.headers.get("set-cookie", "")


def test_a_person_comes_in_and_the_link_is_kept(browser: TestClient, server: OidcServer) -> None:
    answer = _come_back(browser, server, _begin(browser, next="/?conversation=abc"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/?conversation=abc")
    cookies = answer.headers.get_list("set-cookie")
    session = next(cookie for cookie in cookies if cookie.startswith("__Host-assistant_session="))
    assert {"HttpOnly", "SameSite=Lax", "Secure", "Path=/"} <= set(session.split("; "))
    assert browser.get("/").text == "ann@example.com"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example.org/", "//evil.example.org", "/\\evil.example.org", "/auth/logout", "javascript:1"],
)
def test_nobody_is_led_to_another_site(browser: TestClient, server: OidcServer, elsewhere: str) -> None:
    assert _come_back(browser, server, _begin(browser, next=elsewhere)).headers["location"] == "/"


def test_the_cookie_of_a_flow_is_bound_to_this_host_and_no_script_reads_it(browser: TestClient) -> None:
    cookie = browser.get(oidc.START).headers["set-cookie"]
    assert cookie.startswith("__Host-assistant_flow_")
    assert {"HttpOnly", "Secure", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))


def test_several_tabs_can_be_on_their_way(browser: TestClient, server: OidcServer) -> None:
    first, second = _begin(browser, next="/a"), _begin(browser, next="/b")
    assert _come_back(browser, server, first).headers["location"] == "/a"
    assert _come_back(browser, server, second).headers["location"] == "/b"


def test_an_answer_works_once(browser: TestClient, server: OidcServer, caplog: pytest.LogCaptureFixture) -> None:
    address = _begin(browser)
    kept = dict(browser.cookies)
    _come_back(browser, server, address)
    browser.cookies.update(kept)
    assert _is_refused(_come_back(browser, server, address), 400, caplog)


def test_an_answer_of_another_browser_is_refused(
    browser: TestClient, services: bootstrap.Services, server: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    with _new_browser(services) as other:
        address = _begin(other)
        assert _is_refused(_come_back(browser, server, address), 400, caplog)
        _begin(browser)
        assert _is_refused(_come_back(browser, server, address), 400, caplog)


def test_a_state_that_was_swapped_is_refused(
    browser: TestClient, server: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = _begin(browser), _begin(browser)
    code, _ = server.begin(first)
    state = parse_qs(urlsplit(second).query)["state"][0]
    assert _is_refused(browser.get(oidc.BACK, params={"code": code, "state": state}), 502, caplog)


def test_a_state_is_compared_to_its_end(
    browser: TestClient, server: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    code, state = server.begin(_begin(browser))
    other = state[:-1] + ("A" if state[-1] != "A" else "B")
    assert _is_refused(browser.get(oidc.BACK, params={"code": code, "state": other}), 400, caplog)


def test_an_answer_after_ten_minutes_is_refused(
    browser: TestClient, services: bootstrap.Services, server: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    address = _begin(browser)
    with services.database.write() as session:
        session.execute(text("UPDATE sign_in_flows SET expires_at = '2026-01-01 00:00:00.000000'"))
    assert _is_refused(_come_back(browser, server, address), 400, caplog)


@pytest.mark.parametrize("query", ["", "state=x&code=y", f"state={'a' * 43}&code=y", f"state={'%00' * 43}"])
def test_an_answer_to_nothing_is_refused(browser: TestClient, query: str, caplog: pytest.LogCaptureFixture) -> None:
    assert _is_refused(browser.get(f"{oidc.BACK}?{query}"), 400, caplog)


def test_an_answer_that_names_another_provider_is_refused(
    browser: TestClient, server: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    assert _is_refused(_come_back(browser, server, _begin(browser), iss="https://evil.example.org"), 502, caplog)
    assert _come_back(browser, server, _begin(browser), iss=server.url).status_code == 303


def test_a_provider_that_names_itself_in_answers_must_do_so(
    browser: TestClient, server: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.says.metadata = {"authorization_response_iss_parameter_supported": True}
    assert _is_refused(_come_back(browser, server, _begin(browser)), 502, caplog)


def test_who_says_no_at_the_provider_reads_a_sentence_of_ours(
    browser: TestClient, server: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    _, state = server.begin(_begin(browser))
    told = {"error": "access_denied", "error_description": "<b>call 0900</b>", "state": state}
    answer = browser.get(oidc.BACK, params=told)
    assert _is_refused(answer, 403, caplog)
    assert "0900" not in answer.text
    assert "'access_denied'" in caplog.text


def test_who_has_no_confirmed_address_is_refused_with_a_way_to_another_account(
    browser: TestClient, server: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.says.user = {"email_verified": False}
    answer = _come_back(browser, server, _begin(browser))
    assert _is_refused(answer, 403, caplog)
    assert f'href="{oidc.END}"' in answer.text
    assert browser.get("/").status_code == 401


@pytest.mark.parametrize(
    "wrong", [{"signed_by": "secret"}, {"user": {"sub": "bob"}}, {"claims": {"nonce": "x"}}], ids=str
)
def test_what_cannot_be_believed_opens_no_session(
    browser: TestClient, server: OidcServer, wrong: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    address = _begin(browser)
    for name, value in wrong.items():
        setattr(server.says, name, value)
    answer = _come_back(browser, server, address)
    assert _is_refused(answer, 502, caplog)
    assert browser.get("/").status_code == 401
    assert _come_back(browser, server, address).status_code == 400  # the sign-in is used up


def test_codes_and_tokens_are_in_no_log_and_no_table(
    browser: TestClient, server: OidcServer, services: bootstrap.Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code, state = server.begin(_begin(browser))
    answer = browser.get(oidc.BACK, params={"code": code, "state": state})
    token = next(one for one in answer.headers.get_list("set-cookie") if one.startswith(oidc.TOKEN_COOKIE))
    server.says.signed_by = "stranger"
    _come_back(browser, server, _begin(browser))
    secret = token.partition("=")[2].partition(";")[0]
    with services.database.read() as session:
        kept = "\n".join(session.connection().connection.iterdump())
    for text_kept in ("\n".join(record.getMessage() for record in caplog.records if _is_ours(record)), kept):
        assert secret not in text_kept
        assert SECRET not in text_kept
        assert code not in text_kept


def test_a_provider_that_cannot_be_reached_is_one_sentence(
    browser: TestClient, server: OidcServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.says.answers = {"/.well-known/openid-configuration": (503, b"<h1>nginx at 10.0.0.9</h1>")}
    answer = browser.get(oidc.START)
    assert _is_refused(answer, 502, caplog)
    assert "10.0.0.9" not in answer.text


def test_a_log_out_ends_the_session_and_leads_to_the_provider(browser: TestClient, server: OidcServer) -> None:
    _come_back(browser, server, _begin(browser))
    left = browser.get("/auth/logout")
    assert left.headers["location"] == oidc.END
    page = browser.get(oidc.END)
    leads_to = page.headers["refresh"].partition("url=")[2]
    asked = parse_qs(urlsplit(leads_to).query)
    assert leads_to.startswith(f"{server.url}/end?")
    assert asked["client_id"] == [CLIENT]
    assert asked["post_logout_redirect_uri"] == [f"{HOME}{oidc.ENDED}"]
    assert len(asked["id_token_hint"][0].split(".")) == 3
    assert browser.get("/").status_code == 401
    assert "id_token_hint" not in browser.get(oidc.END).headers["refresh"]


def test_without_a_place_to_log_out_the_page_says_that_the_provider_goes_on(
    browser: TestClient, server: OidcServer
) -> None:
    server.says.metadata = {"end_session_endpoint": None}
    page = browser.get(oidc.END)
    assert "refresh" not in page.headers
    assert "still signed in at the provider" in page.text


def test_in_other_ways_of_signing_in_the_routes_are_not_there(tmp_path: Path) -> None:
    built = bootstrap.build(load(_env_file=None, data_dir=tmp_path, auth="password", public_url=HOME), own_index=False)
    HOLDER.set_ready(built)
    try:
        with _new_browser(built) as browser:
            for path in (oidc.START, oidc.BACK, oidc.END, oidc.ENDED):
                assert browser.get(path).status_code == 404
    finally:
        HOLDER.close()


def test_old_sign_ins_make_room(browser: TestClient, services: bootstrap.Services) -> None:
    for _ in range(3):
        _begin(browser)
    with services.database.write() as session:
        session.execute(text("UPDATE sign_in_flows SET expires_at = '2026-01-01 00:00:00.000000'"))
    _begin(browser)
    with services.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM sign_in_flows")) == 1


@pytest.mark.parametrize(
    ("wrong", "variable"),
    [
        ({"oidc_issuer": None}, "ASSISTANT_OIDC_ISSUER"),
        ({"oidc_issuer": "http://id.example.org"}, "ASSISTANT_OIDC_ISSUER"),
        ({"oidc_issuer": "id.example.org"}, "ASSISTANT_OIDC_ISSUER"),
        ({"oidc_client_id": None}, "ASSISTANT_OIDC_CLIENT_ID"),
        ({"oidc_scopes": "email"}, "ASSISTANT_OIDC_SCOPES"),
        ({"public_url": None}, "ASSISTANT_PUBLIC_URL"),
        ({"public_url": "http://assist.example.org"}, "ASSISTANT_PUBLIC_URL"),
    ],
    ids=str,
)
def test_a_start_without_what_is_needed_names_the_variable(wrong: dict[str, Any], variable: str) -> None:
    with pytest.raises(SettingsError, match=variable):
        oidc.need_settings(_settings(**wrong), None)


@pytest.mark.parametrize(
    ("given", "address"),
    [({}, None), ({"public_url": None}, "127.0.0.1"), ({"oidc_client_secret": None}, None)],
    ids=str,
)
def test_a_start_with_what_is_needed_goes_on(given: dict[str, Any], address: str | None) -> None:
    oidc.need_settings(_settings(**given), address)


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.startswith("assistant")
