"""Who really sends: the machine at the other end, and what named proxies say of the browser behind them.

Uvicorn lets any program on this machine say by X-Forwarded-For and X-Forwarded-Proto where a request comes from. Here
only the proxies of ``ASSISTANT_PROXY_PEERS`` may, and their own address is kept beside what they say.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import lru_cache

import uvicorn.config
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant.errors import SettingsError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

PEER = "assistant.peer"
"""Key in the scope: the address of the machine at the other end as text, None where it has none."""
SECURE = {"http": "https", "ws": "wss"}


def believe_no_header() -> None:
    """Have uvicorn hand requests on as they come. To be called while it loads the app, which is when it wraps it."""

    def unwrapped(app: ASGIApp, trusted_hosts: object) -> ASGIApp:  # noqa: ARG001  # called by these names
        return app

    uvicorn.config.ProxyHeadersMiddleware = unwrapped  # type: ignore[assignment, attr-defined]  # no option reaches it


class Peers:
    """ASGI middleware around everything; ``named`` gives the proxies that are believed, None while none is known."""

    def __init__(self, app: ASGIApp, named: Callable[[], str | None]) -> None:
        self._app = app
        self._named = named

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the other end; where that is a named proxy, go on with the browser's address and scheme."""
        if scope["type"] in ("http", "websocket"):
            peer = scope["client"][0] if scope.get("client") else None
            scope = {**scope, PEER: peer}
            if is_named(peer, self._named()):
                _correct(scope, networks(self._named()))
        await self._app(scope, receive, send)


def is_named(peer: str | None, named: str | None) -> bool:
    """Say whether this is the address of a proxy that is believed."""
    address = _address(peer)
    return address is not None and any(address in network for network in networks(named))


@lru_cache(maxsize=8)
def networks(named: str | None) -> Networks:
    """Return the networks of a list with commas; raises SettingsError for what is none."""
    try:
        return tuple(ipaddress.ip_network(part.strip()) for part in (named or "").split(",") if part.strip())
    except ValueError:
        raise SettingsError(
            "ASSISTANT_PROXY_PEERS has a value that cannot be used: give addresses or networks such as "
            "10.0.0.5,10.1.0.0/16, separated by commas."
        ) from None


def _correct(scope: Scope, believed: Networks) -> None:
    headers = Headers(scope=scope)
    if headers.getlist("x-forwarded-proto") == ["https"]:
        scope["scheme"] = SECURE.get(scope["scheme"], scope["scheme"])
    passed = [part for value in headers.getlist("x-forwarded-for") for part in value.split(",")]
    for part in reversed(passed):  # each proxy adds at the end; what a browser made up stands before
        address = _address(part.strip())
        if address is None:
            return
        scope["client"] = (str(address), 0)
        if not any(address in network for network in believed):
            return


def _address(text: str | None) -> Address | None:
    try:
        address = ipaddress.ip_address(text or "")
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
