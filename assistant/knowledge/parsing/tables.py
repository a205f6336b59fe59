"""Tables as lines that explain themselves: each row says ``Header: value; Header: value``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Row = Sequence[str]
HEADER_MAX = 80


def rows_as_lines(rows: Sequence[Row], header: bool | None = None) -> Iterator[str]:
    """Yield a line per row without empty cells.

    ``header`` says whether the first row holds the headers; None lets a look at the cells decide. Without headers
    two columns read ``key: value`` and more columns are set apart by semicolons.
    """
    kept = _without_empty(rows)
    if not kept:
        return
    if header is None:
        header = len(kept[0]) > 2 and _looks_like_headers(kept)
    if header and len(kept) > 1 and len(kept[0]) > 1:
        yield from (_with_headers(kept[0], row) for row in kept[1:])
    else:
        yield from (_without_headers(row) for row in kept)


def _without_empty(rows: Sequence[Row]) -> list[list[str]]:
    """Cells without blanks around them; rows and columns that are all empty are gone."""
    width = max((len(row) for row in rows), default=0)
    cells = [[" ".join(cell.split()) for cell in row] + [""] * (width - len(row)) for row in rows]
    filled = [row for row in cells if any(row)]
    columns = [n for n in range(width) if any(row[n] for row in filled)]
    return [[row[n] for n in columns] for row in filled]


def _looks_like_headers(rows: list[list[str]]) -> bool:
    first = rows[0]
    named = [cell for cell in first if cell]
    return (
        len(rows) > 1
        and len(named) >= len(first) - 1
        and len(set(named)) == len(named)
        and all(len(cell) <= HEADER_MAX and not is_number(cell) for cell in named)
    )


def is_number(cell: str) -> bool:
    """Return whether a cell holds a figure (with its unit, currency or percent sign) and no words."""
    digits = sum(char.isdigit() for char in cell)
    letters = sum(char.isalpha() for char in cell)
    return digits > 0 and digits >= letters


def _with_headers(headers: Row, row: Row) -> str:
    if sum(1 for cell in row if cell) == 1 and row[0]:
        return row[0]
    pairs = zip(headers, row, strict=True)
    return "; ".join(f"{header.rstrip(':')}: {cell}" if header else cell for header, cell in pairs if cell)


def _without_headers(row: Row) -> str:
    cells = [cell for cell in row if cell]
    if len(row) == 2 and len(cells) == 2:
        return f"{cells[0].rstrip(':')}: {cells[1]}"
    return "; ".join(cells)
