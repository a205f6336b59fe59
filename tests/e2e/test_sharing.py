"""Sharing a conversation in a browser, between two people who sign in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_page import ChatPage
from company import Company, company
from playwright.sync_api import Browser, Page, expect

from assistant.domain import Person, Role

pytestmark = pytest.mark.browser

HOTEL = "How much may a hotel room in Vienna cost?"
ANSWER = "145 euros"
CLOSED = "This answer rests on a document that you may not read"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company with the app."""
    with company(tmp_path_factory.mktemp("firm")) as started:
        yield started


@pytest.fixture
def ann(firm: Company) -> Person:
    return firm.person("ann", Role.ADMIN)


@pytest.fixture
def bob(firm: Company) -> Person:
    return firm.person("bob")


@pytest.fixture
def asked(firm: Company, ann: Person, page: Page, documents: Path) -> ChatPage:
    """Ann's chat with an answer."""
    firm.sign_in(page, ann, "/knowledge_base")
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(documents / "Travel Policy.pdf")
    row = page.locator("[class*='st-key-document-']").filter(has_text="Travel Policy.pdf").first
    expect(row.get_by_text("ready", exact=True)).to_be_visible()
    chat = ChatPage(page, firm.app.url).open()
    expect(chat.answer(HOTEL)).to_contain_text(ANSWER)
    return chat


def share(page: Page, address: str) -> str:
    """Share the open conversation by its menu; return the address for its readers."""
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_role("menuitem", name="Share").or_(page.get_by_role("option", name="Share")).first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Mail address").fill(address)
    dialog.get_by_label("Mail address").press("Tab")
    dialog.get_by_role("button", name="Share", exact=True).click()
    expect(dialog.get_by_text("If there is an account with this address")).to_be_visible()
    expect(dialog.get_by_text(address)).to_be_visible()
    return dialog.get_by_test_id("stCode").inner_text().strip()


def test_a_shared_conversation_is_read_by_the_other_and_only_while_it_is_shared(
    firm: Company, asked: ChatPage, bob: Person, browser: Browser
) -> None:
    link = share(asked.page, bob.email)
    assert link.startswith(f"{firm.app.url}/?shared=")
    reader = browser.new_context().new_page()
    firm.sign_in(reader, bob, link.removeprefix(firm.app.url))
    shown = reader.locator("[class*='st-key-turn-shared-']")
    expect(shown).to_contain_text(ANSWER)
    expect(reader.get_by_text("Ann shared this conversation.")).to_be_visible()
    expect(reader.get_by_test_id("stChatInput")).to_have_count(0)
    reader.locator("[class*='st-key-sources-'] button").first.click()
    expect(reader.get_by_role("dialog").get_by_text("The quoted words stand here word for word.")).to_be_visible()
    reader.keyboard.press("Escape")

    firm.change("UPDATE documents SET restricted = 1")  # open to no group
    reader.get_by_placeholder("Search conversations").fill("leave")
    reader.get_by_placeholder("Search conversations").press("Enter")
    expect(shown).to_contain_text(CLOSED)
    expect(shown).not_to_contain_text(ANSWER)
    firm.change("UPDATE documents SET restricted = 0")

    asked.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(asked.page.get_by_role("dialog").get_by_text("So far only you can read it.")).to_be_visible()
    reader.reload()
    expect(reader.get_by_text("is not shared with you")).to_be_visible()
    expect(reader.get_by_text("Shared with you", exact=True)).to_have_count(0)
    reader.context.close()


def test_an_answer_goes_from_an_open_page_with_the_right_to_its_document(
    firm: Company, asked: ChatPage, bob: Person, browser: Browser
) -> None:
    del asked  # the document is there
    chat = ChatPage(browser.new_context().new_page(), firm.app.url)
    firm.sign_in(chat.page, bob)
    expect(chat.answer(HOTEL)).to_contain_text(ANSWER)
    firm.change("UPDATE documents SET restricted = 1")
    chat.page.get_by_placeholder("Search conversations").fill("hotel")
    chat.page.get_by_placeholder("Search conversations").press("Enter")
    expect(chat.done).to_contain_text(CLOSED)
    expect(chat.done).not_to_contain_text(ANSWER)
    firm.change("UPDATE documents SET restricted = 0")
    chat.page.context.close()


def test_nothing_of_it_is_there_for_who_is_not_signed_in(asked: ChatPage, browser: Browser) -> None:
    link = share(asked.page, "nobody@example.com")
    tab = browser.new_context().new_page()
    tab.goto(link)
    expect(tab.get_by_label("Mail address")).to_be_visible()
    expect(tab.get_by_text(ANSWER)).to_have_count(0)
    tab.context.close()
