"""What tests do on the chat page, by the hooks that the pages promise."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


class ChatPage:
    """One tab on the chat."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.composer = page.get_by_test_id("stChatInputTextArea")
        self.live = page.locator("[class*='st-key-turn-live-']")
        self.done = page.locator("[class*='st-key-turn-done-']")
        self.sources = page.locator("[class*='st-key-sources-'] button")

    def open(self, path: str = "/") -> ChatPage:
        """Go there and wait until a question can be typed."""
        self.page.goto(self.url + path)
        expect(self.composer).to_be_visible()
        return self

    def ask(self, question: str) -> None:
        """Send a question."""
        expect(self.composer).to_be_enabled()
        self.composer.fill(question)
        self.composer.press("Enter")

    def answer(self, question: str) -> Locator:
        """Send a question and wait until its answer has ended."""
        before = self.done.count()
        self.ask(question)
        ended = self.done.nth(before)
        expect(ended).to_be_visible()
        return ended
