"""A chat with one document, and the peers that play its providers."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from chatting import Chatting
from contract.adapters import ADAPTERS, BEDROCK, Adapter
from contract.aimock import AiMock, missing
from contract.bedrock import BedrockPeer
from contract.peers import Peer
from wire_server import WireServer

from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier
from assistant.settings import load

REQUIRED = "ASSISTANT_REQUIRE_NODE"


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLM, classifier: RouteClassifier) -> Path:
    """A data folder with two searchable documents; not to be written to."""
    folder = tmp_path_factory.mktemp("library")
    chat = Chatting(folder, embedder, classifier)
    chat.put("Handbook.pdf", "Full-time employees receive 27 days of annual leave. Up to 5 days carry over to March.")
    chat.put("Travel.pdf", "Hotels are paid up to 140 euros a night. Ask your manager before you book.")
    chat.close()
    return folder


@pytest.fixture(scope="session")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AiMock]:
    """The mock server of many wires; skipped with a sentence without node, a failure where node must be."""
    reason = missing()
    if reason and os.environ.get(REQUIRED) == "1":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    mock = AiMock(tmp_path_factory.mktemp("aimock"))
    yield mock
    mock.close()


@pytest.fixture
def wire(adapter: Adapter) -> Iterator[WireServer]:
    """A raw server for what mock servers cannot do; Amazon's keeps its connections, and pydantic-ai counts on it."""
    server = WireServer(keep_alive=adapter.provider == BEDROCK)
    yield server
    server.close()


@pytest.fixture(params=ADAPTERS, ids=lambda adapter: adapter.provider)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    """Each adapter in turn."""
    chosen: Adapter = request.param
    return chosen


@pytest.fixture
def peer(adapter: Adapter, request: pytest.FixtureRequest) -> Iterator[Peer]:
    """The server that plays this adapter's provider."""
    if adapter.provider != BEDROCK:
        yield request.getfixturevalue("aimock")
        return
    server = BedrockPeer()
    yield server
    server.close()


@pytest.fixture
def chatting(data_dir: Path, library: Path, embedder: MiniLM, classifier: RouteClassifier) -> Iterator[Chatting]:
    """A chat over two documents."""
    shutil.copytree(library, data_dir, dirs_exist_ok=True)
    chat = Chatting(data_dir, embedder, classifier)
    yield chat
    chat.close()


@pytest.fixture
def with_peer(chatting: Chatting, adapter: Adapter, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Chatting]:
    """The chat with the adapter's provider at its peer."""
    point(chatting, adapter.settings(peer.url, f"key-{uuid.uuid4().hex}"), monkeypatch)
    yield chatting
    chatting.service.close()


@pytest.fixture
def with_wire(
    chatting: Chatting, adapter: Adapter, wire: WireServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Chatting]:
    """The chat with the adapter's provider at the raw server."""
    point(chatting, adapter.settings(wire.url, f"key-{uuid.uuid4().hex}"), monkeypatch)
    yield chatting
    chatting.service.close()


def point(chatting: Chatting, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the chat begin anew with these variables, in its settings and in the environment."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    kept = {"data_dir": chatting.settings.data_dir, "_env_file": None, **variables}
    chatting.settings = load(**kept)
    chatting.service.close()
    chatting.service = chatting.new_service()
