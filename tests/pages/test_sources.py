"""Source chips and the quote above an opened place."""

from __future__ import annotations

from pages.components.sources import QUOTE_WIDTH, shortened


def test_a_sentence_is_quoted_whole() -> None:
    assert shortened("The cap in Vienna is 145 euros.") == "The cap in Vienna is 145 euros."


def test_a_long_quote_is_cut_between_words() -> None:
    quote = "step " * 100
    short = shortened(quote)
    assert short.endswith("step …")
    assert len(short) <= QUOTE_WIDTH + 2
