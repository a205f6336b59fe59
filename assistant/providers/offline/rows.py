"""Table rows: the row or rows that match the question, under their header where the row does not name its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from assistant.domain import Passage
from assistant.providers.offline.columns import answers_whole, asked_column, bound, extremes
from assistant.providers.offline.question import Kind, Question
from assistant.providers.offline.quotes import Quote, plain
from assistant.providers.offline.ranges import amounts, covers
from assistant.providers.offline.terms import base_weight, content, coverage
from assistant.providers.offline.units import ROWS, Unit, UnitKind, column_names, units
from assistant.providers.passages import PromptPassage, read, render
from assistant.table_rows import CELL_END

_POINTS_DOWN = re.compile(r"\b(?:below|following)\b|:$", re.IGNORECASE)
BETWEEN = 2
"""Sentences that may stand between a table and the one that leads to it."""

MOST_ROWS = 8
"""Rows quoted at most when several match alike; when more do, the question was for one of them."""

ABOUT = 0.4
"""Share of the question's other words that a table with rows within a bound has, in cells and titles, at least."""

ALIKE = 0.05
"""By how much less another such table may have and still be as much about the question."""

MOST_LISTED = 20
"""Rows quoted at most when the question asks for several ("what are ...", "compare ...")."""


def quote_rows(
    question: Question, best: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]
) -> list[Quote]:
    """Quote the rows that match the question as the best one does, each on its own line."""
    header = _header(best, passages, pieces)
    rows = _matching(question, best, _table(question, best, passages, pieces), passages)
    return _lines(question, [*header, *rows], passages)


def quote_within(question: Question, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> list[Quote]:
    """Quote the rows that a figure of the question picks out: "at least 12 seats", "the cheapest berth".

    Of several tables those count that have most of the question's other words in their titles and cells. Empty where
    the question has no such figure, or no row fits it.
    """
    wanted = bound(question)
    rows = [piece for piece in pieces if piece.cells and (wanted is None or wanted.met(piece.cells))]
    if wanted is None:
        return _lines(question, _extreme(question, rows, passages), passages)
    rest = {term: base_weight(term) for term in question.terms if term not in wanted.said}
    within = _nearest_tables(rest, rows, passages)
    once = {piece.cells[0][1].casefold(): piece for piece in reversed(within)}
    return _lines(question, [piece for piece in within if piece in once.values()][:MOST_LISTED], passages)


def _extreme(question: Question, rows: Sequence[Unit], passages: Sequence[PromptPassage]) -> list[Unit]:
    """The rows with the highest or lowest figure of the one table that is nearest to the question."""
    rest = {term: base_weight(term) for term in question.terms}
    near = _nearest_tables(rest, rows, passages)
    first = passages[near[0].passage].document if near else ""
    table = [row for row in near if passages[row.passage].document == first and row.header == near[0].header]
    return [table[at] for at in extremes(question, [row.cells for row in table])][:MOST_ROWS]


def _nearest_tables(asked: Mapping[str, float], rows: Sequence[Unit], passages: Sequence[PromptPassage]) -> list[Unit]:
    """Those of the rows that have most of the words asked about, in their cells or in titles above."""
    shares = [coverage(asked, _around(row, passages)) for row in rows]
    most = max(shares, default=0.0)
    if most <= ABOUT and asked:
        return []
    return [row for row, share in zip(rows, shares, strict=True) if share >= most - ALIKE]


def has_rows(question: Question, passages: Sequence[Passage]) -> bool:
    """Return whether rows are within the figure that the question names, or one holds the asked column and the rest."""
    _, held = read(render(question.text, [one for one in passages if is_tabular(one.text)]))
    pieces = [piece for place, passage in enumerate(held) for piece in units(passage, place)]
    if bound(question) is not None:
        return bool(quote_within(question, held, pieces))
    titles = [{*content(f"{passage.document} {passage.heading}")} for passage in held]
    rows = [(piece.cells, titles[piece.passage]) for piece in pieces if piece.cells]
    return all(any(answers_whole(side, cells, around) for cells, around in rows) for side in _sides(question))


def _sides(question: Question) -> list[Question]:
    """The question itself, or one for each thing that it compares."""
    if not question.compares:
        return [question]
    others = {name: question.names - {name} for name in question.names}
    terms = {name: tuple(term for term in question.terms if term not in left_out) for name, left_out in others.items()}
    return [replace(question, terms=kept) for kept in terms.values()]


def is_tabular(text: str) -> bool:
    """Return whether there may be rows of a table in a text, which takes longer to tell for sure."""
    return CELL_END in text or "; " in text


def _around(piece: Unit, passages: Sequence[PromptPassage]) -> set[str]:
    """Stems of a row, of its column names, and of the titles that it stands under."""
    passage = passages[piece.passage]
    return {*piece.terms, *piece.header, *content(f"{passage.document} {passage.heading}")}


def _lines(question: Question, lines: Sequence[Unit], passages: Sequence[PromptPassage]) -> list[Quote]:
    """Each row on its own line, what is asked for in bold."""
    several = len(lines) > 1
    return [
        Quote(
            passages[piece.passage].n,
            piece.text,
            ("\n" if at else "") + ("- " if several else ""),
            _asked_cell(question, piece),
        )
        for at, piece in enumerate(lines)
    ]


def _asked_cell(question: Question, row: Unit) -> tuple[int, int] | None:
    """Where in a row the cell stands that is asked for."""
    at = asked_column(question, row.cells) if row.cells else None
    if at is None:
        return None
    name, cell = row.cells[at]
    start = row.text.find(f"{name}: {cell}") + len(f"{name}: ")
    return (start, start + len(cell)) if row.text[start : start + len(cell)] == cell else None


def quote_table_below(
    question: Question, lead: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]
) -> list[Quote]:
    """Quote the table behind a sentence that points to it, or that answers a question for several things."""
    if not (question.kind is Kind.LIST or _POINTS_DOWN.search(lead.text)):
        return []
    after = [piece for piece in pieces if piece.passage == lead.passage and piece.at > lead.at]
    prose = list(takewhile(lambda piece: piece.kind is UnitKind.PROSE, after[:BETWEEN]))
    behind = after[len(prose) :]
    header = [piece for piece in behind[:1] if piece.kind is UnitKind.HEADING]
    rows = list(takewhile(lambda piece: piece.kind in ROWS, behind[len(header) :]))
    lines = [*header, *rows] if len(rows) > 1 else []
    n = passages[lead.passage].n
    return [Quote(n, piece.text, ("\n" if at else "\n\n") + "- ") for at, piece in enumerate(lines[:MOST_LISTED])]


def quote_side(
    question: Question, row: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]
) -> tuple[Quote | None, list[Quote]]:
    """Quote one side of a comparison: the header above a bare row, and the row or any other piece.

    A row in which nothing asked for stands but in the header speaks for its whole table.
    """
    header = _header(row, passages, pieces)
    whole = row.kind is UnitKind.CELLS and not set(question.terms) & set(row.terms)
    table = [piece for piece in pieces if (piece.passage, piece.kind) == (row.passage, row.kind)]
    rows = [piece for piece in table if piece.header == row.header][:MOST_LISTED] if whole else [row]
    quoted = [Quote(passages[piece.passage].n, plain(piece)) for piece in rows]
    return (Quote(passages[header[0].passage].n, header[0].text) if header else None), quoted


def _table(question: Question, best: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> list[Unit]:
    """Rows like the best one: of its passage, and of a table that goes on with the same columns in its document."""
    document = passages[best.passage].document
    listed = question.kind is Kind.LIST
    return [
        piece
        for piece in pieces
        if piece.kind is best.kind
        and (not best.cells or _columns(piece) == _columns(best))
        and (piece.passage == best.passage or ((listed or best.cells) and passages[piece.passage].document == document))
    ]


def _columns(row: Unit) -> list[str]:
    return [name for name, _ in row.cells]


def _matching(question: Question, best: Unit, rows: Sequence[Unit], passages: Sequence[PromptPassage]) -> list[Unit]:
    """Rows whose matched words are no smaller part of the best row's: one city asked, one row; two asked, two."""
    wanted = amounts(question.text)
    inside = [row for row in rows if any(covers(row.text, amount) for amount in wanted)]
    if best in inside:
        return inside
    asked = set(question.terms) - _told_by_table(question, best, passages)
    matched = asked & _values(best)
    kept = [row for row in rows if row == best or not (asked & _values(row)) < matched]
    if question.kind is Kind.LIST:
        return kept[:MOST_LISTED]
    return [best] if len(kept) > MOST_ROWS else kept


def _told_by_table(question: Question, best: Unit, passages: Sequence[PromptPassage]) -> set[str]:
    """Words of the question that tell no row from another, where the best one holds others: of titles and columns."""
    passage = passages[best.passage]
    told = {*content(f"{passage.document} {passage.heading}"), *(best.header if best.cells else ())}
    return told if (set(question.terms) - told) & _values(best) else set()


def _values(row: Unit) -> set[str]:
    """Stems of what stands in a row, without the names of its columns where these are known."""
    return {term for _, cell in row.cells for term in content(cell)} or set(row.terms)


def _header(best: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> list[Unit]:
    """The column names of a bare row; of a table that goes on in another passage, those that stand there."""
    if best.kind is not UnitKind.CELLS or best.cells:
        return []
    own = [piece for piece in pieces if piece.passage == best.passage]
    above = column_names([piece for piece in own if piece.at < best.at])
    if above or any(piece.kind is UnitKind.PROSE for piece in own if piece.at < best.at):
        return [above] if above else []
    here = passages[best.passage]
    same = [at for at, one in enumerate(passages) if (one.document, one.heading) == (here.document, here.heading)]
    rows = [piece for piece in pieces if piece.passage in same and piece.header]
    names = [column_names([o for o in pieces if o.passage == row.passage and o.at < row.at]) for row in rows[:1]]
    return [piece for piece in names if piece]
