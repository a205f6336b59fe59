"""Tokens as they come to stand on the page of the running app, by the browser's clock brought to the server's."""

from __future__ import annotations

import time
from dataclasses import dataclass

from playwright.sync_api import Browser, Page

from bench.browser import ANSWER_MS, INPUT, Chat

CALIBRATIONS = 20

# The answer to question n is message 2n. Each token is a number (t000 on); its time is when it first stood there.
WATCH = """
(number) => {
  const times = { sent: null, tokens: [] };
  window.benchTokens = times;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && times.sent === null) times.sent = performance.now();
  }, { capture: true });
  const observer = new MutationObserver(() => {
    const message = document.querySelectorAll('[data-testid="stChatMessage"]')[2 * number - 1];
    const shown = message ? (message.textContent.match(/t\\d{3}/g) || []).length : 0;
    while (times.tokens.length < shown) times.tokens.push(performance.now());
  });
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
}
"""


@dataclass(frozen=True)
class Shown:
    """Monotonic seconds of the Enter key and of each token's standing on the page."""

    entered: float
    tokens: tuple[float, ...]


class TokenPage:
    """A chat page of the app that notes when tokens are shown."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._chat = Chat(browser)
        self._chat.open(address)
        self._asked = 0
        self._offset = _offset(self._chat.page)

    def ask(self, question: str, tokens: int) -> Shown:
        """Ask and wait until so many tokens stand there and the page is at rest."""
        page = self._chat.page
        self._asked += 1
        page.evaluate(WATCH, self._asked)
        page.fill(INPUT, question)
        page.press(INPUT, "Enter")
        page.wait_for_function("(count) => window.benchTokens.tokens.length >= count", arg=tokens, timeout=ANSWER_MS)
        times = page.evaluate("() => window.benchTokens")
        self._chat.rest()
        shown = tuple(moment / 1000 + self._offset for moment in times["tokens"])
        return Shown(times["sent"] / 1000 + self._offset, shown)

    def close(self) -> None:
        """Close the tab."""
        self._chat.close()


def _offset(page: Page) -> float:
    """Monotonic seconds less the page's clock, from the quickest of some looks at both."""
    looks = []
    for _ in range(CALIBRATIONS):
        before = time.monotonic()
        there = page.evaluate("() => performance.now()") / 1000
        after = time.monotonic()
        looks.append((after - before, (before + after) / 2 - there))
    return float(min(looks)[1])
