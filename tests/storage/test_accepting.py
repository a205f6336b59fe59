"""Uploads are accepted one after the other, and who replaces a document replaces what they saw."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from assistant.domain import Upload, UploadOutcome
from assistant.errors import Conflict, NotFound, UploadRefused
from assistant.storage.accepting import Accepting, NewVersion
from assistant.storage.database import Database
from assistant.storage.documents import Documents
from assistant.storage.people import LOCAL, People

RACES = 100


@pytest.fixture
def accepting(database: Database) -> Accepting:
    People(database).local()
    return Accepting(database)


def _put(accepting: Accepting, text: str, **fields: object) -> Upload:
    values = {"space_id": "general", "name": "Rules.md", "uploaded_by": "local@localhost", **fields}
    digest = hashlib.sha256(text.encode()).hexdigest()
    new = NewVersion(sha256=digest, media_type="text/markdown", size=len(text), **values)  # type: ignore[arg-type]
    return accepting.accept(new, lambda: None, LOCAL)


def test_of_two_who_replace_at_once_one_wins_and_the_other_is_told(accepting: Accepting, database: Database) -> None:
    document_id = _put(accepting, "first").document_id

    def replace(text: str, seen: int, together: Barrier) -> Upload | Conflict:
        together.wait()
        try:
            return _put(accepting, text, replaces=document_id, expected=seen)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(2) as threads:
        for race in range(RACES):
            seen, together = race + 1, Barrier(2)
            ends = [threads.submit(replace, f"{who} {race}", seen, together) for who in ("ann", "bob")]
            results = sorted((end.result() for end in ends), key=lambda one: isinstance(one, Conflict))
            assert isinstance(results[0], Upload)
            assert results[0].version == seen + 1
            assert isinstance(results[1], Conflict)
    assert Documents(database).get(document_id, LOCAL).version == RACES + 1


def test_conflict_says_who_replaced_the_document(accepting: Accepting) -> None:
    document_id = _put(accepting, "first").document_id
    _put(accepting, "second")
    with pytest.raises(Conflict, match=r"^Local operator replaced this document at \d\d:\d\d on .* was not stored"):
        _put(accepting, "third", replaces=document_id, expected=1)


def test_the_same_bytes_are_no_conflict(accepting: Accepting) -> None:
    document_id = _put(accepting, "first").document_id
    _put(accepting, "second")
    again = _put(accepting, "second", replaces=document_id, expected=1)
    assert (again.outcome, again.version) == (UploadOutcome.UNCHANGED, 2)


def test_replacing_what_was_deleted_is_refused(accepting: Accepting) -> None:
    with pytest.raises(NotFound):
        _put(accepting, "text", replaces="none", expected=1)


def test_a_name_of_the_replaced_document_s_own_space_is_not_taken_twice(
    accepting: Accepting, database: Database
) -> None:
    other = Documents(database).add_space("other", LOCAL).id
    document_id = _put(accepting, "one", space_id=other).document_id
    _put(accepting, "two", space_id=other, name="Taken.md")
    with pytest.raises(UploadRefused, match=r"Taken\.md"):
        _put(accepting, "three", replaces=document_id, name="Taken.md")
