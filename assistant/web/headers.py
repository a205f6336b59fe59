"""Security headers on every response: what a page may load and who may frame it.

Markdown images of a document or a model's answer would otherwise be fetched from other hosts without a click.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


FAILED = PlainTextResponse("Something went wrong on the server.", status_code=500)
STARTS = ("http.response.start", "websocket.http.response.start")
"""A refused websocket is answered too."""


class SecurityHeaders:
    """ASGI middleware that adds the policy to every HTTP response, the one of an unforeseen error among them."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = {**FIXED, "Content-Security-Policy": policy}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; complete the headers when a response starts."""
        started = False

        async def completed(message: Message) -> None:
            nonlocal started
            if message["type"] in STARTS:
                started = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
            await send(message)

        try:
            await self._app(scope, receive, completed)
        except Exception:
            if scope["type"] == "http" and not started:  # the server's own answer would be without them
                await FAILED(scope, receive, completed)
            raise


def content_security_policy(index_html: Path) -> str:
    """Everything from this host only; the inline scripts of the given index page are allowed by their hash."""
    hashes = " ".join(f"'sha256-{digest}'" for digest in _inline_script_hashes(index_html))
    return "; ".join(
        [
            "default-src 'self'",
            f"script-src 'self' {hashes}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "media-src 'self' blob:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'none'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ]
    )


def _inline_script_hashes(index_html: Path) -> list[str]:
    scripts = INLINE_SCRIPT.findall(index_html.read_text(encoding="utf-8"))
    return [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
