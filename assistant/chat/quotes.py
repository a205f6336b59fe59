"""Finds the words of a passage that a sentence of an answer rests on."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from assistant.domain import Citation, PageSpan, Passage
from assistant.sentences import sentences
from assistant.table_rows import CELL_END, table_rows

WORD = re.compile(r"\w+")
LEADING = re.compile(r"^(?:\s|[-*+•>#|.,;:!?)\]]|\d{1,3}[.)](?=\s))+")
"""What stands before a claim but is not of it: list marks, headings, the last sentence's full stop."""
EMPHASIS = re.compile(r"\*\*|__|\*|(?<!\w)_|_(?!\w)")
SHORTEST_VERBATIM = 12
"""Letters: shorter words are found inside others ("no" in "not") once blanks do not count."""
NUMBER_WEIGHT = 3
"""A shared number says more than a shared word: figures are what people check in a quote."""


@dataclass(frozen=True, slots=True)
class Span:
    """A quote's place: characters ``[start, end)`` of the document text, all on one page."""

    start: int
    end: int
    page: int | None


def locate(claim: str, passage: Passage) -> Span | None:
    """Return where ``passage`` says what ``claim`` says, on one page; None when they share no word.

    That is the claim's own words when they stand there (blanks and letter case do not count), else the sentence
    that shares most words with it.
    """
    found = _verbatim(claim, passage.text) or _nearest_sentence(claim, passage.text)
    return None if found is None else on_one_page(passage, passage.start + found[0], passage.start + found[1])


def whole(passage: Passage) -> Span:
    """Return all of a passage that stands on its main page."""
    return on_one_page(passage, passage.start, passage.end)


def on_one_page(passage: Passage, start: int, end: int) -> Span:
    """Cut a span of document text to the page that holds the larger part of it, without outer blanks."""
    page = max(passage.spans, key=lambda span: _overlap(span, start, end), default=None)
    if page is not None and _overlap(page, start, end) > 0:
        start, end = max(start, page.start), min(end, page.end)
    text = passage.text[start - passage.start : end - passage.start]
    start += len(text) - len(text.lstrip())
    return Span(start, start + len(text.strip()), passage.page if page is None else page.number)


def quoted(passage: Passage, span: Span) -> str:
    """Return the words of a span, character by character as in the document."""
    return passage.text[span.start - passage.start : span.end - passage.start]


def stands(citation: Citation, text: str, pages: Sequence[PageSpan]) -> bool:
    """Whether a citation's quote stands, character by character, at its place in the document and on its page."""
    on_page = any(
        page.number == citation.page and page.start <= citation.start and citation.end <= page.end for page in pages
    )
    return bool(citation.quote) and on_page and text[citation.start : citation.end] == citation.quote


def _overlap(page: PageSpan, start: int, end: int) -> int:
    return min(page.end, end) - max(page.start, start)


def _verbatim(claim: str, text: str) -> tuple[int, int] | None:
    plain = EMPHASIS.sub("", claim)
    last = [plain[start:end] for start, end in sentences(plain) if WORD.search(plain[start:end])][-1:]
    for wanted in (plain, *last):
        found = _find(LEADING.sub("", wanted), text)
        if found is not None:
            return found
    return None


def find_verbatim(claim: str, text: str) -> tuple[int, int] | None:
    """Return where ``text`` holds the whole claim, blanks and letter case apart; the span in ``text``.

    A row of a table is found as well where it is written with the names of its columns, which stand above it.
    """
    return _find(claim, text)


def _find(wanted: str, text: str) -> tuple[int, int] | None:
    """Find ``wanted`` in ``text`` disregarding blanks and case; gives the span in ``text``."""
    needle = "".join(wanted.lower().split()).rstrip(".")
    letters, places = _squeezed(text)
    at = letters.find(needle) if len(needle) >= SHORTEST_VERBATIM else -1
    if at < 0:
        return _rows(text).get(needle) if CELL_END in text else None
    end = places[at + len(needle) - 1] + 1
    return places[at], end + (text[end : end + 1] == ".")


@lru_cache(maxsize=32)  # an answer's markers name the same few passages again and again
def _squeezed(text: str) -> tuple[str, list[int]]:
    """The text in lower case without blanks, and for each of its letters the place it came from."""
    pairs = [(low, place) for place, char in enumerate(text) if not char.isspace() for low in char.lower()]
    return "".join(low for low, _ in pairs), [place for _, place in pairs]


@lru_cache(maxsize=32)
def _rows(text: str) -> dict[str, tuple[int, int]]:
    """Where the rows of a text's tables stand, by how they read with the names of their columns, without blanks."""
    return {"".join(row.written().lower().split()).rstrip("."): (row.start, row.end) for row in table_rows(text)}


def _nearest_sentence(claim: str, text: str) -> tuple[int, int] | None:
    words = _words(claim)
    spans = sentences(text)
    best = max(spans, key=lambda span: _likeness(words, text[span[0] : span[1]]), default=None)
    if best is None or _likeness(words, text[best[0] : best[1]]) == 0:
        return None
    return best


def _likeness(words: Counter[str], sentence: str) -> float:
    """Weight of the shared words over the root of the sentence's length: a long one must share more."""
    own = _words(sentence)
    shared = sum(NUMBER_WEIGHT if word.isdigit() else 1 for word in words.keys() & own.keys())
    return shared / math.sqrt(max(len(own), 1))


def _words(text: str) -> Counter[str]:
    return Counter(word for word in WORD.findall(text.lower()) if len(word) > 2 or word.isdigit())
