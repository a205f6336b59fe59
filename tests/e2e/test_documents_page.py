"""The documents page in a real browser: files stream past Streamlit, many go at once, news follow the person."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from chat_page import ChatPage
from playwright.sync_api import Locator, Page, expect
from running_app import RunningApp

pytestmark = pytest.mark.browser

DROP = """names => {
  const files = new DataTransfer();
  for (const name of names) files.items.add(new File([`# ${name}\\n\\nThe pond is deep.`], name));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true });
    document.querySelector("h1").dispatchEvent(event);
  }
}"""


def row(page: Page, name: str) -> Locator:
    """The document's row in the list."""
    return page.locator("[class*='st-key-document-']").filter(has_text=name).first


def open_page(page: Page, url: str) -> Locator:
    """Go to the page and return what files are put into."""
    page.goto(f"{url}/knowledge_base")
    expect(page.get_by_test_id("stFileUploader")).to_be_visible()
    expect(page.locator(".st-key-uploader-zone .uploads")).to_be_attached()  # the script that takes files runs
    return page.get_by_test_id("stFileUploader").locator("input")


def put(page: Page, url: str, *files: Path) -> None:
    """Upload files and wait until each is ready."""
    open_page(page, url).set_input_files(files)
    for file in files:
        expect(row(page, file.name).get_by_text("ready", exact=True)).to_be_visible()


def note(folder: Path, name: str, words: str) -> Path:
    path = folder / name
    path.write_text(f"# {path.stem}\n\n{words}\n", encoding="utf-8")
    return path


def test_a_file_goes_to_disk_and_never_into_streamlits_memory(app: RunningApp, page: Page, tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []
    page.on("request", lambda request: asked.append((request.method, request.url)))
    put(page, app.url, note(tmp_path, "Stream.md", "The stream is cold."))
    assert [url for method, url in asked if method == "PUT" and "/documents/upload?name=Stream.md" in url]
    assert [url for _, url in asked if "upload_file" in url] == []


def test_files_may_be_dropped_anywhere_and_their_names_are_text(app: RunningApp, page: Page) -> None:
    open_page(page, app.url)
    names = ["Pond.md", "<img src=x onerror=alert(1)>.md"]
    page.evaluate(DROP, names)
    for name in names:
        expect(row(page, name).get_by_text("ready", exact=True)).to_be_visible()
    expect(page.locator("img[src='x']")).to_have_count(0)


def test_what_ends_in_the_background_is_told_on_another_page(app: RunningApp, page: Page, tmp_path: Path) -> None:
    open_page(page, app.url).set_input_files(note(tmp_path, "Brook.md", "The brook is narrow."))
    expect(page.get_by_text("Brook.md was added")).to_be_visible()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Chat").click()
    expect(page.get_by_test_id("stToast").filter(has_text="Brook.md is ready")).to_be_visible()


def test_a_file_is_replaced_from_its_row_and_downloaded_as_it_is(app: RunningApp, page: Page, tmp_path: Path) -> None:
    put(page, app.url, note(tmp_path, "Lake.md", "The lake is wide."))
    newer = note(tmp_path, "Lakes.md", "Both lakes are wide.")
    row(page, "Lake.md").get_by_role("button", name="Actions").click()
    page.get_by_text("Replace", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_test_id("stFileUploader").locator("input").set_input_files(newer)
    expect(dialog).to_have_count(0)
    expect(row(page, "Lakes.md").get_by_text("ready", exact=True)).to_be_visible()
    row(page, "Lakes.md").get_by_role("link", name="Open").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the original").click()
    assert download.value.suggested_filename == "Lakes.md"
    assert Path(download.value.path()).read_bytes() == newer.read_bytes()
    page.get_by_role("tab", name="Versions").click()
    expect(page.locator(".st-key-difference")).to_contain_text("+ Both lakes are wide.")


def test_ticked_documents_are_deleted_together_by_the_keyboard(app: RunningApp, page: Page, tmp_path: Path) -> None:
    files = [note(tmp_path, f"Puddle {number}.md", "The puddle is small.") for number in range(3)]
    put(page, app.url, *files)
    for file in files[:2]:
        page.get_by_role("checkbox", name=f"Select {file.name}").focus()
        page.keyboard.press("Space")
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Delete").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row(page, "Puddle 0.md")).to_have_count(0)
    expect(row(page, "Puddle 1.md")).to_have_count(0)
    expect(row(page, "Puddle 2.md")).to_be_visible()


def test_an_answer_says_that_its_source_was_deleted(app: RunningApp, page: Page, tmp_path: Path) -> None:
    put(page, app.url, note(tmp_path, "Ferry.md", "The ferry to the island leaves at a quarter past nine."))
    chat = ChatPage(page, app.url).open()
    chat.answer("When does the ferry to the island leave?")
    expect(chat.sources.first).to_contain_text("Ferry.md")
    conversation = page.url
    page.goto(f"{app.url}/knowledge_base")
    row(page, "Ferry.md").get_by_role("button", name="Actions").click()
    page.get_by_text("Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row(page, "Ferry.md")).to_have_count(0)
    page.goto(conversation)
    source = page.get_by_role("button", name=re.compile(r"Ferry\.md · source deleted"))
    source.click()
    expect(page.get_by_role("dialog")).to_contain_text("The ferry to the island leaves at a quarter past nine.")
