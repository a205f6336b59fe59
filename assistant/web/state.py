"""The services of this process: built once in a thread behind the open port, shared by every session."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from assistant import log
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.bootstrap import Services
    from assistant.settings import Settings

State = Literal["idle", "starting", "ready", "failed", "closed"]
CLOSE_SECONDS = 20.0
"""How long closing waits for a start that is still under way."""

logger = logging.getLogger(__name__)


class ServicesHolder:
    """Where the pages and routes find the services; ``state`` says whether they are there yet."""

    def __init__(self) -> None:
        self.state: State = "idle"
        self.reason = "The assistant has not been started."
        self.is_warm = False  # the models are loaded, so that the next question waits for nothing
        self.first_load_until: float | None = None  # time.monotonic() up to which a first load of samples counts
        self.settings: Settings | None = None  # as checked before anything is built
        self._services: Services | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def begin(self, build: Callable[[], Services], on_failure: Callable[[str], None]) -> None:
        """Build and start the services in a thread; ``on_failure`` is told one sentence when that cannot be."""
        self._become("starting", "The assistant is starting.")
        self._thread = threading.Thread(target=self._start, args=(build, on_failure), name="start", daemon=True)
        self._thread.start()

    def set_ready(self, services: Services) -> None:
        """Hand over started services; what waits for them goes on."""
        self._services, self.settings = services, services.settings
        self._become("ready", "")

    def wait(self, seconds: float) -> Services | None:
        """Return the services, waiting at most ``seconds`` for them; None when they are not there (yet)."""
        with self._changed:
            self._changed.wait_for(lambda: self.state != "starting", seconds)
            return self._services if self.state == "ready" else None

    def unready(self) -> str | None:
        """Say why people cannot count on an answer yet; None when they can."""
        if self.state != "ready":
            return self.reason
        return self._first_load() if self.is_warm else "The models are being loaded."

    def _first_load(self) -> str | None:
        services = self._services
        if services is None or self.first_load_until is None:
            return None
        progress = services.knowledge.progress(services.people.local())
        if progress.pending and time.monotonic() < self.first_load_until:
            return f"The sample documents are being read ({progress.total - progress.pending} of {progress.total})."
        self.first_load_until = None
        return None

    def index(self) -> str:
        """Say how the vector index is, in the words of ``IndexHealth``."""
        services = self._services
        return services.knowledge.index_health(services.people.local()).state if services else "opening"

    def close(self) -> None:
        """Close the services, also those that a start still under way is about to hand over."""
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)
        services, self._services, self.settings = self._services, None, None
        self._become("closed", "The assistant is shutting down.")
        if services is not None:
            services.close()

    def _start(self, build: Callable[[], Services], on_failure: Callable[[str], None]) -> None:
        try:
            services = build()
        except Exception as error:
            sentence = _sentence(error)
            self._become("failed", sentence)
            on_failure(sentence)
            return
        self.set_ready(services)
        _warm(services)
        self.is_warm = True
        services.upkeep.start()
        services.knowledge.watch.start()

    def _become(self, state: State, reason: str) -> None:
        with self._changed:
            self.state, self.reason = state, reason
            self._changed.notify_all()


def _warm(services: Services) -> None:
    """Load what the first question and the first page would otherwise wait for; never stops the app."""
    for step in (services.embedder.warm, services.models.warm_default, services.chat.warm):
        try:
            step()
        except Exception as error:
            log.record(logger, error)
    # Everything imported by now lives as long as the process: taking it out of the collector's sight
    # made a page 10 times cheaper with many sessions.
    gc.collect()
    gc.freeze()


def _sentence(error: Exception) -> str:
    if isinstance(error, AssistantError):
        return error.message
    reference = log.record(logger, error)
    return f"The assistant could not start: {error} (reference {reference} in the log)."


HOLDER = ServicesHolder()
"""The one holder of this process."""
