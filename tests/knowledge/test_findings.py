"""Secrets and personal data in uploads: found with their page, never stored, shown to who may change the document."""

from __future__ import annotations

from dataclasses import replace

import pytest
from persons import group, person
from small_library import Library
from sqlalchemy import text

from assistant.domain import Person, Role
from assistant.errors import NotAllowed
from assistant.knowledge.findings import MOST, Findings, findings_of
from assistant.library import ParsedDocument, ParsedPage
from assistant.people.rights import Rights
from assistant.redaction import Kind
from assistant.storage import audit

KEY = "gsk_aB3dE5gH7jK9mN1pQ2sT4vW6xY8z"
PAGES = ("How the cellar is opened.", f"The key is {KEY}.", "Pay to AT61 1904 3002 3457 3201, please.")


@pytest.fixture
def findings(library: Library) -> Findings:
    return Findings(library.database, Rights(library.database))


@pytest.fixture
def editor(library: Library) -> Person:
    return person(library.database, "kim", Role.KB_ADMIN)


def parsed(*pages: str) -> ParsedDocument:
    return ParsedDocument("Cellar", tuple(ParsedPage(n, words) for n, words in enumerate(pages, start=1)))


def test_a_finding_has_its_page_and_its_place_in_the_text() -> None:
    document = parsed(*PAGES)
    key, account = findings_of(document)
    assert (key.kind, key.page, document.text[key.start : key.end]) == (Kind.SECRET, 2, KEY)
    assert (account.kind, account.page) == (Kind.IBAN, 3)


def test_only_the_first_thousand_are_kept() -> None:
    assert len(findings_of(parsed(f"{KEY}\n" * (MOST + 5)))) == MOST


def test_what_is_found_is_stored_without_the_value(library: Library, findings: Findings, editor: Person) -> None:
    document_id = library.put("Cellar.md", PAGES)
    (one,) = findings.documents(editor)
    assert (one.document_id, one.name) == (document_id, "Cellar.md")
    assert [(found.kind, found.page, found.shown) for found in one.findings] == [
        (Kind.SECRET, 2, "gsk_••••"),
        (Kind.IBAN, 3, "AT61••••"),
    ]
    with library.database.read() as session:
        assert KEY not in str(session.execute(text("SELECT * FROM findings")).all())


def test_a_new_version_without_them_ends_the_notice(library: Library, findings: Findings, editor: Person) -> None:
    document_id = library.put("Cellar.md", PAGES)
    library.put("Cellar.md", PAGES[:1])
    assert findings.documents(editor) == []
    assert findings.document(editor, document_id) is None


def test_staff_are_refused_also_when_they_say_to_be_more(library: Library, findings: Findings) -> None:
    document_id = library.put("Cellar.md", PAGES)
    staff = replace(person(library.database, "bob"), role=Role.ADMIN)
    for ask in (lambda: findings.documents(staff), lambda: findings.document(staff, document_id)):
        with pytest.raises(NotAllowed):
            ask()


def test_an_editor_sees_nothing_of_a_document_that_they_may_not_read(
    library: Library, findings: Findings, editor: Person
) -> None:
    document_id = library.put("Cellar.md", PAGES)
    board = group(library.database, "board")
    with library.database.write() as session:
        session.execute(text("UPDATE documents SET restricted = 1"))
        session.execute(text("INSERT INTO document_groups VALUES (:d, :g)"), {"d": document_id, "g": board})
    assert findings.documents(editor) == []
    assert findings.document(editor, document_id) is None
    assert findings.documents(person(library.database, "eve", Role.ADMIN)) != []


def test_whether_cloud_models_see_secrets_is_for_admins_to_say(library: Library, findings: Findings) -> None:
    admin = person(library.database, "eve", Role.ADMIN)
    assert findings.hides_from_cloud()
    findings.keep_from_cloud(admin, wanted=False)
    assert not findings.kept_from_cloud(admin)
    assert audit.verify(library.database) is None
    with pytest.raises(NotAllowed):
        findings.keep_from_cloud(person(library.database, "kim", Role.KB_ADMIN), wanted=True)
    assert not findings.hides_from_cloud()


def test_a_damaged_setting_hides(library: Library, findings: Findings) -> None:
    admin = person(library.database, "eve", Role.ADMIN)
    findings.keep_from_cloud(admin, wanted=False)
    with library.database.write() as session:
        session.execute(text("UPDATE preferences SET value = '[1'"))
    assert findings.hides_from_cloud()
