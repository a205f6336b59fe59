"""HTML pages: the main text without menus, footers and scripts; headings, lists and tables kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assistant.knowledge.parsing.characters import one_line
from assistant.knowledge.parsing.formats import OnPage, Source, contents
from assistant.knowledge.parsing.html_encoding import decode_html
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.tables import rows_as_lines
from assistant.library import ParsedDocument

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

# Never text for people, wherever they stand.
HIDDEN = (
    "script, style, noscript, template, svg, iframe, object, button, input, select, textarea, "
    '[hidden], [aria-hidden="true"], dialog'
)
# Frame of a page, unless it is part of the article itself.
FRAME = (
    'nav, [role="navigation"], [role="banner"], [role="contentinfo"], [role="search"], [class*="breadcrumb"], '
    '[class*="cookie"], [id*="cookie"]'
)
OUTSIDE = "header, footer, aside, form"
# Deeper nesting is no layout; below this the text is taken as one paragraph.
DEEPEST = 150
# Stands for <br> until a paragraph is whole; other line ends of the source mean nothing in HTML.
_LINE_BREAK = "\x0b"
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = frozenset(
    {"a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins"}
    | {"kbd", "label", "mark", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u"}
    | {"var", "wbr"}
)


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read an HTML file, whole pages as well as fragments."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(decode_html(contents(source)))
    reader = _Reader()
    title = tree.css_first("title")
    main = _main(tree)
    if main is not None:
        reader.read(main, 0)
        reader.flush()
    on_page(1, 1)
    page_title = one_line(title.text()) if title is not None else ""
    return reader.document.build(reader.title or page_title or title_from_name(name))


def _main(tree: LexborHTMLParser) -> LexborNode | None:
    """Return the node that holds the page's own text, with what is no text taken out."""
    _remove(tree, HIDDEN)
    main: LexborNode | None = tree.css_first("main, [role=main]") or tree.css_first("article")
    if main is not None and len(main.text(strip=True)) > 0:
        _remove(main, FRAME)
        return main
    _remove(tree, FRAME)
    for node in tree.css(OUTSIDE):
        if node.css_first("h1, p, table") is None or node.tag == "footer":
            node.decompose()
    body: LexborNode | None = tree.body
    return body


def _remove(tree: LexborHTMLParser | LexborNode, selector: str) -> None:
    for node in tree.css(selector):
        node.decompose()


class _Reader:
    """Walks the tree; text between two block elements becomes one paragraph or list item."""

    def __init__(self) -> None:
        self.document = DocumentBuilder()
        self.document.start_page()
        self.title = ""
        self._pieces: list[str] = []
        self._label: str | None = None
        self._lists = 0

    def read(self, node: LexborNode, depth: int) -> None:
        """Add a node with all that is in it."""
        if depth > DEEPEST:
            self._pieces.append(node.text(separator=" "))
            return
        for child in node.iter(include_text=True):
            self._child(child, depth + 1)

    def _child(self, node: LexborNode, depth: int) -> None:
        tag = node.tag or ""
        if tag == "-text":
            self._pieces.append(node.text())
        elif tag == "br":
            self._pieces.append(_LINE_BREAK)
        elif tag in _INLINE:
            self.read(node, depth)
        else:
            self.flush()
            self._block(node, tag, depth)
            self.flush()

    def _block(self, node: LexborNode, tag: str, depth: int) -> None:
        if tag in _HEADINGS:
            self._heading(node, _HEADINGS[tag])
        elif tag == "table" and node.css_first("table table, table h1, table h2, table p, table ul") is None:
            self._table(node)
        elif tag == "pre":
            self._preformatted(node)
        elif tag in ("ul", "ol"):
            self._list(node, tag, depth)
        elif tag != "-comment":
            self.read(node, depth)

    def flush(self) -> None:
        """End the current paragraph or list item."""
        text = "\n".join(one_line(line) for line in "".join(self._pieces).split(_LINE_BREAK)).strip()
        self._pieces.clear()
        if not text:
            return
        if self._lists:
            self.document.line(f"{self._label or ''}{text}")
            self._label = None
        else:
            self.document.paragraph(text)

    def _heading(self, node: LexborNode, level: int) -> None:
        text = one_line(node.text(separator=" "))
        self.title = self.title or (text if level == 1 else "")
        self.document.heading(level, text)

    def _list(self, node: LexborNode, tag: str, depth: int) -> None:
        if not self._lists:
            self.document.gap()
        self._lists += 1
        start = node.attributes.get("start") or "1"
        number = int(start) if start.isdecimal() and len(start) < 6 else 1
        for child in node.iter():
            self._label = f"{number}. " if tag == "ol" else "- "
            self.read(child, depth + 1)
            self.flush()
            number += child.tag == "li"
        self._label = None
        self._lists -= 1

    def _table(self, node: LexborNode) -> None:
        rows = [[one_line(cell.text(separator=" ")) for cell in row.css("th, td")] for row in node.css("tr")]
        first = node.css_first("tr")
        header = first is not None and first.css_first("th") is not None and first.css_first("td") is None
        caption = node.css_first("caption")
        self.document.gap()
        for line in _captioned(caption, rows_as_lines(rows, header=header or None)):
            self.document.line(line)

    def _preformatted(self, node: LexborNode) -> None:
        self.document.gap()
        for line in node.text().split("\n"):
            self.document.line(line)


def _captioned(caption: LexborNode | None, lines: Iterator[str]) -> Iterator[str]:
    if caption is not None:
        yield caption.text()
    yield from lines
