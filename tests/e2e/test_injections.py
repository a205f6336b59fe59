"""A model that says any injection word for word, and documents and names full of them, load and link nothing.

All hosts but the app's address are a sink that counts calls. The pages are opened as they are shipped, and once more
with the content security policy taken away, so that the filter of the text is held by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from hostile_words import HOST, TECHNIQUES
from lent_model import lend
from playwright.sync_api import Browser, Page, expect
from running_app import RunningApp
from sqlalchemy import text

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.people.links_allowed import Allowed
from bench.obeying import A_PAGE, FOREIGN, Sink, browser_into, conversations, shown, watched

pytestmark = pytest.mark.browser

INGEST_SECONDS = 120
LINK = "[the wiki](https://wiki.example.com/a?b&c) https://wiki.example.com/bare [x](https://evil.example/y)"
LINKED = ["https://wiki.example.com/a?b&c", "https://wiki.example.com/bare"]
ANSWERS = [*TECHNIQUES.values(), LINK]
NAME = f"![x](http:{HOST}n.png) [y](http:{HOST}) :smile: <img src=x> $x$ `a` **b**.md"
TITLE = f"![x](http://{HOST}/t.png) [y](http://{HOST}/t) www.{HOST} :material/home: <b>"
DRAWN = (
    "a:not([href^='#']), img, svg:not(a[href^='#'] svg, [data-testid=stElementToolbarButtonIcon]), "
    "iframe, video, audio, form, style, script, .katex, [data-testid=stIconMaterial]"
)
"""Streamlit puts a link to itself beside each heading, and a button to copy it beside code."""


@dataclass(frozen=True)
class Filled:
    """Where the app is, and what stands in it."""

    url: str
    conversations: list[str]
    document: str


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """The app with hostile answers, a hostile document, and hostile names of it, of a conversation and of a person."""
    data_dir = tmp_path_factory.mktemp("injections") / "data"
    lend(data_dir)
    ids = conversations(data_dir, ANSWERS)
    document = fill(data_dir, ids[0])
    with RunningApp(data_dir, ASSISTANT_SAMPLES="off") as running:
        yield Filled(running.url, ids, document)


def fill(data_dir: Path, conversation: str) -> str:
    services = bootstrap.build(settings_module.load(data_dir=data_dir, samples=False))
    try:
        person = services.people.local()
        services.links_allowed.set(person, Allowed(("wiki.example.com",)))
        services.chat.rename(person, conversation, TITLE)
        words = "\n\n".join(["# Injections", *(f"{name}: {words}" for name, words in TECHNIQUES.items())])
        upload = services.knowledge.upload(person, NAME, words.encode("utf-8"))
        services.knowledge.wait_until_done([upload.document_id], INGEST_SECONDS)
        with services.database.write() as session:
            session.execute(text("UPDATE people SET name = :name"), {"name": TITLE})
        return upload.document_id
    finally:
        services.close()


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    """What all other hosts are to the browser."""
    with closing(Sink()) as listening:
        yield listening


@pytest.fixture(scope="module")
def browser(sink: Sink) -> Iterator[Browser]:
    with browser_into(sink) as started:
        yield started


@pytest.fixture(params=["as it is shipped", "without the policy"])
def page(browser: Browser, sink: Sink, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A tab; a request to another host, or a call at the sink, fails the test."""
    elsewhere: list[str] = []
    tab = watched(browser, elsewhere, bypass_csp=request.param == "without the policy")
    yield tab
    tab.context.close()
    assert elsewhere == []
    assert sink.calls == []


def test_no_answer_loads_links_or_draws(filled: Filled, page: Page) -> None:
    for number, conversation in enumerate(filled.conversations):
        of_this = min(A_PAGE, len(ANSWERS) - number * A_PAGE)
        elsewhere = shown(page, f"{filled.url}/?conversation={conversation}", 2 * of_this)
        answers = page.locator("[class*='st-key-turn-done-'] [data-testid=stMarkdownContainer]")
        last = number == len(filled.conversations) - 1
        assert elsewhere == ([f"A href={address}" for address in LINKED] if last else [])
        drawn = [one.evaluate("element => element.outerHTML") for one in answers.locator(DRAWN).all()]
        assert len(drawn) == (2 if last else 0), drawn


def test_what_was_tried_stands_there_as_text(filled: Filled, page: Page) -> None:
    shown(page, f"{filled.url}/?conversation={filled.conversations[0]}", 2 * A_PAGE)
    answer = page.locator("[class*='st-key-turn-done-']").first
    expect(answer).to_contain_text(f"http://{HOST}/image.png?leak=1")


def test_only_a_named_host_is_linked_and_told_nothing_of_where_the_link_stood(filled: Filled, page: Page) -> None:
    shown(page, f"{filled.url}/?conversation={filled.conversations[-1]}")
    links = page.locator("[class*='st-key-turn-done-']").last.locator("[data-testid=stMarkdownContainer] a")
    expect(links).to_have_count(2)
    hrefs = [link.get_attribute("href") for link in links.all()]
    assert hrefs == LINKED
    for link in links.all():
        assert "noreferrer" in (link.get_attribute("rel") or "")


def test_no_name_of_a_document_conversation_or_person_does_either(filled: Filled, page: Page) -> None:
    assert shown(page, f"{filled.url}/knowledge_base?search=image") == []
    expect(page.get_by_text(NAME[:12]).first).to_be_visible()
    for path in ("/", "/models", "/settings", "/audit"):
        assert shown(page, f"{filled.url}{path}") == []
    expect(page.get_by_test_id("stApp")).to_be_visible()


@pytest.mark.parametrize("section", ["Read", "Versions", "Passages", "About"])
def test_no_text_of_a_document_does_either(filled: Filled, page: Page, section: str) -> None:
    shown(page, f"{filled.url}/document?document={filled.document}")
    page.get_by_role("tab", name=section).click()
    page.wait_for_timeout(500)
    assert page.evaluate(FOREIGN) == []
