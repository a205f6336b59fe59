from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import UnreadableDocument
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
KINDS = {".odt": "text", ".ods": "spreadsheet", ".odp": "presentation"}
SPACES = "".join(
    f' xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (
        ("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"), ("style", "style"),
        ("presentation", "presentation"),
    )
)  # fmt: skip
META = (
    f'<office:document-meta{SPACES} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta><dc:title>Leave guide'
    "</dc:title></office:meta></office:document-meta>"
)
STYLES = (
    '<office:automatic-styles><text:list-style style:name="L1"><text:list-level-style-number text:level="1" '
    'style:num-format="1" style:num-suffix="."/><text:list-level-style-number text:level="2" style:num-format="a" '
    'style:num-suffix=")"/></text:list-style><style:style style:name="ta2" style:family="table">'
    '<style:table-properties table:display="false"/></style:style></office:automatic-styles>'
)


def odf(folder: Path, name: str, body: str, before: str = "", **parts: str) -> Path:
    kind = KINDS[Path(name).suffix]
    content = (
        f'<?xml version="1.0"?>{before}<office:document-content{SPACES}>{STYLES}<office:body><office:{kind}>{body}'
        f"</office:{kind}></office:body></office:document-content>"
    )
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}", zipfile.ZIP_STORED)
        archive.writestr("content.xml", content)
        archive.writestr("meta.xml", META)
        archive.writestr("META-INF/manifest.xml", parts.get("manifest", "<manifest/>"))
    return folder / name


def test_a_text_keeps_headings_lists_and_tables(read: Read, tmp_path: Path) -> None:
    body = (
        "<text:table-of-content><text:index-body><text:p>Leave ... 3</text:p></text:index-body></text:table-of-content>"
        '<text:h text:outline-level="1">Leave</text:h><text:section><text:p>Ask<text:s text:c="999999999"/><text:span>'
        "early</text:span>.<office:annotation><text:p>really?</text:p></office:annotation></text:p></text:section>"
        '<text:list text:style-name="L1"><text:list-item><text:p>Open the form</text:p><text:list><text:list-item>'
        "<text:p>on paper</text:p></text:list-item></text:list></text:list-item><text:list-item><text:p>Send</text:p>"
        "</text:list-item></text:list><text:list><text:list-item><text:p>any time</text:p></text:list-item></text:list>"
        "<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Site</text:p>"
        "</table:table-cell><table:table-cell><text:p>Days</text:p></table:table-cell></table:table-row>"
        "</table:table-header-rows>"
        "<table:table-row><table:table-cell><text:p>Graz</text:p></table:table-cell><table:table-cell>"
        "<text:p>27</text:p></table:table-cell></table:table-row></table:table>"
        '<text:h text:outline-level="2">Travel</text:h>'
        "<text:p>Take the train.</text:p>"
    )
    document = read(odf(tmp_path, "guide.odt", body))
    assert document.title == "Leave guide"
    assert document.text.split("\n\n") == [
        "Leave",
        "Ask early.",
        "1. Open the form\na) on paper\n2. Send",
        "- any time",
        "Site: Graz; Days: 27",
        "Travel",
        "Take the train.",
    ]
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "Leave"), (2, "Travel")]


def cell(text: str = "", repeated: int = 1) -> str:
    return f'<table:table-cell table:number-columns-repeated="{repeated}"><text:p>{text}</text:p></table:table-cell>'


def test_visible_sheets_are_parts_with_named_columns(read: Read, tmp_path: Path) -> None:
    body = (
        f'<table:table table:name="Rooms"><table:table-row>{cell("Room")}{cell("Seats")}{cell("", 16382)}'
        f'</table:table-row><table:table-row table:number-rows-repeated="2">{cell("Mira", 2)}</table:table-row>'
        f'<table:table-row table:number-rows-repeated="1048573">{cell("", 16384)}</table:table-row></table:table>'
        f'<table:table table:name="Salaries" table:style-name="ta2"><table:table-row>{cell("secret")}</table:table-row>'
        "</table:table>"
    )
    document = read(odf(tmp_path, "rooms.ods", body))
    assert document.text == "Rooms\n\nRoom: Mira; Seats: Mira\nRoom: Mira; Seats: Mira"
    assert [heading.text for heading in document.headings] == ["Rooms"]


def test_one_cell_that_claims_to_fill_the_sheet_is_not_written_a_million_times(read: Read, tmp_path: Path) -> None:
    row = f'<table:table-row table:number-rows-repeated="1000000">{cell("much", 1_000_000)}</table:table-row>'
    document = read(odf(tmp_path, "sheet.ods", f'<table:table table:name="Big">{row}</table:table>'))
    assert 1 <= document.text.count("much") <= 20_000


def test_slides_are_pages_with_their_notes(read: Read, tmp_path: Path) -> None:
    body = "".join(
        f'<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>{title}</text:p></draw:text-box>'
        f"</draw:frame><draw:frame><draw:text-box><text:p>Text {title}</text:p></draw:text-box></draw:frame>"
        '<draw:frame presentation:class="page-number"><draw:text-box><text:p>9</text:p></draw:text-box></draw:frame>'
        f"<presentation:notes><draw:frame><draw:text-box><text:p>Say {title}</text:p></draw:text-box></draw:frame>"
        "</presentation:notes></draw:page>"
        for title in ("One", "Two")
    )
    document = read(odf(tmp_path, "deck.odp", body))
    assert [(page.number, page.text) for page in document.pages] == [
        (1, "One\n\nText One\n\nSay One"),
        (2, "Two\n\nText Two\n\nSay Two"),
    ]
    assert [heading.text for heading in document.headings] == ["One", "Two"]


LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ('<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>', "<text:p>before &file; after</text:p>"),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', "<text:p>before after</text:p>"),
    ],
)
def test_entities_are_never_followed(read: Read, tmp_path: Path, before: str, body: str) -> None:
    text = read(odf(tmp_path, "guide.odt", body, before)).text
    assert text.split() == ["before", "after"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<text:section>" * 1000 + "</text:section>" * 1000, "damaged"),
        ("<text:p>", "damaged"),
        ("<text:p/>", "no text"),
        ("<text:p>&e9;</text:p>", "damaged"),
        (
            '<table:table><table:table-row table:number-rows-repeated="999999999"><table:table-cell '
            f'table:number-columns-repeated="999999999"><text:p>{"x" * 5000}</text:p></table:table-cell>'
            "</table:table-row></table:table>",
            "20 million",
        ),
    ],
)
def test_what_grows_or_nests_without_bound_is_refused(read: Read, tmp_path: Path, body: str, sentence: str) -> None:
    with pytest.raises(UnreadableDocument, match=sentence):
        read(odf(tmp_path, "guide.odt", body, f'<!DOCTYPE x [<!ENTITY e0 "ha">{LAUGHS}]>' if "&" in body else ""))


def test_a_protected_text_is_told(read: Read, tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="password"):
        read(odf(tmp_path, "guide.odt", "<text:p>x</text:p>", manifest="<m><encryption-data/></m>"))
