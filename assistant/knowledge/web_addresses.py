"""Documents by their web address, where the settings allow it: fetched once, and kept like an uploaded file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from assistant.domain import Person, Upload
from assistant.errors import NotAllowed
from assistant.knowledge.fetching import Fetcher, checked
from assistant.storage.audit import AuditLog

if TYPE_CHECKING:
    from assistant.knowledge.rights import Access
    from assistant.settings import Settings
    from assistant.storage.database import Database

OFF = "Web addresses are not fetched here: ASSISTANT_FETCH=on would allow it. Upload the file instead."
FETCHED = "address.fetched"


class WebAddresses:
    """Fetches for who may change documents; ``store`` uploads (person, name, data, space)."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        access: Access,
        store: Callable[[Person, str, bytes, str], Upload],
        fetcher: Fetcher | None = None,
    ) -> None:
        self._settings = settings
        self._access = access
        self._store = store
        self._log = AuditLog(database)
        self._fetcher = fetcher or Fetcher(settings.upload_max_mb)

    @property
    def offered(self) -> bool:
        """Whether the settings allow it."""
        return self._settings.fetch

    def add(self, person: Person, address: str, space: str = "general") -> Upload:
        """Fetch what stands at an address and store it as a document of a space, as an upload does.

        Raises SignedOut, NotAllowed, NotFound for the space, and UploadRefused for an address that is none, that does
        not belong to the whole world, or that gives nothing that can be taken.
        """
        self._access.need_editor(person)
        wanted = self._access.space(person, space)
        if not self.offered:
            raise NotAllowed(OFF)
        url = checked(address)
        # Without the query, which may hold keys.
        self._log.add(person.id, FETCHED, url.host, {"name": f"{url.scheme}://{url.netloc.decode()}{url.path}"})
        fetched = self._fetcher.fetch(address)
        return self._store(person, fetched.name, fetched.data, wanted.id)
