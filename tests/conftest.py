"""What every test shares: the real embedding model and router, and a wall against the network."""

from __future__ import annotations

import ipaddress
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from lent_model import close_shelf, lend, open_shelf, shelf
from wire_server import WireServer

from assistant.providers import catalogue
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier
from assistant.storage.database import Database
from assistant.storage.migrate import upgrade

REAL_PROVIDER = "real_provider"


def pytest_configure(config: pytest.Config) -> None:
    """Open the shelf that models are lent from, in the process that starts the others."""
    if not hasattr(config, "workerinput"):
        open_shelf()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Close it again."""
    if not hasattr(config, "workerinput"):
        close_shelf()


@pytest.fixture(scope="session")
def embedder() -> MiniLM:
    """The real model, loaded once for the whole run."""
    model = MiniLM(shelf())
    model.warm()
    return model


@pytest.fixture(scope="session")
def classifier(embedder: MiniLM) -> RouteClassifier:
    """The real router, whose examples are embedded once for the whole run."""
    return RouteClassifier(embedder)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder with nothing in it but the model's graph."""
    folder = tmp_path / "data"
    folder.mkdir()
    lend(folder)
    return folder


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a database of the newest schema, which migrations take a while to bring about."""
    file = tmp_path_factory.mktemp("schema") / "assistant.sqlite"
    upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture
def database(tmp_path: Path, empty_database: Path) -> Iterator[Database]:
    """An empty database."""
    file = tmp_path / "assistant.sqlite"
    shutil.copyfile(empty_database, file)
    database = Database(f"sqlite:///{file}")
    yield database
    database.close()


@pytest.fixture
def wire() -> Iterator[WireServer]:
    """A server that speaks the wires of OpenAI and Groq as the test tells it."""
    server = WireServer()
    yield server
    server.close()


@pytest.fixture
def without_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the variables of all providers out of the environment."""
    for row in catalogue.rows():
        for variable in (*row.needs, row.base_url):
            if variable:
                monkeypatch.delenv(variable, raising=False)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what asks real providers, unless it is asked for by its mark."""
    if REAL_PROVIDER in config.getoption("markexpr"):
        return
    real = [item for item in items if item.get_closest_marker(REAL_PROVIDER)]
    if real:
        config.hook.pytest_deselected(items=real)
        items[:] = [item for item in items if item not in real]


def _stays_here(address: object) -> bool:
    host = address[0] if isinstance(address, tuple) else None
    if host is None or host in ("", "localhost", "testserver"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave this computer, but for tests of real providers."""
    if request.node.get_closest_marker(REAL_PROVIDER):
        return
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def guarded(self: socket.socket, address: object) -> None:
        if not _stays_here(address):
            pytest.fail(f"a test tried to reach {address!r}")
        connect(self, address)  # type: ignore[arg-type]

    def guarded_ex(self: socket.socket, address: object) -> int:
        if not _stays_here(address):
            pytest.fail(f"a test tried to reach {address!r}")
        return connect_ex(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_ex)
