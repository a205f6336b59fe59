"""Table rows: the row or rows that match the question, under their header where the row does not name its columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.providers.offline.question import Question
from assistant.providers.offline.quotes import Quote
from assistant.providers.offline.units import Unit, UnitKind
from assistant.providers.passages import PromptPassage

MOST_ROWS = 8
"""Rows quoted at most when several match alike."""


def quote_rows(
    question: Question, best: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]
) -> list[Quote]:
    """Quote the rows that match the question as the best one does, each on its own line."""
    own = [piece for piece in pieces if piece.passage == best.passage]
    rows = _matching(question, best, [piece for piece in own if piece.kind is best.kind])
    lines = [*_header(best, own), *rows]
    n = passages[best.passage].n
    several = len(lines) > 1
    return [Quote(n, piece.text, ("\n" if at else "") + ("- " if several else "")) for at, piece in enumerate(lines)]


def quote_row(row: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> list[Quote]:
    """Quote one row, under its header where it does not name its columns."""
    own = [piece for piece in pieces if piece.passage == row.passage]
    return [Quote(passages[row.passage].n, piece.text) for piece in (*_header(row, own), row)]


def _matching(question: Question, best: Unit, rows: Sequence[Unit]) -> list[Unit]:
    """Rows whose matched words are no smaller part of the best row's: one city asked, one row; two asked, two."""
    asked = set(question.terms)
    matched = asked & set(best.terms)
    kept = [row for row in rows if row == best or not (asked & set(row.terms)) < matched]
    if len(kept) > MOST_ROWS:
        return [best]
    return kept


def _header(best: Unit, own: Sequence[Unit]) -> list[Unit]:
    """The line of column names above a bare row: the nearest line above without a figure."""
    if best.kind is not UnitKind.CELLS:
        return []
    for piece in sorted((piece for piece in own if piece.at < best.at), key=lambda piece: -piece.at):
        if piece.kind is UnitKind.HEADING and len(piece.text.split()) > 1:
            return [piece]
        if piece.kind is not UnitKind.CELLS or not re.search(r"\d", piece.text):
            return [piece] if piece.kind is UnitKind.CELLS else []
    return []
