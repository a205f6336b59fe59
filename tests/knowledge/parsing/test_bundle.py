from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import docx
import pytest

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.members import shown_name
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
PdfMaker = Callable[..., Path]


def archive_of(folder: Path, members: dict[str, str | bytes], name: str = "all_files.zip") -> Path:
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return folder / name


def word_file() -> bytes:
    source, data = docx.Document(), io.BytesIO()
    source.add_heading("Leave", 1)
    source.add_paragraph("Ask early.")
    source.save(data)
    return data.getvalue()


def test_members_are_sections_under_their_names(read: Read, tmp_path: Path, make_pdf: PdfMaker) -> None:
    pdf = make_pdf([["Every employee receives paid leave."], ["Carried over until March."]]).read_bytes()
    members: dict[str, str | bytes] = {
        "hr/leave.docx": word_file(),
        "hr/leave.pdf": pdf,
        "rooms.csv": "Room,Seats\nMira,6\n",
        "__MACOSX/._rooms.csv": b"\x00\x05",
        "hr/.DS_Store": b"\x00",
        "logo.png": b"\x89PNG\r\n\x1a\n\x00",
        "inner.zip": b"PK\x05\x06" + bytes(18),
    }
    document = read(archive_of(tmp_path, members))
    assert document.title == "all files"
    assert [page.text.split("\n\n", 1)[0] for page in document.pages] == ["hr/leave.docx", "hr/leave.pdf", "rooms.csv"]
    assert "Carried over until March." in document.pages[1].text
    assert document.pages[2].text == "rooms.csv\n\nRoom: Mira; Seats: 6"
    assert [(one.level, one.text) for one in document.headings][:2] == [(1, "hr/leave.docx"), (2, "Leave")]
    assert [document.text[one.start :].startswith(one.text) for one in document.headings] == [True] * 4
    assert document.note == "2 of 5 files in this archive could not be read: logo.png, inner.zip."


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("C:\\Windows\\..\\evil.txt", "Windows/evil.txt"),
        ("/root/.ssh/x", "root/.ssh/x"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("x" * 300, "x" * 200),
        ("..", "unnamed"),
        ("a\nb.txt", "a b.txt"),
    ],
)
def test_names_of_members_show_no_way_out(name: str, shown: str) -> None:
    assert shown_name(name) == shown


def test_a_name_that_leads_out_writes_nothing_and_is_read(read: Read, tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    document = read(archive_of(folder, {"../../escaped.txt": "the words"}))
    assert document.text == "escaped.txt\n\nthe words"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["all_files.zip", "inner"]


def with_link(folder: Path) -> Path:
    path = archive_of(folder, {"a.txt": "the words"})
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("passwords")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return path


def test_a_link_is_not_followed(read: Read, tmp_path: Path) -> None:
    document = read(with_link(tmp_path))
    assert document.text == "a.txt\n\nthe words"
    assert document.note.endswith("passwords.")


def test_archives_attached_to_a_letter_are_opened_and_those_in_an_archive_are_not(read: Read, tmp_path: Path) -> None:
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "ann@example.org", "Files"
    letter.set_content("See below.")
    inner = archive_of(tmp_path, {"a.txt": "the inner words"}, "inner.zip").read_bytes()
    outer = archive_of(tmp_path, {"b.txt": "the outer words", "inner.zip": inner}, "outer.zip").read_bytes()
    for name, data in (("inner.zip", inner), ("outer.zip", outer), ("again.zip", inner)):
        letter.add_attachment(data, maintype="application", subtype="zip", filename=name)
    (tmp_path / "mail.eml").write_bytes(letter.as_bytes())
    text = read(tmp_path / "mail.eml").text
    assert text.count("the inner words") == 2
    assert "the outer words" in text


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({}, "not a whole .zip file|no file in this archive"),
        ({"logo.png": b"\x89PNG\r\n\x1a\n\x00"}, "None of the files in this archive can be read, for example logo.png"),
        ({f"{n}.txt": "x" for n in range(1001)}, "more than 1,000 files"),
        ({"a.txt": "ready words", "b.txt": b"\x20" * (501 * 1024 * 1024)}, "unpacks to far more"),
    ],
)
def test_an_archive_without_text_or_bound_is_refused(
    read: Read, tmp_path: Path, members: dict[str, str | bytes], sentence: str
) -> None:
    with pytest.raises(UnreadableDocument, match=sentence):
        read(archive_of(tmp_path, members))


def test_parts_that_share_their_bytes_are_refused(read: Read, tmp_path: Path) -> None:
    path = archive_of(tmp_path, {"a.txt": "words " * 1000, "b.txt": "words " * 1000})
    data = bytearray(path.read_bytes())
    second = data.rindex(b"PK\x01\x02")
    data[second + 42 : second + 46] = bytes(4)
    path.write_bytes(data)
    with pytest.raises(UnreadableDocument, match=r"unpacks to far more|damaged"):
        read(path)


def test_one_damaged_member_costs_only_itself(read: Read, tmp_path: Path) -> None:
    path = archive_of(tmp_path, {"a.txt": "first words " * 50, "b.txt": "second words " * 50})
    data = bytearray(path.read_bytes())
    data[45] ^= 0xFF
    path.write_bytes(data)
    document = read(path)
    assert "second words" in document.text
    assert document.note == "1 of 2 files in this archive could not be read: a.txt."
