"""The questions of a set, with what is known of their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.evaluation import json_rows
from assistant.evaluation.json_rows import Row, shown

Said = tuple[tuple[str, str], ...]
"""Earlier turns, oldest first, as (role, text); roles are user and assistant."""
ROLES = ("user", "assistant")
TEXTS = ("answers", "answers_long", "reference", "gold_sentences")


@dataclass(frozen=True, slots=True)
class Query:
    """One question. ``answers`` are short accepted ones, ``references`` whole texts, ``passage`` what answers it.

    ``answerable`` is None where the set does not say; ``rewrite`` is a person's stand-alone form.
    """

    id: str
    text: str
    answerable: bool | None = None
    answers: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    gold_sentences: tuple[str, ...] = ()
    passage: str | None = None
    history: Said = ()
    rewrite: str | None = None
    route: str | None = None
    kind: str = ""

    @property
    def has_answers(self) -> bool:
        """Whether an answer can be held against something."""
        return bool(self.answers or self.references or self.gold_sentences)


def read_queries(path: Path) -> list[Query]:
    """Return the questions of a file; AssistantError names the first line that cannot be used."""
    rows = list(enumerate(json_rows.read(path, "_id", "text"), start=1))
    alternate = all(len(row.get("history") or ()) % 2 == 0 for _, row in rows)
    return [_query(row, f"Question {number} of {shown(path)}", alternate=alternate) for number, row in rows]


def _query(row: Row, where: str, *, alternate: bool) -> Query:
    texts = {name: _texts(row.get(name), f"{where} has {name!r}") for name in TEXTS}
    answerable = row.get("answerable")
    if answerable is not None and not isinstance(answerable, bool):
        raise AssistantError(f"{where} has 'answerable' that is neither true nor false.")
    return Query(
        id=row["_id"],
        text=row["text"],
        answerable=answerable,
        answers=texts["answers"],
        references=texts["answers_long"] + texts["reference"],
        gold_sentences=texts["gold_sentences"],
        passage=_text(row.get("passage"), f"{where} has 'passage'"),
        history=_history(row.get("history"), where, alternate=alternate),
        rewrite=_text(row.get("rewrite"), f"{where} has 'rewrite'"),
        route=_text(row.get("route"), f"{where} has 'route'"),
        kind=str(row.get("kind", "")),
    )


def _text(value: Any, where: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise AssistantError(f"{where} that is no text.")
    return value or None


def _texts(value: Any, where: str) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value or []
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise AssistantError(f"{where} that are no texts.")
    return tuple(listed)


def _history(value: Any, where: str, *, alternate: bool) -> Said:
    """Turns with their role, or plain texts: by turns of question and answer where every history of the set is even.

    Otherwise plain texts are the person's alone.
    """
    listed: Sequence[Any] = value or ()
    turns = []
    for place, turn in enumerate(listed):
        role = ROLES[place % 2] if alternate else ROLES[0]
        pair = (turn.get("role"), turn.get("text")) if isinstance(turn, dict) else (role, turn)
        if pair[0] not in ROLES or not isinstance(pair[1], str):
            raise AssistantError(f'{where} has a history that is no list of texts or {{"role","text"}}.')
        turns.append((str(pair[0]), pair[1]))
    return tuple(turns)
