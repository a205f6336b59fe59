"""Admins search, export and verify the audit log; nobody else sees a line of it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import pytest
from persons import group, person

from assistant.access import AuditQuery
from assistant.domain import Role
from assistant.errors import NotAllowed
from assistant.people.audit import AuditService
from assistant.people.rights import Rights
from assistant.storage import audit
from assistant.storage.database import Database


def _service(database: Database) -> AuditService:
    return AuditService(database, Rights(database))


def _add(database: Database, person_id: str, action: str, subject: str, **details: object) -> None:
    with database.write() as session:
        audit.append(session, person_id, action, subject, details)


def test_a_line_keeps_the_rights_of_its_person_as_they_were_then(database: Database) -> None:
    ann, admin = person(database, "ann", Role.KB_ADMIN), person(database, "eve", Role.ADMIN)
    group(database, "hr", ann)
    _add(database, ann.id, "document.deleted", "d1", name="Leave.md")
    group(database, "board", ann)
    (entry,) = _service(database).entries(admin, AuditQuery())
    assert entry.rights == {"role": "kb_admin", "groups": ["hr"]}
    assert (entry.person, entry.action, entry.details) == ("ann@example.com", "document.deleted", {"name": "Leave.md"})


@pytest.mark.parametrize("role", [Role.STAFF, Role.KB_ADMIN])
def test_only_admins_see_the_log(database: Database, role: Role) -> None:
    service, ann = _service(database), person(database, "ann", role)
    for look in (
        lambda: service.entries(ann, AuditQuery()),
        lambda: service.actions(ann),
        lambda: service.verify(ann),
        lambda: service.export(ann, AuditQuery()),
    ):
        with pytest.raises(NotAllowed):
            look()


def test_words_act_and_days_narrow_what_is_found(database: Database) -> None:
    admin = person(database, "eve", Role.ADMIN)
    _add(database, admin.id, "document.deleted", "d1", name="Leave 100%.md")
    _add(database, admin.id, "person.disabled", "p1", name="Bob")
    service = _service(database)

    def found(query: AuditQuery) -> list[str]:
        return [entry.subject for entry in service.entries(admin, query)]

    assert found(AuditQuery()) == ["p1", "d1"]
    assert found(AuditQuery("leave 100%")) == ["d1"]
    assert found(AuditQuery("leave bob")) == []
    assert found(AuditQuery("eve@example")) == ["p1", "d1"]
    assert found(AuditQuery(action="person.disabled")) == ["p1"]
    assert found(AuditQuery(until=datetime.now(UTC) - timedelta(days=1))) == []
    assert found(AuditQuery(before=2)) == ["d1"]
    assert service.actions(admin) == ["document.deleted", "person.disabled"]


def test_a_line_about_a_person_names_them_and_is_found_by_their_address(database: Database) -> None:
    admin, ann = person(database, "eve", Role.ADMIN), person(database, "ann", Role.STAFF)
    _add(database, admin.id, "person.invited", ann.id)
    _add(database, admin.id, "document.deleted", "d1")
    (entry,) = _service(database).entries(admin, AuditQuery("ann@example"))
    assert (entry.subject, entry.about) == (ann.id, "ann@example.com")
    assert _service(database).entries(admin, AuditQuery(action="document.deleted"))[0].about == ""


def test_an_export_holds_all_lines_runs_no_formula_and_is_a_line_itself(database: Database) -> None:
    admin = person(database, "eve", Role.ADMIN)
    for number in range(3):
        _add(database, admin.id, "document.deleted", f"=HYPERLINK({number})")
    service = _service(database)
    rows = list(csv.DictReader(io.StringIO(service.export(admin, AuditQuery()).decode("utf-8-sig"))))
    assert [row["subject"] for row in rows] == ["audit_log", "'=HYPERLINK(2)", "'=HYPERLINK(1)", "'=HYPERLINK(0)"]
    assert rows[0]["action"] == "audit.exported"
    assert rows[0]["role"] == "admin"


def test_a_log_that_was_cut_is_told_by_a_digest_kept_elsewhere(database: Database) -> None:
    admin = person(database, "eve", Role.ADMIN)
    service = _service(database)
    _add(database, admin.id, "document.deleted", "d1")
    kept = service.verify(admin).head
    assert service.verify(admin, kept).sound
    assert not service.verify(admin, "00" * 32).sound
