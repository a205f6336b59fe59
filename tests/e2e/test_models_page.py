"""The models page in a real browser: a provider is checked, rules are set and hold in the chat, no key is shown."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from chat_page import ChatPage
from playwright.sync_api import Browser, Page, expect
from running_app import RunningApp
from wire_server import WireServer

pytestmark = pytest.mark.browser

KEY = "sk-test-PLANTED-0123456789-wxyz"
HOSTILE = "<img/src=x/onerror=document.title=1>![x](http://other.example/p.png)|~~"
OTHER = "ANOTHER-PLANTED 9876"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, wire: WireServer, browser: Browser) -> Iterator[RunningApp]:
    """The app with OpenAI set up wrongly, and Groq, one of whose models has a name that would like to be more."""
    del browser  # where there is none nothing needs to start
    wire.models = [{"id": "openai/gpt-oss-20b", "object": "model"}, {"id": HOSTILE, "object": "model"}]
    variables = {"GROQ_API_KEY": KEY, "GROQ_BASE_URL": wire.url, "OPENAI_API_KEY": OTHER, "ASSISTANT_SAMPLES": "off"}
    with RunningApp(tmp_path_factory.mktemp("models-page") / "data", **variables) as running:
        yield running


@pytest.fixture
def models(app: RunningApp, page: Page) -> Page:
    page.goto(f"{app.url}/models")
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    return page


def test_a_connection_is_checked_behind_the_page_and_its_models_are_listed_as_text(models: Page) -> None:
    groq = models.locator(".st-key-provider-groq")
    groq.get_by_role("button", name="Check connection").click()
    expect(groq.get_by_text("Groq answers: it names 2 models.")).to_be_visible()
    groq.get_by_text(re.compile(r"^\d+ models")).click()
    expect(groq.get_by_text("Its own list: today")).to_be_visible()
    expect(groq.locator("table").get_by_text("onerror=document.title")).to_be_visible()
    assert groq.locator("img").count() == 0
    assert models.title() != "1"


def test_retired_models_are_struck_through_with_what_to_take(models: Page) -> None:
    groq = models.locator(".st-key-provider-groq")
    groq.get_by_text(re.compile(r"^\d+ models")).click()
    expect(groq.locator("del", has_text="Mixtral 8x7B")).to_be_visible()
    expect(groq.get_by_text("take gpt-oss 20B").first).to_be_visible()


def test_of_a_key_only_the_source_and_the_last_four_characters_are_shown(models: Page) -> None:
    expect(models.get_by_text("Key from the environment, ending in wxyz")).to_be_visible()
    expect(models.get_by_text("OPENAI_API_KEY has white space in it; take it out.").first).to_be_visible()
    for name in ("Providers", "Rules", "Embeddings", "Usage"):
        models.get_by_role("tab", name=name).click()
        expect(models.get_by_role("tab", name=name, selected=True)).to_be_visible()
        assert "PLANTED" not in models.content()


def test_of_two_admins_the_later_is_told_and_can_see_what_holds(
    app: RunningApp, browser: Browser, models: Page
) -> None:
    other = browser.new_page()
    other.goto(f"{app.url}/models")
    for tab, dollars in ((models, "1.25"), (other, "2.50")):
        tab.get_by_role("tab", name="Rules").click()
        cost = tab.get_by_role("spinbutton", name="Cost limit of an answer in US dollars")
        cost.fill(dollars)
        cost.press("Enter")
    models.get_by_role("button", name="Save").click()
    expect(models.get_by_text("Saved.")).to_be_visible()
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_text("Someone else changed these settings")).to_be_visible()
    cost = other.get_by_role("spinbutton", name="Cost limit of an answer in US dollars")
    expect(cost).to_have_value("2.50")
    other.get_by_role("button", name="Show what holds now").click()
    expect(cost).to_have_value("1.25")
    other.close()


def test_a_locked_default_holds_in_the_chat(app: RunningApp, models: Page) -> None:
    models.get_by_role("tab", name="Rules").click()
    models.get_by_text("Lock it: people cannot pick another").click()
    models.get_by_role("button", name="Save").click()
    expect(models.get_by_text("Saved. The next questions follow these rules.")).to_be_visible()
    models.goto(app.url)
    models.get_by_role("button", name="Model", exact=True).click()
    expect(models.get_by_text("Your administrator has fixed this model for everyone.")).to_be_visible()


def test_what_was_asked_stands_in_the_usage_and_in_its_file(app: RunningApp, page: Page) -> None:
    ChatPage(page, app.url).open().answer("hello")
    page.goto(f"{app.url}/models")
    page.get_by_role("tab", name="Usage").click()
    expect(page.locator(".st-key-usage-table")).to_contain_text("Offline · quotes")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [(row["person"], row["provider"]) for row in rows] == [("local@localhost", "offline")]
