"""Documents that are not ready yet, in a real browser: called off in line, opened by their password, in a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest
from filelock import FileLock
from playwright.sync_api import Locator, Page, expect
from reportlab.pdfgen.canvas import Canvas
from running_app import RunningApp

from assistant.knowledge.worker import LOCK_FILE

pytestmark = pytest.mark.browser

PASSWORD = "open sesame"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app") / "data"


@pytest.fixture(scope="module")
def app(data_dir: Path) -> Iterator[RunningApp]:
    with RunningApp(data_dir, ASSISTANT_SAMPLES="off", ASSISTANT_WORKER_IDLE_SECONDS="1") as running:
        yield running


def _open(page: Page, app: RunningApp) -> Locator:
    page.goto(f"{app.url}/knowledge_base")
    expect(page.locator(".st-key-uploader-zone .uploads")).to_be_attached()  # the script that takes files runs
    return page.get_by_test_id("stFileUploader").locator("input")


def _row(page: Page, name: str) -> Locator:
    return page.locator("[class*='st-key-document-']").filter(has_text=name).first


def _locked(folder: Path) -> Path:
    canvas = Canvas(str(folder / "open.pdf"))
    canvas.drawString(72, 700, "The safe in the cellar is opened on Mondays only.")
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=folder / "open.pdf")
    writer.encrypt(PASSWORD, algorithm="AES-256")
    writer.write(folder / "Safe.pdf")
    return folder / "Safe.pdf"


def test_a_document_in_line_is_called_off(app: RunningApp, page: Page, data_dir: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"Wait {number}.md" for number in range(2)]
    for file in files:
        file.write_text(f"# {file.stem}\n\nStaff wait.\n", encoding="utf-8")
    with FileLock(data_dir / LOCK_FILE):  # no worker begins
        for file in files:
            _open(page, app).set_input_files(file)
            expect(_row(page, file.name)).to_contain_text("Queued")
        expect(_row(page, "Wait 0.md")).to_contain_text("Queued: next in line")
        expect(_row(page, "Wait 1.md")).to_contain_text("Queued: number 2 in line")
        _row(page, "Wait 0.md").get_by_role("button", name="Cancel").click()
        expect(_row(page, "Wait 0.md")).to_contain_text(re.compile("cancelled", re.IGNORECASE))
        expect(_row(page, "Wait 1.md")).to_contain_text("Queued: next in line")
        page.reload()
        expect(_row(page, "Wait 1.md")).to_contain_text("Queued: next in line")
    expect(_row(page, "Wait 1.md").get_by_text("ready", exact=True)).to_be_visible()


def test_a_protected_file_says_so_and_is_read_with_its_password(app: RunningApp, page: Page, tmp_path: Path) -> None:
    _open(page, app).set_input_files(_locked(tmp_path))
    row = _row(page, "Safe.pdf")
    for given, before in (("wrong", "with the password"), (PASSWORD, "does not open this PDF")):
        expect(row).to_contain_text(before)
        row.get_by_role("button", name="Give the password").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Password of the file").fill(given)
        dialog.get_by_role("button", name="Read the file").click()
        expect(dialog).to_have_count(0)
    expect(row.get_by_text("ready", exact=True)).to_be_visible()


def test_a_dropped_folder_brings_all_its_files(app: RunningApp, page: Page, tmp_path: Path) -> None:
    (tmp_path / "Rules" / "Old").mkdir(parents=True)
    for name in ("Rules/Moor.md", "Rules/Old/Fen.md"):
        (tmp_path / name).write_text(f"# {name}\n\nThe ground is soft.\n", encoding="utf-8")
    _open(page, app)
    browser = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(tmp_path / "Rules")], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        browser.send("Input.dispatchDragEvent", {"type": kind, "x": 400, "y": 300, "data": data})
    for name in ("Moor.md", "Fen.md"):
        expect(_row(page, name).get_by_text("ready", exact=True)).to_be_visible()
