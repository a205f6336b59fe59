"""Sentence spans of a text: where a quote may begin and end, and where a chunk may be cut.

A list item, a table row and a heading are units of their own, though they end without a full stop. Lines of a
wrapped paragraph (as PDF pages give them) are joined again, lines that are paragraphs are not.
"""

# ruff: noqa: RUF001 - the punctuation of other scripts is meant

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise

from assistant.table_rows import CELL_END, goes_on

Span = tuple[int, int]

# A wrapped line is rarely shorter than this, a paragraph on one line rarely stays under the longest (characters).
NARROWEST_WRAP = 60
WIDEST_WRAP = 180
# Share of the text that stands in lines up to the usual width; the rest may be longer.
MOST_TEXT = 0.8
# Neighbouring lines with a figure and no end from which they are the bare rows of a table.
FEWEST_ROWS = 3
# Share of the usual width that a line with the next word must reach to count as full; letters differ in width.
FULL_LINE = 0.85

_LIST_ITEM = re.compile(
    r"""[ \t]*(?:[-*+•◦▪‣●○■–—·]\s+
    |\(?(?:\d{1,2}|[a-zA-Z]|[ivxIVX]{2,4})\)\s+
    |(?:\d{1,2}(?:\.\d{1,2})*)\.\s+(?=\S)
    |[a-z]\.\s+
    |(?:Step|Schritt)\s+\d{1,2}\b)""",
    re.VERBOSE,
)
_ROW = re.compile(r"[ \t]*[^:;\n]{1,80}: [^\n]*; [^:;\n]{1,80}: ")
_PIPES = re.compile(r"[ \t]*\|.*\|[ \t]*$")
_ROW_LIKE = re.compile(r"(?=[^\n]*\d)[A-ZÀ-ÖØ-ÞĀ-Ž\d€$£](?![\w.]{0,3}[.)]\s)[^\n]*[^\s.!?…:;,]\Z")
# A run of marks is looked at once, from its first: otherwise a line of dots takes the square of its length.
_END = re.compile(r"""(?<![.!?…])[.!?…]++["'”’»)\]]*+(?=\s)|[。！？]+["”’」』）]*""")
_LAST_WORD = re.compile(r"[^\s(\[\"“‘']*\Z")
_STARTER = re.compile(r"[\"'“‘«(\[]*[A-ZÀ-ÖØ-ÞĀ-Ž0-9\u0400-\u042f\u3040-\u9fff]|[•◦▪‣●\-–*]\s")
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+\Z")
_UNFINISHED = re.compile(
    r"(?:,|(?<![\w-])(?:a|an|the|of|and|or|to|in|on|at|by|for|with|from|as|is|are|be|that|which|than|per|your|our|their))\Z",
    re.IGNORECASE,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# After these a full stop belongs to the word, whatever follows.
_NEVER_LAST = _words("mr mrs ms dr prof st vs e.g i.e eg ie cf approx ca dept excl incl resp gov hon rev z.b bzw d.h")
# After these it does when a number follows: "No. 5" but "The answer is no. Ask again."
_BEFORE_NUMBERS = _words(
    "no nos nr p pp fig figs sec sect art ref vol ed ext max min abs bd tel est par jan feb mar apr "
    "jun jul aug sep sept oct nov dec"
)
# After these it ends the sentence only when a usual first word follows.
_MAYBE_LAST = _words("inc ltd co corp llc plc gmbh etc al jr sr a.m p.m am pm u.s u.k e.u u.n")
_FIRST_WORDS = _words(
    "the this these that those a an it its in on at if when for from to we you they he she i our your their all any "
    "each every no not please as by with after before during once only there here however employees staff"
)


def sentences(text: str) -> list[Span]:
    """Return the spans ``[start, end)`` of the sentences in ``text``, in order, without surrounding blanks.

    Together they cover every character that is not white space, each once.
    """
    return [span for start, end in _units(text) for span in _split(text, start, end)]


def is_list_item(text: str) -> bool:
    """Return whether a sentence opens with a number, letter or bullet of a list."""
    return _LIST_ITEM.match(text) is not None


def is_table_row(text: str) -> bool:
    """Return whether a sentence is a row like ``Header: value; Header: value``."""
    return _ROW.match(text) is not None


def _units(text: str) -> Iterator[Span]:
    """Paragraphs, list items, rows and headings, each from its first to its last line."""
    lines = list(_lines(text))
    if not lines:
        return
    width = _usual_width([end - start for start, end in lines])
    rows = _bare_rows([text[start:end] for start, end in lines])
    first = lines[0][0]
    for at, ((start, end), (next_start, next_end)) in enumerate(pairwise(lines)):
        between = text.count("\n", end, next_start)
        at_row = at + 1 in rows or (at in rows and not text[next_start].islower())
        if between > 1 or at_row or _breaks(text[start:end], text[next_start:next_end], width):
            yield first, end
            first = next_start
    yield first, lines[-1][1]


def _lines(text: str) -> Iterator[Span]:
    """Lines that have text, without the blanks around it."""
    for match in re.finditer(r"[^\n]+", text):
        line = match.group()
        stripped = line.strip()
        if stripped:
            start = match.start() + line.index(stripped[0])
            yield start, start + len(stripped)


def _bare_rows(lines: list[str]) -> set[int]:
    """Places of the lines that are rows of a table as PDF pages give it.

    They are several in a row that begin like a name or a number, hold a figure and do not end.
    """
    alike = [_ROW_LIKE.match(line) is not None and not _UNFINISHED.search(line) for line in lines]
    runs = [
        list(range(at, next((n for n in range(at, len(lines)) if not alike[n]), len(lines))))
        for at in range(len(lines))
        if alike[at] and not (at and alike[at - 1])
    ]
    return {at for run in runs if len(run) >= FEWEST_ROWS for at in run}


def _usual_width(lengths: list[int]) -> int | None:
    """Width at which the text is wrapped; None when its lines are whole paragraphs.

    Lines count by their length, or a page of many short table rows would seem to be wrapped as narrow as those.
    """
    limit = MOST_TEXT * sum(lengths)
    ordered = sorted(lengths)
    width = next(length for length, up_to in zip(ordered, accumulate(ordered), strict=True) if up_to >= limit)
    return None if width > WIDEST_WRAP else max(width, NARROWEST_WRAP)


def _breaks(line: str, following: str, width: int | None) -> bool:
    """Return whether the next line begins a unit of its own."""
    if CELL_END in line:
        return not goes_on(line, following)
    if width is None or _stands_alone(line) or _stands_alone(following):
        return True
    if is_list_item(following):
        return not _UNFINISHED.search(line)
    if following[0].islower() or _UNFINISHED.search(line):
        return False
    if line.endswith((":", "：")):
        return True
    return len(line) + 1 + len(following.split(maxsplit=1)[0]) < FULL_LINE * width


def _stands_alone(line: str) -> bool:
    return CELL_END in line or is_table_row(line) or _PIPES.match(line) is not None or line.startswith("#")


def _split(text: str, start: int, end: int) -> Iterator[Span]:
    """Sentences of one unit."""
    marker = _LIST_ITEM.match(text, start, end)
    at = marker.end() if marker else start
    for match in _END.finditer(text, at, end):
        following = _next_word_at(text, match.end(), end)
        if following < end and _ends(text, start, match, following):
            yield start, match.end()
            start = following
    yield start, end


def _next_word_at(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _ends(text: str, start: int, mark: re.Match[str], following: int) -> bool:
    """Return whether the mark really ends a sentence."""
    if mark.group()[0] in "。！？":
        return True
    if not _STARTER.match(text, following):
        return False
    if mark.group()[0] != "." or mark.group().startswith(".."):
        return True
    word = _last_word(text, start, mark.start())
    first = re.match(r"\w*", text[following : following + 20])
    return _full_stop_ends(word, first.group().lower() if first else "")


def _last_word(text: str, start: int, end: int) -> str:
    match = _LAST_WORD.search(text[max(start, end - 40) : end])
    return match.group() if match else ""


def _full_stop_ends(word: str, following: str) -> bool:
    lower = word.lower()
    if lower in _NEVER_LAST or (lower in _BEFORE_NUMBERS and following[:1].isdigit()):
        return False
    if lower in _MAYBE_LAST or _INITIALS.match(f"{word}."):
        return following in _FIRST_WORDS
    return True
