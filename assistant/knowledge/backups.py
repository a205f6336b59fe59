"""One file that holds all there is to keep: the database and every original. The index is built anew from them.

The file is a tar archive, so that what is in it can be got at without this program: ``assistant.sqlite``, an
``originals/SHA256`` for each uploaded file, and at the end ``manifest.json``; without that one it is not whole.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from filelock import Timeout

from assistant import faults
from assistant.domain import Person
from assistant.errors import AssistantError, DiskFull, StartError
from assistant.knowledge.worker_process import owner_lock
from assistant.people.rights import Rights
from assistant.settings import Settings
from assistant.storage import audit, backup, migrate
from assistant.storage.blobs import Blobs
from assistant.storage.database import Database, utc_now
from assistant.storage.people import LOCAL

FORMAT = 1
DATABASE, MANIFEST = "assistant.sqlite", "manifest.json"
ORIGINAL = re.compile(r"originals/([0-9a-f]{64})")
MANIFEST_BYTES = 100_000_000
PIECE_BYTES = 1_000_000
NOT_WHOLE = "This file is not a whole backup: make a new one, or use an older one."


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds; ``damaged`` are digests of originals that were missing or changed and are not in it."""

    documents: int
    originals: int
    size: int
    damaged: tuple[str, ...] = ()


def back_up(person: Person, database: Database, settings: Settings, target: Path) -> Backup:
    """Write everything into one file while the app runs; nothing stands under its name until it is whole.

    For admins alone. Raises NotAllowed, DiskFull, AssistantError when the file is there already or cannot be written.
    """
    Rights(database).need_admin(person, "Only administrators may make a backup: it holds every document.")
    if target.exists():
        raise AssistantError(f"{target.name} is there already: name a file that is not.")
    with (
        backup.told("The backup was not made"),
        backup.originals_stay(settings.data_dir),
        _work_folder(settings, target) as at,
    ):
        made = _write_archive(settings, at)
        (at / "archive").replace(target)
        _sync_folder(target.parent)
    with database.write() as session:
        audit.append(session, person.id, "backup.made", target.name, {"documents": made.documents})
    return made


def restore(settings: Settings, source: Path) -> Backup:
    """Bring a backup into an empty data folder; the next start builds the index. Killed, it can be run again.

    Raises StartError when the folder is in use or not empty, AssistantError when the file is no whole backup.
    """
    migrate.prepare_folder(settings.data_dir)
    lock = owner_lock(settings.data_dir)
    try:
        lock.acquire()
    except Timeout:
        raise StartError("The data folder is in use by a running app: stop it first.") from None
    try:
        with backup.told("The backup was not restored"):
            return _restored(settings, source)
    finally:
        lock.release()


def _write_archive(settings: Settings, folder: Path) -> Backup:
    copy, archive = folder / DATABASE, folder / "archive"
    backup.copy_database(backup.database_file(settings.sqlalchemy_url), copy)
    named = backup.originals_named(copy)
    documents, schema = backup.counted(copy)
    _need_room(folder, copy.stat().st_size + sum(size for _, size in named))
    facts = {"format": FORMAT, "schema": schema, "made_at": utc_now().isoformat(), "documents": documents}
    with archive.open("xb") as file:
        archive.chmod(0o600)
        with tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            digest = _add(tar, DATABASE, copy)
            damaged = _add_originals(tar, [digest for digest, _ in named], Blobs(settings.data_dir))
            facts |= {"database": digest, "originals": len(named) - len(damaged), "damaged": damaged}
            _add_bytes(tar, MANIFEST, json.dumps(facts).encode())
        file.flush()
        os.fsync(file.fileno())
    return Backup(documents, len(named) - len(damaged), archive.stat().st_size, tuple(damaged))


def _add_originals(tar: tarfile.TarFile, digests: Sequence[str], blobs: Blobs) -> list[str]:
    """Add each original; return the digests of those that are missing or changed, which are left out."""
    damaged = []
    for digest in digests:
        if blobs.is_sound(digest):
            _add(tar, f"originals/{digest}", blobs.path(digest))
            faults.point("backup_copied")
        else:
            damaged.append(digest)
    return damaged


def _add(tar: tarfile.TarFile, name: str, path: Path) -> str:
    """Add a file under a name; return its digest."""
    info = tarfile.TarInfo(name)
    info.size = path.stat().st_size
    info.mtime = int(path.stat().st_mtime)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        tar.addfile(info, file)
    return digest


def _add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _restored(settings: Settings, source: Path) -> Backup:
    file = backup.database_file(settings.sqlalchemy_url)
    _need_empty(settings, file)
    with _opened(source) as tar:
        members = _members(tar)
        facts = _manifest(tar, members)
        _need_room(settings.data_dir, sum(member.size for member in members.values()))
        (settings.data_dir / backup.BEGUN).touch()
        for name, member in members.items():
            if match := ORIGINAL.fullmatch(name):
                _bring_original(_stream(tar, member), match.group(1), Blobs(settings.data_dir))
        _bring_database(_stream(tar, members[DATABASE]), str(facts["database"]), file)
    migrate.upgrade(settings.sqlalchemy_url)
    _note_restored(settings, source)
    (settings.data_dir / backup.BEGUN).unlink()
    return Backup(facts["documents"], facts["originals"], source.stat().st_size, tuple(facts["damaged"]))


def _need_empty(settings: Settings, file: Path) -> None:
    begun = (settings.data_dir / backup.BEGUN).exists()
    originals = Blobs(settings.data_dir).folder
    if not begun and (file.exists() or (originals.exists() and any(originals.glob("??/*")))):
        raise StartError(
            f"The data folder {str(settings.data_dir)!r} holds a knowledge base already: "
            "set ASSISTANT_DATA_DIR to an empty folder to restore into."
        )


def _members(tar: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
    """The archive's members by name; raises AssistantError for any that no backup has."""
    members = {member.name: member for member in tar}
    strange = [m for m in members.values() if not m.isreg() or not (m.name in (DATABASE, MANIFEST) or _is_original(m))]
    if strange or DATABASE not in members or MANIFEST not in members:
        raise AssistantError(NOT_WHOLE)
    return members


def _is_original(member: tarfile.TarInfo) -> bool:
    return ORIGINAL.fullmatch(member.name) is not None


def _manifest(tar: tarfile.TarFile, members: Mapping[str, tarfile.TarInfo]) -> dict[str, Any]:
    if members[MANIFEST].size > MANIFEST_BYTES:
        raise AssistantError(NOT_WHOLE)
    try:
        facts: dict[str, Any] = json.loads(_stream(tar, members[MANIFEST]).read())
        known = facts["format"] <= FORMAT and str(facts["schema"]) <= migrate.newest()
        originals, _, _, _ = (facts[name] for name in ("originals", "documents", "database", "damaged"))
    except (ValueError, KeyError, TypeError, RecursionError):
        raise AssistantError(NOT_WHOLE) from None
    if not known:
        raise AssistantError("This backup was made by a newer version of this application: update it first.")
    if originals != sum(_is_original(member) for member in members.values()):
        raise AssistantError(NOT_WHOLE)
    return facts


def _bring_original(stream: IO[bytes], digest: str, blobs: Blobs) -> None:
    if blobs.is_sound(digest):
        return  # an earlier restore that was killed brought it
    arriving = blobs.arriving(limit=shutil.disk_usage(blobs.folder.parent).free)
    try:
        while piece := stream.read(PIECE_BYTES):
            arriving.write(piece)
        received = arriving.finish()
        if received.sha256 != digest:
            raise AssistantError(NOT_WHOLE)
        blobs.place(received)
    except BaseException:
        arriving.abort()
        raise


def _bring_database(stream: IO[bytes], digest: str, file: Path) -> None:
    """Put the database in its place, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.restoring")
    with part.open("wb") as copy:
        shutil.copyfileobj(stream, copy, PIECE_BYTES)
        copy.flush()
        os.fsync(copy.fileno())
    with part.open("rb") as copy:
        same = hashlib.file_digest(copy, "sha256").hexdigest() == digest
    if not same or not backup.is_sound(part):
        part.unlink()
        raise AssistantError(NOT_WHOLE)
    for rest in ("-wal", "-shm", "-journal"):  # of another database of this name: SQLite would play it into this one
        file.with_name(file.name + rest).unlink(missing_ok=True)
    part.replace(file)
    _sync_folder(file.parent)


def _note_restored(settings: Settings, source: Path) -> None:
    database = Database(settings.sqlalchemy_url)
    try:
        with database.write() as session:
            audit.append(session, LOCAL.id, "backup.restored", source.name)
    finally:
        database.close()


def _stream(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = tar.extractfile(member)
    if stream is None:
        raise AssistantError(NOT_WHOLE)
    return stream


@contextmanager
def _opened(source: Path) -> Iterator[tarfile.TarFile]:
    if not source.is_file():  # a pipe would be waited for
        raise AssistantError(NOT_WHOLE)
    try:
        with tarfile.open(source, "r:") as tar:
            yield tar
    except (tarfile.TarError, EOFError):
        raise AssistantError(NOT_WHOLE) from None


@contextmanager
def _work_folder(settings: Settings, target: Path) -> Iterator[Path]:
    """A folder beside the target; what an earlier backup left there when it was killed goes first."""
    mark = hashlib.sha256(str(settings.data_dir).encode()).hexdigest()[:8]
    folder = target.parent / f".assistant-backup-{mark}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _need_room(folder: Path, size: int) -> None:
    if shutil.disk_usage(folder).free < size:
        raise DiskFull(
            f"There is not enough room on the disk: {size // 1_000_000:,} MB are needed. Nothing was changed."
        )


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # cannot open folders and does not need to
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
