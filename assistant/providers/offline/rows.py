"""Table rows: the row or rows that match the question, under their header where the row does not name its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.providers.offline.question import Question
from assistant.providers.offline.quotes import Quote, plain
from assistant.providers.offline.ranges import amounts, covers
from assistant.providers.offline.units import Unit, UnitKind
from assistant.providers.passages import PromptPassage

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
MOST_ROWS = 8
"""Rows quoted at most when several match alike."""


def quote_rows(
    question: Question, best: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]
) -> list[Quote]:
    """Quote the rows that match the question as the best one does, each on its own line."""
    own = [piece for piece in pieces if piece.passage == best.passage]
    rows = _matching(question, best, [piece for piece in own if piece.kind is best.kind])
    header = _header(best, own)
    lines = [*header, *(row for row in rows if row not in header)]
    n = passages[best.passage].n
    several = len(lines) > 1
    return [Quote(n, piece.text, ("\n" if at else "") + ("- " if several else "")) for at, piece in enumerate(lines)]


def quote_row(row: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> tuple[Quote | None, Quote]:
    """Quote one row (or any other piece) and the header above it, where it does not name its columns."""
    n = passages[row.passage].n
    header = _header(row, [piece for piece in pieces if piece.passage == row.passage])
    return (Quote(n, header[0].text) if header else None), Quote(n, plain(row))


def _matching(question: Question, best: Unit, rows: Sequence[Unit]) -> list[Unit]:
    """Rows whose matched words are no smaller part of the best row's: one city asked, one row; two asked, two."""
    wanted = amounts(question.text)
    inside = [row for row in rows if any(covers(row.text, amount) for amount in wanted)]
    if best in inside:
        return inside
    asked = set(question.terms)
    matched = asked & set(best.terms)
    kept = [row for row in rows if row == best or not (asked & set(row.terms)) < matched]
    return [best] if len(kept) > MOST_ROWS else kept


def _header(best: Unit, own: Sequence[Unit]) -> list[Unit]:
    """The line of column names above a bare row: the nearest line above without a figure, years aside."""
    if best.kind is not UnitKind.CELLS:
        return []
    for piece in sorted((piece for piece in own if piece.at < best.at), key=lambda piece: -piece.at):
        if piece.kind not in (UnitKind.CELLS, UnitKind.HEADING):
            return []
        if not re.search(r"\d", _YEAR.sub("", piece.text)):
            return [piece] if len(piece.text.split()) > 1 else []
    return []
