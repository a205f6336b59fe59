"""Markdown from models and documents, made harmless: no HTML, no images, no Streamlit directives, links by a list.

The text is parsed and written again from its token tree, since patterns over the raw text miss reference-style
images, autolinks and split links. What remains is paragraphs, lists, tables, quotes, emphasis and code, and links to
the hosts that admins named. Every other link and image is its words with the address behind them, as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from assistant.people.links_allowed import is_allowed

MARKER = re.compile(r"\[(\d{1,3})\]")
# Streamlit turns bare addresses into links after parsing, where no escape reaches; in a code span it does not. It takes
# a digit, an underline or a bracket before them for no part of them, so that they are looked for behind any sign, and
# "www." alone for one.
ADDRESS = re.compile(
    r"(?<![a-z0-9+.-])[a-z0-9+.-]++://[^\s<>`]+|www\.[^\s<>`]*|(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+", re.IGNORECASE
)
ALWAYS = re.compile(r"[\\`*\[\]<$~|]|(?<!\w)_|_(?!\w)|:(?=[A-Za-z])|&(?=#?\w+;)")
SHORTCODE = re.compile(r":(?=(?:material/\w+|[A-Za-z_+-][\w+-]*|\d{3,4}):)")
"""What Streamlit draws as an icon or emoji, after parsing too."""
UNJOINED = "\u2060"
"""A sign without width, between the colon and the word of a shortcode: what is shown reads the same and stays words."""
LINE_START = re.compile(r"^(\s*)([#>+=-]|\d{1,9}[.)](?=\s|$))", re.MULTILINE)
NOTE = re.compile("\ue000(\\d+)\ue001")
"""Where a note of ours stands: characters of no script, which are taken out of every text before notes are put in."""
STRANGE = {0xE000: "\ufffd", 0xE001: "\ufffd"}
NOTE_BEFORE = " \t\n*_~|"
"""What a note goes in before: behind closing emphasis it would open it, behind a bar it would be out of the table."""
LONGEST_ADDRESS = 200
"""Characters of a link's or picture's address that are shown behind its words."""
LANGUAGE = re.compile(r"[A-Za-z0-9+#-]{1,20}")
DRAWN_LANGUAGES = {"mermaid", "math"}
"""Code languages that Streamlit draws instead of showing."""


def escape(text: str) -> str:
    """Return one line of markdown that shows ``text`` literally; for labels, names and titles."""
    return _plain(" ".join(text.split()))


def blocks(
    text: str, numbers: Collection[int] = (), notes: Mapping[int, str] | None = None, links: Collection[str] = ()
) -> list[str]:
    """Return safe markdown, one string for each top-level block.

    ``[n]`` becomes a small badge where n is one of ``numbers``. ``notes`` are markdown of ours by the place in the
    text behind which they stand; no text can write one. ``links`` are the hosts to which addresses may be links. Of a
    growing text only the last block changes.
    """
    writer = _Writer(frozenset(numbers), list(notes.values()) if notes else (), links)
    tree = _parser_tree(_with_notes(text.translate(STRANGE), notes or {}))
    return [block for node in tree.children if (block := writer.block(node))]


def _with_notes(text: str, notes: Mapping[int, str]) -> str:
    """Put a sign in for each note, behind the last letter before its place."""
    parts, done = [], 0
    for number, place in enumerate(notes):
        at = max(done, len(text[:place].rstrip(NOTE_BEFORE)))
        parts += [text[done:at], f"\ue000{number}\ue001"]
        done = at
    return "".join([*parts, text[done:]])


def safe(text: str, numbers: Collection[int] = (), links: Collection[str] = ()) -> str:
    """Return the whole text as safe markdown."""
    return "\n\n".join(blocks(text, numbers, links=links))


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    # Without HTML and reference definitions these are ordinary text, which is then escaped.
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("reference")


def _parser_tree(text: str) -> SyntaxTreeNode:
    return SyntaxTreeNode(_parser().parse(text))


def _plain(text: str, links: Collection[str] = (), *, in_table: bool = False) -> str:
    """Escape all that markdown, Streamlit's directives or its math would read as more than text."""
    parts: list[str] = []
    end = 0
    for match in ADDRESS.finditer(text):
        address = match.group().rstrip(".,;:!?)]'\"")
        shown = f"<{_no_bar(address)}>" if is_allowed(address, links) else _code(address, in_table=in_table)
        parts += [_escaped(text[end : match.start()]), shown]
        end = match.start() + len(address)
    return "".join([*parts, _escaped(text[end:])])


def _no_bar(address: str) -> str:
    """An address that may be a link as it stands between angles; a bar would end the cell of a table."""
    return address.replace("|", "%7C")


def _escaped(text: str) -> str:
    text = SHORTCODE.sub(f":{UNJOINED}", text)
    text = ALWAYS.sub(lambda match: "\\" + match.group(), text)
    return LINE_START.sub(_escaped_line_start, text)


def _escaped_line_start(match: re.Match[str]) -> str:
    sign = match.group(2)
    return match.group(1) + (f"{sign[:-1]}\\{sign[-1]}" if sign[0].isdigit() else f"\\{sign}")


def _code(text: str, *, in_table: bool = False) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text[:1] == "`" or text[-1:] == "`" else ""
    code = f"{fence}{pad}{' '.join(text.split())}{pad}{fence}"
    return code.replace("|", "\\|") if in_table else code  # a bar would end the cell, and the code with it


@dataclass(frozen=True, slots=True)
class _Written:
    """Markdown of ours, which is not escaped again."""

    markdown: str


class _Writer:
    """Writes a token tree as markdown again, with the marker numbers that become badges, the notes and the links."""

    def __init__(self, numbers: frozenset[int], notes: Sequence[str], links: Collection[str]) -> None:
        self._numbers = numbers
        self._notes = notes
        self._links = links

    def block(self, node: SyntaxTreeNode) -> str:
        writers: dict[str, Callable[[SyntaxTreeNode], str]] = {
            "paragraph": self._inlines,
            "heading": self._heading,
            "bullet_list": self._bullet_list,
            "ordered_list": self._ordered_list,
            "blockquote": self._quote,
            "fence": _fence,
            "code_block": _fence,
            "hr": _rule,
            "table": self._table,
        }
        return writers[node.type](node) if node.type in writers else self._text(node.content)

    def _joined(self, node: SyntaxTreeNode, between: str) -> str:
        return between.join(block for child in node.children if (block := self.block(child)))

    def _heading(self, node: SyntaxTreeNode) -> str:
        # A heading inside an answer is smaller than the page's own.
        return ("#### " if node.tag in ("h1", "h2", "h3") else "##### ") + self._inlines(node)

    def _quote(self, node: SyntaxTreeNode) -> str:
        return _prefixed(self._joined(node, "\n\n"), "> ", "> ")

    def _bullet_list(self, node: SyntaxTreeNode) -> str:
        return self._list(node, lambda _place: "- ")

    def _ordered_list(self, node: SyntaxTreeNode) -> str:
        first = int(node.attrs.get("start", 1))
        return self._list(node, lambda place: f"{first + place}. ")

    def _list(self, node: SyntaxTreeNode, marker: Callable[[int], str]) -> str:
        tight = any(child.hidden for item in node.children for child in item.children if child.type == "paragraph")
        between = "\n" if tight else "\n\n"
        items = []
        for place, item in enumerate(node.children):
            sign = marker(place)
            items.append(_prefixed(self._joined(item, between), sign, " " * len(sign)))
        return between.join(items)

    def _table(self, node: SyntaxTreeNode) -> str:
        rows = [self._row(row) for part in node.children for row in part.children]
        width = len(node.children[0].children[0].children)
        return "\n".join([rows[0], "|" + " --- |" * width, *rows[1:]])

    def _row(self, row: SyntaxTreeNode) -> str:
        return "| " + " | ".join(self._inlines(cell).replace("\n", " ") for cell in row.children) + " |"

    def _inlines(self, node: SyntaxTreeNode) -> str:
        """Write what stands in a line. Texts that meet are one: together they may be what neither is by itself."""
        written = ""
        pieces = [piece for child in node.children for piece in self._pieces(child)]
        for is_text, group in groupby(pieces, key=lambda piece: isinstance(piece, str)):
            joined = "".join(str(piece) if is_text else piece.markdown for piece in group)  # type: ignore[union-attr]
            written += self._text(joined, in_table=_in_table(node)) if is_text else joined
        return written

    def _pieces(self, node: SyntaxTreeNode) -> Iterator[str | _Written]:
        around = {"strong": "**", "em": "*", "s": "~~"}
        if node.type in around:
            yield _Written(around[node.type] + self._inlines(node) + around[node.type])
        elif node.type == "inline":
            yield from (piece for child in node.children for piece in self._pieces(child))
        elif node.type == "link":
            yield from self._link(node)
        elif node.type == "image":
            yield node.content
            yield from _behind(str(node.attrs.get("src", "")), _in_table(node))
        elif node.type == "code_inline":
            yield _Written(_code(NOTE.sub("", node.content), in_table=_in_table(node)) + self._noted(node.content))
        elif node.type in ("softbreak", "hardbreak"):
            yield _Written("\n" if node.type == "softbreak" else "  \n")
        else:
            yield node.content

    def _link(self, node: SyntaxTreeNode) -> Iterator[str | _Written]:
        href = str(node.attrs.get("href", ""))
        words = NOTE.sub("", _words(node))
        if words == href:  # in angles, as Streamlit makes them too
            yield _words(node)
        elif is_allowed(href, self._links) and words.strip():
            shown = _escaped(" ".join(ADDRESS.sub(_unlinked, words).split()))
            yield _Written(f"[{shown}](<{_no_bar(href).replace('&', '&amp;')}>){self._noted(_words(node))}")
        else:
            yield from (piece for child in node.children for piece in self._pieces(child))
            yield from _behind(href, _in_table(node))

    def _text(self, text: str, *, in_table: bool = False) -> str:
        """Text with its notes; what stands between two of them is escaped by itself."""
        parts = NOTE.split(text)
        return "".join(
            self._note(part) if place % 2 else self._marked(part, in_table=in_table) for place, part in enumerate(parts)
        )

    def _noted(self, code: str) -> str:
        return "".join(self._note(number) for number in NOTE.findall(code))

    def _note(self, number: str) -> str:
        return f" {self._notes[int(number)]}"

    def _marked(self, text: str, *, in_table: bool) -> str:
        parts: list[str] = []
        end = 0
        for match in MARKER.finditer(text):
            if int(match.group(1)) in self._numbers:
                before = _plain(text[end : match.start()], self._links, in_table=in_table)
                parts += [before, f":blue-badge[{match.group(1)}]"]
                end = match.end()
        return "".join([*parts, _plain(text[end:], self._links, in_table=in_table)])


def _words(node: SyntaxTreeNode) -> str:
    """The text of a node without its emphasis."""
    if node.type in ("softbreak", "hardbreak"):
        return " "
    return node.content if not node.children else "".join(_words(child) for child in node.children)


def _unlinked(match: re.Match[str]) -> str:
    """An address in the words of a link to somewhere else: with a sign without width it is no link of its own."""
    return (
        match.group().replace("://", f":{UNJOINED}//").replace("www.", f"www{UNJOINED}.").replace("@", f"{UNJOINED}@")
    )


def _behind(address: str, in_table: bool) -> Iterator[str | _Written]:
    """Where a link or picture would have led, in brackets behind its words; also without one they meet no more text."""
    shown = address if len(address) <= LONGEST_ADDRESS else f"{address[:LONGEST_ADDRESS]}…"
    yield _Written(f" ({_code(shown, in_table=in_table)})" if shown.strip() else " ")


def _fence(node: SyntaxTreeNode) -> str:
    code = NOTE.sub("", node.content)
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    match = LANGUAGE.match(node.info or "")
    language = match.group() if match and match.group().lower() not in DRAWN_LANGUAGES else "text"
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def _rule(_node: SyntaxTreeNode) -> str:
    return "---"


def _prefixed(text: str, first: str, rest: str) -> str:
    lines = text.split("\n")
    return "\n".join([first + lines[0], *(f"{rest}{line}".rstrip() for line in lines[1:])])


def _in_table(node: SyntaxTreeNode) -> bool:
    at: SyntaxTreeNode | None = node
    while at is not None:
        if at.type in ("td", "th"):
            return True
        at = at.parent
    return False
