"""Stopping, reloading and leaving while an answer is being written."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from chat_page import ChatPage
from playwright.sync_api import Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser

FIRST, LAST = "These words come first.", "These words come last."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app with a model that waits at a gate in the middle of its answer."""
    data_dir = tmp_path_factory.mktemp("scripted") / "data"
    with RunningApp(data_dir, script="tests/e2e/scripted_app.py", ASSISTANT_SAMPLES="off") as running:
        yield running


def open_gate(app: RunningApp) -> None:
    httpx.post(f"{app.url}/gate", trust_env=False).raise_for_status()


@pytest.fixture
def chat(app: RunningApp, page: Page) -> ChatPage:
    """A chat in the middle of an answer."""
    chat = ChatPage(page, app.url).open()
    chat.ask("hello there")
    expect(chat.live).to_contain_text(FIRST)
    return chat


def test_the_composers_stop_ends_the_answer_and_keeps_what_was_written(chat: ChatPage) -> None:
    chat.page.get_by_test_id("stChatInputStopButton").click()
    expect(chat.done).to_contain_text(FIRST)
    expect(chat.done).to_contain_text("You stopped this answer.")
    expect(chat.done).not_to_contain_text(LAST)
    expect(chat.done.get_by_role("button", name="Retry")).to_be_visible()
    expect(chat.composer).to_be_enabled()


def test_a_stopped_answer_can_be_asked_for_again(app: RunningApp, chat: ChatPage) -> None:
    chat.page.get_by_test_id("stChatInputStopButton").click()
    chat.done.get_by_role("button", name="Retry").click()
    expect(chat.live).to_contain_text(FIRST)
    open_gate(app)
    expect(chat.done).to_have_count(2)
    expect(chat.done.last).to_contain_text(LAST)


def test_a_reload_takes_the_running_answer_up_again(app: RunningApp, chat: ChatPage) -> None:
    chat.page.reload()
    expect(chat.live).to_contain_text(FIRST)
    expect(chat.composer).to_be_disabled()
    open_gate(app)
    expect(chat.done).to_contain_text(LAST)
    expect(chat.composer).to_be_enabled()


def test_after_a_reload_the_answer_can_still_be_stopped(chat: ChatPage) -> None:
    chat.page.reload()
    chat.live.get_by_role("button", name="Stop").click()
    expect(chat.done).to_contain_text("You stopped this answer.")
    expect(chat.composer).to_be_enabled()


def test_another_click_does_not_stop_the_answer(app: RunningApp, chat: ChatPage) -> None:
    search = chat.page.get_by_role("textbox", name="Search conversations")
    search.fill("hello")
    search.press("Enter")
    expect(chat.live.get_by_role("button", name="Stop")).to_be_visible()
    open_gate(app)
    expect(chat.done).to_contain_text(LAST)


def test_an_answer_goes_on_when_its_tab_is_closed(app: RunningApp, chat: ChatPage) -> None:
    address = chat.page.url
    context = chat.page.context
    chat.page.close()
    later = ChatPage(context.new_page(), "").open(address)
    expect(later.live).to_contain_text(FIRST)
    open_gate(app)
    expect(later.done).to_contain_text(LAST)
    expect(later.done).not_to_contain_text("stopped")
