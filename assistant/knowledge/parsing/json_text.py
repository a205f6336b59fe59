"""JSON: each value with the path that leads to it, lists of objects as rows that name their fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import plain
from assistant.knowledge.parsing.characters import decode, one_line
from assistant.knowledge.parsing.formats import OnPage, Source, contents
from assistant.knowledge.parsing.pages import DEEPEST_HEADING, DocumentBuilder, title_from_name
from assistant.library import ParsedDocument

TOO_DEEP = "This JSON file is nested deeper than any program writes, so it cannot be read."
# Levels of objects and lists in one another.
DEEPEST = 200
_WORDS = {True: "yes", False: "no"}


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read one value, or one on each line; what is no JSON is read as the text that it is."""
    try:
        values = _values(decode(contents(source)))
    except RecursionError:
        raise UnreadableDocument(TOO_DEEP) from None
    except ValueError:
        return plain.parse(source, name, on_page)
    document = DocumentBuilder()
    document.start_page()
    _add(document, values, (), 0)
    on_page(1, 1)
    return document.build(title_from_name(name))


def _values(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines() if line.strip()]


def _add(document: DocumentBuilder, value: Any, path: tuple[str, ...], depth: int) -> None:
    """Add an object with its parts, or a line for each thing in a list."""
    if depth > DEEPEST:
        raise UnreadableDocument(TOO_DEEP)
    if isinstance(value, dict):
        _add_object(document, value, path, depth)
        return
    for item in value if isinstance(value, list) else [value]:
        document.line(_row(item, depth))


def _add_object(document: DocumentBuilder, value: dict[str, Any], path: tuple[str, ...], depth: int) -> None:
    """Add the plain fields as lines, then what lies deeper under headings."""
    for key, inner in value.items():
        if not _holds_more(inner):
            document.line(f"{key}: {_row(inner, depth)}")
    for key, inner in value.items():
        if _holds_more(inner):
            document.heading(min(depth + 1, DEEPEST_HEADING), " > ".join((*path, key)))
            document.gap()
            _add(document, inner, (*path, key), depth + 1)


def _holds_more(value: Any) -> bool:
    """Whether a value is an object, or a list that has objects or lists in it."""
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, dict | list) for one in value))


def _row(value: Any, depth: int) -> str:
    """An object on one line: ``field: value; field.inner: value``; a list of plain values with commas."""
    if isinstance(value, list) and not _holds_more(value):
        return ", ".join(_written(one) for one in value)
    if not isinstance(value, dict | list):
        return _written(value)
    return "; ".join(f"{path}: {text}" if path else text for path, text in _fields(value, "", depth) if text)


def _fields(value: Any, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth >= DEEPEST:
        raise UnreadableDocument(TOO_DEEP)
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _fields(inner, f"{path}.{key}" if path else key, depth + 1)
    elif _holds_more(value):
        for number, inner in enumerate(value, 1):
            yield from _fields(inner, f"{path} {number}".strip(), depth + 1)
    else:
        yield path, _row(value, depth)


def _written(value: Any) -> str:
    if value is None:
        return ""
    return _WORDS[value] if isinstance(value, bool) else one_line(str(value))
