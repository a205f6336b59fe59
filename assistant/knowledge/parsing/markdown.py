"""Markdown: the text without its marks; headings, list numbers and table headers kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from assistant.knowledge.parsing.characters import decode
from assistant.knowledge.parsing.formats import OnPage, Source, contents
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.tables import rows_as_lines
from assistant.library import ParsedDocument

# Levels of lists in lists and quotes; deeper ones are left out.
DEEPEST = 100
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*\n", re.DOTALL)
_FRONT_TITLE = re.compile(r"^title:\s*[\"']?(.+?)[\"']?\s*$", re.MULTILINE)
_TAGS = re.compile(r"<!--.*?-->|<[^<>]{1,500}>", re.DOTALL)


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read a Markdown file; its title is that of the front matter or its first heading."""
    text = decode(contents(source)).replace("\r\n", "\n")
    front = _FRONT_MATTER.match(text)
    given = _FRONT_TITLE.search(front.group(1)) if front else None
    reader = _Reader()
    reader.read(
        MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable("table").parse(text[front.end() :] if front else text)
    )
    on_page(1, 1)
    return reader.document.build((given.group(1) if given else reader.title) or title_from_name(name))


class _Reader:
    """Walks the blocks and adds them to the document."""

    def __init__(self) -> None:
        self.document = DocumentBuilder()
        self.document.start_page()
        self.title = ""
        self._heading_level = 0
        self._labels: list[str] = []
        self._rows: list[list[str]] | None = None

    def read(self, tokens: Sequence[Token]) -> None:
        """Add all blocks."""
        for token in tokens:
            handler = getattr(self, f"_on_{token.type}", None)
            if handler:
                handler(token)

    def _on_heading_open(self, token: Token) -> None:
        self._heading_level = int(token.tag[1])

    def _on_heading_close(self, _token: Token) -> None:
        self._heading_level = 0

    def _on_list_item_open(self, token: Token) -> None:
        self._labels.append(f"{token.info}{token.markup} " if token.info else "- ")

    def _on_list_item_close(self, _token: Token) -> None:
        self._labels.pop()

    def _on_bullet_list_open(self, _token: Token) -> None:
        if not self._labels:
            self.document.gap()

    _on_ordered_list_open = _on_bullet_list_open

    def _on_inline(self, token: Token) -> None:
        text = "".join(_inline(token.children or []))
        if self._rows is not None:
            self._rows[-1].append(text)
        elif self._heading_level:
            self.title = self.title or (text if self._heading_level == 1 else "")
            self.document.heading(self._heading_level, text)
        elif self._labels:
            self.document.line(self._labels[-1] + text)
            self._labels[-1] = ""
        else:
            self.document.paragraph(text)

    def _on_fence(self, token: Token) -> None:
        self.document.gap()
        for line in token.content.split("\n"):
            self.document.line(line)

    _on_code_block = _on_fence

    def _on_html_block(self, token: Token) -> None:
        self.document.paragraph(_TAGS.sub(" ", token.content))

    def _on_table_open(self, _token: Token) -> None:
        self._rows = []

    def _on_tr_open(self, _token: Token) -> None:
        if self._rows is not None:
            self._rows.append([])

    def _on_table_close(self, _token: Token) -> None:
        self.document.gap()
        for line in rows_as_lines(self._rows or [], header=True):
            self.document.line(line)
        self._rows = None


def _inline(tokens: Sequence[Token]) -> Iterator[str]:
    """Text of a line; a link to another place keeps its address in brackets."""
    address = ""
    for token in tokens:
        if token.type in ("text", "code_inline"):
            yield token.content
            address = "" if token.content == address else address
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "image":
            yield token.content
        elif token.type == "link_open":
            target = str(token.attrs.get("href", ""))
            address = target if target.startswith(("http://", "https://")) else ""
        elif token.type == "link_close":
            yield f" ({address})" if address else ""
            address = ""
