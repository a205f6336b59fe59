"""Every response says what a page may load, and nothing may load from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from assistant.web.headers import SecurityHeaders, content_security_policy

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"


async def _page(_request: object) -> PlainTextResponse:
    return PlainTextResponse("page")


@pytest.fixture
def client() -> TestClient:
    policy = content_security_policy(INDEX)
    middleware = [Middleware(SecurityHeaders, policy=policy)]
    return TestClient(Starlette(routes=[Route("/", _page)], middleware=middleware))


@pytest.mark.parametrize("path", ["/", "/missing"])
def test_every_response_carries_the_policy(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"


def test_the_policy_names_no_other_host_and_no_inline_script() -> None:
    policy = content_security_policy(INDEX)
    assert "http:" not in policy
    assert "https:" not in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    assert scripts.count("'sha256-") == INDEX.read_text().count("<script>")
