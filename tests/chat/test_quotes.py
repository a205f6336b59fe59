"""A quote counts only where it stands, character by character, on its page."""

from __future__ import annotations

from dataclasses import replace

from assistant.chat.quotes import stands
from assistant.domain import Citation, PageSpan

TEXT = "Leave is 27 days.\n\nNotice is three months."
PAGES = [PageSpan(1, 0, 17), PageSpan(2, 19, len(TEXT))]
CITATION = Citation(1, "d", "Handbook.pdf", 1, "c", 2, "Notice is three months.", 19, len(TEXT), ())


def test_a_quote_that_stands_at_its_place() -> None:
    assert stands(CITATION, TEXT, PAGES)
    assert stands(replace(CITATION, page=None), TEXT, [PageSpan(None, 0, len(TEXT))])


def test_a_quote_that_does_not() -> None:
    assert not stands(replace(CITATION, quote="Notice is three  months."), TEXT, PAGES)
    assert not stands(replace(CITATION, quote="notice is three months."), TEXT, PAGES)
    assert not stands(replace(CITATION, page=1), TEXT, PAGES)
    assert not stands(replace(CITATION, start=18, end=len(TEXT) - 1), TEXT, PAGES)
    assert not stands(replace(CITATION, quote="", start=19, end=19), TEXT, PAGES)


def test_a_quote_over_a_page_border_stands_on_neither_page() -> None:
    assert not stands(replace(CITATION, quote=TEXT, start=0, end=len(TEXT)), TEXT, PAGES)
