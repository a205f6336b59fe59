"""Lists of models come through the real SDKs from servers on this computer, and only ever add to the catalogue."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ProviderUnavailable
from assistant.providers import catalogue, discovery, model_lists
from assistant.providers.model_info import ModelInfo
from assistant.settings import Settings, load

pytestmark = pytest.mark.usefixtures("without_providers")

KEY = "sk-test-0123456789-abcd"
TODAY = date(2026, 11, 20)


class ListServer(ThreadingHTTPServer):
    """Answers every request with ``status`` and ``body``; ``asked`` are the paths and headers so far."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 200
        self.body = b'{"data": []}'
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.hold = threading.Event()
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def lists(self, *entries: dict[str, Any]) -> None:
        self.body = json.dumps({"object": "list", "data": list(entries)}).encode()


class _Handler(BaseHTTPRequestHandler):
    server: ListServer

    def do_GET(self) -> None:
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.server.hold.wait(30)
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[ListServer]:
    with ListServer() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.hold.set()
        running.shutdown()
        thread.join()


def settings(data_dir: Path, **values: str) -> Settings:
    return load(_env_file=None, data_dir=data_dir, **values)


def openai(server: ListServer, tmp_path: Path) -> Settings:
    return settings(tmp_path, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=f"{server.url}/v1")


def discover(provider: str, known: Settings) -> dict[str, ModelInfo]:
    return {model.id: model for model in discovery.discover(catalogue.provider(provider), known)}


def merged(provider: str, known: Settings) -> dict[str, ModelInfo]:
    return {model.id: model for model in model_lists.merged(catalogue.provider(provider), known)}


@pytest.mark.parametrize(
    ("provider", "path", "variables"),
    [
        ("openai", "/v1/models", {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "{url}/v1"}),
        ("openai-responses", "/v1/models", {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "{url}/v1"}),
        ("groq", "/openai/v1/models", {"GROQ_API_KEY": KEY, "GROQ_BASE_URL": "{url}"}),
        ("anthropic", "/v1/models", {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": "{url}"}),
        ("openrouter", "/api/v1/models", {"OPENROUTER_API_KEY": KEY, "OPENROUTER_BASE_URL": "{url}/api/v1"}),
        ("portkey", "/v1/models", {"PORTKEY_API_KEY": KEY, "PORTKEY_BASE_URL": "{url}/v1"}),
        ("ollama", "/v1/models", {"OLLAMA_BASE_URL": "{url}/v1"}),
        ("local", "/v1/models", {"LOCAL_BASE_URL": "{url}/v1"}),
    ],
)
def test_every_provider_is_asked_at_its_own_address_and_its_list_is_kept(
    provider: str, path: str, variables: dict[str, str], server: ListServer, tmp_path: Path
) -> None:
    if provider == "anthropic":
        pytest.importorskip("anthropic", reason="the extra with Anthropic's SDK is not installed")
    server.lists({"id": "new-model", "object": "model"})
    known = settings(tmp_path, **{name: value.format(url=server.url) for name, value in variables.items()})
    assert list(discover(provider, known)) == ["new-model"]
    asked, headers = server.asked[0]
    assert asked.partition("?")[0] == path
    keyed = any(name.endswith("_API_KEY") for name in variables)
    assert any(KEY in value for value in headers.values()) == keyed
    assert merged(provider, known)["new-model"].discovered
    assert not model_lists.is_stale(catalogue.provider(provider), known)


def test_the_list_of_openai_gives_the_day_of_a_models_end(server: ListServer, tmp_path: Path) -> None:
    known = openai(server, tmp_path)
    server.lists(
        {"id": "gpt-7", "shutdown_date": None},
        {"id": "gpt-6-luna", "shutdown_date": "2027-08-01"},
        {"id": "gpt-5.5", "shutdown_date": "2027-05-01"},
    )
    discover("openai", known)
    models = merged("openai", known)
    assert [models[name].retires for name in ("gpt-7", "gpt-6-luna", "gpt-5.5")] == [
        None,
        date(2027, 8, 1),
        date(2027, 5, 1),
    ]


@pytest.mark.parametrize("provider", ["openai", "openai-responses"])
def test_models_without_chat_completions_are_listed_for_responses_only(
    provider: str, server: ListServer, tmp_path: Path
) -> None:
    server.lists(*({"id": name} for name in ("gpt-5.5-pro", "o3-pro-2025-06-10", "gpt-5.3-codex", "deepseek-v4-pro")))
    found = discover(provider, openai(server, tmp_path))
    assert len(found) == (1 if provider == "openai" else 4)
    assert "deepseek-v4-pro" in found


def test_a_model_that_the_fresh_list_does_not_name_is_marked_but_stays(server: ListServer, tmp_path: Path) -> None:
    known = openai(server, tmp_path)
    server.lists({"id": "gpt-6-luna"})
    discover("openai", known)
    models = merged("openai", known)
    today = datetime.now(UTC).date()
    assert models["gpt-6-luna"].unlisted is None
    assert models["gpt-6-astra"].unlisted == today
    assert f"not offered any more by the provider's list of {today}" in models["gpt-6-astra"].note
    assert not models["gpt-6-astra"].retired(today)


def test_a_folder_that_takes_no_file_does_not_keep_the_list_from_being_used(server: ListServer, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    server.lists({"id": "gpt-7"})
    assert "gpt-7" in discover("openai", openai(server, tmp_path))
    assert "gpt-7" not in merged("openai", openai(server, tmp_path))


def test_an_old_list_says_nothing_about_models_it_does_not_name(server: ListServer, tmp_path: Path) -> None:
    known = openai(server, tmp_path)
    server.lists({"id": "gpt-6-luna"}, {"id": "gpt-7"})
    discover("openai", known)
    path = tmp_path / "cache" / "models-openai.json"
    stored = json.loads(path.read_text())
    path.write_text(json.dumps({**stored, "at": str(datetime.now(UTC) - timedelta(days=9))}))
    models = merged("openai", known)
    assert models["gpt-6-astra"].unlisted is None
    assert "gpt-7" in models
    assert model_lists.is_stale(catalogue.provider("openai"), known)


def test_a_retired_model_that_the_account_still_has_goes_on(server: ListServer, tmp_path: Path) -> None:
    known = settings(tmp_path, GROQ_API_KEY=KEY, GROQ_BASE_URL=server.url)
    server.lists({"id": "llama-3.3-70b-versatile", "active": True, "context_window": 131072})
    discover("groq", known)
    model = merged("groq", known)["llama-3.3-70b-versatile"]
    assert (model.retires, model.successor, model.context) == (None, "openai/gpt-oss-120b", 131072)


def test_a_list_counts_for_its_address_and_key_only(server: ListServer, tmp_path: Path) -> None:
    server.lists({"id": "of-this-server"})
    known = openai(server, tmp_path)
    discover("openai", known)
    assert "of-this-server" in merged("openai", known)
    assert "of-this-server" not in merged("openai", known.model_copy(update={"openai_base_url": None}))
    stored = (tmp_path / "cache" / "models-openai.json").read_text()
    assert KEY not in stored
    assert server.url not in stored


def test_prices_are_openais_behind_a_gateway_of_ones_own_too_as_in_the_ledger(
    server: ListServer, tmp_path: Path
) -> None:
    server.lists({"id": "gpt-4o-mini"})
    known = openai(server, tmp_path)
    discover("openai", known)
    assert merged("openai", known)["gpt-4o-mini"].input_price == Decimal("0.15")
    for address in ({}, {"OPENAI_BASE_URL": "https://api.openai.com/v1/"}):
        assert merged("openai", settings(tmp_path, **address))["gpt-4o-mini"].input_price == Decimal("0.15")


def test_a_listed_model_has_the_price_that_the_installation_knows(server: ListServer, tmp_path: Path) -> None:
    server.lists({"id": "openai/gpt-oss-20b"}, {"id": "qwen/qwen3-32b"}, {"id": "of-next-year"})
    known = settings(tmp_path, GROQ_API_KEY=KEY, GROQ_BASE_URL=server.url)
    discover("groq", known)
    models = merged("groq", known)
    prices = [models[name].input_price for name in ("openai/gpt-oss-20b", "qwen/qwen3-32b", "of-next-year")]
    assert prices == [Decimal("0.075"), Decimal("0.29"), None]


def test_what_is_known_of_effort_and_temperature_is_added(server: ListServer, tmp_path: Path) -> None:
    server.lists({"id": "gpt-5.6-sol"}, {"id": "gpt-4.1"})
    models = discover("openai", openai(server, tmp_path))
    assert (models["gpt-5.6-sol"].efforts, models["gpt-5.6-sol"].sampling) == (("low", "medium", "high"), False)
    assert (models["gpt-4.1"].efforts, models["gpt-4.1"].sampling) == ((), True)


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "OpenAI refused the key: check OPENAI_API_KEY."),
        (429, "OpenAI asks to wait: it was asked too often, or the account's credit is used up."),
        (404, "OpenAI gave no list of models (status 404); type the model's id instead."),
        (500, "OpenAI gave no list of models (status 500); type the model's id instead."),
    ],
)
def test_a_refusal_is_one_sentence_without_the_providers_words(
    status: int, says: str, server: ListServer, tmp_path: Path
) -> None:
    server.status = status
    server.body = json.dumps({"error": {"message": f"<b>secret {KEY}</b>"}}).encode()
    with pytest.raises(ProviderUnavailable) as refused:
        discover("openai", openai(server, tmp_path))
    assert str(refused.value) == says
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [b"<html>Sign in</html>", b'{"data": 3}', b'"text"', b"", b"\xff\xfe", b"[" * 100_000, b"[]" + b" " * 9_000_000],
)
def test_an_answer_that_is_no_list_is_refused_and_the_last_list_stays(
    body: bytes, server: ListServer, tmp_path: Path
) -> None:
    known = openai(server, tmp_path)
    server.lists({"id": "gpt-7"})
    discover("openai", known)
    server.body = body
    with pytest.raises(ProviderUnavailable, match="no list of models: check OPENAI_BASE_URL"):
        discover("openai", known)
    assert "gpt-7" in merged("openai", known)


def test_a_server_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    known = settings(tmp_path, LOCAL_BASE_URL="http://127.0.0.1:9/v1")
    with pytest.raises(ProviderUnavailable, match="cannot be reached: check LOCAL_BASE_URL"):
        discover("local", known)


def test_a_server_that_never_answers_is_left_after_the_bound(
    server: ListServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "SECONDS", 0.3)
    server.hold.clear()
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        discover("openai", openai(server, tmp_path))


def test_a_provider_that_is_not_set_up_names_its_variable(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnavailable, match="GROQ_API_KEY"):
        discover("groq", settings(tmp_path))


def test_the_offline_provider_is_its_own_list(tmp_path: Path) -> None:
    assert list(discover("offline", settings(tmp_path))) == ["quotes"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"at": "yesterday", "account": "", "models": []}',
        '{"at": "2026-11-20", "account": "", "models": []}',
        '{"at": "2026-11-20T10:00:00+00:00", "models": []}',
        '{"at": "2026-11-20T10:00:00+00:00", "account": "", "models": [{"id": "a"}]}',
        '{"at": "2026-11-20T10:00:00+00:00", "account": "", "models": [{"id": "a", "label": "A", "retires": "?"}]}',
        '{"at": "2026-11-20T10:00:00+00:00", "account": "", "models": [{"id": "a", "label": "A", "input_price": "x"}]}',
    ],
)
def test_a_broken_cache_is_no_cache_and_never_an_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "models-openai.json"
    path.parent.mkdir()
    path.write_text(text)
    row = catalogue.provider("openai")
    assert model_lists.last(row, settings(tmp_path)) is None
    assert model_lists.merged(row, settings(tmp_path))[0].id == row.models[0].id


def test_a_kept_list_comes_back_as_it_was(tmp_path: Path) -> None:
    row, known = catalogue.provider("openrouter"), settings(tmp_path)
    model = ModelInfo(
        "vendor/name",
        "Näme",
        context=1000,
        max_output=10,
        tools=False,
        output="prompted",
        efforts=("low", "high"),
        sampling=False,
        retires=TODAY,
        input_price=Decimal("0.25"),
        output_price=Decimal("1.5"),
        discovered=True,
    )
    model_lists.keep(row, known, [model])
    kept = model_lists.last(row, known)
    assert kept is not None
    assert kept.models == (model,)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["models-openrouter.json"]


@pytest.fixture
def bedrock(server: ListServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    pytest.importorskip("boto3", reason="the extra with Amazon's SDK is not installed")
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK", server.url)
    keys = {"AWS_ACCESS_KEY_ID": "AKIA0123456789", "AWS_SECRET_ACCESS_KEY": KEY, "AWS_REGION": "eu-central-1"}
    return settings(tmp_path, **keys)


def test_bedrock_names_the_ids_of_claude_in_its_region(server: ListServer, bedrock: Settings) -> None:
    names = ("eu.anthropic.claude-sonnet-5-5", "eu.anthropic.claude-haiku-6", "eu.amazon.nova-pro-v1:0")
    profiles = [{"inferenceProfileId": name, "inferenceProfileName": f"EU {name}"} for name in names]
    server.body = json.dumps({"inferenceProfileSummaries": profiles}).encode()
    found = discover("aws-claude", bedrock)
    assert list(found) == ["eu.anthropic.claude-sonnet-5-5", "eu.anthropic.claude-haiku-6"]
    sonnet = found["eu.anthropic.claude-sonnet-5-5"]
    assert (sonnet.sampling, sonnet.output) == (False, "native")
    assert merged("aws-claude", bedrock)["eu.anthropic.claude-haiku-6"].discovered


def test_bedrock_says_which_right_the_key_lacks(server: ListServer, bedrock: Settings) -> None:
    server.status = 403
    with pytest.raises(ProviderUnavailable, match="bedrock:ListInferenceProfiles"):
        discover("aws-claude", bedrock)
