"""How a quoted piece is written into an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.providers.offline.units import Unit

_BULLET = re.compile(r"^[-*+\u2022\u25e6\u2023\u25aa\u25cf\u25cb\u25a0\u2013\u2014\u00b7]\s+")
_MARK = re.compile(r"^(?:(?:step )?\d{1,2}[.):]|\(?[a-z]\)|[a-z]\.)\s+", re.IGNORECASE)
MARKER = re.compile(r"\[(?=\s*\d+\s*\])")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of passage ``n``; ``lead`` is what separates them from the quote before."""

    n: int
    text: str
    lead: str = ""

    def write(self) -> str:
        """Return the quote with its marker. A "[3]" in the document's own words must not read as a marker."""
        return f"{self.lead}{MARKER.sub(lambda _: chr(92) + '[', self.text)} [{self.n}]"


def bare(piece: Unit) -> str:
    """Return a piece's words without its bullet."""
    return _BULLET.sub("", piece.text)


def plain(piece: Unit) -> str:
    """Return a piece's words without its bullet or number, to stand in running text."""
    return _MARK.sub("", bare(piece)) if piece.kind == "item" else piece.text
