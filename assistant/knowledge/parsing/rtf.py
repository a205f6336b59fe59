"""RTF files: paragraphs, headings by their styles, lists with their labels, tables; in any of the old encodings."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.characters import one_line
from assistant.knowledge.parsing.formats import OnPage, Source, contents
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.tables import rows_as_lines
from assistant.library import ParsedDocument

# Groups within groups; Word writes some twenty.
DEEPEST = 1_000
TOO_DEEP = "This RTF file is nested deeper than any program writes; open it in its program, save it again and retry."
_TOKEN = re.compile(rb"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\(.)|([{}])|([^\\{}\r\n]+)", re.DOTALL)
# Groups that hold no text of the document: settings, pictures, margins of pages.
_SKIPPED = frozenset(
    b"colortbl listtable listoverridetable rsidtbl generator pict object objdata header headerl headerr headerf footer "
    b"footerl footerr footerf fldinst themedata colorschememapping datastore latentstyles xmlnstbl filetbl revtbl "
    b"bkmkstart bkmkend nonshppict shpinst pntxta pntxtb info annotation atnid atnauthor atnref".split()
)
# Groups marked as new ("may be ignored") that hold text all the same.
_KEPT = frozenset(b"listtext pntext shptxt".split())
# Groups that say something about the document.
_DESCRIBED = {b"fonttbl": "fonts", b"stylesheet": "styles", b"title": "title"}
_SIGNS = {
    b"tab": "\t", b"line": "\n", b"emdash": "\u2014", b"endash": "\u2013", b"bullet": "\u2022", b"lquote": "\u2018",
    b"rquote": "\u2019", b"ldblquote": "\u201c", b"rdblquote": "\u201d", b"emspace": " ", b"enspace": " ",
    b"~": "\u00a0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"lbr": "\n",
}  # fmt: skip
# Encodings by the number that a font has for its letters; all others are the document's own.
_CHARSETS = {
    77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gbk", 136: "big5", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250",
}  # fmt: skip
_HEADING_STYLE = re.compile(r"heading (\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _State:
    """What holds within a group; ``into`` names the list that the group describes."""

    skipped: bool = False
    encoding: str | None = None
    after_unicode: int = 1
    into: str = ""
    is_label: bool = False


@dataclass(slots=True)
class _Paragraph:
    """What holds for a paragraph until it is set anew."""

    level: int | None = None
    in_table: bool = False
    is_item: bool = False


@dataclass(slots=True)
class _Found:
    """What the file says about itself before its text."""

    encoding: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    styles: dict[int, int] = field(default_factory=dict)
    number: int = 0
    title: str = ""


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read the text; headers, footers, comments and pictures are left out."""
    reader = _Reader(contents(source))
    reader.read()
    on_page(1, 1)
    return reader.document.build(reader.found.title or reader.title or title_from_name(name))


class _Reader:
    """Goes through the signs of the file once; open groups are a list, not calls."""

    def __init__(self, data: bytes) -> None:
        self.document = DocumentBuilder()
        self.document.start_page()
        self.found = _Found()
        self.title = ""
        self._data = data
        self._state = _State()
        self._open: list[_State] = []
        self._paragraph = _Paragraph()
        self._pieces: list[str] = []
        self._bytes = bytearray()
        self._to_skip = 0
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._after_list = False
        self._new_group = False
        self._words: dict[bytes, Callable[[int | None], None]] = {
            b"par": self._end_of_paragraph, b"sect": self._end_of_paragraph, b"page": self._end_of_paragraph,
            b"cell": self._end_of_cell, b"nestcell": self._end_of_cell, b"row": self._end_of_row,
            b"nestrow": self._end_of_row, b"pard": self._plain_paragraph, b"intbl": self._in_table,
            b"s": self._style, b"outlinelevel": self._outline, b"u": self._unicode, b"uc": self._after_unicode,
            b"f": self._font, b"fcharset": self._charset, b"ansicpg": self._codepage, b"mac": self._mac,
            b"ls": self._item, b"\n": self._end_of_paragraph, b"\r": self._end_of_paragraph,
        }  # fmt: skip

    def read(self) -> None:
        """Add all there is."""
        at = 0
        while match := _TOKEN.search(self._data, at):
            at = match.end()
            word, number, code, sign, brace, text = match.groups()
            if brace:
                self._flush()
                self._begin() if brace == b"{" else self._end()
            elif code or text:
                self._letters(bytes([int(code, 16)]) if code else text)
            elif word == b"bin":
                at += max(0, int(number or 0))
            else:
                self._control(word or sign, int(number) if number else None)
            self._new_group = brace == b"{" or (self._new_group and sign == b"*")
        self._flush()
        self._end_of_paragraph(None)
        self._end_of_table()

    def _begin(self) -> None:
        if len(self._open) >= DEEPEST:
            raise UnreadableDocument(TOO_DEEP)
        self._open.append(self._state)

    def _end(self) -> None:
        if self._state.into == "styles" and self._pieces:
            match = _HEADING_STYLE.match("".join(self._pieces).strip())
            if match:
                self.found.styles[self.found.number] = int(match.group(1))
        if self._state.into == "title" and self._pieces:
            self.found.title = self.found.title or one_line("".join(self._pieces))
        if self._state.into:
            self._pieces.clear()
        if self._open:
            self._state = self._open.pop()

    def _control(self, word: bytes, number: int | None) -> None:
        if word == b"*" and self._new_group:
            self._state = replace(self._state, skipped=True)
        elif self._new_group and self._destination(word):
            return
        elif word in _SIGNS:
            self._sign(_SIGNS[word])
        elif handler := self._words.get(word):
            if word not in (b"u", b"uc"):
                self._flush()
            handler(number)

    def _destination(self, word: bytes) -> bool:
        """Return whether the group that has just begun is of another kind than text, and act on it."""
        if word in _DESCRIBED:
            self._state = replace(self._state, skipped=False, into=_DESCRIBED[word])
        elif word in _SKIPPED:
            self._state = replace(self._state, skipped=True)
        elif word in _KEPT and not (self._open and self._open[-1].skipped):
            is_label = word != b"shptxt"
            self._state = replace(self._state, skipped=False, is_label=is_label)
            self._paragraph.is_item = self._paragraph.is_item or is_label
        else:
            return False
        return True

    def _letters(self, letters: bytes) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, len(letters))
            self._to_skip -= skipped
            letters = letters[skipped:]
        if not self._state.skipped:
            self._bytes += letters

    def _sign(self, sign: str) -> None:
        self._flush()
        if not self._state.skipped:
            self._pieces.append(sign)

    def _flush(self) -> None:
        """Turn the bytes so far into text: letters of two bytes must not be cut."""
        self._to_skip = 0
        if self._bytes:
            encoding = self._state.encoding or self.found.encoding
            self._pieces.append(self._bytes.decode(encoding, "replace"))
            self._bytes.clear()

    def _unicode(self, number: int | None) -> None:
        self._sign(chr((number or 0) % 0x10000))
        self._to_skip = self._state.after_unicode

    def _after_unicode(self, number: int | None) -> None:
        self._state = replace(self._state, after_unicode=min(max(number or 0, 0), 10))

    def _font(self, number: int | None) -> None:
        if self._state.into == "fonts":
            self.found.number = number or 0
        self._state = replace(self._state, encoding=self.found.fonts.get(number or 0))

    def _charset(self, number: int | None) -> None:
        encoding = _CHARSETS.get(number or 0)
        if self._state.into == "fonts" and encoding:
            self.found.fonts[self.found.number] = encoding

    def _codepage(self, number: int | None) -> None:
        try:
            codecs.lookup(f"cp{number}")
        except LookupError:
            return
        self.found.encoding = f"cp{number}"

    def _mac(self, _number: int | None) -> None:
        self.found.encoding = "mac_roman"

    def _plain_paragraph(self, _number: int | None) -> None:
        if not self._state.is_label:
            self._paragraph = _Paragraph(is_item=self._paragraph.is_item and bool(self._pieces))

    def _in_table(self, _number: int | None) -> None:
        self._paragraph.in_table = True

    def _item(self, _number: int | None) -> None:
        self._paragraph.is_item = True

    def _style(self, number: int | None) -> None:
        if self._state.into == "styles":
            self.found.number = number or 0
        elif self._paragraph.level is None:
            self._paragraph.level = self.found.styles.get(number or 0)

    def _outline(self, number: int | None) -> None:
        if number is None or not 0 <= number < 9:
            return
        if self._state.into == "styles":
            self.found.styles[self.found.number] = number + 1
        else:
            self._paragraph.level = number + 1

    def _end_of_cell(self, _number: int | None) -> None:
        self._cells.append(self._taken())

    def _end_of_row(self, _number: int | None) -> None:
        if self._cells:
            self._rows.append(self._cells)
        self._cells = []

    def _end_of_table(self) -> None:
        if self._cells:
            self._end_of_row(None)
        if self._rows:
            self.document.gap()
            for line in rows_as_lines(self._rows):
                self.document.line(line)
            self.document.gap()
        self._rows = []

    def _end_of_paragraph(self, _number: int | None) -> None:
        if self._state.into or self._state.skipped:
            return
        if self._paragraph.in_table:
            self._pieces.append("\n")
            return
        text = self._taken()
        if not text:
            return
        if self._rows or self._cells:
            self._end_of_table()
        self._add(text)

    def _add(self, text: str) -> None:
        if self._paragraph.level is not None:
            self.title = self.title or one_line(text)
            self.document.heading(self._paragraph.level, text)
        elif self._paragraph.is_item:
            if not self._after_list:
                self.document.gap()
            self.document.line(one_line(text))
        else:
            self.document.paragraph(text)
        self._after_list = self._paragraph.is_item

    def _taken(self) -> str:
        text = "".join(self._pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()
        self._pieces.clear()
        return text
