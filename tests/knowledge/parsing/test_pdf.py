from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from pypdf.constants import PageLabelStyle
from scanned import write_scan

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import pdf
from assistant.knowledge.parsing.pdf import parse_with_pypdf
from assistant.library import PageOrigin, ParsedDocument

Make = Callable[..., Path]
Read = Callable[..., ParsedDocument]
PROSE = "Every employee receives twenty-seven days of paid annual leave in a calendar year."


def ignore(_done: int, _total: int) -> None:
    return


def test_pages_have_numbers_and_their_own_text(make_pdf: Make, read: Read) -> None:
    document = read(make_pdf([[PROSE], ["The second page speaks of travel."]]))
    assert [page.number for page in document.pages] == [1, 2]
    assert document.pages[1].text == "The second page speaks of travel."
    assert document.text == f"{PROSE}\nThe second page speaks of travel."


def test_each_page_is_told_as_progress(make_pdf: Make) -> None:
    from assistant.knowledge.parsing import parse

    heard: list[tuple[int, int]] = []
    parse(make_pdf([[PROSE]] * 3), "made.pdf", lambda done, total: heard.append((done, total)))
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_headings_come_from_the_outline_with_levels_and_offsets(make_pdf: Make, read: Read) -> None:
    path = make_pdf(
        [["Leave", PROSE, "1.1 Carrying over", "Unused days lapse."], ["Travel", "Take the train."]],
        outline=[("Leave", 0, 0), ("Carrying over", 1, 0), ("Travel", 0, 1)],
    )
    document = read(path)
    assert [(heading.level, heading.text) for heading in document.headings] == [
        (1, "Leave"),
        (2, "1.1 Carrying over"),
        (1, "Travel"),
    ]
    for heading in document.headings:
        assert document.text.startswith(heading.text, heading.start)


def test_headings_come_from_the_type_where_there_is_no_outline(make_pdf: Make, read: Read) -> None:
    page = [("Leave", 18, True), PROSE, PROSE, ("Carrying over", 11, True), PROSE, ("Total 27", 11, True), "29 days"]
    document = read(make_pdf([page, [PROSE]]))
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Leave"), (2, "Carrying over")]


def test_running_headers_footers_and_page_numbers_are_dropped(make_pdf: Make, read: Read) -> None:
    words = list(enumerate(["leave", "travel", "pay", "safety", "notice"]))
    pages = [
        ["Staff Handbook", f"Rules about {word} stand here.", f"{27 * n}", f"Internal, page {n + 3} of 12"]
        for n, word in words
    ]
    document = read(make_pdf(pages))
    assert [page.text for page in document.pages] == [f"Rules about {word} stand here.\n{27 * n}" for n, word in words]
    assert "Handbook" not in document.text
    assert "Internal" not in document.text


def test_figures_at_page_edges_are_not_taken_for_page_numbers(make_pdf: Make, read: Read) -> None:
    rows = [[f"{n * 37 + 11} EUR {n * 13 + 5}" for n in range(start, start + 6)] for start in (0, 6, 12, 18)]
    document = read(make_pdf(rows))
    assert document.text.split("\n") == [row for page in rows for row in page]


def test_a_word_broken_at_a_line_end_is_whole_again(make_pdf: Make, read: Read) -> None:
    lines = ["Turn on multi-factor sign-in. Then con-", "figure the multi-", "factor app and call us."]
    document = read(make_pdf([lines]))
    assert "Then configure the multi-factor app" in document.text


def test_quotes_stand_on_the_page_for_another_reader(make_pdf: Make, read: Read) -> None:
    path = make_pdf([[PROSE, "City Hotel Meals", "Berlin 140 EUR 28 EUR"]])
    elsewhere = "".join(pypdf.PdfReader(path).pages[0].extract_text().split())
    assert "".join(read(path).pages[0].text.split()) in elsewhere


def test_short_pages_that_are_all_alike_are_text_and_no_header(make_pdf: Make, read: Read) -> None:
    assert read(make_pdf([["Admit one person"], ["Admit one person"]])).text == "Admit one person\nAdmit one person"


def test_a_page_says_what_it_calls_itself(make_pdf: Make, read: Read, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=make_pdf([[PROSE], ["Contents of this book"], ["Leave rules"]]))
    writer.set_page_label(0, 1, PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(2, 2, PageLabelStyle.DECIMAL, prefix="A-")
    writer.write(tmp_path / "book.pdf")
    for document in (read(tmp_path / "book.pdf"), parse_with_pypdf(tmp_path / "book.pdf", "b.pdf", ignore)):
        assert [(page.number, page.label) for page in document.pages] == [(1, "i"), (2, "ii"), (3, "A-1")]


def test_a_label_that_is_the_number_is_none(make_pdf: Make, read: Read) -> None:
    assert [page.label for page in read(make_pdf([[PROSE], [PROSE]])).pages] == [None, None]


def test_a_page_that_is_a_picture_is_told_from_a_short_one(tmp_path: Path, read: Read) -> None:
    path = write_scan(tmp_path / "mixed.pdf", [PROSE, ["A picture of text"], "Chapter 2"])
    expected = [PageOrigin.TEXT, PageOrigin.EMPTY, PageOrigin.TEXT]
    assert [page.origin for page in read(path).pages] == expected
    assert [page.origin for page in parse_with_pypdf(path, "mixed.pdf", ignore).pages] == expected


def test_the_title_is_that_of_the_file_unless_a_program_made_it_up(make_pdf: Make, read: Read) -> None:
    assert read(make_pdf([[PROSE]], title="Leave Policy")).title == "Leave Policy"
    assert read(make_pdf([[PROSE]], title="Microsoft Word - draft3.docx"), "leave_policy.pdf").title == "leave policy"


def test_a_scan_is_told_so(make_pdf: Make, read: Read) -> None:
    with pytest.raises(UnreadableDocument, match="scan"):
        read(make_pdf([[], []]))


@pytest.fixture
def locked(make_pdf: Make, tmp_path: Path) -> Path:
    """A PDF that opens with the password "open sesame"."""
    writer = pypdf.PdfWriter(clone_from=make_pdf([[PROSE]]))
    writer.encrypt("open sesame", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    return tmp_path / "locked.pdf"


@pytest.mark.parametrize("reader", [pdf.parse, parse_with_pypdf])
def test_a_protected_pdf_asks_for_its_password_and_opens_with_it(locked: Path, reader: Read) -> None:
    with pytest.raises(UnreadableDocument, match="protected by a password; try again with the password"):
        reader(locked, "locked.pdf", ignore)
    with pytest.raises(UnreadableDocument, match="does not open this PDF"):
        reader(locked, "locked.pdf", ignore, "sesame")
    assert reader(locked, "locked.pdf", ignore, "open sesame").text == PROSE


@pytest.mark.parametrize("reader", [pdf.parse, parse_with_pypdf])
def test_a_password_that_is_not_needed_does_no_harm(make_pdf: Make, reader: Read, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=make_pdf([[PROSE]]))
    writer.encrypt("", "owner", algorithm="AES-256")
    writer.write(tmp_path / "open.pdf")
    assert reader(tmp_path / "open.pdf", "open.pdf", ignore, "something").text == PROSE


def test_a_pdf_that_anyone_may_open_is_read_though_encrypted(make_pdf: Make, read: Read, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=make_pdf([[PROSE]]))
    writer.encrypt("", "owner", algorithm="AES-256")
    writer.write(tmp_path / "open.pdf")
    assert read(tmp_path / "open.pdf").text == PROSE


def test_a_damaged_pdf_is_told_so(read: Read, tmp_path: Path) -> None:
    (tmp_path / "half.pdf").write_bytes(b"%PDF-1.7\nnothing else")
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(tmp_path / "half.pdf")


def test_a_few_bytes_that_claim_a_million_pages_are_refused_at_once(read: Read, tmp_path: Path) -> None:
    (tmp_path / "claims.pdf").write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>endobj\ntrailer<</Root 1 0 R>>\n"
    )
    with pytest.raises(UnreadableDocument, match="more than 50,000 pages"):
        read(tmp_path / "claims.pdf")


def test_pypdf_alone_gives_the_same_words_and_headings(make_pdf: Make, read: Read) -> None:
    path = make_pdf([["Leave", PROSE]], outline=[("Leave", 0, 0)])
    alone = parse_with_pypdf(path, "made.pdf", ignore)
    assert alone.text.split() == read(path).text.split()
    assert alone.headings == read(path).headings
