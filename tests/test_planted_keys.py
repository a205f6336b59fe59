"""Keys planted in every setting, and one in a document, are nowhere in what the program writes.

Providers answer well, refuse, break off and fall silent, and each time send back the key that they were given.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from lent_model import lend
from pydantic import SecretStr
from sqlalchemy import text
from wire_behaviours import says
from wire_server import Behaviour, Exchange, WireServer

from assistant import bootstrap, doctor, log
from assistant.access import AuditQuery
from assistant.domain import ModelChoice, Turn
from assistant.knowledge import backups
from assistant.settings import Settings, load

IN_DOCUMENT = "gsk_dOc1uMeNt2kEy3pLaNt4eD5aBcDeF6"
DOCUMENT = f"# Door\n\nThe front door opens at seven. The key of the printer is {IN_DOCUMENT}.\n"
QUESTION = "When does the front door open, and what is the key of the printer?"
PROVIDERS = ("openai", "openai-responses", "groq", "anthropic", "openrouter", "portkey", "aws-claude")
PLAIN = "planted-words-of-no-known-shape"
INGEST_SECONDS, TURN_SECONDS = 120, 60


def echoes(status: int) -> Behaviour:
    """Refuse with all headers of the request in every part of the answer that has room for them."""

    def behave(exchange: Exchange) -> None:
        sent = " ".join(exchange.received.headers.values())
        error = {"message": f"Incorrect API key provided: {sent}", "type": sent, "code": sent, "param": sent}
        exchange.document(status, json.dumps({"error": error, "message": sent}), **{"x-request-id": sent[:200]})

    return behave


def breaks_off(exchange: Exchange) -> None:
    """Begin to answer, and tell the key in the middle of the stream."""
    exchange.begin()
    sent = " ".join(exchange.received.headers.values())
    exchange.line(f"data: {json.dumps({'error': {'message': sent, 'code': sent}})}")
    exchange.reset()


def falls_silent(exchange: Exchange) -> None:
    exchange.hold()


@pytest.fixture
def wire() -> Iterator[WireServer]:
    with closing(WireServer()) as server:
        yield server


@pytest.fixture
def planted(data_dir: Path, wire: WireServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings with a key of its own for each secret, in the environment, so that the worker has them too."""
    secrets = [name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)]
    for number, name in enumerate(secrets):
        alias = Settings.model_fields[name].validation_alias
        variable = alias if isinstance(alias, str) else f"ASSISTANT_{name.upper()}"
        monkeypatch.setenv(variable, f"{PLAIN}-{name.replace('_', '-')}-{number}")
    for variable in ("OPENAI_BASE_URL", "OPENROUTER_BASE_URL", "PORTKEY_BASE_URL", "LOCAL_BASE_URL"):
        monkeypatch.setenv(variable, f"{wire.url}/v1")
    for variable in ("GROQ_BASE_URL", "ANTHROPIC_BASE_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"):
        monkeypatch.setenv(variable, wire.url)
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("ASSISTANT_DATA_DIR", str(data_dir))
    lend(data_dir)
    settings = load(
        _env_file=None, data_dir=data_dir, samples=False, first_token_seconds=0.3, questions_per_minute=1000
    )
    values = [getattr(settings, name) for name in secrets]
    assert all(isinstance(value, SecretStr) and value.get_secret_value().startswith(PLAIN) for value in values)
    return settings


@pytest.fixture
def logged(planted: Settings) -> Iterator[Settings]:
    """The settings, with a log in the data folder as the app has it."""
    factory, logger = logging.getLogRecordFactory(), logging.getLogger("assistant")
    log.set_up("DEBUG", planted.data_dir, hide=log.secrets(planted))
    yield planted
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)
    log.keep_from_records([])
    logging.setLogRecordFactory(factory)


def asked(services: bootstrap.Services, provider: str) -> Turn:
    person = services.people.local()
    return services.chat.ask(person, None, QUESTION, ModelChoice(provider)).result(TURN_SECONDS).turn


def worked(settings: Settings, wire: WireServer) -> str:
    """Ingest, ask every provider in every mood, export and back up; return what people were told."""
    services = bootstrap.build(settings)
    told: list[str] = []
    try:
        person = services.people.local()
        upload = services.knowledge.upload(person, "Door.md", DOCUMENT.encode())
        services.knowledge.wait_until_done([upload.document_id], INGEST_SECONDS)
        for provider in PROVIDERS:
            for mood in (echoes(401), echoes(400), breaks_off, says("It opens at seven. [1]"), falls_silent):
                wire.answers(mood)
                told.append(repr(asked(services, provider)))
        wire.answers(echoes(500))
        told.append(repr(asked(services, "openai")))
        told.append(repr(services.models.overview(person)))
        told.append(services.usage.export(person, None).decode())
        told.append(services.audit.export(person, AuditQuery()).decode())
        told.append(repr(services.findings.documents(person)))
        backups.back_up(person, services.database, settings, settings.data_dir.parent / "backup.tar")
        with services.database.read() as session:
            told.append(repr(session.execute(text("SELECT * FROM findings")).all()))
    finally:
        services.close()
    told.append(repr(doctor.check_all(settings)))
    return "\n".join(told)


def test_no_planted_key_is_in_anything_that_is_written(
    logged: Settings, wire: WireServer, capfd: pytest.CaptureFixture[str]
) -> None:
    told = worked(logged, wire)
    printed = "".join(capfd.readouterr())
    files = {path: path.read_bytes() for path in sorted(logged.data_dir.parent.rglob("*")) if path.is_file()}
    written = (logged.data_dir / log.FILE).read_text(encoding="utf-8")
    assert len(wire.requests) > 5 * len(PROVIDERS)
    assert "[hidden]" in written
    assert {path.name for path in files} >= {"assistant.log", "assistant.sqlite", "backup.tar"}
    assert PLAIN not in told
    assert PLAIN not in printed
    assert [str(path) for path, data in files.items() if PLAIN.encode() in data] == []
    for said in (told, printed, written, json.dumps([request.body for request in wire.requests])):
        assert IN_DOCUMENT not in said
