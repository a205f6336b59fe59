"""Limits in a browser: two tabs share them, and what was refused is still there to be sent later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chat_page import ChatPage
from playwright.sync_api import Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser


@pytest.fixture
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """An app in which a person may ask three questions a minute."""
    folder = tmp_path_factory.mktemp("strict") / "data"
    with RunningApp(folder, ASSISTANT_SAMPLES="off", ASSISTANT_QUESTIONS_PER_MINUTE="3") as running:
        yield running


def test_two_tabs_share_the_questions_of_a_minute(strict: RunningApp, page: Page) -> None:
    one = ChatPage(page, strict.url).open()
    other = ChatPage(page.context.new_page(), strict.url).open()
    for tab in (one, other, one):
        tab.answer("Hello")
    other.ask("And how many days of leave do I have?")
    refusal = other.page.get_by_text("You have asked 3 questions within a minute, which is the limit: ask again in")
    expect(refusal).to_be_visible()
    expect(other.composer).to_have_value("And how many days of leave do I have?")
    expect(other.done).to_have_count(1)
