"""A server on this computer that speaks OpenAI's embeddings interface, well or badly as told.

Its vectors are made of words: a text lies on the axis of the first of ``topics`` that it holds, so that a test says
which texts are near to each other, with a little of its own beside it. ``texts`` are all it was asked for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from numpy.typing import NDArray

Answer = tuple[int, Mapping[str, str], bytes]
MODEL = "test-embedder"


class EmbeddingsServer:
    """The server on a port of its own, running until ``close``. ``gate`` holds answers back while it is clear."""

    def __init__(self, topics: Mapping[str, int] | None = None, dimensions: int = 32) -> None:
        self.topics = dict(topics or {})
        self.dimensions = dimensions
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answered = 0
        self.refusal: Answer | None = None
        self.change: Callable[[dict[str, Any]], None] | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.gate_after: int | None = None
        self._open()

    def _open(self, port: int = 0) -> None:
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.port = self._server.server_port

    @property
    def address(self) -> str:
        """The base address, as a client takes it."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def texts(self) -> list[str]:
        """Every text asked for, in order."""
        return [text for request in list(self.requests) for text in request["input"]]

    @property
    def keys(self) -> list[str]:
        """The key of every request, in order."""
        return [headers.get("authorization", "").removeprefix("Bearer ") for headers in list(self.headers)]

    def refuse(self, status: int, code: str = "", **headers: str) -> None:
        """Answer with this status from now on."""
        body = json.dumps({"error": {"message": "no", "code": code, "type": code}}).encode()
        self.refusal = (status, {"content-type": "application/json", **headers}, body)

    def answer_with(self, body: bytes, content_type: str = "application/json") -> None:
        """Answer with these bytes from now on."""
        self.refusal = (200, {"content-type": content_type}, body)

    def recover(self) -> None:
        """Answer well from now on."""
        self.refusal = self.change = None
        self.gate.set()

    def go_away(self) -> None:
        """Stop listening; ``come_back`` listens at the same port again."""
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def come_back(self) -> None:
        """Listen again."""
        self._open(self.port)

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self.go_away()

    def vector(self, text: str) -> NDArray[np.float32]:
        """Return the text's vector, not of unit length."""
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        vector = np.random.default_rng(seed).normal(scale=0.02, size=self.dimensions).astype(np.float32)
        axis = next((axis for word, axis in self.topics.items() if word in text.lower()), None)
        if axis is not None:
            vector[axis] += 3.0
        return vector


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_: object) -> None:
        """A client that hung up is none of the test's concern."""


class _Handler(BaseHTTPRequestHandler):
    owner: EmbeddingsServer
    protocol_version = "HTTP/1.0"

    def do_POST(self) -> None:
        owner = self.owner
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        owner.requests.append(body)
        owner.headers.append({name.lower(): value for name, value in self.headers.items()})
        if owner.gate_after is not None and len(owner.requests) > owner.gate_after:
            owner.gate.clear()
            owner.gate_after = None
        owner.gate.wait(30)
        status, headers, data = owner.refusal or (200, {"content-type": "application/json"}, self._vectors(body))
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(data))}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)
        owner.answered += 1

    def _vectors(self, body: dict[str, Any]) -> bytes:
        compact = body.get("encoding_format") == "base64"
        data = [
            {"object": "embedding", "index": n, "embedding": self._encoded(t, compact)}
            for n, t in enumerate(body["input"])
        ]
        reply = {
            "object": "list",
            "model": body["model"],
            "data": data,
            "usage": {"prompt_tokens": len(data), "total_tokens": len(data)},
        }
        if self.owner.change:
            self.owner.change(reply)
        return json.dumps(reply).encode()

    def _encoded(self, text: str, compact: bool) -> str | list[float]:
        vector = self.owner.vector(text)
        return base64.b64encode(vector.tobytes()).decode() if compact else [float(number) for number in vector]

    def log_message(self, *_: object) -> None:
        """Say nothing."""
