"""Which of the found passages are in force, where an older edition of the same document was found beside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.providers.passages import PromptPassage

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_VERSION = re.compile(r"\b(?:v|version|rev|revision|edition)[ ._-]?(\d+(?:\.\d+)?)\b", re.IGNORECASE)
_OVER = re.compile(
    r"\b(?:superseded|replaced|withdrawn|obsolete|no longer (?:valid|in force|applies)|out of date|archived?"
    r"|expired)\b",
    re.IGNORECASE,
)
_ABOUT_THE_PAST = re.compile(
    r"\b(?:old|older|previous|former|earlier|superseded|replaced|chang\w+|differ\w*|compar\w+|until"
    r"|before|used to|was|were)\b",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?(?!\d)")
_BEARS = re.compile(
    r"\b(?:effective|valid|in force|as of|updated|revised|issued|version|edition|dated?|status)\b[^.\n]{0,30}?"
    r"((?<!\d)(?:19|20)\d\d(?:-\d\d(?:-\d\d)?)?(?!\d))",
    re.IGNORECASE,
)
HEAD = 400
"""Characters at a passage's beginning where a notice about the document itself stands."""


def in_force(question: str, passages: Sequence[PromptPassage]) -> list[PromptPassage]:
    """Leave out passages of an edition that a newer one among the passages has replaced.

    Editions are documents whose names differ only in a year or a version. All stay when the question names a year or
    asks about the past. A document whose own text says that it is superseded goes behind the others.
    """
    if _YEAR.search(question) or _ABOUT_THE_PAST.search(question):
        return list(passages)
    newest: dict[str, float] = {}
    for passage in passages:
        family, edition = _edition(passage.document)
        newest[family] = max(edition, newest.get(family, edition))
    kept = [passage for passage in passages if _edition(passage.document)[1] >= newest[_edition(passage.document)[0]]]
    over = {passage.document for passage in kept if is_over(passage)}
    return [p for p in kept if p.document not in over] + [p for p in kept if p.document in over]


def dated(passage: PromptPassage) -> str | None:
    """Return the date that a document bears, as written where it sorts by time (2026-03-01, 2026), None without one.

    That is one in its name, else one that its first lines call the date of the document.
    """
    named = _DATE.findall(passage.document)
    told = _BEARS.search(f"{passage.heading}\n{passage.text[:HEAD]}")
    return max(named) if named else told.group(1) if told else None


def _edition(document: str) -> tuple[str, float]:
    """A document's name without year and version, and the later of them as a number."""
    version = _VERSION.search(document)
    years = [float(year) for year in _YEAR.findall(document)]
    family = " ".join(re.findall(r"[^\W\d_]+", _VERSION.sub(" ", _YEAR.sub(" ", document)).casefold()))
    return family, max(years, default=0.0) + (float(version.group(1)) / 1000 if version else 0.0)


def is_over(passage: PromptPassage) -> bool:
    """Whether a document says of itself that it is superseded, not that it "has replaced the one of 2024"."""
    head = f"{passage.document} {passage.heading} {passage.text[:HEAD]}"
    found = _OVER.search(head)
    if found is None:
        return False
    passive = re.match(r"\s+(?:by|on|since|as of|in|[.,;:)]|$)", head[found.end() :] or " ")
    return found.group().lower() not in ("replaced", "archive", "archived") or passive is not None
