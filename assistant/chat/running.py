"""A turn that runs: its events as they happen, for any number of followers on any thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from assistant.domain import TurnStatus
from assistant.events import Event, TurnFinished, TurnStarted


class RunningTurn:
    """One running turn. Its events are only ever appended; the last one is ``TurnFinished``."""

    def __init__(self, turn_id: str, conversation_id: str, began: float) -> None:
        self.turn_id = turn_id
        self.conversation_id = conversation_id
        self.began = began  # time.perf_counter() when the person asked
        self.stopping: TurnStatus | None = None  # what it ends as once its stop was asked for
        self._events: list[Event] = []
        self._withheld = False
        self._moments: list[float] = []  # time.perf_counter() of each event
        self._news = threading.Condition()
        self._stop_callbacks: list[Callable[[], None]] = []

    @property
    def finished(self) -> bool:
        """True once ``TurnFinished`` was published."""
        return bool(self._events) and isinstance(self._events[-1], TurnFinished)

    def wait(self, after: int, timeout: float) -> list[Event]:
        """Return the events from index ``after`` on; wait at most ``timeout`` seconds for the first of them."""
        with self._news:
            self._news.wait_for(lambda: len(self._events) > after or self.finished, timeout)
            return self._events[after:]

    def age(self, index: int) -> float:
        """Return the seconds since the event at ``index`` happened; a follower may come to it late."""
        with self._news:
            return time.perf_counter() - self._moments[index]

    def result(self, timeout: float | None = None) -> TurnFinished:
        """Wait until the turn has ended; raise TimeoutError when ``timeout`` seconds pass before."""
        with self._news:
            if not self._news.wait_for(lambda: self.finished, timeout):
                raise TimeoutError(f"turn {self.turn_id!r} has not ended within {timeout} s")
            last = self._events[-1]
        assert isinstance(last, TurnFinished)  # noqa: S101  # finished says so
        return last

    def withhold(self) -> None:
        """From here on tell nothing but the end: the person may not read what this is written from any more."""
        with self._news:
            self._withheld = True

    def publish(self, event: Event) -> None:
        """Append an event and wake the followers."""
        with self._news:
            if self._withheld and not isinstance(event, TurnStarted | TurnFinished):
                return
            self._moments.append(time.perf_counter())
            self._events.append(event)
            self._news.notify_all()

    def stop(self, status: TurnStatus = TurnStatus.STOPPED) -> None:
        """Ask the turn to end as ``status``; returns at once, the first caller's status counts."""
        with self._news:
            if self.stopping is not None:
                return
            self.stopping = status
            callbacks = list(self._stop_callbacks)
        for callback in callbacks:
            callback()

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` when the stop is asked for, or at once when it already was."""
        with self._news:
            self._stop_callbacks.append(callback)
            stopping = self.stopping is not None
        if stopping:
            callback()

    def elapsed_ms(self) -> float:
        """Milliseconds since the person asked."""
        return round((time.perf_counter() - self.began) * 1000, 2)
