"""What would have an effect is shown on a card first, and done only as the person confirmed it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from chat_page import ChatPage
from playwright.sync_api import Locator, Page, expect
from running_app import RunningApp
from wire_behaviours import calls_tool, says
from wire_server import WireServer

pytestmark = pytest.mark.browser

ORDER = "Open a ticket, my headset makes no sound"
ARGUMENTS = {"title": "Headset is silent", "details": "It makes no sound.", "priority": "normal"}
ASKS = calls_tool("create_ticket", ARGUMENTS)
DONE = "Your ticket is open."


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, wire: WireServer) -> Iterator[RunningApp]:
    """The app with a tool that creates tickets, and OpenAI as the default."""
    variables = {"OPENAI_API_KEY": "sk-test-0123456789abcdefghij", "OPENAI_BASE_URL": f"{wire.url}/v1"}
    folder = tmp_path_factory.mktemp("acting") / "data"
    default = {"ASSISTANT_SAMPLES": "off", "ASSISTANT_DEFAULT_PROVIDER": "openai"}
    with RunningApp(folder, script="tests/e2e/acting_app.py", **default, **variables) as running:
        yield running


@pytest.fixture
def chat(app: RunningApp, wire: WireServer, page: Page) -> ChatPage:
    """A chat with a card that waits."""
    wire.answers(ASKS, says(DONE))
    chat = ChatPage(page, app.url).open()
    chat.ask(ORDER)
    expect(confirm(chat)).to_be_visible()
    return chat


def confirm(chat: ChatPage) -> Locator:
    return chat.done.get_by_role("button", name="Create ticket")


def made(app: RunningApp) -> list[dict[str, Any]]:
    tickets: list[dict[str, Any]] = httpx.get(f"{app.url}/made", trust_env=False).raise_for_status().json()
    return tickets


def test_nothing_is_done_before_the_yes_and_then_it_is_done_once(app: RunningApp, chat: ChatPage) -> None:
    before = made(app)
    expect(chat.done).to_contain_text("Nothing has been done yet.")
    expect(chat.done.get_by_role("textbox", name="Title")).to_have_value("Headset is silent")
    confirm(chat).dblclick()
    expect(chat.done).to_contain_text(DONE)
    expect(confirm(chat)).to_have_count(0)
    expect(chat.page.get_by_text("decided already")).to_have_count(0)
    assert made(app) == [*before, ARGUMENTS]


def test_what_is_changed_on_the_card_is_what_is_done(app: RunningApp, chat: ChatPage) -> None:
    chat.done.get_by_role("textbox", name="Title").fill("Headset, left ear")
    chat.done.get_by_role("combobox", name="Priority (optional)").click()
    chat.page.get_by_role("option", name="high").click()
    confirm(chat).click()
    expect(chat.done).to_contain_text(DONE)
    assert made(app)[-1] == {**ARGUMENTS, "title": "Headset, left ear", "priority": "high"}


def test_a_no_does_nothing_and_its_reason_reaches_the_model(app: RunningApp, wire: WireServer, chat: ChatPage) -> None:
    before = made(app)
    chat.done.get_by_role("textbox", name="Why not").fill("The wrong headset")
    chat.done.get_by_role("button", name="Do not do it").click()
    expect(chat.done).to_contain_text(DONE)
    assert made(app) == before
    assert "The wrong headset" in str(wire.requests[-1].body["messages"])


def test_the_card_survives_a_reload(app: RunningApp, chat: ChatPage) -> None:
    before = made(app)
    chat.page.reload()
    expect(confirm(chat)).to_be_visible()
    assert made(app) == before
    confirm(chat).click()
    expect(chat.done).to_contain_text(DONE)
    assert len(made(app)) == len(before) + 1


def test_a_second_tab_that_decides_too_late_is_told_so(app: RunningApp, chat: ChatPage) -> None:
    late = ChatPage(chat.page.context.new_page(), "").open(chat.page.url)
    expect(confirm(late)).to_be_visible()
    confirm(chat).click()
    expect(chat.done).to_contain_text(DONE)
    before = made(app)
    confirm(late).click()
    expect(late.page.get_by_text("This was decided already, in another tab")).to_be_visible()
    expect(late.done).to_contain_text(DONE)
    assert made(app) == before


def test_asking_something_else_lets_the_card_go_undone(app: RunningApp, wire: WireServer, chat: ChatPage) -> None:
    before = made(app)
    wire.answers(says("Hello to you."))
    chat.ask("hello there")
    expect(chat.done.last).to_contain_text("Hello to you.")
    expect(confirm(chat)).to_have_count(0)
    expect(chat.done.first).to_contain_text("This was not done: you asked something else")
    assert made(app) == before
