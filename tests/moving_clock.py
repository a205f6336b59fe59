"""A clock that a test moves: time passes, the wall clock is set, the machine starts anew."""

from __future__ import annotations

from dataclasses import replace

from assistant.clock import Moment


class MovingClock:
    """Give it where a ``Clock`` is wanted."""

    def __init__(self) -> None:
        self._now = Moment(at=1_800_000_000.0, boot="first", tick=5_000.0)

    def __call__(self) -> Moment:
        return self._now

    def passes(self, seconds: float) -> None:
        """Let time pass."""
        self._now = replace(self._now, at=self._now.at + seconds, tick=self._now.tick + seconds)

    def is_set(self, seconds: float) -> None:
        """Someone sets the wall clock forward, or back; no time passes."""
        self._now = replace(self._now, at=self._now.at + seconds)

    def starts_anew(self, seconds: float = 0.0) -> None:
        """The machine starts anew, which took so many seconds by the wall clock."""
        self._now = Moment(self._now.at + seconds, boot=f"after {self._now.boot}", tick=3.0)
