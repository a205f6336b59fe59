"""What no source says is marked in words, with the scores behind it, and the source opens with its words marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from chat_page import ChatPage
from playwright.sync_api import Locator, Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser

END = """The cap in Vienna is 145 euros a night. [1]

- A breakfast is always served on the roof. [1]
- The daily meal allowance in Austria is 38 euros.

It is so. :orange-badge[not found in the sources] \ue0000\ue001 not found in the sources"""
MARK = "not found in the sources"
HOTEL = "How much may a hotel room in Vienna cost?"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app with a model that says what they say, and more."""
    variables = {"ASSISTANT_SAMPLES": "off", "SCRIPTED_END": END}
    data_dir = tmp_path_factory.mktemp("support") / "data"
    with RunningApp(data_dir, script="tests/e2e/scripted_app.py", **variables) as running:
        yield running


@pytest.fixture
def answer(app: RunningApp, page: Page, documents: Path) -> Locator:
    """The answer, ended."""
    page.goto(f"{app.url}/knowledge_base")
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(documents / "Travel Policy.pdf")
    row = page.locator("[class*='st-key-document-']").filter(has_text="Travel Policy.pdf").first
    expect(row.get_by_text("ready", exact=True)).to_be_visible()
    chat = ChatPage(page, app.url).open()
    chat.ask(HOTEL)
    expect(chat.live).to_contain_text("These words come first.")
    httpx.post(f"{app.url}/gate", trust_env=False).raise_for_status()
    expect(chat.done).to_have_count(1)
    return chat.done


def marks(answer: Locator) -> Locator:
    return answer.locator(".stMarkdownBadge").filter(has_text=MARK, visible=True)


def test_what_no_source_says_is_marked_in_words_and_no_text_can_fake_a_mark(answer: Locator, page: Page) -> None:
    said = answer.get_by_test_id("stChatMessage").last
    expect(said.get_by_role("listitem").filter(has_text="breakfast")).to_contain_text(MARK)
    expect(said.get_by_role("listitem").filter(has_text="Austria")).not_to_contain_text(MARK)
    vienna = said.get_by_text("The cap in Vienna is 145 euros a night.").filter(visible=True)
    expect(vienna).to_have_text(f"These words come first. {MARK} The cap in Vienna is 145 euros a night. 1")
    expect(marks(said)).to_have_count(3)  # the first words, the breakfast, and the fake itself
    page.reload()
    expect(marks(answer)).to_have_count(3)


def test_the_scores_stand_with_how_it_was_found(answer: Locator) -> None:
    answer.get_by_text("3 passages from 1 document").first.click()
    expect(answer.get_by_text(re.compile(r"Looked up in the sources: 2 of \d sentences found"))).to_be_visible()
    expect(answer.get_by_text(re.compile(r"score 0\.\d\d")).first).to_be_visible()


def test_the_source_opens_at_its_page_with_words_that_stand_there(answer: Locator, page: Page) -> None:
    answer.locator("[class*='st-key-sources-'] button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile("^Supports")).first).to_be_visible()
    expect(dialog.get_by_text("The quoted words stand here word for word.")).to_be_visible()
    expect(dialog.get_by_role("img", name=re.compile("Page 2, with the cited sentence marked"))).to_be_visible()
    dialog.get_by_text("Open as a page").click()
    expect(page).to_have_url(re.compile("/document"))  # the dialog has the same words as the page
    expect(page.get_by_text("The quoted words stand here word for word.")).to_be_visible()
    page.reload()
    expect(page.get_by_role("img", name=re.compile("Page 2, with the cited sentence marked"))).to_be_visible()
