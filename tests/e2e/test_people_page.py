"""The people page in a real browser: somebody is invited, given a group and disabled, and each of it holds at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chat_page import ChatPage
from company import PASSWORD, Company, company
from playwright.sync_api import Browser, Locator, Page, expect

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.domain import Person, Role

pytestmark = pytest.mark.browser

QUESTION = "When is the bonus paid?"
SECRET = "17 March"
HOSTILE = "Board ![x](http://other.example/p.png) <img src=x onerror=document.title=1> :red[x]"
INGEST_SECONDS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("people-page")


@pytest.fixture(scope="module")
def firm(folder: Path, browser: Browser) -> Iterator[Company]:
    """A company with the app."""
    del browser  # where there is none nothing needs to start
    with company(folder) as started:
        yield started


@pytest.fixture
def eve(firm: Company) -> Person:
    """The admin."""
    return firm.person("eve", Role.ADMIN)


@pytest.fixture
def people(firm: Company, eve: Person, page: Page) -> Page:
    """The page as the admin has it open."""
    firm.sign_in(page, eve, "/people")
    expect(page.get_by_role("button", name="Add person")).to_be_visible()
    return page


def settle(page: Page) -> None:
    expect(page.locator("[data-testid='stApp'][data-test-script-state='notRunning']")).to_be_visible()


def section(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    expect(page.get_by_role("tab", name=name, exact=True, selected=True)).to_be_visible()
    settle(page)


def wish(page: Page, row: str, wanted: str) -> Locator:
    """Pick from the menu of the row with these words; return the dialog that opens."""
    page.locator("[class*='st-key-line-']", has_text=row).get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name=wanted, exact=True).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    settle(page)
    return page.get_by_role("dialog")


def done(page: Page, button: str) -> None:
    """Press the dialog's button, and wait until it has done what it is for."""
    page.get_by_role("dialog").get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    settle(page)


def choose(dialog: Locator, option: str) -> None:
    """Take one of the groups."""
    dialog.get_by_role("combobox", name="Groups").click()
    dialog.page.get_by_role("option", name=option, exact=True).click()
    dialog.page.keyboard.press("Tab")
    settle(dialog.page)


def group(page: Page, name: str) -> None:
    section(page, "Groups")
    page.get_by_role("button", name="Add group").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill(name)
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("Nobody is in it yet")).to_be_visible()
    done(page, "Done")


def space(page: Page, name: str, reader: str) -> None:
    section(page, "Spaces")
    page.get_by_role("button", name="Add space").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_be_disabled()
    dialog.get_by_label("Name", exact=True).fill(name)
    dialog.get_by_text("Only some groups").click()
    choose(dialog, reader)
    expect(
        dialog.get_by_text(f"Only {reader} will find what is put there: 0 people, and administrators.")
    ).to_be_visible()
    done(page, "Add")
    expect(page.locator("[class*='st-key-line-']", has_text=name)).to_contain_text(f"only {reader}")


def invite(page: Page, email: str, name: str) -> str:
    """Add somebody; return the link that is shown."""
    section(page, "People")
    page.get_by_role("button", name="Add person").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Mail address").fill(email)
    dialog.get_by_label("Name", exact=True).fill(name)
    dialog.get_by_role("button", name="Add and make a link").click()
    shown = dialog.locator(".st-key-made-link code")
    expect(shown).to_contain_text("/auth/invite?token=")
    expect(dialog.get_by_role("button", name="Copy to clipboard")).to_be_visible()
    link = shown.inner_text()
    done(page, "Done")
    assert "/auth/invite" not in page.content()
    return link


def first_visit(browser: Browser, link: str) -> ChatPage:
    """Somebody's own browser, in which they set their password."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(link)
    page.get_by_label("password").first.fill(PASSWORD)
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Set password and sign in").click()
    chat = ChatPage(page, link.partition("/auth")[0])
    expect(chat.composer).to_be_visible()
    return chat


def put(folder: Path, name: str, text: str, into: str) -> None:
    """Upload a document and wait until the app has made it searchable."""
    settings = settings_module.load(data_dir=folder / "data", _env_file=None)
    with bootstrap.opened(settings, own_index=False) as services:
        upload = services.knowledge.upload(services.people.local(), name, text.encode(), space=into)
        (document,) = services.knowledge.wait_until_done([upload.document_id], INGEST_SECONDS)
        assert document.chunks == 1


def test_what_an_admin_gives_and_takes_holds_at_the_next_question(people: Page, browser: Browser, folder: Path) -> None:
    group(people, "Finance")
    space(people, "Salaries", "Finance")
    put(folder, "bonus.md", f"# Bonus\n\nThe bonus of the year is paid on {SECRET}.\n", "Salaries")
    ben = first_visit(browser, invite(people, "ben@example.com", "Ben"))
    expect(ben.answer(QUESTION)).not_to_contain_text(SECRET)
    people.reload()
    dialog = wish(people, "Ben", "Groups")
    choose(dialog, "Finance")
    expect(dialog.get_by_text("Reads general and Salaries.")).to_be_visible()
    done(people, "Save")
    expect(ben.answer(QUESTION)).to_contain_text(SECRET)
    wish(people, "Ben", "Disable")
    done(people, "Disable")
    expect(people.locator("[class*='st-key-line-']", has_text="Ben")).to_contain_text("disabled")
    ben.ask("And what is the canteen's menu?")
    expect(ben.page.get_by_role("heading", name="Your session has ended")).to_be_visible()
    ben.page.context.close()


def test_names_are_text_wherever_they_stand(people: Page) -> None:
    group(people, HOSTILE)
    section(people, "Spaces")
    people.get_by_role("button", name="Add space").click()
    dialog = people.get_by_role("dialog")
    dialog.get_by_text("Only some groups").click()
    choose(dialog, HOSTILE)
    dialog.get_by_label("Name", exact=True).fill(HOSTILE)
    done(people, "Add")
    expect(people.get_by_text("onerror=document.title").first).to_be_visible()
    assert people.locator("img[src='x'], img[src*='other.example']").count() == 0
    assert people.title() != "1"
    wish(people, HOSTILE, "Delete")
    done(people, "Delete")


def test_the_page_is_not_there_for_staff(firm: Company, page: Page) -> None:
    firm.sign_in(page, firm.person("sam"), "/people")
    expect(page.get_by_text("Only admins see this page")).to_be_visible()
    expect(page.get_by_role("link", name="People")).to_have_count(0)
    expect(page.get_by_role("button", name="Add person")).to_have_count(0)
