"""Puts recognised pieces of text in reading order: pieces of a line side by side, columns of prose one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

# Left, top, right, bottom, in pixels.
Box = tuple[float, float, float, float]
Piece = tuple[Box, str]

# Pieces stand on one line when their middles differ by less than this share of the smaller height.
SAME_LINE = 0.5
# Columns: a gutter in the middle part of the page that few pieces cross, between sides whose pieces fill them.
MIDDLE = (0.35, 0.65)
STEPS = 31
CROSSING = 0.2
PIECES_MIN = 5
FILLED = 0.6


def text_of(pieces: Sequence[Piece]) -> str:
    """Return the text, a line of the page a line."""
    pieces = [(box, word.strip()) for box, word in pieces if word.strip()]
    gutter = _gutter([box for box, _ in pieces])
    parts = _bands(pieces, gutter) if gutter is not None else [pieces]
    return "\n".join(line for part in parts for line in _lines(part))


def _lines(pieces: Sequence[Piece]) -> Iterator[str]:
    """Gather pieces into lines from top to bottom; rows of a table are lines of several pieces."""
    line: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: _middle(piece[0])):
        if line and not _beside(line[-1][0], piece[0]):
            yield _joined(line)
            line = []
        line.append(piece)
    if line:
        yield _joined(line)


def _joined(line: Sequence[Piece]) -> str:
    return " ".join(word for _, word in sorted(line, key=lambda piece: piece[0][0]))


def _beside(one: Box, other: Box) -> bool:
    height = min(one[3] - one[1], other[3] - other[1])
    return abs(_middle(one) - _middle(other)) < SAME_LINE * height


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


def _gutter(boxes: Sequence[Box]) -> float | None:
    """Return where two columns of prose part; None for one column, and for tables, whose cells are narrow."""
    if len(boxes) < 2 * PIECES_MIN:
        return None
    left, right = min(box[0] for box in boxes), max(box[2] for box in boxes)
    width = right - left
    steps = [MIDDLE[0] + (MIDDLE[1] - MIDDLE[0]) * step / (STEPS - 1) for step in range(STEPS)]
    places = [left + width * step for step in steps]
    fewest, place = min((sum(box[0] < place < box[2] for box in boxes), place) for place in places)
    if fewest > CROSSING * len(boxes):
        return None
    before = [box for box in boxes if box[2] <= place]
    after = [box for box in boxes if box[0] >= place]
    return place if _is_prose(before, place - left) and _is_prose(after, right - place) else None


def _is_prose(column: Sequence[Box], width: float) -> bool:
    return len(column) >= PIECES_MIN and median(box[2] - box[0] for box in column) >= FILLED * width


def _bands(pieces: Sequence[Piece], gutter: float) -> Iterator[list[Piece]]:
    """Left column then right column, anew below each piece that crosses the gutter."""
    left: list[Piece] = []
    right: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece[0][1]):
        box = piece[0]
        if box[0] < gutter < box[2]:
            yield from (left, right, [piece])
            left, right = [], []
        else:
            (left if box[2] <= gutter else right).append(piece)
    yield from (left, right)
