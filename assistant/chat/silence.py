"""The end of the wait for a model that began to answer and then says nothing more, though its line stays open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LONGER = 2
"""Silences within an answer may be so many times as long as the one before it: some models think in between."""


class Silence:
    """Calls ``give_up``, once, when nothing was heard for ``seconds``; ``over`` says that it was called."""

    def __init__(self, seconds: float, give_up: Callable[[], None]) -> None:
        self.over = False
        self.seconds = seconds
        self._give_up = give_up
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def heard(self) -> None:
        """The model said something: from now on its silence counts anew. Cheap, as it is done for each token."""
        loop = asyncio.get_running_loop()
        self._until = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_at(self._until, self._look)

    def rest(self) -> None:
        """Nothing is to be heard of the model for now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        if loop.time() < self._until:
            self._timer = loop.call_at(self._until, self._look)
            return
        self._timer, self.over = None, True
        self._give_up()
