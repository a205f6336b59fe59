"""A question is put into the words of the documents only where it has a word that none of them has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from assistant.access import NOTHING, Readable
from assistant.library import Chunk, ParsedDocument, ParsedPage
from assistant.storage.accepting import Accepting, NewVersion
from assistant.storage.database import Database
from assistant.storage.ingestion import Ingestion
from assistant.storage.migrate import upgrade
from assistant.storage.spelling import in_other_words, respelled
from assistant.storage.vectors import Vectors

TEXT = "Harbour dues are settled with the pursers at Quay Zephyria. Annual leave is requested from the helmsman."
WORDS = frozenset(("harbour", "annual", "leave", "berth", "berlin", "harbor", "wage", "words"))
READABLE = Readable(("general",))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    url = f"sqlite:///{tmp_path / 'assistant.sqlite'}"
    upgrade(url)
    database = Database(url)
    new = NewVersion("general", "Harbour.md", "Harbour.md", "text/plain", 1, "ann@example.com")
    Accepting(database).accept(new, lambda: None, READABLE)
    store = Ingestion(database, worker="one")
    job = store.due()[0]
    store.claim(job)
    parsed = ParsedDocument("Harbour", (ParsedPage(None, TEXT),))
    store.store_parsed(job, parsed, [Chunk(0, 0, len(TEXT), None, None, (), TEXT)], [b"digest"], "model")
    store.store_vectors(job, {one.id: b"\0\0" for one in store.unembedded(job.version_id, 10)})
    store.finish(job)
    vectors = Vectors(database)
    vectors.switch_live(vectors.waiting()[0])
    with database.read() as session:
        yield session
    database.close()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("how much are the harbuor dues", "how much are the harbour dues"),
        ("how mch is anual leave", "how much is annual leave"),
        ("how mch is anual leav", "how much is annual leave"),
        ("HARBUOR DUES", "harbour DUES"),
        ("Pursrs?", "pursers?"),
    ],
)
def test_a_misspelt_word_is_read_as_the_documents_write_it(session: Session, written: str, meant: str) -> None:
    assert respelled(session, written, READABLE, WORDS.__contains__) == meant


@pytest.mark.parametrize(
    "question",
    [
        "how much is a berth in berlin",  # English words that no document has
        "who is Harbuor",  # a name
        "where is the harbour's berth",
        "who are the purser",  # one of a word that documents have in the plural
        "what is HB-2041 or purser@quay.example",
        "xqzt wrrp plonk fnord brzl",  # no words at all
    ],
)
def test_what_may_be_meant_as_it_is_stays(session: Session, question: str) -> None:
    assert respelled(session, question, READABLE, WORDS.__contains__) == question


def test_words_of_documents_that_the_person_may_not_read_are_not_told(session: Session) -> None:
    assert respelled(session, "where is zephyriaa", READABLE, WORDS.__contains__) == "where is zephyria"
    assert respelled(session, "where is zephyriaa", NOTHING, WORDS.__contains__) == "where is zephyriaa"
    assert in_other_words(session, "vacation", NOTHING) == "vacation"


def test_a_common_word_that_stands_nowhere_gives_way_to_another_for_the_same(session: Session) -> None:
    assert in_other_words(session, "how much vacation do i have", READABLE) == "how much annual leave do i have"
    assert in_other_words(session, "what is the wage", READABLE) == "what is the wage"
