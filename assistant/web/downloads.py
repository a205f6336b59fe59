"""The download route: an original as it was uploaded, always as an attachment and never as something to show.

A document may hold scripts; it is sent as bytes to keep, from disk, without being held in memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import anyio
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from assistant.domain import Person
from assistant.errors import NotFound
from assistant.web import admission

if TYPE_CHECKING:
    from assistant.bootstrap import Services

PATH = "/documents/{document_id}/original"
HEADERS = {
    **admission.FIXED,
    # Packing a file that is packed already would cost the loop, which all sessions share, seconds.
    "Content-Encoding": "identity",
}


class DownloadRoute:
    """Gives originals; ``hosts`` gives the names under which this app may be asked."""

    def __init__(self, hosts: admission.Hosts) -> None:
        self._hosts = hosts

    async def answer(self, request: Request) -> Response:
        """``?version=…``, else the newest: the file, or one sentence with 403 or 404."""
        return await admission.answered(self._given)(request)

    async def _given(self, request: Request) -> Response:
        admission.admit_reading(request, self._hosts)
        services, person = await admission.enter(request)
        version = request.query_params.get("version")
        path, name = await anyio.to_thread.run_sync(
            _original, services, person, request.path_params["document_id"], version
        )
        return FileResponse(path, media_type="application/octet-stream", filename=name, headers=HEADERS)


def address(document_id: str, version: int | None = None) -> str:
    """Return the address of an original, on this host."""
    return PATH.format(document_id=document_id) + (f"?{urlencode({'version': version})}" if version else "")


def _original(services: Services, person: Person, document_id: str, version: str | None) -> tuple[Path, str]:
    if version is not None and not (version.isascii() and version.isdecimal() and len(version) < 10):
        raise NotFound("There is no such version of this document.")
    document = services.knowledge.document(person, document_id)
    number = int(version) if version else document.version
    path, _ = services.knowledge.original(person, document_id, number)
    if not path.is_file():
        raise NotFound("The stored file is missing. Restore it from a backup.")
    services.knowledge.library.note_taken(person, document_id, number)
    return path, document.name
