"""How a quoted piece is written into an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.providers.offline.units import Unit

_BULLET = re.compile(r"^[-*+\u2022\u25e6\u2023\u25aa\u25cf\u25cb\u25a0\u2013\u2014\u00b7]\s+")
_MARK = re.compile(r"^(?:(?:step )?\d{1,2}[.):]|\(?[a-z]\)|[a-z]\.)\s+", re.IGNORECASE)
_SIGNS = re.compile(r"[*`\\\[\]<>~]|(?<!\w)_|_(?!\w)")
_OPENING = " (\u201c\u2018"
MARKER = re.compile(r"\[(?=\s*\d+\s*\])")


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of passage ``n``; ``lead`` is what separates them from the quote before.

    ``bold`` is where in ``text`` the words stand that answer by themselves.
    """

    n: int
    text: str
    lead: str = ""
    bold: tuple[int, int] | None = None

    def write(self) -> str:
        """Return the quote with its marker. A "[3]" in the document's own words must not read as a marker."""
        return f"{self.lead}{MARKER.sub(lambda _: chr(92) + '[', self._marked())} [{self.n}]"

    def _marked(self) -> str:
        """The words, with stars around those in bold; not where the document's own signs would be read as markdown."""
        if self.bold is None or _SIGNS.search(self.text):
            return self.text
        start, end = self.bold
        before, after = self.text[:start], self.text[end:]
        stands_alone = not before or before[-1] in _OPENING, not after or not after[0].isalnum()
        return f"{before}**{self.text[start:end]}**{after}" if all(stands_alone) else self.text


def bare(piece: Unit) -> str:
    """Return a piece's words without its bullet."""
    return _BULLET.sub("", piece.text)


def plain(piece: Unit) -> str:
    """Return a piece's words without its bullet or number, to stand in running text."""
    return _MARK.sub("", bare(piece)) if piece.kind == "item" else piece.text
