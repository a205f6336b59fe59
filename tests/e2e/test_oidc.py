"""Signing in by a real OpenID Connect provider, in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from chat_page import ChatPage
from contract.conftest import REQUIRED
from identity_provider import IdentityProvider, missing, too_old
from playwright.sync_api import Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser

ANN = {"email": "ann@example.com", "email_verified": True, "name": "Ann Arbor", "groups": ["Sales"]}
BOB = {"email": "bob@example.com", "email_verified": True, "name": "Bob Berg", "groups": ["Bosses"]}
EVE = {"email": "eve@example.com", "email_verified": False, "name": "Eve", "groups": []}


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    """The provider; skipped with a sentence without node, a failure where node must be."""
    reason = missing()
    if reason and os.environ.get(REQUIRED) == "1":
        pytest.fail(reason)
    if reason or too_old():
        pytest.skip(reason or too_old() or "")
    running = IdentityProvider({"ann": ANN, "bob": BOB, "eve": EVE})
    yield running
    running.close()


@pytest.fixture(scope="module")
def app(provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app, which people come into by the provider alone."""
    variables = {**provider.settings(), "ASSISTANT_ADMIN_GROUPS": "Bosses", "ASSISTANT_SAMPLES": "off"}
    running = RunningApp(tmp_path_factory.mktemp("app") / "data", **variables)
    provider.start(running.url)
    with running:
        yield running


def _sign_in(page: Page, login: str) -> None:
    page.get_by_role("link", name="Sign in").click()
    expect(page).to_have_title("Provider")
    page.locator("input[name=login]").fill(login)
    page.get_by_role("button", name="Go on").click()


def test_a_link_is_kept_through_signing_in(page: Page, app: RunningApp) -> None:
    page.goto(f"{app.url}/?conversation=from-a-mail")
    _sign_in(page, "ann")
    page.wait_for_url(f"{app.url}/?conversation=from-a-mail")
    expect(ChatPage(page, app.url).composer).to_be_visible()


def test_who_signed_in_can_ask(page: Page, app: RunningApp) -> None:
    page.goto(app.url)
    _sign_in(page, "ann")
    chat = ChatPage(page, app.url)
    expect(chat.composer).to_be_visible()
    chat.answer("Hello, what can you do?")


def test_a_log_out_ends_both_sessions(page: Page, app: RunningApp) -> None:
    page.goto(app.url)
    _sign_in(page, "ann")
    expect(ChatPage(page, app.url).composer).to_be_visible()
    had = page.context.cookies()
    page.goto(f"{app.url}/auth/logout")
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()
    page.context.add_cookies(
        [{"name": one["name"], "value": one["value"], "url": app.url} for one in had if "session" in one["name"]]
    )
    page.goto(app.url)  # with the cookie from before
    page.get_by_role("link", name="Sign in").click()
    expect(page.locator("input[name=login]")).to_be_visible()  # the provider does not know the browser any more


def test_who_is_refused_reads_one_sentence_with_a_number_of_the_log(page: Page, app: RunningApp) -> None:
    page.goto(app.url)
    _sign_in(page, "eve")
    expect(page.get_by_text("no confirmed mail address")).to_be_visible()
    number = page.locator("main").inner_text().partition("(Number ")[2][:8]
    assert number in app.log.read_text()
