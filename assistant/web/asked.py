"""A request or a websocket's handshake as the gate looks at it: before anything is read of its body."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope

READING = ("GET", "HEAD")
CHANGING_NOTHING = ("GET", "HEAD", "OPTIONS")


class Asked:
    """What is asked for; ``path`` is decoded once, as the app routes by it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.connection: HTTPConnection[Any] = HTTPConnection(scope)
        self.headers: Mapping[str, str] = self.connection.headers
        self.is_http: bool = scope["type"] == "http"
        self.method: str = scope.get("method", "")
        self.path: str = scope["path"]

    @property
    def is_plain(self) -> bool:
        """Whether the path means what it says: not mounted elsewhere, no steps up, no doubled slashes."""
        odd = self.scope.get("root_path") or "\\" in self.path or "//" in self.path or not self.path.startswith("/")
        return not odd and not any(part in (".", "..") for part in self.path.split("/"))

    @property
    def is_reading(self) -> bool:
        """Whether a request only asks for something."""
        return self.is_http and self.method in READING

    @property
    def is_changing(self) -> bool:
        """Whether a request can change something, as far as its method tells."""
        return self.is_http and self.method not in CHANGING_NOTHING

    @property
    def is_navigation(self) -> bool:
        """Whether a browser asks for a page to show; older ones do not say so and are known by what they accept."""
        mode = self.headers.get("sec-fetch-mode")
        accepts_pages = "text/html" in self.headers.get("accept", "")
        return self.is_reading and (accepts_pages if mode is None else mode == "navigate")

    @property
    def has_body(self) -> bool:
        """Whether a request announces a body."""
        return self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers
