"""Tables as lines that explain themselves: each row says ``Header: value; Header: value``.

Rows are kept as their filled cells alone, so that one very wide row does not make all others as wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

Row = Sequence[str]
Cells = list[tuple[int, str]]
HEADER_MAX = 80


def rows_as_lines(rows: Sequence[Row], header: bool | None = None) -> Iterator[str]:
    """Yield a line per row without empty cells.

    ``header`` says whether the first row holds the headers; None lets a look at the cells decide. Without headers
    two columns read ``key: value`` and more columns are set apart by semicolons.
    """
    kept = list(_filled(rows))
    columns = {place for cells in kept for place, _ in cells}
    if header is None:
        header = len(columns) > 2 and _looks_like_headers(kept, len(columns))
    if header and len(kept) > 1 and len(columns) > 1:
        headers = dict(kept[0])
        yield from (_with_headers(headers, cells, min(columns)) for cells in kept[1:])
    else:
        yield from (_without_headers(cells, len(columns)) for cells in kept)


def lines_under_headers(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a line per row as it comes; the first with two filled cells or more holds the headers."""
    headers: dict[int, str] = {}
    used = False
    for cells in _filled(rows):
        if not headers and len(cells) > 1:
            headers = dict(cells)
            continue
        used = used or bool(headers)
        yield _with_headers(headers, cells, min(headers)) if headers else cells[0][1]
    if headers and not used:
        yield _without_headers(list(headers.items()), len(headers))


def is_number(cell: str) -> bool:
    """Return whether a cell holds a figure (with its unit, currency or percent sign) and no words."""
    digits = sum(char.isdigit() for char in cell)
    letters = sum(char.isalpha() for char in cell)
    return digits > 0 and digits >= letters


def _filled(rows: Iterable[Row]) -> Iterator[Cells]:
    """The filled cells of each row that has any, with their places and without blanks around them."""
    for row in rows:
        cells = [(place, " ".join(cell.split())) for place, cell in enumerate(row) if cell]
        kept = [(place, cell) for place, cell in cells if cell]
        if kept:
            yield kept


def _looks_like_headers(rows: list[Cells], columns: int) -> bool:
    named = [cell for _, cell in rows[0]]
    return (
        len(rows) > 1
        and len(named) >= columns - 1
        and len(set(named)) == len(named)
        and all(len(cell) <= HEADER_MAX and not is_number(cell) for cell in named)
    )


def _with_headers(headers: dict[int, str], cells: Cells, first: int) -> str:
    if len(cells) == 1 and cells[0][0] == first:
        return cells[0][1]
    return "; ".join(f"{headers[place].rstrip(':')}: {cell}" if place in headers else cell for place, cell in cells)


def _without_headers(cells: Cells, columns: int) -> str:
    if columns == 2 and len(cells) == 2:
        return f"{cells[0][1].rstrip(':')}: {cells[1][1]}"
    return "; ".join(cell for _, cell in cells)
