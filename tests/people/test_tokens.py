"""An API token opens what its scopes say for as long as it and its person hold, and can be read nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from persons import person
from sqlalchemy import text

from assistant.access import Scope
from assistant.domain import Person, Role
from assistant.errors import NotAllowed, NotFound, SignedOut, WrongUse
from assistant.people import tokens
from assistant.people.rights import Rights
from assistant.people.tokens import PREFIX, TokenService
from assistant.storage.database import Database


@pytest.fixture
def service(database: Database) -> TokenService:
    """Tokens over an empty database."""
    return TokenService(database, Rights(database))


@pytest.fixture
def ann(database: Database) -> Person:
    """Somebody who may have tokens."""
    return person(database, "ann", Role.ADMIN)


def _run(database: Database, statement: str) -> None:
    with database.write() as session:
        session.execute(text(statement))


def test_a_token_gives_its_person_by_a_credential_of_its_own(service: TokenService, ann: Person) -> None:
    token, secret = service.create(ann, "Nightly export", [Scope.ASK, Scope.READ], 30)
    found, scopes = service.person_for(secret)
    assert found == replace(ann, credential=f"token:{token.id}")
    assert scopes == (Scope.READ, Scope.ASK)


def test_a_token_is_known_by_its_beginning_and_stands_nowhere(
    service: TokenService, ann: Person, database: Database
) -> None:
    _token, secret = service.create(ann, "Script", [Scope.READ], 1)
    assert secret.startswith(PREFIX)
    database.close()
    kept = b"".join(file.read_bytes() for file in _files(database))
    assert b"Script" in kept
    assert secret.encode() not in kept
    assert secret.removeprefix(PREFIX).encode() not in kept


def _files(database: Database) -> list[Path]:
    file = Path(str(database.engine.url.database))
    return sorted(file.parent.glob(f"{file.name}*"))


@pytest.mark.parametrize("token", ["", "ika_", "ika_nothing", "session:s", "ika_" + "ü" * 40])
def test_what_is_no_token_opens_nothing(service: TokenService, token: str) -> None:
    with pytest.raises(SignedOut):
        service.person_for(token)


def test_the_stored_digest_is_no_token(service: TokenService, ann: Person, database: Database) -> None:
    service.create(ann, "Script", [Scope.READ], 1)
    with database.read() as session:
        digest = session.scalar(text("SELECT digest FROM api_tokens"))
    for tried in (digest, PREFIX + str(digest)):
        with pytest.raises(SignedOut):
            service.person_for(str(tried))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_tokens SET expires_at = '2020-01-01 00:00:00.000000'",
        "UPDATE api_tokens SET revoked_at = '2020-01-01 00:00:00.000000'",
        "UPDATE people SET disabled_at = '2020-01-01 00:00:00.000000'",
    ],
)
def test_an_old_or_revoked_token_and_one_of_a_disabled_person_open_nothing(
    service: TokenService, ann: Person, database: Database, change: str
) -> None:
    _token, secret = service.create(ann, "Script", [Scope.READ], 1)
    found, _scopes = service.person_for(secret)
    _run(database, change)
    with pytest.raises(SignedOut):
        service.person_for(secret)
    with pytest.raises(SignedOut):  # what was let in before does not go on either
        Rights(database).standing(found)


def test_a_revoked_token_ends_at_once_and_is_listed_no_more(service: TokenService, ann: Person) -> None:
    token, secret = service.create(ann, "Script", [Scope.READ], 1)
    service.revoke(ann, token.id)
    with pytest.raises(SignedOut):
        service.person_for(secret)
    assert service.of(ann) == []
    with pytest.raises(NotFound):
        service.revoke(ann, token.id)


def test_a_token_of_somebody_else_does_not_exist(service: TokenService, ann: Person, database: Database) -> None:
    token, secret = service.create(ann, "Script", [Scope.READ], 1)
    bob = person(database, "bob", Role.ADMIN)
    assert service.of(bob) == []
    with pytest.raises(NotFound):
        service.revoke(bob, token.id)
    assert service.person_for(secret)


def test_a_role_that_was_taken_away_is_gone_from_the_token_too(
    service: TokenService, ann: Person, database: Database
) -> None:
    _token, secret = service.create(ann, "Script", [Scope.READ], 1)
    _run(database, "UPDATE people SET role = 'staff'")
    assert service.person_for(secret)[0].role is Role.STAFF


def test_the_last_use_is_told(service: TokenService, ann: Person) -> None:
    _token, secret = service.create(ann, "Script", [Scope.READ], 1)
    assert service.of(ann)[0].used_at is None
    service.person_for(secret)
    first = service.of(ann)[0].used_at
    assert first is not None
    service.person_for(secret)
    assert service.of(ann)[0].used_at == first  # within the same minute nothing is written


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("  ", [Scope.READ], 1),
        ("n" * 81, [Scope.READ], 1),
        ("line\nbreak", [Scope.READ], 1),
        ("Script", [], 1),
        ("Script", [Scope.READ], 0),
        ("Script", [Scope.READ], 366),
    ],
)
def test_a_token_without_name_or_use_or_end_is_refused(
    service: TokenService, ann: Person, name: str, scopes: list[Scope], days: int
) -> None:
    with pytest.raises(WrongUse):
        service.create(ann, name, scopes, days)
    assert service.of(ann) == []


def test_one_person_can_have_only_so_many(service: TokenService, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST_TOKENS", 2)
    first, _secret = service.create(ann, "1", [Scope.READ], 1)
    service.create(ann, "2", [Scope.READ], 1)
    with pytest.raises(WrongUse):
        service.create(ann, "3", [Scope.READ], 1)
    service.revoke(ann, first.id)
    assert service.create(ann, "3", [Scope.READ], 1)


@pytest.mark.parametrize(
    "act",
    [
        lambda service, who: service.create(who, "Another", [Scope.READ], 1),
        lambda service, who: service.of(who),
        lambda service, who: service.revoke(who, "x"),
    ],
)
def test_a_token_makes_and_ends_no_tokens(
    service: TokenService, ann: Person, act: Callable[[TokenService, Person], object]
) -> None:
    _token, secret = service.create(ann, "Script", list(Scope), 1)
    by_token, _scopes = service.person_for(secret)
    with pytest.raises(NotAllowed):
        act(service, by_token)


def test_making_and_ending_a_token_are_in_the_audit_log_without_it(
    service: TokenService, ann: Person, database: Database
) -> None:
    token, secret = service.create(ann, "Script", [Scope.READ], 1)
    service.revoke(ann, token.id)
    with database.read() as session:
        lines = session.execute(text("SELECT action, subject, person_id, details FROM audit_log ORDER BY id")).all()
    assert [line[:3] for line in lines] == [
        ("token.created", token.id, ann.id),
        ("token.revoked", token.id, ann.id),
    ]
    assert secret not in json.dumps([str(line) for line in lines])
