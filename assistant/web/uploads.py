"""The upload route: a file's bytes as the body of a request, written to disk piece by piece as they arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from assistant.domain import Person, Upload, UploadOutcome
from assistant.storage.accepting import MEGABYTE
from assistant.web import admission

if TYPE_CHECKING:
    from assistant.bootstrap import Services
    from assistant.knowledge.intake import Incoming

PATH = "/documents/upload"
PIECE_BYTES = 1 << 20
# A connection over which nothing comes for so long is given up, and its file with it.
STALL_SECONDS = 60.0
# Each has a file open and up to a megabyte in memory; a page sends three at once.
AT_ONCE = 32
_DISKS = 4
"""Threads that write: a slow disk must not take the threads of everything else."""
Run = Callable[..., Awaitable[Any]]
"""Runs a blocking call in a thread."""


class UploadRoute:
    """Takes uploads; ``hosts`` gives the names under which this app may be asked."""

    def __init__(self, hosts: admission.Hosts) -> None:
        self._hosts = hosts
        self._running = 0
        self._writers: anyio.CapacityLimiter | None = None  # belongs to the loop that it is made in

    async def answer(self, request: Request) -> Response:
        """``?name=…`` with optional ``space``, ``replaces`` and ``expected`` (the version that the person saw).

        Answers 201 with what was done, else one sentence: 403 for who may not or another site, 409 when someone else
        replaced the document meanwhile, 411 without a length, 413 when it is too large, 507 when the disk is full.
        """
        return await admission.answered(self._take)(request)

    async def _take(self, request: Request) -> Response:
        admission.admit_changing(request, self._hosts)
        services, person = await admission.enter(request)
        size = _size(request, services.settings.upload_max_mb)
        if self._running >= AT_ONCE:
            raise HTTPException(503, "Too many files are being uploaded just now. Try again in a moment.")
        self._running += 1
        try:
            return _said(await self._stored(request, services, person, size))
        finally:
            self._running -= 1

    async def _stored(self, request: Request, services: Services, person: Person, size: int) -> Upload:
        self._writers = self._writers or anyio.CapacityLimiter(_DISKS)
        run: Run = partial(anyio.to_thread.run_sync, limiter=self._writers)
        incoming: Incoming = await run(_begin, request, services, person, size)
        try:
            await _receive(request, incoming, size, run)
            upload: Upload = await run(incoming.finish)
        except BaseException:
            with anyio.CancelScope(shield=True):  # also when the request is cancelled nothing may be left behind
                await run(incoming.abort)
            raise
        return upload


def _begin(request: Request, services: Services, person: Person, size: int) -> Incoming:
    query = request.query_params
    return services.knowledge.begin_upload(
        person,
        query.get("name", ""),
        query.get("space") or "general",
        size,
        replaces=query.get("replaces") or None,
        expected=_expected(query.get("expected")),
    )


def _expected(given: str | None) -> int | None:
    """The version that the person saw; what is none would otherwise mean that any may be replaced."""
    if not given:
        return None
    number = _number(given)
    if number is None:
        raise HTTPException(400, "The version that was seen is not a number.")
    return number


async def _receive(request: Request, incoming: Incoming, size: int, run: Run) -> None:
    """Write what arrives; a body that is not as long as it said is none that the person sent."""
    stream, piece, arrived = request.stream(), bytearray(), 0
    while (chunk := await _next(stream)) is not None:
        piece += chunk
        arrived += len(chunk)
        if len(piece) >= PIECE_BYTES:
            await run(incoming.write, bytes(piece))
            piece.clear()
    if arrived != size:
        raise HTTPException(400, "The file did not arrive whole. Upload it again.")
    if piece:
        await run(incoming.write, bytes(piece))


async def _next(stream: AsyncIterator[bytes]) -> bytes | None:
    """Return what comes next, None at the end."""
    try:
        with anyio.fail_after(STALL_SECONDS):
            return await anext(stream, None)
    except TimeoutError:
        raise HTTPException(408, "The upload stood still for too long and was ended. Upload the file again.") from None


def _size(request: Request, most_mb: int) -> int:
    size = _number(request.headers.get("content-length", ""))
    if size is None:
        raise HTTPException(411, "The size of the file is not known before it comes.")
    if size > most_mb * MEGABYTE:
        raise HTTPException(413, f"The file is larger than the limit of {most_mb} MB. Split it and upload the parts.")
    return size


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 16 else None


def _said(upload: Upload) -> JSONResponse:
    told = {
        "document_id": upload.document_id, "name": upload.name, "version": upload.version,
        "outcome": upload.outcome.value,
    }  # fmt: skip
    status = 200 if upload.outcome is UploadOutcome.UNCHANGED else 201
    return JSONResponse(told, status_code=status, headers=admission.FIXED)
