"""CSV and tab-separated files: each row a line that names its columns."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from assistant.knowledge.parsing.characters import decode
from assistant.knowledge.parsing.formats import OnPage
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.tables import rows_as_lines
from assistant.library import ParsedDocument

DELIMITERS = ",;\t|"


def parse(path: Path, name: str, on_page: OnPage) -> ParsedDocument:
    """Read the rows; the first one holds the headers."""
    text = decode(path.read_bytes()).replace("\x00", "")
    document = DocumentBuilder()
    document.start_page()
    for line in rows_as_lines(_rows(text), header=True):
        document.line(line)
    on_page(1, 1)
    return document.build(title_from_name(name))


def _rows(text: str) -> list[list[str]]:
    csv.field_size_limit(len(text) + 1)
    text = text.removeprefix("sep=;\n").removeprefix("sep=;\r\n")
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
