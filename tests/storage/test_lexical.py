"""What people type is words, never FTS5 syntax."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text as sql
from sqlalchemy.orm import Session

from assistant.access import NOTHING, Readable
from assistant.library import Chunk, ParsedDocument, ParsedPage
from assistant.storage import lexical
from assistant.storage.accepting import Accepting, NewVersion
from assistant.storage.database import Database
from assistant.storage.ingestion import Ingestion
from assistant.storage.migrate import upgrade
from assistant.storage.vectors import Vectors

TEXTS = {
    "Leave.pdf": "Employees receive 27 days of annual leave each year.",
    "Security.pdf": "Report a lost laptop to the service desk; the form is HR-2024-07, version 3.1.",
    "Café.pdf": "The café opens at eight. Vegetarian meals are available in the café.",
    "Laptop guide.pdf": "How to connect the screen.",
}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    url = f"sqlite:///{tmp_path / 'assistant.sqlite'}"
    upgrade(url)
    database = Database(url)
    for name, text in TEXTS.items():
        _put(database, name, text)
    with database.read() as session:
        yield session
    database.close()


def _put(database: Database, name: str, text: str) -> None:
    new = NewVersion("general", name, name, "text/plain", 1, "ann@example.com")
    Accepting(database).accept(new, lambda: None, Readable(("general",)))
    store = Ingestion(database, worker="one")
    job = store.due()[0]
    store.claim(job)
    chunk = Chunk(0, 0, len(text), None, None, (), text)
    store.store_parsed(job, ParsedDocument(Path(name).stem, (ParsedPage(None, text),)), [chunk], [b"digest"], "model")
    store.store_vectors(job, {one.id: b"\0\0" for one in store.unembedded(job.version_id, 10)})
    store.finish(job)
    vectors = Vectors(database)
    vectors.switch_live(vectors.waiting()[0])


def _names(session: Session, query: str) -> list[str]:
    ids = lexical.search(session, query, Readable(("general",)), 10)
    return [list(TEXTS)[id_ - 1] for id_ in ids]


def test_words_are_found_in_other_forms(session: Session) -> None:
    assert _names(session, "How many days of leave does an employee receive?") == ["Leave.pdf"]


def test_words_are_found_without_their_accents(session: Session) -> None:
    assert _names(session, "cafe") == ["Café.pdf"]


def test_codes_are_found_as_they_stand(session: Session) -> None:
    assert _names(session, "hr-2024-07") == ["Security.pdf"]
    assert _names(session, "HR-2024-70") == []


def test_a_word_in_the_title_weighs_more_than_one_in_the_text(session: Session) -> None:
    assert _names(session, "laptop") == ["Laptop guide.pdf", "Security.pdf"]


def test_passages_with_all_words_come_before_those_with_some(session: Session) -> None:
    assert _names(session, "lost laptop")[0] == "Security.pdf"
    assert set(_names(session, "lost laptop")) == {"Security.pdf", "Laptop guide.pdf"}


def test_words_that_stand_nowhere_do_not_hide_the_others(session: Session) -> None:
    assert _names(session, "xylophone annual") == ["Leave.pdf"]


def test_only_the_spaces_asked_for_are_searched(session: Session) -> None:
    assert lexical.search(session, "leave", Readable(("other",)), 10) == {}
    assert lexical.search(session, "leave", NOTHING, 10) == {}


@pytest.mark.parametrize(
    "hostile",
    ['"', '""" OR 1', "*", "NEAR(", "leave AND", "title:leave", "-leave", "^leave", "(leave", "leave)", "{a b}: c"],
)
def test_search_syntax_is_taken_as_words(session: Session, hostile: str) -> None:
    assert set(_names(session, hostile)) <= set(TEXTS)


@pytest.mark.parametrize("strange", ["", "   ", "😀😀", "\0", "the of and", "'; DROP TABLE chunks; --", "\ud800"])
def test_strange_queries_find_nothing_and_do_no_harm(session: Session, strange: str) -> None:
    assert _names(session, strange) == []


def _put_many(database: Database, space: str, titles: list[str], texts: list[str]) -> list[int]:
    """Put live documents of one chunk each straight into the tables; return the chunk rows."""
    with database.write() as session:
        values: dict[str, object] = {"space": space, "now": "2026-11-01 09:00:00"}
        session.execute(
            sql("INSERT OR IGNORE INTO spaces (id, name, created_at) VALUES (:space, :space, :now)"), values
        )
        first = session.execute(sql("SELECT coalesce(max(id), 0) + 1 FROM document_versions")).scalar() or 1
        rows = []
        for number, (title, said) in enumerate(zip(titles, texts, strict=True), start=first):
            values |= {"id": number, "document": f"{number}", "title": title, "said": said, "digest": b""}
            for statement in _ONE_DOCUMENT:
                session.execute(sql(statement), values)
            rows.append(session.execute(sql("SELECT max(id) FROM chunks")).scalar() or 0)
        return rows


_ONE_DOCUMENT = (
    """INSERT INTO documents (id, space_id, name, live_version_id, created_at)
       VALUES (:document, :space, :id, :id, :now)""",
    """INSERT INTO document_versions (id, document_id, number, name, sha256, media_type, size, title, chunks, status,
                                      done, total, attempt, starts, uploaded_by, uploaded_at)
       VALUES (:id, :document, 1, '', '', '', 1, :title, 1, 'ready', 1, 1, 1, 1, '', :now)""",
    """INSERT INTO chunks (version_id, number, start, "end", title, heading, text, digest)
       VALUES (:id, 0, 0, 1, :title, '', :said, :digest)""",
)
MANY = lexical.RANKED + 500
SPACE = sql("INSERT OR IGNORE INTO spaces (id, name, created_at) VALUES (:space, :space, :now)")


def test_of_a_word_that_stands_everywhere_those_that_are_about_it_are_found_however_old(database: Database) -> None:
    old, *_ = _put_many(database, "general", ["Lockers"], ["All of it."])
    _put_many(database, "general", ["Hall"] * MANY, [f"The lockers of hall {n} are open." for n in range(MANY)])
    with database.read() as session:
        assert next(iter(lexical.search(session, "lockers", Readable(("general",)), 10))) == old


def test_a_rare_word_leads_among_words_that_stand_everywhere(database: Database) -> None:
    old, *_ = _put_many(database, "general", ["Hall"], ["The zeppelin hall is shut, as no other."])
    _put_many(database, "general", ["Hall"] * MANY, [f"The lockers of hall {n} are open." for n in range(MANY)])
    with database.read() as session:
        found = lexical.search(session, "open lockers of the zeppelin hall", Readable(("general",)), 10)
    assert next(iter(found)) == old


def test_few_documents_are_found_among_many_that_the_person_may_not_see(database: Database) -> None:
    mine = _put_many(database, "mine", ["Hall"] * 3, ["My lockers are open."] * 3)
    _put_many(database, "general", ["Hall"] * MANY, [f"The lockers of hall {n} are open." for n in range(MANY)])
    with database.read() as session:
        assert sorted(lexical.search(session, "open lockers", Readable(("mine",)), 10)) == mine


def test_very_long_queries_are_cut(session: Session) -> None:
    assert _names(session, "annual leave " + "x" * 100_000) == ["Leave.pdf"]
    assert len(lexical.terms_of(" ".join(f"word{n}" for n in range(10_000)))) <= lexical.TERMS_LOOKED_UP


def test_a_fiscal_year_is_looked_up_as_the_year_it_is() -> None:
    assert lexical.terms_of("capex in FY2018 and FY19") == ["capex", "fy2018", "2018", "fy19", "2019"]


def test_stems_are_found_in_a_text_in_any_form_case_and_accent() -> None:
    wanted = frozenset(lexical.stems_of("easily reported cafe policies"))
    assert lexical.stems_in("EASY to report: the CAFÉ's policy", wanted) >= {"report", "cafe", "polici"}
    assert lexical.stems_in("", wanted) == frozenset()


def test_a_wanted_stem_inside_a_longer_word_is_no_match() -> None:
    wanted = frozenset({"port"})
    assert lexical.stems_in("An airport supports passports.", wanted) == frozenset()
    assert lexical.stems_in("Support (ports), export_port", wanted) == {"port"}


def test_rare_words_weigh_more_and_unknown_ones_nothing(session: Session) -> None:
    weights = lexical.weights_of(session, "laptop leave zzz")
    assert weights["leav"] > weights["laptop"] >= 0.0
    assert "zzz" not in weights


def test_a_name_is_known_in_one_word_as_well() -> None:
    names = lexical.names_of("What did Best Buy sell?")
    assert len(lexical.stems_in("BESTBUY_2023_10K", names)) == 1


def test_names_of_a_question_are_its_words_with_a_capital_or_a_digit() -> None:
    names = lexical.proper_names("What was Acme's cash flow in Q3 2022, as its 10-K has it?")
    assert names == {"acm", "q3", "2022", "10", "k"}


def test_first_word_of_a_question_and_one_in_capitals_tell_no_name() -> None:
    assert lexical.proper_names("Revenue of last year?") == frozenset()
    assert lexical.proper_names("WHAT WAS THE REVENUE OF 2022?") == {"2022"}


def test_known_names_are_left_out_of_a_question_and_nothing_else_is() -> None:
    rest = lexical.without_names("How did Acme's and Bolt's cash change in Q3 2022?", {"acm", "q3", "2022", "cash"})
    assert rest == "How did and Bolt's cash change in ?"
