"""Answers of a provider's model in a real browser, over a real wire: picked, streamed, priced, waited for, stopped."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_page import ChatPage
from playwright.sync_api import Browser, Page, expect
from running_app import RunningApp
from wire_behaviours import refuses, says
from wire_server import WireServer

pytestmark = pytest.mark.browser

HOTEL = "How much may a hotel room in Vienna cost?"
GUEST = "How do I give a guest access to the wireless network?"
FIRST, LAST = "A hotel room in Vienna may cost ", "at most 145 euros a night. [1]"
READY_MS = 90_000
"""For the documents, on a machine that starts the app and the browser at the same time."""
KEY = "sk-test-0123456789abcdefghij"
LOW = 420
"""Pixels of a window in which a failed answer's buttons are seen only when its top has been scrolled away."""


@pytest.fixture(scope="module")
def app(
    tmp_path_factory: pytest.TempPathFactory, wire: WireServer, browser: Browser, documents: Path
) -> Iterator[RunningApp]:
    """The app with OpenAI and Ollama set up, and with a few documents."""
    variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"{wire.url}/v1", "OLLAMA_BASE_URL": f"{wire.url}/v1"}
    with RunningApp(tmp_path_factory.mktemp("models") / "data", ASSISTANT_SAMPLES="off", **variables) as running:
        tab = browser.new_page()
        tab.goto(f"{running.url}/knowledge_base")
        tab.get_by_test_id("stFileUploader").locator("input").set_input_files(sorted(documents.iterdir()))
        expect(tab.get_by_text("ready", exact=True)).to_have_count(len(list(documents.iterdir())), timeout=READY_MS)
        tab.close()
        yield running


@pytest.fixture
def chat(app: RunningApp, page: Page) -> ChatPage:
    """A new tab that asks OpenAI."""
    chat = ChatPage(page, app.url).open()
    chat.pick("OpenAI")
    return chat


def test_a_picked_model_streams_a_cited_answer_and_tells_what_it_cost(wire: WireServer, chat: ChatPage) -> None:
    rest = threading.Event()
    wire.answers(says(FIRST, rest, LAST))
    expect(chat.page.get_by_text("questions go to OpenAI")).to_be_visible()
    chat.ask(HOTEL)
    expect(chat.live).to_contain_text(FIRST.strip())
    rest.set()
    expect(chat.done).to_contain_text("at most 145 euros a night.")
    expect(chat.sources.first).to_have_text(re.compile(r"1 · Travel Policy\.pdf · page 2"))
    expect(chat.badge).to_contain_text("OpenAI gpt-6-luna")
    expect(chat.badge).to_contain_text("1,000 → 100 tokens")
    expect(chat.badge).to_contain_text(re.compile(r"\$0\.\d+"))
    expect(chat.badge).to_contain_text("Route: knowledge base")


def test_reasoning_grows_folded_and_stays_with_the_answer(wire: WireServer, chat: ChatPage) -> None:
    rest = threading.Event()
    wire.answers(says(FIRST, rest, LAST, reasoning=["I look at the policy.\n\n", "It says <b>145</b>."]))
    chat.ask(HOTEL)
    expect(chat.live.get_by_text("Reasoning", exact=True).first).to_be_visible()
    expect(chat.live.get_by_text("I look at the policy.")).to_be_hidden()
    rest.set()
    expect(chat.done).to_contain_text(LAST.removesuffix(" [1]"))
    expect(chat.done.get_by_text("It says <b>145</b>.")).to_be_hidden()
    chat.done.get_by_text("Reasoning", exact=True).first.click()
    expect(chat.done.get_by_text("It says <b>145</b>.")).to_be_visible()


def test_a_wait_is_counted_down_and_then_the_answer_comes(wire: WireServer, chat: ChatPage) -> None:
    wire.answers(refuses(429, "rate_limit_exceeded", retry_after=3), says(FIRST, LAST))
    chat.ask(HOTEL)
    expect(chat.live).to_contain_text("OpenAI is rate-limiting us")
    expect(chat.live).to_contain_text("2 s left")
    expect(chat.live).to_contain_text("1 s left")
    expect(chat.done).to_contain_text("at most 145 euros a night.")
    expect(chat.done.get_by_text("s left")).to_have_count(0)


@pytest.mark.parametrize("after_a_reload", [False, True])
def test_stop_ends_a_wait_at_once(wire: WireServer, chat: ChatPage, after_a_reload: bool) -> None:
    wire.answers(refuses(429, "rate_limit_exceeded", retry_after=19), says(FIRST, LAST))
    chat.ask(HOTEL)
    expect(chat.live).to_contain_text(re.compile(r"1\d s left"))
    asked = len(wire.requests)
    if after_a_reload:
        chat.page.reload()
        expect(chat.live).to_contain_text(re.compile(r"\d s left"))
        expect(chat.page.get_by_text("questions go to OpenAI")).to_be_visible()
    chat.stop()
    expect(chat.done).to_contain_text("You stopped this answer.", timeout=5000)
    assert len(wire.requests) == asked
    expect(chat.composer).to_be_enabled()


def test_a_failed_question_leads_to_another_model_and_is_asked_again(wire: WireServer, chat: ChatPage) -> None:
    wire.answers(refuses(401, "invalid_api_key"))
    failed = chat.answer(HOTEL)
    expect(failed).to_contain_text("OpenAI refused our key")
    chat.page.set_viewport_size({"width": 1280, "height": LOW})
    failed.get_by_role("button", name="Pick another model").click()
    expect(chat.page.get_by_role("combobox", name="Provider")).to_be_in_viewport()
    chat.take("Provider", "Offline")
    chat.page.keyboard.press("Escape")
    expect(chat.page.get_by_text("everything runs on this machine")).to_be_visible()
    failed.get_by_role("button", name="Retry").click()
    expect(chat.done).to_have_count(2)
    expect(chat.done.last).to_contain_text("145 euros a night")
    expect(chat.badge.last).to_contain_text("Offline")
    expect(chat.badge.last).to_contain_text("free")


def test_auto_tells_what_it_took(wire: WireServer, chat: ChatPage) -> None:
    wire.answers(says(FIRST, LAST))
    chat.pick("Auto")
    chat.answer(HOTEL)
    expect(chat.badge).to_contain_text(re.compile(r"Auto \w+ gpt-6-luna"))


def test_retired_models_are_told_with_what_to_take(chat: ChatPage) -> None:
    chat.open_picker()
    chat.page.get_by_text("Models not available").click()
    expect(chat.page.get_by_text("OpenAI retired GPT-4 on")).to_be_visible()


def test_a_typed_model_is_asked_and_what_it_costs_is_not_made_up(wire: WireServer, chat: ChatPage) -> None:
    wire.answers(says(FIRST, LAST))
    chat.open_picker()
    chat.take("Provider", "Ollama")
    expect(chat.page.get_by_text("the passages go to your own Ollama server")).to_be_visible()
    field = chat.page.get_by_role("combobox", name="Model", exact=True)
    field.fill("our-model:7b")
    field.press("Enter")
    chat.page.keyboard.press("Escape")
    chat.answer(HOTEL)
    expect(chat.badge).to_contain_text("Ollama our-model:7b")
    expect(chat.badge).to_contain_text("not priced")
    assert wire.requests[-1].body["model"] == "our-model:7b"


def test_parameters_reach_the_provider_and_stand_in_the_details(wire: WireServer, chat: ChatPage) -> None:
    wire.answers(says(FIRST, LAST))
    chat.open_picker()
    chat.page.get_by_role("radio", name="Low").or_(chat.page.get_by_role("button", name="Low")).click()
    chat.settle()
    length = chat.page.get_by_role("spinbutton", name="Longest answer (tokens)")
    length.fill("700")
    length.press("Enter")
    chat.settle()
    chat.page.keyboard.press("Escape")
    chat.answer(HOTEL)
    body = wire.requests[-1].body
    assert body["reasoning_effort"] == "low"
    assert 700 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    chat.done.get_by_text("passages from").first.click()
    expect(chat.done).to_contain_text("1,000 tokens read, 100 written, 1 request")
    expect(chat.done).to_contain_text("effort low, at most 700 tokens")


def test_the_choice_stays_with_the_tab_when_another_conversation_is_opened(wire: WireServer, chat: ChatPage) -> None:
    wire.answers(says(FIRST, LAST))
    chat.answer(HOTEL)
    chat.page.get_by_role("button", name="New chat").click()
    expect(chat.page.get_by_text("What would you like to know?")).to_be_visible()
    expect(chat.page.get_by_text("questions go to OpenAI")).to_be_visible()


def test_what_is_not_set_up_says_so_by_its_variable(app: RunningApp, page: Page) -> None:
    chat = ChatPage(page, app.url).open()
    chat.open_picker()
    page.get_by_text("Providers not available").click()
    expect(page.get_by_text("GROQ_API_KEY")).to_be_visible()


def test_a_route_is_corrected_with_one_click(wire: WireServer, chat: ChatPage) -> None:
    wire.answers(says("Ask the help desk. [1]"))
    chat.answer(GUEST)  # asked by no other test: the router learns from the correction
    chat.badge.get_by_role("button", name="Route: knowledge base").click()
    chat.page.get_by_text("Ask again as general").click()
    expect(chat.done).to_have_count(2)
    expect(chat.badge.last).to_contain_text("Route: general (you chose this route)")
