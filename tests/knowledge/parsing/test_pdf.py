from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.pdf import parse_with_pypdf
from assistant.library import ParsedDocument

Make = Callable[..., Path]
Read = Callable[..., ParsedDocument]
PROSE = "Every employee receives twenty-seven days of paid annual leave in a calendar year."


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


def test_the_title_is_that_of_the_file_unless_a_program_made_it_up(make_pdf: Make, read: Read) -> None:
    assert read(make_pdf([[PROSE]], title="Leave Policy")).title == "Leave Policy"
    assert read(make_pdf([[PROSE]], title="Microsoft Word - draft3.docx"), "leave_policy.pdf").title == "leave policy"


def test_a_scan_is_told_so(make_pdf: Make, read: Read) -> None:
    with pytest.raises(UnreadableDocument, match="scan"):
        read(make_pdf([[], []]))


def test_a_protected_pdf_is_told_so(make_pdf: Make, read: Read, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=make_pdf([[PROSE]]))
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(UnreadableDocument, match="password"):
        read(tmp_path / "locked.pdf")
    with pytest.raises(UnreadableDocument, match="password"):
        parse_with_pypdf(tmp_path / "locked.pdf", "locked.pdf", lambda _done, _total: None)


def test_a_pdf_that_anyone_may_open_is_read_though_encrypted(make_pdf: Make, read: Read, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=make_pdf([[PROSE]]))
    writer.encrypt("", "owner", algorithm="AES-256")
    writer.write(tmp_path / "open.pdf")
    assert read(tmp_path / "open.pdf").text == PROSE


def test_a_damaged_pdf_is_told_so(read: Read, tmp_path: Path) -> None:
    (tmp_path / "half.pdf").write_bytes(b"%PDF-1.7\nnothing else")
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(tmp_path / "half.pdf")


def test_pypdf_alone_gives_the_same_words_and_headings(make_pdf: Make, read: Read) -> None:
    path = make_pdf([["Leave", PROSE]], outline=[("Leave", 0, 0)])
    alone = parse_with_pypdf(path, "made.pdf", lambda _done, _total: None)
    assert alone.text.split() == read(path).text.split()
    assert alone.headings == read(path).headings
