"""Plain text: lines stay as they are; capitals on a line of their own and underlined lines are headings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assistant.knowledge.parsing.characters import clean_lines, decode
from assistant.knowledge.parsing.formats import OnPage, Source, contents
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.library import Heading, ParsedDocument

HEADING_MAX = 80
_UNDERLINE = re.compile(r"(=|-|~|\*){3,}\Z")


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read a text file in whatever encoding it is."""
    text = clean_lines(decode(contents(source)))
    document = DocumentBuilder()
    document.start_page()
    document.verbatim(text, tuple(_headings(text)))
    on_page(1, 1)
    return document.build(title_from_name(name))


def _headings(text: str) -> Iterator[Heading]:
    at = 0
    lines = text.split("\n")
    for number, line in enumerate(lines):
        above = lines[number - 1] if number else ""
        below = lines[number + 1] if number + 1 < len(lines) else ""
        level = _level(line, above, below)
        if level:
            yield Heading(at, level, line)
        at += len(line) + 1


def _level(line: str, above: str, below: str) -> int | None:
    """1 for a line underlined by ``===`` or one in capitals, 2 for one underlined by ``---``."""
    if not line or len(line) > HEADING_MAX or not any(char.isalpha() for char in line):
        return None
    underline = _UNDERLINE.match(below)
    if underline and not above:
        return 1 if underline.group(1) == "=" else 2
    in_capitals = line.isupper() and sum(char.isalpha() for char in line) > 3
    return 1 if in_capitals and not line.endswith((".", ",", ";")) and not (above and below) else None
