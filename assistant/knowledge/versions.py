"""What changed between two versions of a text, line by line.

Python's own comparison takes minutes for some pairs of long texts. Here lines that stand once in both texts are
matched first (Bram Cohen's patience diff), so that the time grows with the length alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice

from assistant.library import DiffLine

CONTEXT_LINES = 3
SHOWN_LINES = 5_000
"""More is nobody's reading; where a comparison has more lines it is cut, and the rest is not compared."""
MOST_LINES = 50_000
MOST_CHARACTERS = 5_000_000
"""So much of each text is compared at most: a comparison stays below half a second whatever the texts."""
LINE_CHARACTERS = 2_000
"""A longer line is shown by its beginning."""
SMALL = 200
"""So many lines on each side, between lines that stand once in both texts, are compared the thorough way."""
THOROUGH = 4_000_000
"""Pairs of lines that all thorough comparisons of two texts may look at; what is left is told as replaced."""
CUT = "The rest of the comparison is left out."

Lines = Sequence[str]


def difference(old: str, new: str) -> list[DiffLine]:
    """Return what changed, each change with the lines around it; empty for equal texts.

    Of long texts the beginnings are compared, which a last line with the sign ``@`` tells.
    """
    left, right = _lines(old), _lines(new)
    shown = list(islice(_shortened(_Comparison().lines(left[:MOST_LINES], right[:MOST_LINES])), SHOWN_LINES + 1))
    lines = [DiffLine(line.sign, line.text[:LINE_CHARACTERS]) for line in shown[:SHOWN_LINES]]
    whole = len(shown) <= SHOWN_LINES and max(len(left), len(right)) <= MOST_LINES
    return lines if whole and max(len(old), len(new)) < MOST_CHARACTERS else [*lines, DiffLine("@", CUT)]


def _lines(text: str) -> list[str]:
    """The lines that are compared, and one more where there are more."""
    return text[:MOST_CHARACTERS].split("\n", MOST_LINES) if text else []


class _Comparison:
    """Compares two texts once."""

    def __init__(self) -> None:
        self._left = THOROUGH

    def lines(self, old: Lines, new: Lines) -> Iterator[DiffLine]:
        """All lines of both texts, each with its sign."""
        left = right = 0
        for of_old, of_new in [*_anchors(old, new), (len(old), len(new))]:
            yield from self._between(old[left:of_old], new[right:of_new])
            if of_old < len(old):
                yield DiffLine(" ", old[of_old])
            left, right = of_old + 1, of_new + 1

    def _between(self, old: Lines, new: Lines) -> Iterator[DiffLine]:
        """Compare what stands between two anchors."""
        pairs = len(old) * len(new)
        if pairs > self._left or max(len(old), len(new)) > SMALL:
            yield from _replaced(old, new)
            return
        self._left -= pairs
        for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                yield from (DiffLine(" ", line) for line in old[a:b])
            else:
                yield from _replaced(old[a:b], new[c:d])


def _anchors(old: Lines, new: Lines) -> list[tuple[int, int]]:
    """Places of the lines that stand once in both texts, in the longest order that both share."""
    once_old = {line: place for place, line in enumerate(old) if line.strip()}
    counts_old, counts_new = Counter(old), Counter(new)
    pairs = [
        (once_old[line], place)
        for place, line in enumerate(new)
        if counts_new[line] == 1 and counts_old.get(line) == 1 and line in once_old
    ]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest part of the pairs, which rise in their second place, that rises in the first one too."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, (first, _) in enumerate(pairs):
        length = bisect_left(tails, first)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [first]
        ends[length : length + 1] = [at]
    chosen = []
    at = ends[-1] if ends else -1
    while at >= 0:
        chosen.append(pairs[at])
        at = before[at]
    return chosen[::-1]


def _replaced(old: Lines, new: Lines) -> Iterator[DiffLine]:
    """Equal lines at both ends are kept; between them the old lines go and the new ones come."""
    start = end = 0
    shorter = min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    yield from (DiffLine(" ", line) for line in old[:start])
    yield from (DiffLine("-", line) for line in old[start : len(old) - end])
    yield from (DiffLine("+", line) for line in new[start : len(new) - end])
    yield from (DiffLine(" ", line) for line in old[len(old) - end :])


def _shortened(lines: Iterable[DiffLine]) -> Iterator[DiffLine]:
    """Leave out kept lines that stand far from any change, and say how many."""
    before: deque[DiffLine] = deque()
    left_out = after = 0
    changed = False
    for line in lines:
        if line.sign != " ":
            if left_out:
                yield _gap(left_out)
            yield from before
            yield line
            before.clear()
            left_out, after, changed = 0, CONTEXT_LINES, True
        elif after:
            yield line
            after -= 1
        else:
            before.append(line)
            if len(before) > CONTEXT_LINES:
                before.popleft()
                left_out += 1
    if changed and (before or left_out):
        yield _gap(left_out + len(before))


def _gap(lines: int) -> DiffLine:
    return DiffLine("@", f"{lines:,} equal line{'s' if lines > 1 else ''} left out")
