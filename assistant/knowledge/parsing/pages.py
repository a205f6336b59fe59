"""Builds a ParsedDocument piece by piece and keeps the headings' offsets right."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.characters import clean_lines, one_line
from assistant.library import Heading, ParsedDocument, ParsedPage

# Characters; a 5,000-page book has about 15 million. Above this the result is no document people wrote.
MAX_CHARACTERS = 20_000_000
# A document with fewer letters and digits than this has nothing to find.
MIN_CHARACTERS = 2
HEADING_MAX = 300
DEEPEST_HEADING = 6


class DocumentBuilder:
    """Collects pages, headings, paragraphs and rows in reading order.

    Paragraphs are set apart by a blank line; list items and table rows follow each other line by line.
    """

    def __init__(self) -> None:
        self._pages: list[ParsedPage] = []
        self._headings: list[Heading] = []
        self._number: int | None = None
        self._parts: list[str] = []
        self._on_page = 0
        self._before = 0
        self._open = False

    def start_page(self, number: int | None = None) -> None:
        """Close the page before, if any, and begin one."""
        self._close_page()
        self._number, self._open = number, True

    def heading(self, level: int, text: str) -> None:
        """Add a heading; empty ones are left out."""
        text = one_line(text)[:HEADING_MAX]
        if not text:
            return
        self._put(text, "\n\n")
        start = self._before + self._on_page - len(text)
        self._headings.append(Heading(start, min(max(level, 1), DEEPEST_HEADING), text))

    def paragraph(self, text: str) -> None:
        """Add a paragraph; its own line ends stay. An empty one is left out."""
        self._put(clean_lines(text), "\n\n")

    def line(self, text: str) -> None:
        """Add a list item or row right under what was before; its own line ends stay."""
        self._put(clean_lines(text), "\n")

    def gap(self) -> None:
        """Set what follows apart from what was before."""
        if self._parts and self._parts[-1] != "\n":
            self._append("\n")

    def verbatim(self, text: str, headings: tuple[Heading, ...] = ()) -> None:
        """Add text as it is; ``headings`` have offsets within it."""
        at = self._before + self._on_page
        self._headings.extend(Heading(at + found.start, found.level, found.text) for found in headings)
        self._append(text)

    def build(self, title: str) -> ParsedDocument:
        """Return the document; raises UnreadableDocument when there is no text in it."""
        self._close_page()
        letters = (True for page in self._pages for char in page.text if char.isalnum())
        if len(list(islice(letters, MIN_CHARACTERS))) < MIN_CHARACTERS:
            raise UnreadableDocument("There is no text in this file.")
        return ParsedDocument(one_line(title), tuple(self._pages), tuple(self._headings))

    def _put(self, text: str, separator: str) -> None:
        if text:
            if self._parts:
                self._append(separator if self._parts[-1] != "\n" else "\n")
            self._append(text)

    def _append(self, text: str) -> None:
        self._open = True
        self._parts.append(text)
        self._on_page += len(text)
        if self._before + self._on_page > MAX_CHARACTERS:
            raise UnreadableDocument(f"This file holds more than {MAX_CHARACTERS // 1_000_000} million characters.")

    def _close_page(self) -> None:
        if self._open:
            text = "".join(self._parts)
            self._pages.append(ParsedPage(self._number, text))
            self._before += len(text) + 1
        self._parts, self._on_page, self._open = [], 0, False


def title_from_name(name: str) -> str:
    """A readable title from a file's name: no ending, blanks for underscores and hyphens between words."""
    stem = Path(name).stem
    return stem.replace("_", " ") if " " in stem else stem.replace("_", " ").replace("-", " ")
