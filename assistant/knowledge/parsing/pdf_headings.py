"""Finds the headings that outline or fonts promise in the text of their page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from assistant.knowledge.parsing.characters import one_line
from assistant.knowledge.parsing.pdf_content import Mark
from assistant.library import Heading

_NUMBERING = r"(?:(?:[\dA-Z]{1,2}\.)*[\dA-Z]{1,3}\.?[ \t]+)?"


def place_headings(text: str, marks: Sequence[Mark]) -> Iterator[Heading]:
    """Yield the marks that stand at the start of a line of ``text``, each after the one before."""
    after = 0
    for mark in marks:
        found = _find(text, one_line(mark.title), after) or _find(text, one_line(mark.title), 0)
        if found:
            start, end = found.span(1)
            yield Heading(start, mark.level, one_line(text[start:end]))
            after = end


def _find(text: str, title: str, after: int) -> re.Match[str] | None:
    """Match the title by its words, alone on its line if it is anywhere so, with or without its number."""
    words = r"\s+".join(re.escape(word) for word in title.split())
    if not words:
        return None
    for pattern in (rf"^[ ]*({_NUMBERING}{words})[ ]*$", rf"^[ ]*({_NUMBERING}{words})(?=\s|$)"):
        match = re.compile(pattern, re.IGNORECASE | re.MULTILINE).search(text, after)
        if match:
            return match
    return None
