"""Which of the found passages are in force, where an older edition of the same document was found beside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistant.providers.offline.editions import Edition, asked_editions, edition
from assistant.providers.passages import PromptPassage

_OVER = re.compile(
    r"\b(?:superseded|replaced|withdrawn|obsolete|no longer (?:valid|in force|applies)|out of date|archived?"
    r"|expired)\b",
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
    """Leave out passages of editions that the question is not about: all but the newest when it says nothing of others.

    Editions are documents whose names differ only in a year or a version. A document whose own text says that it is
    superseded goes behind the others, unless its edition was asked for.
    """
    asked = asked_editions(question, [passage.document for passage in passages])
    kept = [passage for passage in passages if _is_asked(asked, passage)]
    over = {one.document for one in kept if is_over(one) and edition(one.document)[0] not in asked}
    return [p for p in kept if p.document not in over] + [p for p in kept if p.document in over]


def by_edition(question: str, passages: Sequence[PromptPassage]) -> list[list[PromptPassage]]:
    """Return the passages of each edition that a question asks for side by side, the newest first; else nothing.

    The document is the first one among the passages of which it asks for several editions.
    """
    asked = asked_editions(question, [passage.document for passage in passages])
    several = [edition(one.document)[0] for one in passages if len(asked.get(edition(one.document)[0], ())) > 1]
    if not several:
        return []
    return [[one for one in passages if edition(one.document) == (several[0], which)] for which in asked[several[0]]]


def _is_asked(asked: Mapping[str, Sequence[Edition]], passage: PromptPassage) -> bool:
    family, one = edition(passage.document)
    return family not in asked or one in asked[family]


def dated(passage: PromptPassage) -> str | None:
    """Return the date that a document bears, as written where it sorts by time (2026-03-01, 2026), None without one.

    That is one in its name, else one that its first lines call the date of the document.
    """
    named = _DATE.findall(passage.document)
    told = _BEARS.search(f"{passage.heading}\n{passage.text[:HEAD]}")
    return max(named) if named else told.group(1) if told else None


def is_over(passage: PromptPassage) -> bool:
    """Whether a document says of itself that it is superseded, not that it "has replaced the one of 2024"."""
    head = f"{passage.document} {passage.heading} {passage.text[:HEAD]}"
    found = _OVER.search(head)
    if found is None:
        return False
    passive = re.match(r"\s+(?:by|on|since|as of|in|[.,;:)]|$)", head[found.end() :] or " ")
    return found.group().lower() not in ("replaced", "archive", "archived") or passive is not None
