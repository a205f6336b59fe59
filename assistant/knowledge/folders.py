"""Folders whose files are documents: looked at by themselves, or when somebody says so."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

from assistant import log
from assistant.domain import Person
from assistant.errors import AssistantError, NotAllowed, NotFound, UploadRefused
from assistant.knowledge.folder_sync import FolderSync, Refused, Remover, Shelf
from assistant.library import Synced, SyncOutcome, WatchedFolder
from assistant.people.rights import Rights
from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.storage.folders import FolderRecords
from assistant.storage.people import People

logger = logging.getLogger(__name__)

STOP_SECONDS = 5.0
OF_THE_KERNEL = ("/proc", "/sys", "/dev")
"""What stands there as files is memory and devices: one holds the environment with all keys."""
OF_OTHERS = (*OF_THE_KERNEL, "/boot", "/etc", "/run", "/usr", "/var/lib", "/var/log", "/var/run")
OF_THE_SYSTEM = "This folder is the system's or hidden, and may hold secrets: pick one that holds documents."
ONLY_ADMINS = "Only administrators may have folders of the server brought in."
NO_RIGHT = "Whoever added this folder is no admin any more, so it is not looked at: remove it and add it again."


class Folders:
    """What people do with folders. ``shelf`` is where their files become documents."""

    def __init__(self, database: Database, settings: Settings, shelf: Shelf, remover: Remover) -> None:
        self._records = FolderRecords(database)
        self._rights = Rights(database)
        self._settings = settings
        self._shelf = shelf
        self._remover = remover

    def watched(self, person: Person) -> list[WatchedFolder]:
        """Return the folders that are looked at by themselves. Raises NotAllowed."""
        self._rights.need_admin(person, ONLY_ADMINS)
        return self._records.watched()

    def watch(self, person: Person, path: str | Path, space: str = "general") -> WatchedFolder:
        """Have the files of a folder on the server kept as documents of a space.

        For admins alone, since it makes a document of whatever the server may read there. Raises NotAllowed, and
        UploadRefused for what is no folder, the data folder, one of the system, or one that another space has.
        """
        self._rights.need_admin(person, ONLY_ADMINS)
        given = Path(path).expanduser()
        if not given.is_absolute():
            raise UploadRefused("Give the whole path of the folder, from the root.")
        self._need_allowed(given.resolve())
        return self._known(person, given, space, watched=True)

    def unwatch(self, person: Person, folder_id: int) -> None:
        """Look at a folder no more; its documents stay. Raises NotAllowed."""
        self._rights.need_admin(person, ONLY_ADMINS)
        self._records.forget(folder_id, person.id)

    def sync(
        self, person: Person, folder: Path, space: str = "general", *, remove_all: bool = False
    ) -> Iterator[Synced]:
        """Bring a folder's files in now, by what they hold; ``remove_all`` lets even all of them be gone.

        Raises NotAllowed, and UploadRefused as ``watch`` does.
        """
        self._rights.need_admin(person, ONLY_ADMINS)
        known = self._known(person, folder, space, watched=False)
        yield from FolderSync(
            self._records, self._shelf, self._remover, person, known, by_hand=True, remove_all=remove_all
        ).run()

    def _known(self, person: Person, path: Path, space: str, *, watched: bool) -> WatchedFolder:
        resolved, data_dir = path.expanduser().resolve(), self._settings.data_dir
        if not resolved.is_dir():
            raise UploadRefused(f"There is no folder {str(path)!r} on the server.")
        if resolved.is_relative_to(data_dir) or data_dir.is_relative_to(resolved):
            raise UploadRefused("This folder holds the app's own data: pick another one.")
        if any(resolved.is_relative_to(kernel) for kernel in OF_THE_KERNEL):
            raise UploadRefused(OF_THE_SYSTEM)
        space_id = self._space_id(person, space)
        known = self._records.known(str(resolved), space_id, person.id, watched=watched)
        if known.space != space_id:
            raise UploadRefused(f"The files of this folder are documents of the space {known.space!r}: name that one.")
        return known

    def _need_allowed(self, resolved: Path) -> None:
        below = self._settings.watch_below
        if below is not None:
            if not resolved.is_relative_to(below):
                raise UploadRefused(f"Only folders in {str(below)!r} may be watched (ASSISTANT_WATCH_BELOW).")
        elif any(resolved.is_relative_to(folder) for folder in OF_OTHERS) or any(
            part.startswith(".") for part in resolved.parts
        ):
            raise UploadRefused(OF_THE_SYSTEM)

    def _space_id(self, person: Person, wanted: str) -> str:
        for space in self._shelf.spaces(person):
            if wanted in (space.id, space.name):
                return space.id
        raise NotFound(f"There is no space named {wanted!r}.")


class Watching:
    """Looks at the watched folders in turn, in the process that owns the index."""

    def __init__(self, database: Database, shelf: Shelf, remover: Remover, every_seconds: float) -> None:
        self._records = FolderRecords(database)
        self._people = People(database)
        self._rights = Rights(database)
        self._shelf = shelf
        self._remover = remover
        self._every_seconds = every_seconds
        self._refused: Refused = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="folders", daemon=True)

    def start(self) -> None:
        """Begin to look in the background."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the file at hand."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def look(self) -> None:
        """Look at every folder once."""
        for folder in self._records.watched():
            if self._stop.is_set():
                return
            self._records.looked_at(folder.id, self._problem_of(folder))

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:
                logger.exception("looking at the watched folders failed; it is tried again")
            self._stop.wait(self._every_seconds)

    def _problem_of(self, folder: WatchedFolder) -> str | None:
        """Bring a folder's files in; return a sentence on what was wrong."""
        person = self._people.by_id(folder.added_by)
        if person is None:
            return NO_RIGHT
        try:
            self._rights.need_admin(person, NO_RIGHT)
            return self._bring_in(person, folder)
        except NotAllowed:
            return NO_RIGHT
        except AssistantError as error:
            return error.message
        except Exception as error:
            return f"The folder could not be looked at (reference {log.record(logger, error)} in the log)."

    def _bring_in(self, person: Person, folder: WatchedFolder) -> str | None:
        problem = None
        sync = FolderSync(
            self._records, self._shelf, self._remover, person, folder, by_hand=False, refused=self._refused
        )
        for one in sync.run():
            if one.outcome is SyncOutcome.FAILED:
                problem = problem or f"{one.name}: {one.why}"
            if self._stop.is_set():
                break
        return problem
