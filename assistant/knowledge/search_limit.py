"""How often one person may search: each search embeds its words, here or at a server that is paid for it."""

from __future__ import annotations

from assistant import clock
from assistant.clock import Clock, in_words
from assistant.errors import TooMany
from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.storage.disk import is_disk_full
from assistant.storage.rates import Meter, Rates


class SearchLimit:
    """Counts searches; those that an answer needs are part of its question and not counted here."""

    def __init__(self, database: Database, settings: Settings, clock: Clock = clock.now) -> None:
        self._rates = Rates(database)
        self._meter = Meter("embedding", settings.embeddings_per_minute, clock=clock)

    def count(self, person_id: str, query: str) -> None:
        """Count a search unless it is for nothing; raises TooMany when it is one too many within a minute.

        Searches go on uncounted while the disk is full: they change nothing.
        """
        wait = self._counted(person_id) if query.strip() else None
        if wait is None:
            return
        times = "once" if self._meter.most == 1 else f"{self._meter.most} times"
        sentence = f"You have searched {times} within a minute, which is the limit: search again in {in_words(wait)}."
        raise TooMany(sentence, wait)

    def _counted(self, person_id: str) -> float | None:
        try:
            return self._rates.count(self._meter, person_id)
        except Exception as error:
            if is_disk_full(error):
                return None
            raise
