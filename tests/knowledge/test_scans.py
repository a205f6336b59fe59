"""Pages that are pictures are told, read when that is wanted, and never read twice."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from scanned import write_scan
from small_library import Library
from sqlalchemy import select

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import ocr
from assistant.knowledge.parsing.sandbox import ParserSandbox
from assistant.knowledge.scans import ScanJob, Scans, with_texts
from assistant.library import Heading, PageOrigin, ParsedDocument, ParsedPage
from assistant.settings import load
from assistant.storage.ingestion import LostClaim, NotNow
from assistant.storage.rows import VersionRow
from assistant.storage.scans import ScanTexts

needs_ocr = pytest.mark.skipif(not ocr.is_installed(), reason="the extra 'ocr' is not installed")
OWN = "The travel policy has been in force since the first of May."
BERLIN = ["The hotel cap in Berlin is EUR 160", "per night with breakfast."]
PARIS = ["The hotel cap in Paris is EUR 190."]
Pages = Sequence[Sequence[str] | str]


@dataclass
class Desk:
    """A version in a library, and its file."""

    library: Library
    folder: Path
    job: ScanJob
    told: list[tuple[int, int]]

    def read(
        self, ocr: str = "on", most: int = 50, alive: Callable[[], None] = lambda: None
    ) -> tuple[ParsedDocument, str]:
        settings = load(data_dir=self.library.settings.data_dir, ocr=ocr, ocr_max_pages=most, _env_file=None)
        scans = Scans(settings, self.library.database)
        parsed = ParserSandbox(60, 1000).parse(self.job.original, "Policy.pdf", lambda _done, _total: None)
        self.told.clear()
        document, note = scans.read(self.job, parsed, lambda done, total: self.told.append((done, total)), alive)
        return document, note or ""

    def note(self) -> str | None:
        with self.library.database.read() as session:
            return session.scalars(select(VersionRow.note).where(VersionRow.id == self.job.version_id)).one()


@pytest.fixture
def given(library: Library, tmp_path: Path) -> Callable[[Pages], Desk]:
    def desk(pages: Pages) -> Desk:
        path = write_scan(tmp_path / "policy.pdf", pages)
        _, job = library.accept("Policy.pdf", [str(pages)])
        with library.database.read() as session:
            sha256 = session.get_one(VersionRow, job.version_id).sha256
        return Desk(library, tmp_path, ScanJob(job.version_id, sha256, path), [])

    return desk


def test_a_scan_says_which_setting_would_read_it(given: Callable[[Pages], Desk]) -> None:
    with pytest.raises(UnreadableDocument, match="ASSISTANT_OCR=on"):
        given([BERLIN, PARIS]).read("off")


def test_pages_without_text_are_counted_and_the_others_are_read(given: Callable[[Pages], Desk]) -> None:
    document, note = given([OWN, BERLIN, PARIS]).read("off")
    assert document.pages[0].text == OWN
    assert [page.origin for page in document.pages] == [PageOrigin.TEXT, PageOrigin.EMPTY, PageOrigin.EMPTY]
    assert note.startswith("2 of 3 pages have no text: they are pictures.")


def test_a_document_of_text_costs_nothing_and_says_nothing(given: Callable[[Pages], Desk]) -> None:
    desk = given([OWN, OWN])
    assert desk.read()[1] == ""
    assert desk.told == []


@needs_ocr
def test_recognised_pages_are_marked_and_stand_in_their_place(given: Callable[[Pages], Desk]) -> None:
    desk = given([OWN, BERLIN, PARIS])
    document, note = desk.read()
    assert document.pages[1].text.split() == " ".join(BERLIN).split()
    assert [page.origin for page in document.pages] == [PageOrigin.TEXT, PageOrigin.OCR, PageOrigin.OCR]
    assert note == "2 of 3 pages were read by text recognition (OCR), which makes mistakes."
    assert desk.told == [(0, 2), (1, 2), (2, 2)]
    assert desk.note() == "2 of 3 pages are pictures; their text is being recognised."


@needs_ocr
def test_no_more_pages_are_recognised_than_allowed(given: Callable[[Pages], Desk]) -> None:
    document, note = given([BERLIN, PARIS, OWN]).read(most=1)
    assert [page.origin for page in document.pages] == [PageOrigin.OCR, PageOrigin.EMPTY, PageOrigin.TEXT]
    assert "1 of 3 pages have no text" in note
    assert "ASSISTANT_OCR_MAX_PAGES" in note


@needs_ocr
def test_a_page_is_never_recognised_twice(given: Callable[[Pages], Desk]) -> None:
    desk = given([BERLIN, PARIS])
    ScanTexts(desk.library.database).keep(desk.job.version_id, 0, "kept from before")
    document, _ = desk.read()
    assert document.pages[0].text == "kept from before"
    assert "Paris" in document.pages[1].text
    shutil.copy(write_scan(desk.folder / "other.pdf", [[], []]), desk.job.original)
    assert desk.read("off")[0] == document


@needs_ocr
def test_what_is_no_longer_wanted_stops_and_keeps_its_pages(given: Callable[[Pages], Desk]) -> None:
    desk = given([BERLIN, PARIS])

    def lost() -> None:
        if ScanTexts(desk.library.database).of(desk.job.sha256):
            raise LostClaim

    with pytest.raises(LostClaim):
        desk.read(alive=lost)
    assert list(ScanTexts(desk.library.database).of(desk.job.sha256)) == [0]


@needs_ocr
def test_a_second_scan_is_put_off_while_one_is_read(given: Callable[[Pages], Desk]) -> None:
    desk = given([BERLIN, PARIS])
    scans = Scans(load(data_dir=desk.library.settings.data_dir, ocr="on", _env_file=None), desk.library.database)
    parsed = ParserSandbox(60, 1000).parse(desk.job.original, "Policy.pdf", lambda _done, _total: None)
    put_off: list[bool] = []

    def another() -> None:
        if not put_off:
            put_off.append(True)
            with pytest.raises(NotNow):
                scans.read(desk.job, parsed, lambda _done, _total: None, lambda: None)

    scans.read(desk.job, parsed, lambda _done, _total: None, another)
    assert put_off


@needs_ocr
def test_a_scan_of_nothing_is_told(given: Callable[[Pages], Desk]) -> None:
    with pytest.raises(UnreadableDocument, match="No text was recognised"):
        given([[], []]).read()


def test_recognition_that_is_not_installed_is_told(
    given: Callable[[Pages], Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ocr, "MODELS", ("missing.onnx",))
    with pytest.raises(UnreadableDocument, match="install the extra 'ocr'"):
        given([BERLIN]).read()


def test_headings_move_with_the_text_before_them() -> None:
    pages = (ParsedPage(1, "3"), ParsedPage(2, "Leave\nTwenty days."))
    empty = (ParsedPage(1, "3", origin=PageOrigin.EMPTY), pages[1])
    document = with_texts(ParsedDocument("t", empty, (Heading(2, 1, "Leave"),)), {0: "A long page of a scan"})
    (heading,) = document.headings
    assert document.text.startswith("Leave", heading.start)
