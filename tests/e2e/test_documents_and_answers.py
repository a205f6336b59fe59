"""From an empty start over an upload to a cited answer and its source, in a real browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from chat_page import ChatPage
from playwright.sync_api import Locator, Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser

HOTEL = "How much may a hotel room in Vienna cost?"


def upload(page: Page, url: str, *files: Path) -> None:
    """Upload files on the knowledge base page and wait until each is ready."""
    page.goto(f"{url}/knowledge_base")
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(files)
    for file in files:
        expect(row(page, file.name).get_by_text("ready", exact=True)).to_be_visible()


def row(page: Page, name: str) -> Locator:
    """The document's row in the list."""
    return page.locator("[class*='st-key-document-']").filter(has_text=name).first


def test_an_empty_start_says_what_to_do(app: RunningApp, page: Page) -> None:
    ChatPage(page, app.url).open()
    expect(page.get_by_text("What would you like to know?")).to_be_visible()
    expect(page.get_by_text("Demo: everything runs on this machine, no sign-in")).to_be_visible()
    expect(page).to_have_title(re.compile("Chat"))
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Knowledge base").click()
    expect(page.get_by_text("There are no documents yet.")).to_be_visible()


def test_an_uploaded_document_answers_with_its_page(app: RunningApp, page: Page, documents: Path) -> None:
    upload(page, app.url, *sorted(documents.iterdir()))
    chat = ChatPage(page, app.url).open()
    answer = chat.answer(HOTEL)
    expect(answer).to_contain_text("145 euros a night")
    expect(chat.sources.first).to_have_text("1 · Travel Policy.pdf · page 2")
    expect(page).to_have_url(re.compile(r"/\?conversation=\w+$"))

    chat.sources.first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("page 2 of 3")).to_be_visible()
    expect(dialog.get_by_role("img", name=re.compile("Page 2, with the cited sentence marked"))).to_be_visible()
    expect(dialog.get_by_role("link", name="Download the original")).to_be_visible()


def test_a_source_has_an_address_and_back_returns_to_the_answer(app: RunningApp, page: Page, documents: Path) -> None:
    upload(page, app.url, documents / "Travel Policy.pdf")
    chat = ChatPage(page, app.url).open()
    chat.answer(HOTEL)
    conversation = page.url
    chat.sources.first.click()
    page.get_by_role("dialog").get_by_text("Open as a page").click()
    expect(page.get_by_role("img", name=re.compile("Page 2, with the cited sentence"))).to_be_visible()
    expect(page).to_have_url(re.compile(r"/document\?document=\w+&version=1&page=2&turn=\w+&source=1"))
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_text("page 3 of 3")).to_be_visible()
    page.goto(conversation)
    expect(chat.done).to_have_count(1)


def test_a_source_without_pages_shows_the_text_with_the_sentence_marked(
    app: RunningApp, page: Page, documents: Path
) -> None:
    upload(page, app.url, documents / "Guest Wireless.md")
    chat = ChatPage(page, app.url).open()
    expect(chat.answer("How do I give a guest access to the wireless network?")).to_contain_text("reception portal")
    expect(chat.sources.first).to_have_text("1 · Guest Wireless.md")
    chat.sources.first.click()
    expect(page.get_by_role("dialog").locator(".st-key-page-text")).to_contain_text("Northwind-Guest")
    expect(page.get_by_role("dialog").locator(".st-key-page-text .stMarkdownColoredBackground").first).to_be_visible()


def test_what_the_documents_do_not_answer_is_said_to_be_unknown(app: RunningApp, page: Page, documents: Path) -> None:
    upload(page, app.url, documents / "Travel Policy.pdf")
    chat = ChatPage(page, app.url).open()
    answer = chat.answer("Which colour has the chairman's parrot?")
    expect(answer.locator("[class*='st-key-abstained-']")).to_contain_text("does not answer this")
    expect(answer.locator("[class*='st-key-sources-']")).to_have_count(0)


def test_an_unreadable_file_fails_with_its_reason_and_can_be_deleted(
    app: RunningApp, page: Page, tmp_path: Path
) -> None:
    broken = tmp_path / "Broken [report](http).pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing of a document follows")
    page.goto(f"{app.url}/knowledge_base")
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(broken)
    failed = row(page, broken.name)
    expect(failed.get_by_text("failed", exact=True)).to_be_visible()
    expect(failed.get_by_role("alert")).to_contain_text("PDF")
    expect(failed.get_by_role("button", name="Retry")).to_be_visible()
    failed.get_by_role("button", name="Actions").click()
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(failed).to_have_count(0)


def test_conversations_are_listed_renamed_deleted_and_restored(app: RunningApp, page: Page) -> None:
    chat = ChatPage(page, app.url).open()
    chat.answer("Hello, what can you do?")
    sidebar = page.get_by_test_id("stSidebar")
    menu = sidebar.get_by_role("button", name="Edit")
    menu.click()
    page.get_by_text("Rename", exact=True).click()
    page.get_by_role("dialog").get_by_role("textbox", name="Title").fill("First steps")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(sidebar.get_by_role("button", name="First steps")).to_be_visible()

    menu.click()
    page.get_by_text("Clear", exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text("This cannot be undone.")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(chat.done).to_have_count(1)

    menu.click()
    page.get_by_text("Delete", exact=True).click()
    expect(sidebar.get_by_text("Deleted “First steps”.")).to_be_visible()
    expect(chat.done).to_have_count(0)
    sidebar.get_by_role("button", name="Undo").click()
    expect(chat.done).to_have_count(1)
    expect(page).to_have_url(re.compile("conversation="))
