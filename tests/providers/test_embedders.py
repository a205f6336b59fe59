"""The choice of embedding models, and the client of those behind a server: every fault is one plain sentence."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from embeddings_server import MODEL, EmbeddingsServer
from pydantic import SecretStr

from assistant.domain import Usage
from assistant.errors import EmbeddingFailed, NotFound
from assistant.providers import embedders
from assistant.providers.api_embedder import BATCH_CHARACTERS, BATCH_TEXTS, ApiEmbedder, cost_of
from assistant.providers.minilm import MiniLM
from assistant.settings import Settings, load
from assistant.storage.rows import EMBEDDED

KEY = "sk-embeddings-1234567890"
SECONDS = 5.0
OWN = f"endpoint/{MODEL}"


def settings_with(**values: object) -> Settings:
    return load(_env_file=None, **values)


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    """A server that answers well."""
    server = EmbeddingsServer({"leave": 0, "holiday": 0, "canteen": 1})
    yield server
    server.close()


@pytest.fixture
def settings(server: EmbeddingsServer) -> Settings:
    """Settings that name the server."""
    return settings_with(EMBEDDINGS_BASE_URL=server.address, EMBEDDINGS_API_KEY=SecretStr(KEY), EMBEDDINGS_MODEL=MODEL)


@pytest.fixture
def embedder(settings: Settings) -> Iterator[ApiEmbedder]:
    """The client of the server."""
    target = embedders.target(OWN, settings)
    assert target is not None
    client = ApiEmbedder(target, SECONDS)
    yield client
    client.close()


def test_the_embedded_model_is_always_there_and_the_others_name_what_they_need() -> None:
    found = {one.id: one for one in embedders.choices(settings_with())}
    assert found[EMBEDDED].configured
    assert found[EMBEDDED].host is None
    assert found["openai/text-embedding-3-small"].problem == "Set OPENAI_API_KEY."
    assert found["endpoint"].problem == "Set EMBEDDINGS_MODEL and EMBEDDINGS_BASE_URL."
    assert MiniLM.model_id == EMBEDDED


def test_a_choice_tells_which_host_would_be_given_the_documents(settings: Settings) -> None:
    openai = embedders.choice("openai/text-embedding-3-large", settings_with(OPENAI_API_KEY=SecretStr(KEY)))
    own = embedders.choice(OWN, settings)
    assert (openai.configured, openai.host, openai.private) == (True, "api.openai.com", False)
    assert (own.configured, own.host, own.private) == (True, "127.0.0.1", True)


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(NotFound, match="openai/text-embedding-3-small"):
        embedders.choice("word2vec", settings_with())


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"EMBEDDINGS_BASE_URL": "localhost:8080"}, "EMBEDDINGS_BASE_URL must begin with http:// or https://."),
        ({"EMBEDDINGS_BASE_URL": "http://x/v1", "EMBEDDINGS_API_KEY": "a b"}, "EMBEDDINGS_API_KEY has white space"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(values: dict[str, Any], problem: str) -> None:
    choice = embedders.choice(OWN, settings_with(EMBEDDINGS_MODEL=MODEL, **values))
    assert choice.problem.startswith(problem)


def test_a_key_goes_only_to_the_server_it_belongs_to() -> None:
    keys = {"LOCAL_API_KEY": SecretStr("local-key"), "EMBEDDINGS_API_KEY": SecretStr(KEY), "EMBEDDINGS_MODEL": MODEL}
    local = embedders.target(OWN, settings_with(LOCAL_BASE_URL="http://chat:1/v1", **keys))
    own = embedders.target(
        OWN, settings_with(LOCAL_BASE_URL="http://chat:1/v1", EMBEDDINGS_BASE_URL="http://e", **keys)
    )
    assert local is not None
    assert own is not None
    assert (local.address, local.key) == ("http://chat:1/v1", SecretStr("local-key"))
    assert (own.address, own.key) == ("http://e/v1", SecretStr(KEY))


def test_a_model_that_is_no_longer_set_up_has_no_target() -> None:
    assert embedders.target(OWN, settings_with()) is None
    assert embedders.target(EMBEDDED, settings_with()) is None


def test_vectors_come_in_order_and_of_unit_length(server: EmbeddingsServer, embedder: ApiEmbedder) -> None:
    server.change = lambda reply: reply["data"].reverse()
    matrix = embedder.embed(["annual leave", "the canteen", "my holiday"]).vectors
    assert matrix.dtype == np.float32
    assert np.linalg.norm(matrix, axis=1) == pytest.approx(1.0)
    assert matrix[0] @ matrix[2] > 0.9
    assert matrix[0] @ matrix[1] < 0.3
    assert set(server.keys) == {KEY}


def test_what_the_sdk_has_for_openai_goes_to_no_other_server(
    server: EmbeddingsServer, embedder: ApiEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.setenv(name, "openais-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Corporate: openais-secret\nAuthorization: Bearer openais-secret")
    embedder.embed(["leave"])
    assert "openais-secret" not in json.dumps(server.headers)
    assert server.keys == [KEY]


def test_openai_is_asked_for_compact_vectors_and_gives_the_same(
    server: EmbeddingsServer, embedder: ApiEmbedder
) -> None:
    compact = ApiEmbedder(replace(embedder.target, compact=True), SECONDS)
    vectors = embedder.embed(["annual leave"]).vectors
    assert compact.embed(["annual leave"]).vectors == pytest.approx(vectors)
    assert [request["encoding_format"] for request in server.requests] == ["float", "base64"]
    compact.close()


def test_requests_are_bounded_by_texts_and_characters(server: EmbeddingsServer, embedder: ApiEmbedder) -> None:
    long = "x" * (BATCH_CHARACTERS // 2 + 1)
    assert len(embedder.embed(["short"] * (BATCH_TEXTS + 1) + [long, long]).vectors) == BATCH_TEXTS + 3
    assert [len(request["input"]) for request in server.requests] == [BATCH_TEXTS, 2, 1]


def test_what_was_used_is_told_for_the_ledger(embedder: ApiEmbedder) -> None:
    record = embedder.embed(["one", "two"]).record
    assert (record.purpose, record.provider, record.model) == ("embedding", "endpoint", MODEL)
    assert record.usage == Usage(requests=1, input_tokens=2)
    openai = embedders.target("openai/text-embedding-3-small", settings_with(OPENAI_API_KEY=SecretStr(KEY)))
    assert openai is not None
    assert cost_of(openai, [500_000, 1_500_000]) == Decimal("0.04")
    assert cost_of(openai, [1, None]) is None


def test_a_server_that_counts_no_tokens_makes_the_use_an_estimate(
    server: EmbeddingsServer, embedder: ApiEmbedder
) -> None:
    server.change = lambda reply: reply.pop("usage")
    assert embedder.embed(["one"]).record.usage == Usage(requests=1, estimated=True)


@pytest.mark.parametrize("count", [-1, 10**30, "many", 1.5, None])
def test_a_count_of_tokens_that_cannot_be_makes_the_use_an_estimate(
    server: EmbeddingsServer, embedder: ApiEmbedder, count: object
) -> None:
    server.change = lambda reply: reply["usage"].update(total_tokens=count)
    assert embedder.embed(["one"]).record.usage == Usage(requests=1, estimated=True)


Fault = Callable[[EmbeddingsServer], None]


def _short(server: EmbeddingsServer) -> None:
    server.change = lambda reply: reply["data"].pop()


def _not_a_number(server: EmbeddingsServer) -> None:
    server.answer_with(b'{"data": [{"index": 0, "embedding": [NaN, 1.0]}, {"index": 1, "embedding": [1.0, 1.0]}]}')


def _zero(server: EmbeddingsServer) -> None:
    rows = [{"index": n, "embedding": [0.0, 0.0]} for n in range(2)]
    server.answer_with(json.dumps({"data": rows}).encode())


def _uneven(server: EmbeddingsServer) -> None:
    rows = [{"index": n, "embedding": [1.0] * (n + 1)} for n in range(2)]
    server.answer_with(json.dumps({"data": rows}).encode())


FAULTS: dict[str, tuple[Fault, str]] = {
    "bad key": (lambda s: s.refuse(401), "refused the key; check EMBEDDINGS_API_KEY."),
    "unknown model": (lambda s: s.refuse(404), f"knows no embedding model '{MODEL}' at this address."),
    "quota": (lambda s: s.refuse(429, "insufficient_quota"), "has no quota left"),
    "rate limit": (lambda s: s.refuse(429, retry_after="7"), "asks to slow down."),
    "bad request": (lambda s: s.refuse(400), "refused the request (status 400)."),
    "sent on": (lambda s: s.refuse(307, location=f"{s.address}/embeddings"), "(status 307)"),
    "server error": (lambda s: s.refuse(503), "has a fault of its own (status 503)."),
    "html": (lambda s: s.answer_with(b"<html>", "text/html"), "holds no vectors"),
    "broken json": (lambda s: s.answer_with(b'{"data": [{"emb'), "holds no vectors"),
    "other json": (lambda s: s.answer_with(b'{"ok": true}'), "holds no vectors"),
    "too few": (_short, "gave 1 vectors for 2 texts."),
    "not a number": (_not_a_number, "cannot be compared"),
    "zero": (_zero, "cannot be compared"),
    "uneven": (_uneven, "holds no vectors"),
    "gone": (lambda s: s.go_away(), "cannot be reached at 127.0.0.1."),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_plain_sentence(server: EmbeddingsServer, embedder: ApiEmbedder, fault: str) -> None:
    cause, sentence = FAULTS[fault]
    cause(server)
    with pytest.raises(EmbeddingFailed) as raised:
        embedder.embed(["one", "two"])
    assert sentence in raised.value.message
    assert raised.value.message.startswith("Own embeddings server")
    assert KEY not in repr(raised.value)
    assert len(server.requests) <= 1


def test_a_key_that_a_server_repeats_does_not_reach_the_log(
    server: EmbeddingsServer, embedder: ApiEmbedder, caplog: pytest.LogCaptureFixture
) -> None:
    body = json.dumps({"error": {"message": f"wrong key {KEY}"}}).encode()
    server.refusal = (401, {"content-type": "application/json"}, body)
    with pytest.raises(EmbeddingFailed):
        embedder.embed(["one"])
    assert "wrong key [key]" in caplog.text
    assert KEY not in caplog.text


def test_a_server_that_says_nothing_is_given_up(server: EmbeddingsServer, embedder: ApiEmbedder) -> None:
    server.gate.clear()
    hasty = ApiEmbedder(embedder.target, 0.2)
    with pytest.raises(EmbeddingFailed, match="did not answer within"):
        hasty.embed(["one"])
    hasty.close()


def test_the_pause_that_a_server_asks_for_is_told(server: EmbeddingsServer, embedder: ApiEmbedder) -> None:
    server.refuse(429, retry_after="7")
    with pytest.raises(EmbeddingFailed) as raised:
        embedder.embed(["one"])
    assert raised.value.retry_after == 7.0


def test_vectors_of_another_size_than_those_stored_are_refused(settings: Settings) -> None:
    target = embedders.target(OWN, settings)
    assert target is not None
    client = ApiEmbedder(target, SECONDS, dimensions=768)
    with pytest.raises(EmbeddingFailed, match="32 numbers where those stored have 768"):
        client.embed(["one"])
    client.close()
