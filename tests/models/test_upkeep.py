"""What is done behind the pages: lists of models renewed and libraries imported, without a network no harm."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from models_serving import KEY, STAFF, Serve
from wire_server import WireServer

from assistant.errors import ProviderUnavailable
from assistant.models.upkeep import Upkeep
from assistant.storage.people import LOCAL

DEAD = "http://127.0.0.1:9"
WAIT_SECONDS = 30
WARM = """
import sys
from pathlib import Path
from assistant import settings
from assistant.models.service import ModelService
from assistant.storage.database import Database
from assistant.storage.migrate import upgrade
folder = Path(sys.argv[1])
url = f"sqlite:///{folder / 'warm.sqlite'}"
upgrade(url)
service = ModelService(Database(url), settings.load(data_dir=folder))
def there():
    return [name for name in ("groq", "openai") if name in sys.modules]
print(there())
service.warm_default()
print(there())
service.connections.warm_all()
print(there())
"""


@pytest.fixture
def server() -> Iterator[WireServer]:
    server = WireServer()
    server.models = [{"id": "new/model", "object": "model"}, {"id": "openai/gpt-oss-20b", "object": "model"}]
    yield server
    server.close()


def asked(server: WireServer) -> list[str]:
    return [request.path for request in server.requests]


def test_a_refreshed_list_adds_to_what_is_offered(serve: Serve, server: WireServer) -> None:
    service = serve("GROQ_API_KEY", f"GROQ_BASE_URL={server.url}")
    assert service.connections.refresh("groq") == 2
    (groq,) = [offer for offer in service.offer(STAFF).providers if offer.state.id == "groq"]
    (found,) = [model for model in groq.models if model.info.id == "new/model"]
    assert found.choosable
    (seen,) = [provider for provider in service.overview(LOCAL) if provider.state.id == "groq"]
    assert seen.listed_at is not None
    assert seen.host == server.url.removeprefix("http://")


def test_a_check_says_that_the_provider_answers(serve: Serve, server: WireServer) -> None:
    service = serve("GROQ_API_KEY", f"GROQ_BASE_URL={server.url}")
    sentence = service.start_check(LOCAL, "groq").result(WAIT_SECONDS)
    assert sentence == "Groq answers: it names 2 models."


def test_a_check_says_what_is_wrong_and_never_the_key(serve: Serve) -> None:
    service = serve("GROQ_API_KEY", f"GROQ_BASE_URL={DEAD}")
    sentence = service.connections.check("groq")
    assert "GROQ_BASE_URL" in sentence
    assert KEY not in sentence
    assert KEY not in repr(service.overview(LOCAL))
    with pytest.raises(ProviderUnavailable):
        service.connections.refresh("groq")


def test_a_list_is_asked_for_once_until_it_is_stale(serve: Serve, server: WireServer) -> None:
    service = serve("GROQ_API_KEY", f"GROQ_BASE_URL={server.url}")
    service.connections.refresh_stale()
    service.connections.refresh_stale()
    assert asked(server) == ["/openai/v1/models"]


def test_a_provider_that_is_not_set_up_is_not_asked(serve: Serve, server: WireServer) -> None:
    serve(f"GROQ_BASE_URL={server.url}").connections.refresh_stale()
    assert asked(server) == []


def test_without_a_network_there_is_a_line_in_the_log_and_the_others_are_asked(
    serve: Serve, server: WireServer, caplog: pytest.LogCaptureFixture
) -> None:
    variables = ("OPENAI_API_KEY", f"OPENAI_BASE_URL={DEAD}/v1", "GROQ_API_KEY", f"GROQ_BASE_URL={server.url}")
    service = serve(*variables)
    with caplog.at_level(logging.INFO, logger="assistant"):
        service.connections.refresh_stale()
    assert asked(server) == ["/openai/v1/models"]
    assert any(
        record.name == "assistant.models.connections" and "openai" in record.message for record in caplog.records
    )
    assert KEY not in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_the_upkeep_ends_when_it_is_told(serve: Serve, server: WireServer) -> None:
    upkeep = Upkeep(serve("GROQ_API_KEY", f"GROQ_BASE_URL={server.url}").connections)
    thread = upkeep.start()
    upkeep.close()
    thread.join(WAIT_SECONDS)
    assert not thread.is_alive()


def test_the_library_of_the_default_is_imported_first_and_the_others_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("ASSISTANT_DEFAULT_PROVIDER", "groq")
    for name in ("GROQ_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, KEY)
    command = [sys.executable, "-c", WARM, str(tmp_path_factory.mktemp("warm"))]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines() == ["[]", "['groq']", "['groq', 'openai']"]
