"""What is done about models behind the pages: libraries imported and lists of models renewed before anyone asks."""

from __future__ import annotations

import gc
import logging
import threading
from typing import TYPE_CHECKING

from assistant import log

if TYPE_CHECKING:
    from assistant.models.connections import Connections

logger = logging.getLogger(__name__)

LOOK_SECONDS = 3600.0
"""How often it is looked whether a list of models has become stale."""


class Upkeep:
    """A thread that ends with the process; without a network it does nothing but say so in the log."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._ended = threading.Event()

    def start(self) -> threading.Thread:
        """Begin in a thread of its own, and return that."""
        thread = threading.Thread(target=self._run, name="models", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Begin nothing more; what waits for a network is left to end with the process."""
        self._ended.set()

    def _run(self) -> None:
        try:
            self._connections.warm_all()
            # As after the first imports: what stays for good need not be looked at by the collector again.
            gc.collect()
            gc.freeze()
            while not self._ended.is_set():
                self._connections.refresh_stale()
                self._ended.wait(LOOK_SECONDS)
        except Exception as error:
            log.record(logger, error)
