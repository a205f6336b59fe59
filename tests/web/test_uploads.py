"""The upload route: bytes to disk as they arrive, sent by our own pages only, refused in a sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from assistant.bootstrap import Services
from assistant.domain import Document, Role
from assistant.web import uploads
from assistant.web.admission import MARK
from assistant.web.state import HOLDER

HOME = "http://127.0.0.1:8501"
OURS = {"Origin": HOME, MARK[0]: MARK[1]}
Put = Callable[..., Any]


@pytest.fixture
def put(client: TestClient) -> Put:
    def send(data: bytes, headers: dict[str, str] | None = None, **query: str) -> Any:
        return client.put(uploads.PATH, content=data, params=query, headers=OURS if headers is None else headers)

    return send


def documents(services: Services) -> list[Document]:
    return services.knowledge.documents(services.people.local())


def left_behind(services: Services) -> list[Path]:
    return list((services.settings.data_dir / "originals" / "incoming").glob("*"))


def test_a_file_is_stored_whole_and_told(put: Put, services: Services) -> None:
    data = bytes(range(256)) * 2000
    answer = put(data, name="Hölzer & Söhne.txt")
    assert answer.status_code == 201
    (document,) = documents(services)
    assert answer.json() == {
        "document_id": document.id, "name": "Hölzer & Söhne.txt", "version": 1, "outcome": "new",
    }  # fmt: skip
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    path, _ = services.knowledge.original(services.people.local(), document.id)
    assert path.read_bytes() == data
    assert left_behind(services) == []


def test_the_same_bytes_again_change_nothing(put: Put) -> None:
    put(b"one", name="a.txt")
    assert put(b"one", name="a.txt").json()["outcome"] == "unchanged"


def test_an_empty_file_is_taken(put: Put) -> None:
    assert put(b"", name="nothing.txt").status_code == 201


def test_of_two_who_replace_the_same_version_the_second_is_told(put: Put, services: Services) -> None:
    put(b"one", name="a.txt")
    (document,) = documents(services)
    seen = {"replaces": document.id, "expected": "1"}
    assert put(b"two", name="b.txt", **seen).status_code == 201
    late = put(b"three", name="c.txt", **seen)
    assert late.status_code == 409
    assert "replaced" in late.json()["message"]
    assert documents(services)[0].name == "b.txt"
    assert left_behind(services) == []


@pytest.mark.parametrize("expected", ["x", "-1", "1.0", "9" * 20])
def test_a_version_that_is_no_number_never_means_any(put: Put, services: Services, expected: str) -> None:
    put(b"one", name="a.txt")
    (document,) = documents(services)
    assert put(b"two", name="a.txt", replaces=document.id, expected=expected).status_code == 400
    assert documents(services)[0].version == 1
    assert left_behind(services) == []


@pytest.mark.parametrize(
    "headers",
    [
        {**OURS, "Origin": "http://evil.example"},
        {**OURS, "Origin": "http://127.0.0.1:9999"},
        {**OURS, "Origin": "null"},
        {MARK[0]: MARK[1]},
        {"Origin": HOME},
        {**OURS, "Sec-Fetch-Site": "cross-site"},
        {**OURS, "Host": "evil.example", "Origin": "http://evil.example"},
        {**OURS, "Host": "user@127.0.0.1:8501"},
    ],
)
def test_what_no_page_of_ours_sent_is_refused(put: Put, services: Services, headers: dict[str, str]) -> None:
    answer = put(b"one", headers, name="a.txt")
    assert answer.status_code == 403
    assert documents(services) == []


def test_a_name_under_which_the_app_is_published_is_ours(put: Put) -> None:
    here = {**OURS, "Host": "wiki.example.org", "Origin": "https://wiki.example.org"}
    assert put(b"one", here, name="a.txt").status_code == 201


def test_who_may_not_edit_is_told_so(put: Put, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = services.people.add("reader@example.org", "Reader", Role.STAFF)
    monkeypatch.setattr(services.people, "local", lambda: reader)
    answer = put(b"one", name="a.txt")
    assert (answer.status_code, documents(services)) == (403, [])
    assert "administrators" in answer.json()["message"]


def test_what_is_too_large_is_refused_before_it_comes(put: Put, services: Services) -> None:
    answer = put(b"x" * 1_000_001, name="a.txt")
    assert answer.status_code == 413
    assert answer.json()["message"] == "The file is larger than the limit of 1 MB. Split it and upload the parts."
    assert left_behind(services) == []


def test_a_file_without_a_known_size_is_refused(client: TestClient) -> None:
    answer = client.put(uploads.PATH, content=iter([b"one"]), params={"name": "a.txt"}, headers=OURS)
    assert answer.status_code == 411


@pytest.mark.parametrize(
    ("query", "status"),
    [({}, 422), ({"name": "../.."}, 422), ({"name": "a", "space": "x"}, 404), ({"name": "a", "replaces": "x"}, 404)],
)
def test_what_names_no_place_is_refused_in_a_sentence(
    put: Put, services: Services, query: dict[str, str], status: int
) -> None:
    answer = put(b"one", **query)
    assert answer.status_code == status
    assert answer.json()["message"].endswith(".")
    assert left_behind(services) == []


def test_a_name_is_stored_without_folders_and_control_characters(put: Put, services: Services) -> None:
    put(b"one", name="../../etc/\u202epass\x00wd<img src=x>.txt")
    assert [one.name for one in documents(services)] == ["passwd<img src=x>.txt"]


def test_nothing_is_taken_before_the_services_are_there(app: Starlette) -> None:
    assert HOLDER.wait(0) is None
    answer = TestClient(app, base_url=HOME).put(uploads.PATH, content=b"one", params={"name": "a"}, headers=OURS)
    assert answer.status_code == 503
    assert answer.json()["message"] == HOLDER.reason


@pytest.mark.parametrize("arrived", [0, 1, 700_000])
def test_a_connection_that_breaks_leaves_nothing(app: Starlette, services: Services, arrived: int) -> None:
    come: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"x" * arrived, "more_body": True},
        {"type": "http.disconnect"},
    ]
    assert asked(app, come) == 499
    assert (documents(services), left_behind(services)) == ([], [])


def test_a_body_that_is_shorter_than_it_said_is_refused(app: Starlette, services: Services) -> None:
    assert asked(app, [{"type": "http.request", "body": b"x", "more_body": False}]) == 400
    assert (documents(services), left_behind(services)) == ([], [])


def test_a_connection_that_stands_still_is_given_up(
    app: Starlette, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "STALL_SECONDS", 0.05)
    assert asked(app, [{"type": "http.request", "body": b"x", "more_body": True}]) == 408
    assert (documents(services), left_behind(services)) == ([], [])


def asked(app: Starlette, messages: list[dict[str, Any]]) -> int:
    """Send messages of a server to the app and return the status; after the last one nothing comes any more."""
    names = {"host": "127.0.0.1:8501", "content-length": "800000", **{k.lower(): v for k, v in OURS.items()}}
    scope = {
        "type": "http", "method": "PUT", "path": uploads.PATH, "raw_path": uploads.PATH.encode(), "root_path": "",
        "query_string": b"name=a.txt", "scheme": "http", "http_version": "1.1", "client": None, "server": None,
        "headers": [(name.encode(), value.encode()) for name, value in names.items()],
    }  # fmt: skip
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        if not messages:
            await anyio.sleep_forever()
        return messages.pop(0)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def run() -> None:
        await app(scope, receive, send)

    anyio.run(run)
    return statuses[0]
