"""Every response says what a page may load, and nothing may load from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
import streamlit
from running_app import RunningApp
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from assistant.web.headers import SecurityHeaders, content_security_policy

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"


ADDRESSES = (
    *("/", "/missing", "/a/b/c?d=e", "/%00", "/..%2f..%2fetc%2fpasswd", "/login", "/auth/logout", "/auth/view"),
    *("/healthz", "/_stcore/health", "/_stcore/metrics", "/_stcore/host-config", "/_stcore/stream", "/_stcore/missing"),
    *("/_stcore/upload_file/x/y", "/media/missing.png", "/static/missing.js", "/component/missing/x", "/favicon.png"),
)


async def _page(_request: object) -> PlainTextResponse:
    return PlainTextResponse("page")


async def _broken(_request: object) -> PlainTextResponse:
    raise RuntimeError("/srv/secret/path.py")


@pytest.fixture
def client() -> TestClient:
    policy = content_security_policy(INDEX)
    middleware = [Middleware(SecurityHeaders, policy=policy)]
    routes = [Route("/", _page), Route("/broken", _broken)]
    return TestClient(Starlette(routes=routes, middleware=middleware), raise_server_exceptions=False)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApp]:
    """The app as people start it."""
    with RunningApp(tmp_path_factory.mktemp("headers") / "data", ASSISTANT_SAMPLES="off") as app:
        yield app


def need_all_headers(headers: Mapping[str, str]) -> None:
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")


@pytest.mark.parametrize("path", ["/", "/missing", "/broken"])
def test_every_response_carries_the_policy(client: TestClient, path: str) -> None:
    need_all_headers(client.get(path).headers)


def test_an_unforeseen_error_says_nothing_of_itself(client: TestClient) -> None:
    answer = client.get("/broken")
    assert (answer.status_code, answer.text) == (500, "Something went wrong on the server.")


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_every_address_of_the_running_app_carries_the_policy(running: RunningApp, method: str, path: str) -> None:
    need_all_headers(httpx.request(method, running.url + path, trust_env=False).headers)


def test_the_policy_names_no_other_host_and_no_inline_script() -> None:
    policy = content_security_policy(INDEX)
    assert "http:" not in policy
    assert "https:" not in policy
    scripts = next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert "unsafe" not in scripts
    assert scripts.count("'sha256-") == INDEX.read_text().count("<script>")
