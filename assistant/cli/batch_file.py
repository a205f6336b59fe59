"""The JSON-lines files of ``--batch`` and ``--examples``: checked as a whole before the first line is worked on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.chat.guard import storable
from assistant.errors import AssistantError

Line = Mapping[str, Any]
ROLES = ("user", "assistant")


def read_lines(path: Path, *needed: str) -> list[Line]:
    """The JSON objects of a file, one a line; AssistantError naming the first line that cannot be used.

    A ``text`` is a string; lone surrogates and NUL are left out of it. An ``id`` may be anything and comes back as it
    is. Only a newline ends a line: the other line ends of Unicode may stand inside a JSON string.
    """
    numbered = enumerate(_read(path).split("\n"), start=1)
    return [_object(text, f"Line {number} of {path.name}", needed) for number, text in numbered if text.strip()]


def history(line: Line) -> list[tuple[str, str]] | None:
    """What was said before a question, from ``[role, text]`` pairs or ``{"role","text"}`` objects; None without.

    Raises AssistantError for any other shape.
    """
    given = line.get("history")
    if given is None:
        return None
    said = [_said(entry) for entry in given] if isinstance(given, list) else [None]
    known = [pair for pair in said if pair is not None]
    if len(known) < len(said):
        raise AssistantError(
            f'The history of {line["id"]!r} cannot be read: it is a list of ["user" or "assistant", text].'
        )
    return known or None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise AssistantError(f"{path.name} is not text in UTF-8; save it as UTF-8 and try again.") from None
    except OSError as error:
        raise AssistantError(f"{path.name} cannot be read: {error.strerror}.") from None


def _object(text: str, where: str, needed: Sequence[str]) -> Line:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or any(key not in value for key in needed):
        raise AssistantError(f"{where} is not a JSON object with {', '.join(needed)}.")
    if not isinstance(value["text"], str):
        raise AssistantError(f"{where} has a text that is not a string.")
    return {**value, "text": storable(value["text"])}


def _said(entry: object) -> tuple[str, str] | None:
    pair = [entry.get("role"), entry.get("text")] if isinstance(entry, dict) else entry
    if not isinstance(pair, list) or len(pair) != len(("role", "text")):
        return None
    role, text = pair
    return (role, text) if role in ROLES and isinstance(text, str) else None
