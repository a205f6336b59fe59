"""The arguments of a waiting call as fields that the person can change, by their JSON schema."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.components.safe_markdown import escape

LONG = 60
"""Characters from which a text gets several lines to be read in."""
LARGEST = 2**53 - 1
"""Whole numbers are exact in the browser up to here."""
UNREADABLE = object()
"""Stands for what a field holds that cannot be read."""


def draw_fields(schema: Mapping[str, Any], arguments: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """Draw a field for each argument; return what they hold, or None when one, which says so, cannot be read."""
    properties: Mapping[str, Any] = schema.get("properties") or {}
    needed = set(schema.get("required") or ())
    names = [*properties, *(name for name in arguments if name not in properties)]
    held: dict[str, Any] = {}
    for name in names:
        field = _Field(name, _resolved(properties.get(name) or {}, schema), name in needed, f"{key}-{name}")
        value = field.draw(arguments.get(name, field.default))
        if value is not None or name in arguments or name in needed:
            held[name] = value
    return None if UNREADABLE in held.values() else held


class _Field:
    """One argument."""

    def __init__(self, name: str, schema: Mapping[str, Any], needed: bool, key: str) -> None:
        self._schema = schema
        self._key = key
        title = str(schema.get("title") or name.replace("_", " ").capitalize())
        self._label = escape(title if needed else f"{title} (optional)")
        self._help = escape(str(schema["description"])) if schema.get("description") else None
        self.default = schema.get("default")

    def draw(self, value: Any) -> Any:
        """Draw the field with this value and return what it holds."""
        kind = self._schema.get("type")
        if isinstance(self._schema.get("enum"), Sequence):
            return self._choice(list(self._schema["enum"]), value)
        if kind == "boolean":
            return st.checkbox(self._label, value=bool(value), help=self._help, key=self._key)
        if kind in ("integer", "number") and (value is None or _is_number(value)):
            return self._number(kind, value)
        if kind == "array" and self._schema.get("items", {}).get("type") == "string" and _is_texts(value):
            return self._lines(value or [])
        if kind in ("string", None) and (value is None or isinstance(value, str)):
            return self._text(value or "")
        return self._json(value)

    def _choice(self, options: list[Any], value: Any) -> Any:
        place = options.index(value) if value in options else None
        return st.selectbox(
            self._label, options, place, format_func=lambda option: escape(str(option)), help=self._help, key=self._key
        )

    def _number(self, kind: str, value: float | None) -> float | int | None:
        number: Any = int if kind == "integer" else float
        low, high = self._schema.get("minimum", -LARGEST), self._schema.get("maximum", LARGEST)
        held = None if value is None else number(min(max(value, low), high))
        bounds: dict[str, Any] = {"min_value": number(low), "max_value": number(high), "step": number(1)}
        entered: float | int | None = st.number_input(self._label, value=held, help=self._help, key=self._key, **bounds)
        return entered

    def _text(self, value: str) -> str | None:
        long = len(value) > LONG or "\n" in value
        written = (st.text_area if long else st.text_input)(self._label, value, help=self._help, key=self._key)
        return written or (None if self._schema.get("nullable") else "")

    def _lines(self, value: list[str]) -> list[str]:
        written = st.text_area(f"{self._label}, one a line", "\n".join(value), help=self._help, key=self._key)
        return [line.strip() for line in written.splitlines() if line.strip()]

    def _json(self, value: Any) -> Any:
        text = json.dumps(value, ensure_ascii=False, indent=2)
        written = st.text_area(f"{self._label}, as JSON", text, help=self._help, key=self._key)
        try:
            return json.loads(written)
        except json.JSONDecodeError:
            st.error("This is not JSON any more: mend it, or take the change back.")
            return UNREADABLE


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema behind a reference, and of "this or nothing" the this."""
    reference = str(schema.get("$ref", ""))
    if reference.startswith("#/$defs/"):
        schema = {**whole.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {}), **_without(schema, "$ref")}
    kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
    if len(kinds) == 1:
        return {**_resolved(kinds[0], whole), **_without(schema, "anyOf"), "nullable": True}
    return schema


def _without(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != name}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))
