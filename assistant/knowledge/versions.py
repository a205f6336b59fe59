"""What changed between two versions of a text, line by line.

Python's own comparison takes minutes for some pairs of long texts. Here lines that stand once in both texts are
matched first (Bram Cohen's patience diff), so that the time grows with the length alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from assistant.library import DiffLine

CONTEXT_LINES = 3
SHOWN_LINES = 5_000
"""More is nobody's reading; where a comparison has more lines it is cut."""
SMALL = 200
"""So many lines on each side are compared the thorough way, which takes at most 0.1 s."""
CUT = "The rest of the comparison is left out."

Lines = Sequence[str]


def difference(old: str, new: str) -> list[DiffLine]:
    """Return what changed, each change with the lines around it; empty for equal texts."""
    shown = list(_shortened(list(_compared(old.splitlines(), new.splitlines()))))
    if len(shown) > SHOWN_LINES:
        return [*shown[:SHOWN_LINES], DiffLine("@", CUT)]
    return shown


def _compared(old: Lines, new: Lines) -> Iterator[DiffLine]:
    """All lines of both texts, each with its sign."""
    left = right = 0
    for of_old, of_new in [*_anchors(old, new), (len(old), len(new))]:
        yield from _between(old[left:of_old], new[right:of_new])
        if of_old < len(old):
            yield DiffLine(" ", old[of_old])
        left, right = of_old + 1, of_new + 1


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


def _between(old: Lines, new: Lines) -> Iterator[DiffLine]:
    """Compare what stands between two anchors."""
    if len(old) > SMALL or len(new) > SMALL:
        yield from _replaced(old, new)
        return
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (DiffLine(" ", line) for line in old[a:b])
        else:
            yield from _replaced(old[a:b], new[c:d])


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


def _shortened(lines: Sequence[DiffLine]) -> Iterator[DiffLine]:
    """Leave out kept lines that stand far from any change, and say how many."""
    near: set[int] = set()
    for place, line in enumerate(lines):
        if line.sign != " ":
            near.update(range(max(0, place - CONTEXT_LINES), place + CONTEXT_LINES + 1))
    left_out = 0
    for place, line in enumerate(lines if near else ()):
        if place not in near:
            left_out += 1
            continue
        if left_out:
            yield _gap(left_out)
            left_out = 0
        yield line
    if left_out:
        yield _gap(left_out)


def _gap(lines: int) -> DiffLine:
    return DiffLine("@", f"{lines:,} equal line{'s' if lines > 1 else ''} left out")
