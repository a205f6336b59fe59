"""The command that shows and changes the embedding model."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from command_line import CommandLine
from embeddings_server import MODEL, EmbeddingsServer
from waiting import until

from assistant.storage.database import Database
from assistant.storage.embeddings import Embeddings
from assistant.storage.rows import EMBEDDED

OWN = f"endpoint/{MODEL}"


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddingsServer]:
    """A server to whose mind the question is one about the canteen."""
    server = EmbeddingsServer({"holiday": 1, "canteen": 1, "leave": 2})
    yield server
    server.close()


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory, server: EmbeddingsServer) -> CommandLine:
    """The command on a folder with two documents."""
    files = tmp_path_factory.mktemp("documents")
    (files / "leave.txt").write_text("Employees receive 27 days of annual leave each year.", encoding="utf-8")
    (files / "canteen.txt").write_text("The canteen serves a warm meal.", encoding="utf-8")
    folder = tmp_path_factory.mktemp("data")
    line = CommandLine(folder, EMBEDDINGS_BASE_URL=server.address, EMBEDDINGS_MODEL=MODEL, OPENAI_API_KEY="")
    assert {row["status"] for row in line.lines("ingest", str(files), "--json")} == {"ready"}
    return line


def _best(command: CommandLine) -> str:
    hits = command.value("search", "How much holiday am I entitled to", "--json")
    return str(hits[0]["document"])


def test_a_change_serves_every_process_when_it_is_done(command: CommandLine, server: EmbeddingsServer) -> None:
    rows = {row["id"]: row["status"] for row in command.lines("embedder", "--json")}
    assert (rows[EMBEDDED], rows[OWN], rows["openai/text-embedding-3-small"]) == ("serving", "ready", "not set up")
    assert _best(command) == "leave.txt"
    changed = command.value("embedder", OWN, "--wait", "--json")
    assert changed == {"serving": OWN, "wanted": None, "done": 2, "total": 2}
    assert _best(command) == "canteen.txt"
    assert len(server.texts) == 3


def test_a_document_is_ingested_under_the_model_that_serves(
    command: CommandLine, server: EmbeddingsServer, tmp_path: Path
) -> None:
    command.run("embedder", OWN, "--wait")
    (tmp_path / "desk.txt").write_text("Badges are had at the desk.", encoding="utf-8")
    assert command.value("ingest", str(tmp_path / "desk.txt"), "--json")["status"] == "ready"
    assert any("Badges are had" in text for text in server.texts)


def test_the_doctor_tells_which_model_serves_and_that_its_server_is_gone(
    command: CommandLine, server: EmbeddingsServer
) -> None:
    command.run("embedder", OWN, "--wait")
    checks = {row["name"]: row for row in command.value("doctor", "--json")}
    assert checks["embedding model"]["detail"].endswith(f"Searches go by {OWN}.")
    server.refuse(503)
    done = command.run("doctor")
    server.recover()
    assert done.returncode == 1
    assert "has a fault of its own (status 503). Until it answers, searches go by MiniLM." in done.stdout


def test_a_model_that_is_not_set_up_is_one_sentence(command: CommandLine) -> None:
    refused = command.run("embedder", "openai/text-embedding-3-small")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "OpenAI text-embedding-3-small cannot be used yet: Set OPENAI_API_KEY.\n"


def test_waiting_for_a_change_that_is_called_off_ends(command: CommandLine, server: EmbeddingsServer) -> None:
    serving = [row["id"] for row in command.lines("embedder", "--json") if row["status"] == "serving"]
    folder = Path(command.environment["ASSISTANT_DATA_DIR"])
    other = CommandLine(folder, EMBEDDINGS_BASE_URL=server.address, EMBEDDINGS_MODEL="other", OPENAI_API_KEY="")
    server.gate.clear()
    with ThreadPoolExecutor() as beside:
        waiting = beside.submit(other.run, "embedder", "endpoint/other", "--wait")
        try:
            until(lambda: any(request["model"] == "other" for request in server.requests))
            database = Database(f"sqlite:///{folder / 'assistant.sqlite'}")
            Embeddings(database).want(None, "local")
            database.close()
            ended = waiting.result(60)
        finally:
            server.gate.set()
    assert ended.returncode == 1
    assert ended.stderr == f"The change was called off meanwhile: searches go by {serving[0]}.\n"
