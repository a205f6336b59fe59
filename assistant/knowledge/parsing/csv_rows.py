"""CSV and tab-separated files: each row a line that names its columns."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from assistant.knowledge.parsing.characters import decode
from assistant.knowledge.parsing.formats import OnPage, Source, contents
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.tables import lines_under_headers
from assistant.library import ParsedDocument

DELIMITERS = ",;\t|"
# Excel writes and reads such a first line.
_SEPARATOR = re.compile(r"\s*sep=([,;\t|:])\n", re.IGNORECASE)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read the rows; the first with more than one cell holds the headers."""
    text = decode(contents(source)).replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")
    document = DocumentBuilder()
    document.start_page()
    for line in lines_under_headers(_rows(text)):
        document.line(line)
    on_page(1, 1)
    return document.build(title_from_name(name))


def _rows(text: str) -> Iterator[list[str]]:
    """Rows of any length: a quote that is never closed makes one cell of all that follows, as Excel reads it."""
    # The limit is the whole process's: others that read CSV in it keep theirs.
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    given = _SEPARATOR.match(text)
    lines = (match.group() for match in _LINE.finditer(text, given.end() if given else 0))
    return csv.reader(lines, delimiter=given.group(1) if given else _delimiter(text))


def _delimiter(text: str) -> str:
    first = next((line.group() for line in _LINE.finditer(text) if line.group().strip()), "")
    return max(DELIMITERS, key=first.count)
