"""A random part of a set, the same in every run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

SEED = 7
"""Any number would do; this one is what the records have."""

Item = TypeVar("Item")


def sample(items: Sequence[Item], limit: int | None) -> list[Item]:
    """Return at most ``limit`` items, in their order, drawn at random by a fixed seed."""
    if limit is None or limit >= len(items):
        return list(items)
    chosen = set(random.Random(SEED).sample(range(len(items)), limit))  # noqa: S311  # a sample, no secret
    return [item for place, item in enumerate(items) if place in chosen]
