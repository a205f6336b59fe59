"""Somebody is signed out while an answer is being written: they read no further, and the answer is not lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from chat_page import ChatPage
from company import Company, company
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

FIRST, LAST = "These words come first.", "These words come last."


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company with a model that waits at a gate in the middle of its answer."""
    with company(tmp_path_factory.mktemp("scripted"), script="tests/e2e/scripted_app.py") as started:
        yield started


def _open_gate(firm: Company, page: Page) -> None:
    answer = page.request.post(f"{firm.app.url}/gate", headers={"Origin": firm.app.url})
    assert answer.status == 204


def test_the_page_ends_by_itself_and_the_answer_is_there_afterwards(firm: Company, page: Page) -> None:
    ann = firm.person("ann")
    firm.sign_in(page, ann)
    chat = ChatPage(page, firm.app.url)
    chat.ask("hello there")
    expect(chat.live).to_contain_text(FIRST)
    firm.log_out(ann)
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()
    expect(chat.live).to_have_count(0)
    expect(page.get_by_text(FIRST)).to_have_count(0)
    page.get_by_role("link", name="Sign in").click()
    firm.fill_in(page, ann)
    expect(chat.live).to_contain_text(FIRST)
    _open_gate(firm, page)
    expect(chat.done).to_contain_text(LAST)
