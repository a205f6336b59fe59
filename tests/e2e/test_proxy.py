"""A real nginx in front, with the example that the project ships: its word is taken, and nobody else's."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator

import httpx
import pytest
from chat_page import ChatPage
from nginx import Nginx, StandIn, program
from playwright.sync_api import Browser, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser

BOB = {"X-Forwarded-Email": "bob@example.com"}
WAIT_MS = 30_000


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app behind the proxy; skipped with a sentence without nginx, a failure where it must be."""
    if program() is None:
        sentence = "nginx is not installed: signing in by a proxy is tested without one."
        (pytest.fail if os.environ.get("ASSISTANT_REQUIRE_NGINX") == "1" else pytest.skip)(sentence)
    variables = {
        "ASSISTANT_AUTH": "proxy", "ASSISTANT_PROXY_PEERS": "127.0.0.1/32", "ASSISTANT_SAMPLES": "off",
        "ASSISTANT_PROXY_LOGOUT_URL": "/oauth2/sign_out",
    }  # fmt: skip
    with RunningApp(tmp_path_factory.mktemp("app") / "data", **variables) as running:
        yield running


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    playing = StandIn()
    yield playing
    playing.close()


@pytest.fixture
def nginx(app: RunningApp, stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    running = Nginx(tmp_path_factory.mktemp("nginx"), app.port, stand_in.port)
    yield running
    running.close()


@pytest.fixture
def client(nginx: Nginx) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cafile=nginx.certificate)
    with httpx.Client(base_url=nginx.url, verify=trusted, trust_env=False, timeout=20) as open_client:
        yield open_client


def test_who_the_proxy_names_comes_in_with_a_secure_cookie(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-assistant_session=")
    assert "Secure" in cookie


def test_what_a_client_says_through_the_proxy_is_overwritten(client: httpx.Client, stand_in: StandIn) -> None:
    client.get("/")
    answer = client.get("/", headers={**BOB, "X-Forwarded-Groups": "Bosses", "x_forwarded_email": "bob@example.com"})
    assert (answer.status_code, answer.headers.get("set-cookie")) == (200, None)  # the session is Ann's, and goes on
    stand_in.person = {}
    assert client.get("/", headers=BOB).status_code == 401


def test_who_is_not_signed_in_is_led_to_the_proxys_own_page(client: httpx.Client, stand_in: StandIn) -> None:
    stand_in.person = None
    assert client.get("/").text == "oauth2-proxy: /oauth2/start"


def test_another_peer_is_refused_whatever_it_says(app: RunningApp) -> None:
    """The machine has more than one loopback address, and the settings name the first alone."""
    there = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(transport=there, trust_env=False) as stranger:
        for spoofed in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1"}):
            assert stranger.get(app.url, headers={**BOB, **spoofed}).status_code == 403


def test_a_peer_says_for_whom_and_stays_the_peer(app: RunningApp) -> None:
    said = {**BOB, "X-Forwarded-For": "203.0.113.9"}
    assert httpx.get(app.url, headers=said, trust_env=False).status_code == 200


def test_a_question_is_answered_through_the_proxy(browser: Browser, nginx: Nginx) -> None:
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    try:
        chat = ChatPage(context.new_page(), nginx.url).open()
        chat.answer("Hello, what can you do?")
        chat.page.goto(f"{nginx.url}/auth/logout")
        expect(chat.page.get_by_text("oauth2-proxy: /oauth2/sign_out")).to_be_visible()
    finally:
        context.close()
