"""What is asked of the providers themselves: their lists of models, and whether they answer at all."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future

from assistant import log
from assistant.domain import OFFLINE
from assistant.errors import AssistantError
from assistant.providers import builders, catalogue, model_lists
from assistant.providers.catalogue import ProviderRow
from assistant.settings import Settings

logger = logging.getLogger(__name__)


class Connections:
    """Waits for the network, unlike all else about models; never while a page is drawn or a question is asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def refresh(self, provider_id: str) -> int:
        """Ask a provider for its models now and return how many it names; raises what its discovery raises."""
        from assistant.providers import discovery

        return len(discovery.discover(catalogue.provider(provider_id), self._settings))

    def refresh_stale(self) -> None:
        """Ask the providers that are set up for their lists where the last is too old; log what fails."""
        for row in self._set_up():
            if model_lists.is_stale(row, self._settings):
                try:
                    self.refresh(row.id)
                except AssistantError as error:
                    logger.info("no list of models from %s: %s", row.id, error.message)

    def check(self, provider_id: str) -> str:
        """Ask a provider for its models and say in a sentence how that went."""
        row = catalogue.provider(provider_id)
        state = next(state for state in catalogue.providers(self._settings) if state.id == provider_id)
        if state.problem:
            return state.problem
        if row.id == OFFLINE:
            return f"{row.label} needs no connection."
        try:
            count = self.refresh(provider_id)
        except AssistantError as error:
            return error.message
        return f"{row.label} answers: it names {count:,} {'model' if count == 1 else 'models'}."

    def start_check(self, provider_id: str) -> Future[str]:
        """Begin ``check`` in a thread of its own."""
        future: Future[str] = Future()
        # A daemon: a provider that does not answer must not hold up the end of the process.
        threading.Thread(target=self._fulfil, args=(future, provider_id), daemon=True).start()
        return future

    def warm(self, provider_id: str) -> None:
        """Import what the provider's first question needs."""
        builders.warm(provider_id, self._settings)

    def warm_all(self) -> None:
        """Import what the providers that are set up need."""
        for row in self._set_up():
            self.warm(row.id)

    def _set_up(self) -> list[ProviderRow]:
        able = {state.id for state in catalogue.providers(self._settings) if state.configured} - {OFFLINE}
        return [row for row in catalogue.rows() if row.id in able]

    def _fulfil(self, future: Future[str], provider_id: str) -> None:
        try:
            future.set_result(self.check(provider_id))
        except Exception as error:
            future.set_result(f"That did not work (reference {log.record(logger, error)} in the log).")
