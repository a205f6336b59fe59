"""Files that people take away for their spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a cell may begin with that spreadsheets would run (OWASP, CSV injection); after an apostrophe they show it."""


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return lines as CSV (UTF-8 with a mark, as spreadsheets expect); no cell can be run as a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([plain_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def plain_cell(text: str) -> str:
    """Return the text of a cell as something that is only shown."""
    return f"'{text}" if text.startswith(FORMULA) else text
