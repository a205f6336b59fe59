"""Drops what repeats on nearly every page: running headers, footers and page numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

# Lines from the top and from the bottom of a page's text among which a header or footer may stand.
EDGE_LINES = 4
# It repeats on at least this share of the pages that have text (left and right pages may differ) ...
SHARE = 0.4
# ... and on at least this many; in documents of up to so many pages on all of them.
PAGES_MIN = 3
_NUMBER = re.compile(r"\d{1,5}")

Key = tuple[str, int | None]


def without_margins(pages: Sequence[str]) -> list[str]:
    """Return the pages without lines that repeat at their edges, word for word or but for the page number."""
    split = [page.split("\n") for page in pages]
    filled = sum(1 for page in pages if page.strip())
    if filled < 2:
        return list(pages)
    seen = Counter(key for page, lines in enumerate(split) for key in _edge_keys(lines, page))
    needed = max(min(PAGES_MIN, filled), SHARE * filled)
    running = {key for key, count in seen.items() if count >= needed}
    return [_without(lines, page, running) for page, lines in enumerate(split)]


def _edges(lines: Sequence[str]) -> set[int]:
    """Indices of the lines that may be header or footer."""
    filled = [n for n, line in enumerate(lines) if line]
    return {*filled[:EDGE_LINES], *filled[-EDGE_LINES:]}


def _edge_keys(lines: Sequence[str], page: int) -> set[Key]:
    return {key for n in _edges(lines) for key in _keys(lines[n], page)}


def _keys(line: str, page: int) -> Iterator[Key]:
    """The line itself, and for each number in it the line without it beside its distance from the page's index.

    A page number keeps that distance from page to page, figures of a table do not. Tabs are blanks: what stands beside
    a header may be a table on one page and none on another.
    """
    line = " ".join(line.split())
    yield line, None
    for match in _NUMBER.finditer(line):
        yield f"{line[: match.start()]}#{line[match.end() :]}", int(match.group()) - page


def _without(lines: Sequence[str], page: int, running: set[Key]) -> str:
    edges = _edges(lines)
    kept = [line for n, line in enumerate(lines) if n not in edges or running.isdisjoint(_keys(line, page))]
    return "\n".join(kept).strip("\n")
