"""The download route: the very bytes, as an attachment, for who may see them."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from assistant.bootstrap import Services
from assistant.web import downloads

PAGE = b"<script>alert(1)</script>"


@pytest.fixture
def document_id(services: Services) -> str:
    person = services.people.local()
    first = services.knowledge.upload(person, 'Gr\u00fc\u00dfe "a".html', PAGE)
    services.knowledge.upload(person, first.name, b"<p>second</p>")
    return first.document_id


def test_the_original_comes_as_bytes_to_keep(client: TestClient, document_id: str) -> None:
    answer = client.get(downloads.address(document_id, 1))
    assert (answer.status_code, answer.content) == (200, PAGE)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_without_a_version_it_is_the_newest(client: TestClient, document_id: str) -> None:
    assert client.get(downloads.address(document_id)).content == b"<p>second</p>"


def test_a_part_can_be_asked_for(client: TestClient, document_id: str) -> None:
    answer = client.get(downloads.address(document_id, 1), headers={"Range": "bytes=1-6"})
    assert (answer.status_code, answer.content) == (206, b"script")


@pytest.mark.parametrize("path", ["/documents/nobody/original", "/documents/..%2f..%2fetc/original"])
def test_a_strange_document_is_not_found(client: TestClient, services: Services, path: str) -> None:
    del services
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("version", ["9", "0", "x", "-1", "9999999999999", "\u0664"])
def test_a_strange_version_is_not_found(client: TestClient, document_id: str, version: str) -> None:
    answer = client.get(downloads.PATH.format(document_id=document_id), params={"version": version})
    assert answer.status_code == 404


def test_a_missing_file_is_told(client: TestClient, services: Services, document_id: str) -> None:
    path, _ = services.knowledge.original(services.people.local(), document_id, 1)
    path.unlink()
    answer = client.get(downloads.address(document_id, 1))
    assert (answer.status_code, answer.json()["message"]) == (
        404,
        "The stored file is missing. Restore it from a backup.",
    )


def test_pages_of_other_sites_cannot_fetch_it_but_a_link_may_lead_here(client: TestClient, document_id: str) -> None:
    address = downloads.address(document_id)
    fetched = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert client.get(address, headers=fetched).status_code == 403
    assert client.get(address, headers={**fetched, "Sec-Fetch-Mode": "navigate"}).status_code == 200
    assert client.get(address, headers={"Host": "evil.example"}).status_code == 403
