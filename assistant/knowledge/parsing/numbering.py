"""The numbers that Word puts before list items and headings, which stand nowhere in the paragraph's text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
BULLET = "- "
# Styles are based on one another; a chain this long is a ring made to hang readers.
LONGEST_CHAIN = 20
_PLACE = re.compile(r"%(\d)")
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(slots=True)
class _Level:
    start: int = 1
    kind: str = "decimal"
    pattern: str = ""


@dataclass(slots=True)
class _List:
    """One numbering instance; ``counters`` are shared by instances that do not start anew."""

    levels: dict[int, _Level]
    counters: dict[int, int] = field(default_factory=dict)


class Numbering:
    """Counts through a document: ask for labels in the order of its paragraphs."""

    def __init__(self, styles: Any, numbering: Any) -> None:
        """Take the root elements of the two parts; None where there is no such part."""
        self._styles = {} if styles is None else {one.get(f"{W}styleId"): one for one in styles.iter(f"{W}style")}
        self._lists = {} if numbering is None else _lists(numbering)

    def style_names(self, paragraph: Any) -> list[str]:
        """Names of the paragraph's style and of those it is based on."""
        return [_value(style, "name") or "" for style in self._chain(paragraph)]

    def label(self, paragraph: Any) -> str:
        """Return ``1. ``, ``a) ``, a bullet or nothing, with the blank after it."""
        number, level = self._place(paragraph)
        found = self._lists.get(number) if number else None
        if found is None:
            return BULLET if self._is_bullet_style(paragraph) else ""
        return _counted(found, level)

    def _is_bullet_style(self, paragraph: Any) -> bool:
        return any(name.lower().startswith("list bullet") for name in self.style_names(paragraph))

    def _chain(self, paragraph: Any) -> list[Any]:
        style_id = _value(paragraph.find(f"{W}pPr"), "pStyle")
        chain: list[Any] = []
        while style_id in self._styles and len(chain) < LONGEST_CHAIN:
            chain.append(self._styles[style_id])
            style_id = _value(chain[-1], "basedOn")
        return chain

    def _place(self, paragraph: Any) -> tuple[str | None, int]:
        """Numbering instance and level, from the paragraph or else from its styles."""
        level: str | None = None
        for holder in (paragraph, *self._chain(paragraph)):
            place = holder.find(f"{W}pPr/{W}numPr")
            if place is None:
                continue
            level = level or _value(place, "ilvl")
            number = _value(place, "numId")
            if number is not None:
                return (number if number != "0" else None), _whole(level)
        return None, 0


def _lists(root: Any) -> dict[str, _List]:
    kinds = {kind.get(f"{W}abstractNumId"): kind for kind in root.iter(f"{W}abstractNum")}
    shared: dict[str, dict[int, int]] = {}
    lists = {}
    for number in root.iter(f"{W}num"):
        kind_id = _value(number, "abstractNumId") or ""
        if kind_id in kinds:
            starts = {
                _whole(item.get(f"{W}ilvl")): _whole(_value(item, "startOverride")) for item in _overrides(number)
            }
            counters = {} if starts else shared.setdefault(kind_id, {})
            lists[number.get(f"{W}numId")] = _List(_levels(kinds[kind_id], starts), counters)
    return lists


def _overrides(number: Any) -> list[Any]:
    return [item for item in number.iter(f"{W}lvlOverride") if item.find(f"{W}startOverride") is not None]


def _levels(kind: Any, starts: dict[int, int]) -> dict[int, _Level]:
    levels = {}
    for level in kind.iter(f"{W}lvl"):
        at = _whole(level.get(f"{W}ilvl"))
        start = starts.get(at, _whole(_value(level, "start") or "1"))
        levels[at] = _Level(start, _value(level, "numFmt") or "decimal", _value(level, "lvlText") or "")
    return levels


def _counted(found: _List, at: int) -> str:
    """Count one further at this level, begin the deeper ones anew, and write the label."""
    level = found.levels.get(at, _Level())
    found.counters[at] = found.counters.get(at, level.start - 1) + 1
    for deeper in [n for n in found.counters if n > at]:
        del found.counters[deeper]
    if level.kind in ("bullet", "none"):
        return BULLET if level.kind == "bullet" else ""
    label = _PLACE.sub(lambda match: _number(found, int(match.group(1)) - 1), level.pattern)
    return f"{label.strip()} " if label.strip() else ""


def _number(found: _List, at: int) -> str:
    level = found.levels.get(at, _Level())
    return written(found.counters.get(at, level.start), level.kind)


def written(number: int, kind: str) -> str:
    """Write a list number in one of Word's kinds: decimal, letters or Roman."""
    if kind.endswith("Letter") and number > 0:
        text = chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 10)
    elif kind.endswith("Roman") and 0 < number < 4000:
        text = _roman(number)
    else:
        return f"{number:02d}" if kind == "decimalZero" else str(number)
    return text.upper() if kind.startswith("upper") else text


def _roman(number: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        text += sign * (number // value)
        number %= value
    return text


def _value(element: Any, tag: str) -> str | None:
    child = element.find(f"{W}{tag}") if element is not None else None
    return None if child is None else child.get(f"{W}val")


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
