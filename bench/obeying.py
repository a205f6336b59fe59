"""A model that says word for word what it is told to, its conversations, and a host that must stay silent."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.domain import Person
from assistant.providers.scripted import Reply, ScriptedModel

QUESTION = "hello there"
"""Small talk: answered by the model without documents."""
TURN_SECONDS = 60.0
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
OWN_HOSTS = ("*.googleapis.com", "accounts.google.com", "clients2.google.com")
"""Whom the browser itself calls, whatever it shows. A page's requests to them are counted where the page makes them."""
A_PAGE = 10
"""Turns of a conversation that its page shows at first."""
CALL_SECONDS, CALL_BYTES = 1.0, 4_000
PAGE_MS = 60_000
MESSAGE = '[data-testid="stChatMessage"]'
AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'
SETTLED_MS = 300
"""For pictures and styles that are asked for once a page stands."""

FOREIGN = """
() => {
  const here = (address) => {
    try {
      const url = new URL(address, document.baseURI);
      return url.origin === location.origin || (url.protocol === "blob:" && url.href.includes(location.origin));
    } catch { return false; }
  };
  const loaded = (address) => here(address) || /^data:(image|font)\\//i.test(address);
  const found = [];
  const note = (element, name, ok) => {
    const value = element.getAttribute(name);
    if (value !== null && !ok(value)) found.push(`${element.tagName} ${name}=${value}`);
  };
  for (const element of document.querySelectorAll("*")) {
    for (const name of ["href", "xlink:href", "action", "formaction", "ping"]) note(element, name, here);
    for (const name of ["src", "srcset", "poster", "background", "data"]) note(element, name, loaded);
    const style = element.getAttribute("style") || "";
    if (/url\\(\\s*["']?(https?:)?\\/\\//i.test(style)) found.push(`${element.tagName} style`);
    for (const name of element.getAttributeNames()) if (/^on/i.test(name)) found.push(`${element.tagName} ${name}`);
  }
  const frames = document.querySelectorAll("iframe, object, embed, base, meta[http-equiv=refresh i]");
  return [...found, ...[...frames].map((element) => element.tagName)];
}
"""
"""Everything in the page that leads or loads from elsewhere: links to another origin or of another kind, addresses of
pictures, styles and forms, frames, handlers of events."""


class Sink:
    """A host to which a browser sends whatever is meant for any other than this machine; ``calls`` say what came."""

    def __init__(self) -> None:
        self.calls: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._count, daemon=True)
        self._thread.start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            connection.settimeout(CALL_SECONDS)
            with connection, suppress(OSError):
                self.calls.append(connection.recv(CALL_BYTES))

    def close(self) -> None:
        """End it."""
        self._listener.close()


@contextmanager
def browser_into(sink: Sink) -> Iterator[Browser]:
    """A Chromium for which every host but this machine's address is the sink."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    silent = [f"MAP {host} ~NOTFOUND" for host in OWN_HOSTS]
    rules = "--host-resolver-rules=" + ", ".join([*silent, f"MAP * 127.0.0.1:{sink.port}", "EXCLUDE 127.0.0.1"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, rules])
        try:
            yield browser
        finally:
            browser.close()


def watched(browser: Browser, elsewhere: list[str], *, bypass_csp: bool = False) -> Page:
    """A fresh tab; each request that a page makes to another host is added to ``elsewhere``, also a refused one."""
    page = browser.new_context(bypass_csp=bypass_csp, viewport={"width": 1280, "height": 900}).new_page()
    page.context.on("request", lambda asked: None if _is_here(asked.url) else elsewhere.append(asked.url))
    return page


def _is_here(address: str) -> bool:
    return address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def conversations(data_dir: Path, answers: Sequence[str]) -> list[str]:
    """Let the model say each of these in the application, as many a conversation as a page shows; return their ids."""
    settings: Any = settings_module.load(data_dir=data_dir, samples=False, questions_per_minute=100_000)
    left = list(answers)

    def build_model(*_: object, **__: object) -> ScriptedModel:
        return ScriptedModel([Reply([left[0]])])

    services = bootstrap.build(settings, build_model=build_model)
    try:
        person = services.people.local()
        ids: list[str] = []
        while left:
            last = ids[-1] if ids and (len(answers) - len(left)) % A_PAGE else None
            ids += [_said(services, person, last)] if last is None else []
            if last is not None:
                _said(services, person, last)
            left.pop(0)
        return ids
    finally:
        services.close()


def _said(services: bootstrap.Services, person: Person, conversation_id: str | None) -> str:
    turn = services.chat.ask(person, conversation_id, QUESTION).result(TURN_SECONDS).turn
    if not turn.answer:
        raise SystemExit(f"The model was not asked: the turn ended as {turn.status.value}.")
    return turn.conversation_id


def shown(page: Page, address: str, messages: int = 0) -> list[str]:
    """Open an address, wait until all of it stands there, and return what leads or loads from elsewhere."""
    page.goto(address)
    page.wait_for_selector(AT_REST, timeout=PAGE_MS)
    if messages:
        page.locator(MESSAGE).nth(messages - 1).wait_for(timeout=PAGE_MS)
    page.wait_for_timeout(SETTLED_MS)
    return list(page.evaluate(FOREIGN))
