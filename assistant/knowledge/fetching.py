"""Fetches a web address that a person gave, and nothing but what the whole world can reach.

An address that leads into the house, to this machine or to a cloud's metadata is refused when the connection is made,
on the very address that is connected to: whatever a name meant a moment before, however it is written, and again at
each redirect. One library reads the address and connects, so that two readings of it cannot differ.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import httpcore
import httpx

from assistant.errors import UploadRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Allows = Callable[[Address], bool]
Resolve = Callable[[str, int], list[str]]

PORTS = {"http": 80, "https": 443}
REDIRECTS = 5
SECONDS = 60.0
"""For all of it; an address that answers a byte at a time must not hold a thread for ever."""
CONNECT_SECONDS = 10.0
LONGEST = 2_000
"""Characters of an address: as long as browsers and servers agree on."""
SPECIAL = tuple(
    map(
        ipaddress.ip_network,
        ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "2001::/23", "5f00::/16", "fec0::/10"),
    )
)
"""Of the IANA registries of special-purpose addresses what older versions of ``ipaddress`` take for global."""
ENDINGS = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/plain": ".txt",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "application/json": ".json",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
}
NOT_PUBLIC = "This address is not one that the whole world can reach, so it is not fetched: upload the file instead."
NOT_AN_ADDRESS = "This is no web address: it begins with https:// or http://, names a host, and holds no password."
NO_ANSWER = "This address could not be fetched ({reason}). Look whether it is right, or upload the file instead."
TOO_LARGE = "What stands at this address is larger than the limit of {most} MB: upload a smaller file."
TOO_SLOW = "This address took too long to answer: try again, or upload the file instead."


@dataclass(frozen=True, slots=True)
class Fetched:
    """What stood at an address: its bytes, a file name made from the address, and where redirects led."""

    name: str
    data: bytes
    address: str


def is_public(address: Address) -> bool:
    """Say whether an address belongs to the whole world, also one of IPv4 that is wrapped into one of IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        return all(is_public(inner) for inner in _wrapped(address)) and _is_global(address)
    return _is_global(address)


def _is_global(address: Address) -> bool:
    special = any(address in network for network in SPECIAL if network.version == address.version)
    return address.is_global and not (special or address.is_multicast or address.is_reserved)


def _wrapped(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host; raises OSError when it has none."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Fetcher:
    """Fetches addresses; ``allows`` and ``resolve`` are others only where a test stands in for the world."""

    def __init__(self, most_mb: int, allows: Allows = is_public, resolve: Resolve = resolved) -> None:
        self._most_mb = most_mb
        self._backend = _Guarded(allows, resolve)

    def fetch(self, address: str) -> Fetched:
        """Return what stands there, following redirects; raises UploadRefused with a sentence."""
        deadline = time.monotonic() + SECONDS
        url = checked(address)
        with (
            _told(),
            httpx.Client(transport=_Transport(self._backend), timeout=CONNECT_SECONDS, trust_env=False) as web,
        ):
            for _ in range(REDIRECTS + 1):
                with web.stream("GET", url, headers=HEADERS) as response:
                    if not response.is_redirect:
                        return self._read(response, deadline)
                    url = _next(url, response)
        raise UploadRefused(NO_ANSWER.format(reason="it leads from one address to the next without end"))

    def _read(self, response: httpx.Response, deadline: float) -> Fetched:
        if not response.is_success:
            raise UploadRefused(NO_ANSWER.format(reason=f"it answered {response.status_code}"))
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise UploadRefused(NO_ANSWER.format(reason="it answers packed although it was asked not to"))
        data = bytearray()
        for piece in response.iter_raw(65_536):
            data += piece
            if len(data) > self._most_mb * 1_000_000:
                raise UploadRefused(TOO_LARGE.format(most=self._most_mb))
            if time.monotonic() > deadline:
                raise UploadRefused(TOO_SLOW)
        return Fetched(_name(response), bytes(data), str(response.url))


HEADERS = {"Accept-Encoding": "identity", "User-Agent": "internal-knowledge-assistant"}


def checked(address: str) -> httpx.URL:
    """Return an address as it will be connected to; raises UploadRefused for what is none."""
    text = address.strip()
    if not text or len(text) > LONGEST or not text.isprintable() or " " in text or "\\" in text:
        raise UploadRefused(NOT_AN_ADDRESS)
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise UploadRefused(NOT_AN_ADDRESS) from None
    if url.scheme not in PORTS or not url.host or url.userinfo:
        raise UploadRefused(NOT_AN_ADDRESS)
    if (url.port or PORTS[url.scheme]) not in PORTS.values():
        raise UploadRefused("Only the usual ports of the web are fetched: 443 and 80.")
    return url


def _next(url: httpx.URL, response: httpx.Response) -> httpx.URL:
    there = checked(str(url.join(response.headers.get("location", ""))))
    if url.scheme == "https" and there.scheme != "https":
        raise UploadRefused(NO_ANSWER.format(reason="it leads from a protected address to an open one"))
    return there


def _name(response: httpx.Response) -> str:
    """A file name: the last part of the address, with the ending that its kind has where it has none."""
    last = PurePosixPath(response.url.path).name or "index"
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    ending = ENDINGS.get(kind, "")
    return f"{response.url.host} {last}" + ("" if last.lower().endswith(ending) else ending)


class _Guarded(httpcore.SyncBackend):
    """Connects to nothing but what is allowed, on the address itself: a name cannot come to mean another one after."""

    def __init__(self, allows: Allows, resolve: Resolve) -> None:
        super().__init__()
        self._allows = allows
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve and connect; raises UploadRefused where any address of the host is not allowed."""
        try:
            addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in self._resolve(host, port)]
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("there is no such host") from error
        if not addresses or not all(self._allows(address) for address in addresses):
            raise UploadRefused(NOT_PUBLIC)
        return super().connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    def connect_unix_socket(self, *_args: Any, **_named: Any) -> httpcore.NetworkStream:
        """Refuse: nothing of the web is there."""
        raise UploadRefused(NOT_PUBLIC)


class _Transport(httpx.HTTPTransport):
    """httpx's own, over connections that are guarded."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        super().__init__(trust_env=False)
        # httpx has no public way to hand a network backend on; the pool is what it would have made itself.
        self._pool = httpcore.ConnectionPool(ssl_context=ssl.create_default_context(), network_backend=backend)


@contextmanager
def _told() -> Iterator[None]:
    """Tell what went wrong on the way in a sentence, without the words of the other side."""
    try:
        yield
    except httpx.TimeoutException:
        raise UploadRefused(TOO_SLOW) from None
    except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
        raise UploadRefused(NO_ANSWER.format(reason=type(error).__name__)) from error
