"""Real services behind the app's own routes, asked without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gate_client import GateClient, Inner
from starlette.applications import Starlette
from starlette.testclient import TestClient

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.web.routes import routes
from assistant.web.state import HOLDER

HOME = "http://127.0.0.1:8501"
MOST_MB = 1


@pytest.fixture
def services(tmp_path: Path) -> Iterator[bootstrap.Services]:
    """Services that take files of up to a megabyte, and do not read them."""
    settings = settings_module.load(data_dir=tmp_path / "data", samples=False, upload_max_mb=MOST_MB)
    built = bootstrap.build(settings, own_index=False)
    HOLDER.set_ready(built)
    yield built
    HOLDER.close()


@pytest.fixture
def closed(data_dir: Path) -> Iterator[bootstrap.Services]:
    """Services with sign-in by password."""
    yield from _serving(data_dir, auth="password")


@pytest.fixture
def demo(data_dir: Path) -> Iterator[bootstrap.Services]:
    """Services of the demo."""
    yield from _serving(data_dir, auth="demo")


def _serving(data_dir: Path, **values: Any) -> Iterator[bootstrap.Services]:
    built = bootstrap.build(settings_module.load(data_dir=data_dir, samples=False, **values), own_index=False)
    HOLDER.set_ready(built)
    yield built
    HOLDER.close()


@pytest.fixture
def inner() -> Inner:
    """The app behind a gate that is asked without a server."""
    return Inner()


@pytest.fixture
def ask(inner: Inner) -> GateClient:
    """Asks that gate."""
    return GateClient(inner)


@pytest.fixture
def app() -> Starlette:
    """The app's own routes, without Streamlit's."""
    return Starlette(routes=routes(lambda: ["127.0.0.1", "localhost", "*.example.org"]))


@pytest.fixture
def client(app: Starlette, services: bootstrap.Services) -> TestClient:
    """A browser without pages."""
    del services
    return TestClient(app, base_url=HOME)
