"""Groups of people whom rules are made for, beside the employees that most questions come from."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from assistant.providers.offline.terms import listed_stems


def others(terms: Iterable[str]) -> frozenset[str]:
    """Return the groups among the terms that have rules of their own: contractors, visitors."""
    return listed_stems("outsiders") & frozenset(terms)


def people_in(terms: Iterable[str]) -> frozenset[str]:
    """Return the groups among the terms, those of families and of employment included."""
    return _all() & frozenset(terms)


@cache
def _all() -> frozenset[str]:
    return listed_stems("outsiders") | listed_stems("people")
