"""A real headless Chromium that opens a page, asks, and tells when the answer's first text stood on the page.

Both times of a question are taken in the page by its own clock: the Enter key, and the first text of the answer in
the document (a MutationObserver), so that the driver's own delays do not count.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ANSWER_MS = 120_000
INPUT = '[data-testid="stChatInputTextArea"]'
READY = f"{INPUT}:not([disabled])"
AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'

# Messages alternate: the answer to question n is message 2n. Spinners, steps and captions are no answer.
WATCH = """
(number) => {
  const notAnswer = '[data-testid="stSpinner"], [data-testid="stExpander"], [data-testid^="stStatus"], '
    + '[data-testid="stCaptionContainer"], button';
  const times = { sent: null, shown: null, text: "" };
  window.benchTimes = times;
  const answer = () => {
    const message = document.querySelectorAll('[data-testid="stChatMessage"]')[2 * number - 1];
    const texts = message ? [...message.querySelectorAll('[data-testid="stMarkdownContainer"]')] : [];
    return texts.filter((text) => !text.closest(notAnswer)).map((text) => text.textContent.trim()).join(" ").trim();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && times.sent === null) times.sent = performance.now();
  }, { capture: true });
  const observer = new MutationObserver(() => {
    if (times.sent === null || !answer()) return;
    times.shown = performance.now();
    times.text = answer();
    observer.disconnect();
  });
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
}
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """One headless browser for the whole benchmark; CHROMIUM names another program."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Chat:
    """A chat page of either app."""

    def __init__(self, browser: Browser) -> None:
        self._context = browser.new_context(bypass_csp=True)
        self.page: Page = self._context.new_page()
        self._asked = 0

    def open(self, address: str) -> float:
        """Open the page; seconds until the chat input takes text."""
        began = time.perf_counter()
        self.page.goto(address, wait_until="commit")
        self.page.wait_for_selector(READY, timeout=ANSWER_MS)
        return time.perf_counter() - began

    def ask(self, question: str) -> tuple[float, str]:
        """Ask; milliseconds from Enter until the first text of the answer stands on the page, and that text."""
        self._asked += 1
        self.page.evaluate(WATCH, self._asked)
        self.page.fill(INPUT, question)
        self.page.press(INPUT, "Enter")
        self.page.wait_for_function("() => window.benchTimes.shown !== null", timeout=ANSWER_MS)
        times = self.page.evaluate("() => window.benchTimes")
        return times["shown"] - times["sent"], str(times["text"])

    def rest(self) -> None:
        """Wait until the answer has ended and the page is at rest."""
        self.page.wait_for_selector(AT_REST, timeout=ANSWER_MS)
        self.page.wait_for_selector(READY, timeout=ANSWER_MS)

    def close(self) -> None:
        """Close the tab with its cookies and cache."""
        self._context.close()
