"""Asks the gate as a server does, with an app behind it that keeps what came through."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import anyio
import streamlit
from starlette.types import Message, Receive, Scope, Send

from assistant.web.gate import Gate, Owns, assets_in
from assistant.web.identity import HEADER

HOST = "127.0.0.1:8501"
ASSETS = assets_in(Path(streamlit.__file__).parent / "static")
SOME_ASSET = next(name for name in sorted(ASSETS) if name.startswith("/static/js/"))
HOSTS = ["127.0.0.1", "localhost"]
NOT_OWN = ["/media/theirs.png"]
"""What is kept for somebody else, whoever asks."""
Pairs = Sequence[tuple[bytes, bytes]]


class Inner:
    """The app behind the gate: answers 200 or accepts, without reading a body."""

    def __init__(self) -> None:
        self.came: list[Scope] = []

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        self.came.append(scope)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"public")]})
            await send({"type": "http.response.body", "body": b"inside"})
        else:
            await send({"type": "websocket.accept"})

    @property
    def identities(self) -> list[str]:
        """What the last that came through has in every header that could be taken for the identity."""
        pairs = self.came[-1]["headers"]
        return [value.decode() for name, value in pairs if _plain(name) == HEADER]


class Answer:
    """What a client got; ``status`` of a websocket is 101 once accepted, 403 when refused."""

    def __init__(self, sent: list[Message]) -> None:
        first = sent[0]
        statuses = {"websocket.accept": 101, "websocket.close": 403}
        self.status: int = first.get("status") or statuses[first["type"]]
        self.headers = {key.decode().lower(): value.decode() for key, value in first.get("headers", [])}
        self.body = b"".join(message.get("body", b"") for message in sent[1:]).decode()


class GateClient:
    """Asks the gate; a body that is read of what it refuses is a failure."""

    def __init__(self, inner: Inner, owns: Owns | None = lambda path, _: path not in NOT_OWN) -> None:
        self._gate = Gate(inner, lambda: HOSTS, ASSETS, owns)

    def __call__(self, path: str, method: str = "GET", kind: str = "http", query: str = "", **headers: str) -> Answer:
        """Ask with these headers, - written as _, for this host unless another is given."""
        given = {"host": HOST, **headers}
        pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items()]
        return self.raw(pairs, path, method, kind, query)

    def raw(self, pairs: Pairs, path: str = "/", method: str = "GET", kind: str = "http", query: str = "") -> Answer:
        """Ask with exactly these headers."""
        scope = {
            "type": kind,
            "path": path,
            "query_string": query.encode(),
            "headers": list(pairs),
            "scheme": "http" if kind == "http" else "ws",
            "client": ("127.0.0.1", 50_000),
            "root_path": "",
            **({"method": method} if kind == "http" else {}),
        }
        sent: list[Message] = []

        async def call() -> None:
            await self._gate(scope, _unread, _keeps(sent))

        anyio.run(call)
        return Answer(sent)


def _keeps(sent: list[Message]) -> Send:
    async def send(message: Message) -> None:
        sent.append(message)

    return send


async def _unread() -> Message:
    raise AssertionError("the body of a refused request was read")


def _plain(name: bytes) -> str:
    return name.decode("latin-1").strip().lower().replace("_", "-")
