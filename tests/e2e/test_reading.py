"""The menu in which a follow-up is put otherwise can be read while it is open, in the dark too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from chat_page import ChatPage
from playwright.sync_api import Browser, Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser


def test_the_open_menu_keeps_a_bright_name_in_the_dark(
    app: RunningApp, browser: Browser, page: Page, documents: Path
) -> None:
    page.goto(f"{app.url}/knowledge_base")
    page.get_by_test_id("stFileUploader").locator("input").set_input_files(documents / "Travel Policy.pdf")
    row = page.locator("[class*='st-key-document-']").filter(has_text="Travel Policy.pdf").first
    expect(row.get_by_text("ready", exact=True)).to_be_visible()
    dark = browser.new_context(color_scheme="dark").new_page()
    chat = ChatPage(dark, app.url).open()
    chat.answer("How much may a hotel room in Vienna cost?")
    chat.answer("and in Lisbon?")
    chat.settle()
    opener = dark.get_by_role("button", name="Change the reading")
    opener.click()
    expect(dark.get_by_role("textbox", name="Read the question as")).to_be_visible()
    color = opener.evaluate("button => getComputedStyle(button).color")
    assert min(int(part) for part in re.findall(r"\d+", color)[:3]) > 180, color
    dark.context.close()
