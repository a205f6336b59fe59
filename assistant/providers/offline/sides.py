"""What several documents say, one below the other under their names and dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.providers.offline.quotes import Quote
from assistant.providers.offline.supersession import dated
from assistant.providers.passages import PromptPassage

Side = tuple[PromptPassage, Sequence[Quote]]
"""A passage of a document, and what is quoted from that document."""


def quote_sides(sides: Sequence[Side], opening: str = "") -> list[Quote]:
    """Write each side under its document's name and date, with the newest marked where all dates tell it.

    ``opening`` is the assistant's own line above them.
    """
    dates = [dated(passage) for passage, _ in sides]
    newest = _newest([date for date in dates if date]) if len(sides) > 1 and all(dates) else None
    quotes: list[Quote] = []
    for (passage, said), date in zip(sides, dates, strict=True):
        facts = [passage.document, *([date] if date and date not in passage.document else [])]
        label = _plain(", ".join([*facts, *(["newer"] if date and date == newest else [])]))
        lead = "\n" if quotes else f"{opening}\n\n" if opening else ""
        quotes += _below(f"{lead}- {label}:", said)
    return quotes


def _below(label: str, said: Sequence[Quote]) -> list[Quote]:
    """Quotes a step further in, below a label."""
    several = len(said) > 1 and any("\n" in quote.lead for quote in said)
    first = said[0].lead.lstrip() or ("- " if several else "")
    leads = [f"{label}\n  {first}", *(quote.lead.replace("\n", "\n  ") for quote in said[1:])]
    return [replace(quote, lead=lead) for quote, lead in zip(said, leads, strict=True)]


def _newest(dates: Sequence[str]) -> str | None:
    """The latest of dates as far as all are written: of 2026 and 2026-03 none is known to be."""
    length = min(map(len, dates))
    cut = sorted(date[:length] for date in dates)
    return max(dates) if cut[-1] > cut[-2] else None


def _plain(label: str) -> str:
    """A document's name as words: no sign of it is read as markdown or as a marker."""
    return " ".join(re.sub(r"[*_`\[\]<>\\~|:]", " ", label).split())
