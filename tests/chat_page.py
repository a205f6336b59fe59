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
        self.badge = page.locator("[class*='st-key-badge-']")
        self.sources = page.locator("[class*='st-key-sources-'] button")

    def open(self, path: str = "/") -> ChatPage:
        """Go there and wait until a question can be typed."""
        self.page.goto(self.url + path)
        expect(self.composer).to_be_visible()
        return self

    def ask(self, question: str) -> None:
        """Send a question."""
        expect(self.composer).to_be_enabled()
        self.settle()
        self.composer.fill(question)
        self.composer.press("Enter")

    def answer(self, question: str) -> Locator:
        """Send a question and wait until its answer has ended."""
        before = self.done.count()
        self.ask(question)
        ended = self.done.nth(before)
        expect(ended).to_be_visible()
        return ended

    def stop(self) -> None:
        """Stop the answer with the button that is there: the composer's, or after another click the answer's."""
        own = self.live.get_by_role("button", name="Stop")
        self.page.get_by_test_id("stChatInputStopButton").or_(own).first.click()

    def pick(self, provider: str, model: str | None = None) -> None:
        """Take another provider, and maybe another of its models."""
        self.open_picker()
        self.take("Provider", provider)
        if model is not None:
            self.take("Model", model)
        self.page.keyboard.press("Escape")
        expect(self.page.get_by_role("combobox", name="Provider")).to_have_count(0)
        self.settle()

    def open_picker(self) -> None:
        """Open the picker and wait until it can be used."""
        self.page.get_by_role("button", name="Model", exact=True).click()
        expect(self.page.get_by_role("combobox", name="Provider")).to_be_visible()

    def take(self, field: str, option: str) -> None:
        """Take another option of a list in the open picker, and wait until the page names the model that it means."""
        named = self.page.locator(".st-key-model p").first
        before = named.inner_text()
        self.page.get_by_role("combobox", name=field, exact=True).click()
        self.page.get_by_role("option", name=option, exact=True).click()
        expect(self.page.get_by_role("combobox", name=field, exact=True)).to_have_value(option)
        expect(named).not_to_have_text(before)
        self.settle()

    def settle(self) -> None:
        """Wait until the page has been drawn with what was done last."""
        expect(self.page.locator("[data-testid='stApp'][data-test-script-state='notRunning']")).to_be_visible()
