"""Signing in by a real OpenID Connect provider, in a browser."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from chat_page import ChatPage
from command_line import CommandLine
from contract.conftest import REQUIRED
from identity_provider import IdentityProvider, missing, too_old
from playwright.sync_api import Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser

QUESTION = "What is the discount for resellers?"
ANN = {"email": "ann@example.com", "email_verified": True, "name": "Ann Arbor", "groups": ["Sales"]}
CARL = {"email": "carl@example.com", "email_verified": True, "name": "Carl", "groups": ["Berlin"]}
EVE = {"email": "eve@example.com", "email_verified": False, "name": "Eve", "groups": []}


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    """The provider; skipped with a sentence without node, a failure where node must be."""
    reason = missing()
    if reason and os.environ.get(REQUIRED) == "1":
        pytest.fail(reason)
    if reason or too_old():
        pytest.skip(reason or too_old() or "")
    running = IdentityProvider({"ann": ANN, "carl": CARL, "eve": EVE})
    yield running
    running.close()


@pytest.fixture(scope="module")
def app(provider: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app, which people come into by the provider alone, with a space for the provider's group Sales."""
    data_dir = tmp_path_factory.mktemp("app") / "data"
    command = CommandLine(data_dir)
    command.value("spaces", "add", "Prices", "--group", "Sales", "--json")
    document = data_dir.parent / "Resellers.md"
    document.write_text("# Resellers\n\nThe discount for resellers is 17 percent of the list price.\n")
    command.value("ingest", str(document), "--space", "Prices", "--wait", "--json")
    running = RunningApp(data_dir, **provider.settings(), ASSISTANT_SAMPLES="off")
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


def test_a_group_of_the_provider_opens_its_space(page: Page, app: RunningApp) -> None:
    assert "17 percent" in _answer(page, app, "ann")


def test_who_is_not_in_the_group_is_told_nothing_of_it(page: Page, app: RunningApp) -> None:
    answer = _answer(page, app, "carl")
    assert "17 percent" not in answer
    assert "Resellers" not in answer


def _answer(page: Page, app: RunningApp, login: str) -> str:
    page.goto(app.url)
    _sign_in(page, login)
    chat = ChatPage(page, app.url)
    expect(chat.composer).to_be_visible()
    return chat.answer(QUESTION).inner_text()


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


def test_who_is_refused_reads_one_sentence_and_can_come_as_somebody_else(page: Page, app: RunningApp) -> None:
    page.goto(app.url)
    _sign_in(page, "eve")
    expect(page.get_by_text("no confirmed mail address")).to_be_visible()
    number = page.locator("main").inner_text().partition("(Number ")[2][:8]
    assert number in app.log.read_text()
    page.get_by_role("link", name="Use another account").click()
    page.get_by_role("button", name="End it").click()
    page.get_by_role("link", name="Sign in").click()
    _sign_in(page, "ann")
    expect(ChatPage(page, app.url).composer).to_be_visible()
