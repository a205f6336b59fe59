from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import UnreadableDocument
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
)
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>Staff book</dc:title></metadata>
<manifest><item id="c" href="cover.xhtml" media-type="application/xhtml+xml"/>
<item id="b" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="p" href="photo.png" media-type="image/png"/></manifest>
<spine><itemref idref="c"/><itemref idref="a"/><itemref idref="b"/><itemref idref="a"/><itemref idref="p"/></spine>
</package>"""
PAGE = "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body>{}</body></html>"
BOOK = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OEBPS/book.opf": PACKAGE,
    "OEBPS/cover.xhtml": PAGE.format("<img src='photo.png'/>"),
    "OEBPS/text/one.xhtml": PAGE.format(
        "<h1>Leave</h1><p>Ask early.</p>"
        "<table><tr><th>Site</th><th>Days</th></tr><tr><td>Graz</td><td>27</td></tr></table>"
    ),
    "OEBPS/text/two b.xhtml": PAGE.format("<h1>Travel</h1><p>Take the train.</p>"),
}


def book(folder: Path, **changed: str) -> Path:
    path = folder / "book.epub"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**BOOK, **changed}.items():
            if content:
                archive.writestr(name, content)
    return path


def test_chapters_come_in_the_order_of_the_book(read: Read, tmp_path: Path) -> None:
    document = read(book(tmp_path))
    assert document.title == "Staff book"
    assert [page.text for page in document.pages] == [
        "Leave\n\nAsk early.\n\nSite: Graz; Days: 27",
        "Travel\n\nTake the train.",
    ]
    assert [heading.text for heading in document.headings] == ["Leave", "Travel"]
    assert [document.text[one.start :].split("\n")[0] for one in document.headings] == ["Leave", "Travel"]


def test_a_book_without_a_container_is_found_by_its_package(read: Read, tmp_path: Path) -> None:
    assert "Ask early." in read(book(tmp_path, **{"META-INF/container.xml": ""})).text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"OEBPS/book.opf": ""}, "damaged"),
        ({"OEBPS/book.opf": "<package"}, "damaged"),
        ({"OEBPS/book.opf": '<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]><p>&x;</p>'}, "no text"),
        (
            {
                "META-INF/encryption.xml": '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#">'
                '<e:CipherReference URI="OEBPS/text/one.xhtml"/></encryption>'
            },
            "password",
        ),
    ],
)
def test_what_cannot_be_read_is_told(read: Read, tmp_path: Path, changed: dict[str, str], sentence: str) -> None:
    with pytest.raises(UnreadableDocument, match=sentence):
        read(book(tmp_path, **changed))
