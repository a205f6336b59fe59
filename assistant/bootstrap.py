"""Floor 4: the only place that knows which engine is used. Tests pass other parts by keyword."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import FolderInUse, StartError
from assistant.providers.minilm import MiniLM

if TYPE_CHECKING:
    from assistant.chat.service import ChatService, ModelBuilder
    from assistant.knowledge.service import KnowledgeBase
    from assistant.settings import Settings
    from assistant.storage.database import Database
    from assistant.storage.people import People


@dataclass(frozen=True)
class Services:
    """Everything the doors need, built once a process."""

    settings: Settings
    database: Database
    people: People
    embedder: MiniLM
    knowledge: KnowledgeBase
    chat: ChatService
    owns_index: bool

    def start(self) -> None:
        """Take up what an earlier process left and load models; until then questions are slow but right."""
        self.knowledge.start()
        self.chat.start()

    def close(self) -> None:
        """End running work in order; running answers are stored."""
        self.chat.close()
        self.knowledge.close()
        self.database.close()


def build(settings: Settings, *, own_index: bool = True, build_model: ModelBuilder | None = None) -> Services:
    """Open the data folder and wire the services.

    With ``own_index`` this process owns the vector index; raises FolderInUse when another one does, StartError when
    the folder cannot be used. Without it search is exact over the stored vectors and jobs are only added.
    """
    from assistant.chat.service import ChatService
    from assistant.knowledge.service import KnowledgeBase
    from assistant.storage.database import Database
    from assistant.storage.migrate import upgrade
    from assistant.storage.people import People

    make_folder(settings.data_dir)
    upgrade(settings.sqlalchemy_url)
    database = Database(settings.sqlalchemy_url)
    embedder = embedder_for(settings)
    knowledge = KnowledgeBase(database=database, settings=settings, embedder=embedder, own_index=own_index)
    choices = {} if build_model is None else {"build_model": build_model}
    chat = ChatService(database=database, knowledge=knowledge, embedder=embedder, settings=settings, **choices)
    return Services(settings, database, People(database), embedder, knowledge, chat, own_index)


def embedder_for(settings: Settings) -> MiniLM:
    """The embedding model of these settings; loaded when first used."""
    return MiniLM(settings.data_dir / "cache")


@contextmanager
def opened(settings: Settings, *, own_index: bool) -> Iterator[Services]:
    """Services for one command: with ``own_index`` they own the index if nobody else does."""
    try:
        services = build(settings, own_index=own_index)
    except FolderInUse:
        services = build(settings, own_index=False)
    try:
        services.start()
        yield services
    finally:
        services.close()


def make_folder(folder: Path) -> None:
    """Make the data folder and try to write there; StartError with a sentence when that fails."""
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StartError(
            f"The data folder {str(folder)!r} cannot be written to ({error.strerror}); "
            "set ASSISTANT_DATA_DIR to a folder that can."
        ) from None
