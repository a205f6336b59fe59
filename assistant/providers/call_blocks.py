"""Tool calls in words: ``<TOOL_CALLS>{"tools": [{"name": …, "params": {…}}]}</TOOL_CALLS>``.

Read out of a model's own answer only. In everything else that a model is shown the marks are disarmed, so that a
document which holds such a block cannot make a model that quotes it call a tool.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from assistant.providers.rewritten_stream import Called, Piece, Said, begun_tag

OPEN, CLOSE = "<TOOL_CALLS>", "</TOOL_CALLS>"
UNREADABLE = "unreadable_call"
"""The tool that a broken block calls. There is none: the agent says so to the model, which writes the block again."""
LONGEST_BLOCK = 100_000
"""Characters. The longest arguments of a tool are a ticket's text."""
LONGEST_QUOTE = 300
"""Characters of a broken block that go back to the model."""
OPENING, CLOSING = (re.compile(mark, re.IGNORECASE | re.ASCII) for mark in (OPEN, CLOSE))
MARK = re.compile(r"<(?=\s*/?\s*TOOL_CALLS\s*>)", re.IGNORECASE)
FENCE = re.compile(r"\A\s*```\w*\s*|\s*```\s*\Z")


def disarm(text: str) -> str:
    """Return the text with marks that are none any more, and still read the same."""
    return MARK.sub("\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}", text)


def written(calls: Iterable[tuple[str, Mapping[str, Any]]]) -> str:
    """Return the block of these calls, as the model should have written it."""
    tools = [{"name": name, "params": dict(params)} for name, params in calls]
    return OPEN + disarm(json.dumps({"tools": tools}, ensure_ascii=False, default=str)) + CLOSE


class CallReader:
    """Reads blocks out of an answer; text around them stays, marks are never given out.

    ``structure`` is the tool of the structure that is asked for, when nothing but that is: then an answer that is
    bare JSON counts as its call.
    """

    def __init__(self, structure: str | None = None) -> None:
        self._held = ""
        self._in_block = False
        self._fresh = True
        self._structure = structure

    def feed(self, text: str) -> Iterator[Piece]:
        """Take the next text; give what is certain by now."""
        self._held += text
        if ">" not in text and (self._in_block or self._structure) and len(self._held) <= LONGEST_BLOCK:
            return  # no mark can have come to its end
        found: list[Piece] | None = []
        while found is not None:
            yield from found
            found = self._block() if self._in_block else self._text()

    def end(self) -> Iterator[Piece]:
        """Give what was held back; a block without its end counts when it is whole otherwise."""
        held, self._held = self._held, ""
        if self._in_block:
            self._in_block = False
            yield from _calls(held)
            return
        held = held.lstrip() if self._fresh else held
        values = _json(held) if self._structure else None
        if self._structure and isinstance(values, dict):
            yield Called(self._structure, values)
        elif held:
            yield Said(held)

    def _text(self) -> list[Piece] | None:
        """Text up to the next block; None when there is no more to do with what came so far."""
        if self._fresh:
            self._held = self._held.lstrip()
        opening = OPENING.search(self._held)
        if opening:
            said, self._held = self._held[: opening.start()].rstrip(), self._held[opening.end() :]
            self._in_block = self._fresh = True
            return [Said(said)] if said else []
        certain = 0 if self._structure else len(self._held) - _uncertain(self._held)
        said, self._held = self._held[:certain], self._held[certain:]
        self._fresh = self._fresh and not said
        return [Said(said)] if said else None

    def _block(self) -> list[Piece] | None:
        """The calls of the block that is read; None while it has no end."""
        closing = _block_end(self._held)
        if closing is None and len(self._held) <= LONGEST_BLOCK:
            return None
        inside = self._held[: closing.start()] if closing else self._held
        self._held, self._in_block = self._held[closing.end() :] if closing else "", False
        return list(_calls(inside))


def _uncertain(text: str) -> int:
    """How many characters at the end may belong to a mark: its beginning, or white space that stands before it."""
    begun = begun_tag(text, OPEN)
    before = text[: len(text) - begun]
    return begun + len(before) - len(before.rstrip())


def _block_end(text: str) -> re.Match[str] | None:
    """The closing mark that is not inside a string of the JSON."""
    return next((mark for mark in CLOSING.finditer(text) if not _in_string(text[: mark.start()])), None)


def _in_string(json_text: str) -> bool:
    return len(re.findall(r'"', re.sub(r"\\.", "", json_text, flags=re.DOTALL))) % 2 == 1


def _calls(inside: str) -> Iterator[Piece]:
    values = _json(inside)
    listed = values.get("tools", [values]) if isinstance(values, dict) else values
    calls = [_call(entry) for entry in listed] if isinstance(listed, list) else [None]
    whole = [call for call in calls if call is not None]
    yield from whole if len(whole) == len(calls) else [Called(UNREADABLE, {"block": inside.strip()[:LONGEST_QUOTE]})]


def _call(entry: object) -> Called | None:
    if not isinstance(entry, dict):
        return None
    name, params = entry.get("name"), entry.get("params", entry.get("arguments", {}))
    return Called(name, params) if isinstance(name, str) and name and isinstance(params, dict) else None


def _json(text: str) -> object:
    try:
        return json.loads(FENCE.sub("", text))
    except (ValueError, RecursionError):
        return None
