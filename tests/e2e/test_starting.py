"""The port opens before the services stand, and a killed app takes its conversations up again."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest
from chat_page import ChatPage
from playwright.sync_api import Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser


def test_a_page_opened_during_the_start_becomes_usable_by_itself(page: Page, tmp_path: Path) -> None:
    app = RunningApp(tmp_path / "data", ASSISTANT_SAMPLES="off")
    app.start()
    try:
        app.wait_until_open()
        ChatPage(page, app.url).open().answer("Hello, what can you do?")
    finally:
        app.end()


def test_an_answer_cut_by_a_killed_app_says_so_and_can_be_retried(page: Page, tmp_path: Path) -> None:
    script = "tests/e2e/scripted_app.py"
    with RunningApp(tmp_path / "data", script=script, ASSISTANT_SAMPLES="off") as app:
        chat = ChatPage(page, app.url).open()
        chat.ask("hello there")
        expect(chat.live).to_contain_text("These words come first.")
        address = page.url.removeprefix(app.url)
        app.kill()
        app.start()
        app.wait_until_answering()
        again = ChatPage(page, app.url).open(address)
        expect(again.done.get_by_role("alert")).to_contain_text("was closed while this answer was being written")
        expect(again.done.get_by_role("button", name="Retry")).to_be_visible()
        expect(again.composer).to_be_enabled()


def test_an_orderly_end_stores_the_running_answer_and_frees_the_folder(page: Page, tmp_path: Path) -> None:
    script = "tests/e2e/scripted_app.py"
    app = RunningApp(tmp_path / "data", script=script, ASSISTANT_SAMPLES="off")
    with app:
        chat = ChatPage(page, app.url).open()
        chat.ask("hello there")
        expect(chat.live).to_contain_text("These words come first.")
        address = page.url.removeprefix(app.url)
        began = time.monotonic()
        assert app.end() in (0, -signal.SIGTERM)  # the server ends in order and then by the signal it was sent
        assert time.monotonic() - began < 10
        app.start()
        app.wait_until_answering()
        again = ChatPage(page, app.url).open(address)
        expect(again.done).to_contain_text("These words come first.")
        expect(again.done.get_by_role("button", name="Retry")).to_be_visible()


def test_a_deep_link_is_served_inside_the_frame_from_the_first_request_on(page: Page, tmp_path: Path) -> None:
    with RunningApp(tmp_path / "data", ASSISTANT_SAMPLES="off") as app:
        page.goto(f"{app.url}/knowledge_base")
        expect(page.get_by_test_id("stFileUploader")).to_be_visible()
        expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(6)


def test_going_back_returns_to_the_earlier_conversation(page: Page, tmp_path: Path) -> None:
    with RunningApp(tmp_path / "data", ASSISTANT_SAMPLES="off") as app:
        chat = ChatPage(page, app.url).open()
        chat.answer("Hello, what can you do?")
        first = page.url
        page.get_by_role("button", name="New chat").click()
        expect(chat.done).to_have_count(0)
        chat.answer("Hi there, who are you?")
        second = page.url
        assert first != second
        page.get_by_test_id("stSidebar").get_by_role("button", name="Hello, what can you do?").click()
        expect(page).to_have_url(first)
        page.go_back()
        expect(page).to_have_url(second)
        expect(chat.done).to_contain_text("Hi there, who are you?")
