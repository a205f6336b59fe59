"""Signing in, going on after a session has ended, and what bites on the next action of a page that is open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_page import ChatPage
from company import Company, company
from playwright.sync_api import Page, expect
from running_app import RunningApp
from waiting import until

from assistant.domain import Person, Role

pytestmark = pytest.mark.browser

QUESTION = "How many days of leave do I have?"
ENDED = "Your session has ended"


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company with the app."""
    with company(tmp_path_factory.mktemp("firm")) as started:
        yield started


@pytest.fixture
def ann(firm: Company) -> Person:
    """Somebody whose pages do nothing by themselves."""
    return firm.person("ann")


@pytest.fixture
def chat(firm: Company, ann: Person, page: Page) -> ChatPage:
    """Ann's chat."""
    firm.sign_in(page, ann)
    chat = ChatPage(page, firm.app.url)
    chat.settle()
    return chat


def needs_sign_in(page: Page) -> None:
    """The panel is all there is."""
    expect(page.get_by_role("heading", name=ENDED)).to_be_visible()
    expect(page.get_by_test_id("stChatInput")).to_have_count(0)
    expect(page.get_by_test_id("stSidebarNav")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_test_id("stMain").get_by_role("button")).to_have_count(0)


def act(page: Page) -> None:
    """Do something that goes to the server and leads nowhere else."""
    page.get_by_placeholder("Search conversations").fill("leave")
    page.get_by_placeholder("Search conversations").press("Enter")


def keeps_nothing(page: Page) -> None:
    """The tab has no words of anybody."""
    kept = "sessionStorage.getItem('assistant-composer')"
    until(lambda: page.evaluate(kept) is None)  # the page's policy lets the driver evaluate nothing by itself


def go_on(firm: Company, page: Page, who: Person) -> None:
    """Take the panel's way through the sign-in."""
    page.get_by_role("link", name="Sign in").click()
    firm.fill_in(page, who)


def test_who_signs_in_is_named_and_gets_an_answer(chat: ChatPage) -> None:
    expect(chat.page.locator(".st-key-header")).to_contain_text("Ann")
    expect(chat.page.get_by_role("link", name="Log out")).to_be_visible()
    expect(chat.answer(QUESTION)).to_be_visible()


def test_the_sign_in_leads_to_the_page_that_was_asked_for(firm: Company, ann: Person, page: Page) -> None:
    firm.sign_in(page, ann, "/knowledge_base?search=leave")
    expect(page).to_have_url(f"{firm.app.url}/knowledge_base?search=leave")
    expect(page.get_by_role("heading", name="Knowledge base")).to_be_visible()


def test_a_log_out_in_one_tab_bites_in_the_other(firm: Company, chat: ChatPage) -> None:
    other = chat.page.context.new_page()
    other.goto(firm.app.url)
    other.get_by_role("link", name="Log out").click()
    expect(other).to_have_url(re.compile("/login"))
    act(chat.page)
    needs_sign_in(chat.page)


def test_disabling_bites_on_the_next_action(firm: Company, ann: Person, chat: ChatPage) -> None:
    firm.disable(ann)
    act(chat.page)
    needs_sign_in(chat.page)


def test_another_role_bites_on_the_next_action(firm: Company, page: Page) -> None:
    eve = firm.person("eve", Role.ADMIN)
    firm.sign_in(page, eve)
    expect(page.get_by_role("link", name="Audit log")).to_be_visible()
    firm.change("UPDATE people SET role = 'staff' WHERE id = :id", id=eve.id)
    act(page)
    expect(page.get_by_role("link", name="Audit log")).to_have_count(0)
    expect(page.get_by_role("link", name="My account")).to_be_visible()


def test_a_page_that_looks_by_itself_ends_with_the_session(firm: Company, page: Page) -> None:
    eve = firm.person("eve", Role.ADMIN)
    firm.sign_in(page, eve, "/knowledge_base")
    expect(page.get_by_role("heading", name="Knowledge base")).to_be_visible()
    firm.disable(eve)
    needs_sign_in(page)


def test_a_question_over_a_lapsed_session_stands_in_the_field_after_the_sign_in(
    firm: Company, ann: Person, chat: ChatPage
) -> None:
    chat.answer("Where is the canteen?")
    address = chat.page.url
    firm.lapse(ann)
    chat.ask(QUESTION)
    needs_sign_in(chat.page)
    expect(chat.page.get_by_test_id("stMain")).to_contain_text("is kept")
    go_on(firm, chat.page, ann)
    expect(chat.page).to_have_url(address)
    expect(chat.composer).to_have_value(QUESTION)
    chat.settle()
    chat.composer.press("Enter")
    expect(chat.done).to_have_count(2)
    expect(chat.done.last).to_be_visible()
    assert firm.values("SELECT text FROM drafts") == []


def test_words_that_were_not_sent_stand_in_the_field_after_the_sign_in(
    firm: Company, ann: Person, chat: ChatPage
) -> None:
    chat.answer("Where is the canteen?")
    chat.composer.fill("How many\ndays")
    firm.lapse(ann)
    act(chat.page)
    needs_sign_in(chat.page)
    go_on(firm, chat.page, ann)
    expect(chat.composer).to_have_value("How many\ndays")
    chat.settle()
    chat.composer.press("Enter")
    expect(chat.done).to_have_count(2)
    chat.page.reload()
    expect(chat.done).to_have_count(2)
    expect(chat.composer).to_have_value("")


def test_words_that_were_not_sent_survive_a_reload_but_not_in_another_conversation(chat: ChatPage) -> None:
    chat.settle()
    chat.composer.fill("half a question")
    chat.page.reload()
    expect(chat.composer).to_have_value("half a question")
    chat.answer("Where is the canteen?")
    chat.composer.fill("the other half")
    chat.page.goto(chat.url)
    chat.settle()
    expect(chat.composer).to_have_value("")


def test_somebody_else_gets_nothing_of_it(firm: Company, ann: Person, chat: ChatPage) -> None:
    firm.lapse(ann)
    chat.ask(QUESTION)
    needs_sign_in(chat.page)
    chat.page.get_by_role("link", name="Sign in").click()
    firm.fill_in(chat.page, firm.person("bob"))
    expect(chat.page.locator(".st-key-header")).to_contain_text("Bob")
    chat.settle()
    expect(chat.composer).to_have_value("")
    assert firm.values("SELECT text FROM drafts") == [QUESTION]


def test_somebody_else_gets_no_words_that_were_not_sent(firm: Company, ann: Person, chat: ChatPage) -> None:
    chat.composer.fill("half a question")
    firm.lapse(ann)
    act(chat.page)
    needs_sign_in(chat.page)
    chat.page.get_by_role("link", name="Sign in").click()
    firm.fill_in(chat.page, firm.person("bob"))
    chat.settle()
    keeps_nothing(chat.page)
    expect(chat.composer).to_have_value("")


def test_a_log_out_leaves_nothing_in_the_tab(firm: Company, ann: Person, chat: ChatPage) -> None:
    chat.composer.fill("half a question")
    chat.page.get_by_role("link", name="Log out").click()
    expect(chat.page).to_have_url(re.compile("/login"))
    keeps_nothing(chat.page)
    firm.fill_in(chat.page, ann)
    chat.settle()
    expect(chat.composer).to_have_value("")


def test_a_log_out_elsewhere_leaves_nothing_in_this_tab(firm: Company, ann: Person, chat: ChatPage) -> None:
    chat.composer.fill("half a question")
    firm.log_out(ann)
    act(chat.page)
    needs_sign_in(chat.page)
    keeps_nothing(chat.page)


def test_a_new_token_is_shown_once_and_revoked(firm: Company, ann: Person, page: Page) -> None:
    firm.sign_in(page, ann, "/account")
    page.get_by_text("New token").click()
    page.get_by_label("Name", exact=True).fill("Nightly export")
    page.get_by_role("button", name="Create token").click()
    shown = page.locator(".st-key-token-made code")
    expect(shown).to_contain_text("ika_")
    page.get_by_role("button", name="I have copied it").click()
    expect(shown).to_have_count(0)
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("Nightly export")).to_have_count(0)
    assert firm.values("SELECT count(*) FROM api_tokens WHERE revoked_at IS NULL") == [0]


def test_the_demo_shows_two_views(tmp_path: Path, page: Page) -> None:
    with RunningApp(tmp_path / "data", ASSISTANT_SAMPLES="off") as app:
        page.goto(f"{app.url}/knowledge_base?search=leave")
        page.get_by_role("link", name="Switch to staff view").click()
        expect(page.get_by_role("link", name="Switch to admin view")).to_be_visible()
        expect(page).to_have_url(f"{app.url}/knowledge_base?search=leave")
        expect(page.get_by_role("link", name="Models")).to_have_count(0)
        expect(page.get_by_test_id("stFileUploader")).to_have_count(0)
        page.get_by_role("link", name="Switch to admin view").click()
        expect(page.get_by_role("link", name="Models")).to_be_visible()
        expect(page.get_by_test_id("stFileUploader")).to_be_visible()
