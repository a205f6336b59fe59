"""How far a run is, told while it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Tell = Callable[[str], None]
"""Takes the line that stands for the moment; an empty one takes it away."""

TELL_SECONDS = 0.5
SAYS_SOMETHING = 3.0
"""Seconds of work before which a time left would be a guess."""


class Progress:
    """Tells ``what`` is being done, how much of it is done and about how long the rest takes."""

    def __init__(self, tell: Tell, clock: Callable[[], float] = time.monotonic) -> None:
        self._tell = tell
        self._clock = clock

    def over(self, items: Sequence[Item], what: str) -> Iterator[Item]:
        """Give the items one by one and tell how far that is."""
        stage = Stage(self._tell, self._clock, what)
        for number, item in enumerate(items):
            stage.at(number, len(items))
            yield item
        stage.end()

    def stage(self, what: str) -> Stage:
        """Begin a stage of work that says itself how far it is."""
        return Stage(self._tell, self._clock, what)


class Stage:
    """One stage of work, from its first item to its last."""

    def __init__(self, tell: Tell, clock: Callable[[], float], what: str) -> None:
        self._tell = tell
        self._clock = clock
        self._what = what
        self._began = clock()
        self._told = -TELL_SECONDS

    def at(self, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` are finished; told at most twice a second."""
        now = self._clock()
        if now - self._told < TELL_SECONDS:
            return
        self._told = now
        spent = now - self._began
        left = f", {_span(spent / done * (total - done))} left" if done and spent > SAYS_SOMETHING else ""
        self._tell(f"{self._what}: {done:,} of {total:,}{left}")

    def end(self) -> None:
        """Take the line away."""
        self._tell("")


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
