"""How long a turn waits for a provider in trouble, and when it stops waiting."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio

WHOLE_SECONDS = 20.0
"""What a person at a screen puts up with, given that they see the wait and can stop it."""


@dataclass(frozen=True)
class RetryPolicy:
    """At most ``tries`` more after the first, at most ``total_seconds`` of waiting over the whole turn.

    Where the provider names no wait, the first is about ``first_seconds`` and each later one about twice the last;
    ``chance`` (0 to 1) spreads them, so that many turns do not come back at one moment.
    """

    tries: int = 2
    total_seconds: float = WHOLE_SECONDS
    first_seconds: float = 1.0
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = anyio.sleep


class Patience:
    """What is left of a turn's waits."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._tries_left = policy.tries
        self._seconds_left = policy.total_seconds
        self._next_seconds = policy.first_seconds

    def wait(self, named_seconds: float | None) -> float | None:
        """Take the next wait, in seconds; None when it would be one too many or too long.

        ``named_seconds`` is what the provider asked for: less would only be refused again.
        """
        seconds = self._usual() if named_seconds is None else named_seconds
        if self._tries_left == 0 or seconds > self._seconds_left:
            return None
        self._tries_left -= 1
        self._seconds_left -= seconds
        return seconds

    def _usual(self) -> float:
        seconds = self._next_seconds * (0.75 + self._policy.chance() / 2)  # about: a quarter less to a quarter more
        self._next_seconds *= 2
        return seconds
