"""``assistant ingest``: files and folders to documents, a row for each in the order given."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.cli import output
from assistant.domain import Document, UploadOutcome
from assistant.errors import NotFound, UploadRefused
from assistant.library import SyncOutcome

if TYPE_CHECKING:
    from assistant.bootstrap import Services
    from assistant.domain import Person

Row = dict[str, object]
WAIT_SECONDS = 2.0
INDEX_SECONDS = 120.0
"""How long a command stays for its index; what is missing of it then, the next start builds."""
HELD_UP_SECONDS = 20.0
"""How long a command waits for a server that documents need and that does not answer."""


def rows(services: Services, person: Person, paths: Sequence[Path], *, space: str, wait: bool) -> Iterator[Row]:
    """Upload everything first, then give a row a file, waiting for each to end where this process does the work."""
    waits = wait or services.owns_index
    uploads = [_upload(services, person, path, name, space) for path, name in files_under(paths)]
    for name, document_id, unchanged, error in uploads:
        if document_id is None:
            yield _row(name, None, "failed", error=error)
        else:
            yield _row_at_end(services, person, (name, document_id), waits=waits, unchanged=unchanged)


def synced_rows(
    services: Services, person: Person, folder: Path, *, space: str, wait: bool, remove_all: bool
) -> Iterator[Row]:
    """Bring a folder in whole, then give a row a file: ``removed`` for one that vanished, else as ``rows`` does."""
    waits = wait or services.owns_index
    synced = list(services.knowledge.folders.sync(person, folder, space, remove_all=remove_all))
    for one in synced:
        if one.outcome in (SyncOutcome.FAILED, SyncOutcome.REMOVED, SyncOutcome.KEPT) or one.document_id is None:
            yield {**_row(one.name, None, str(one.outcome), error=one.why), "document_id": one.document_id}
        else:
            unchanged = one.outcome is SyncOutcome.UNCHANGED
            yield _row_at_end(services, person, (one.name, one.document_id), waits=waits, unchanged=unchanged)


def fetched_row(services: Services, person: Person, address: str, *, space: str, wait: bool) -> Row:
    """Add what stands at a web address, and give its row; raises what ``WebAddresses.add`` does."""
    done = services.knowledge.addresses.add(person, address, space)
    waits, unchanged = wait or services.owns_index, done.outcome is UploadOutcome.UNCHANGED
    return _row_at_end(services, person, (done.name, done.document_id), waits=waits, unchanged=unchanged)


def leave_indexed(services: Services) -> None:
    """Wait for the index, where this process builds it; without it the next start would have to."""
    if services.owns_index:
        services.knowledge.wait_until_indexed(INDEX_SECONDS)


def _row_at_end(services: Services, person: Person, named: tuple[str, str], *, waits: bool, unchanged: bool) -> Row:
    name, document_id = named
    try:
        document = _ended(services, person, document_id) if waits else services.knowledge.document(person, document_id)
    except NotFound:
        return _row(name, None, "failed", error="The document was deleted meanwhile.")
    return _finished(name, document, unchanged=unchanged)


def _ended(services: Services, person: Person, document_id: str) -> Document:
    """Wait until the document is ready or failed; take the work over when the process that does it has gone.

    A document that has its text but waits for a dead embeddings server is left to a later process.
    """
    held_up_since: float | None = None
    while not (document := services.knowledge.document(person, document_id)).status.is_final:
        held_up_since = (held_up_since or time.monotonic()) if document.error else None
        if held_up_since is not None and time.monotonic() - held_up_since > HELD_UP_SECONDS:
            break
        services.knowledge.take_over()
        services.knowledge.wait_until_done([document_id], WAIT_SECONDS)
    return document


def show(row: Row, *, as_json: bool) -> bool:
    """Print one row; true when it says ``failed``."""
    output.line(row if as_json else _sentence(row))
    return row["status"] == "failed"


def files_under(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """Each file with the name its document gets; hidden ones inside a folder are left out.

    A name that several files of this call share is told apart by the folders on its way, so that none of them
    becomes a new version of another.
    """
    found = [pair for path in paths for pair in _files(path)]
    shared = Counter(inside.name for _, inside in found)
    return [(path, " - ".join(inside.parts) if shared[inside.name] > 1 else inside.name) for path, inside in found]


def _files(path: Path) -> list[tuple[Path, Path]]:
    """Each file at or below a path, with its path inside the folder that was named."""
    if not path.is_dir():
        return [(path, Path(path.name))]
    inside = sorted(entry for entry in path.rglob("*") if entry.is_file())
    return [(entry, entry.relative_to(path)) for entry in inside if not _hidden(entry.relative_to(path))]


def _hidden(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)


def _upload(
    services: Services, person: Person, path: Path, name: str, space: str
) -> tuple[str, str | None, bool, str | None]:
    try:
        with path.open("rb") as data:
            upload = services.knowledge.upload(person, name, data, space=space, limited=False)
    except UploadRefused as error:
        return name, None, False, error.message
    except OSError as error:
        return name, None, False, f"The file cannot be read: {error.strerror}."
    return name, upload.document_id, upload.outcome is UploadOutcome.UNCHANGED, None


def _finished(name: str, document: Document, *, unchanged: bool) -> Row:
    status = str(document.status) if document.status.is_final else "queued"
    if unchanged and status == "ready":
        status = "unchanged"
    return _row(name, document, status, error=document.error)


def _row(name: str, document: Document | None, status: str, *, error: str | None) -> Row:
    return {
        "name": name,
        "document_id": document.id if document else None,
        "status": status,
        "pages": document.pages if document else None,
        "chunks": document.chunks if document else 0,
        "error": error,
    }


def _sentence(row: Row) -> str:
    if row["error"]:
        return f"{row['name']}: {row['status']}: {row['error']}"
    return f"{row['name']}: {row['status']}, {row['chunks']} chunks"
