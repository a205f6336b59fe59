"""Admins say how many false answers they put up with; the threshold follows, and the audit log tells who did it."""

from __future__ import annotations

import pytest
from persons import known
from sqlalchemy import select, update

from assistant.domain import Person, Role
from assistant.errors import Conflict, NotAllowed, WrongUse
from assistant.knowledge.caution import FALSE_ANSWERS, Caution, Wanted
from assistant.knowledge.evidence import curve, threshold_for
from assistant.storage import audit
from assistant.storage.database import Database
from assistant.storage.library_rows import AuditRow
from assistant.storage.model_rows import PreferenceRow

ADMIN = Person("a", "admin@example.com", "Ada", Role.ADMIN)
EDITOR = Person("e", "editor@example.com", "Eve", Role.KB_ADMIN)
STAFF = Person("s", "staff@example.com", "Sam", Role.STAFF)


@pytest.fixture(autouse=True)
def _known(database: Database) -> None:
    known(database, ADMIN, EDITOR, STAFF)


def test_until_an_admin_says_otherwise_the_usual_rate_is_put_up_with(database: Database) -> None:
    caution = Caution(database)
    assert caution.wanted(ADMIN) == Wanted(FALSE_ANSWERS, 0)
    assert caution.threshold() == threshold_for(FALSE_ANSWERS)


def test_what_an_admin_sets_holds_at_once_everywhere_and_stands_in_the_audit_log(database: Database) -> None:
    assert Caution(database).set_wanted(ADMIN, Wanted(0.2)) == Wanted(0.2, 1)
    other = Caution(database)
    assert other.wanted(ADMIN) == Wanted(0.2, 1)
    assert other.threshold() == threshold_for(0.2)
    with database.read() as session:
        line = session.scalars(select(AuditRow)).one()
    assert (line.person_id, line.action, line.details) == ("a", "caution.set", {"from": FALSE_ANSWERS, "to": 0.2})
    assert audit.verify(database) is None


@pytest.mark.parametrize("person", [EDITOR, STAFF])
def test_others_may_neither_see_nor_change_it(database: Database, person: Person) -> None:
    caution = Caution(database)
    with pytest.raises(NotAllowed):
        caution.wanted(person)
    with pytest.raises(NotAllowed):
        caution.set_wanted(person, Wanted(0.2))
    assert caution.wanted(ADMIN) == Wanted()


@pytest.mark.parametrize("rate", [0.0, -0.1, 0.31, 1.0, float("nan"), float("inf"), True])
def test_a_rate_that_was_never_measured_is_refused(database: Database, rate: float) -> None:
    with pytest.raises(WrongUse, match="from 1% to 30%"):
        Caution(database).set_wanted(ADMIN, Wanted(rate))


def test_of_two_who_change_it_at_once_the_second_is_told(database: Database) -> None:
    caution = Caution(database)
    caution.set_wanted(ADMIN, Wanted(0.1))
    with pytest.raises(Conflict):
        caution.set_wanted(ADMIN, Wanted(0.2))
    assert caution.wanted(ADMIN).false_answers == 0.1
    with database.read() as session:
        assert len(session.scalars(select(AuditRow)).all()) == 1


@pytest.mark.parametrize("value", [{}, {"false_answers": "many"}, {"false_answers": 7}])
def test_a_damaged_setting_counts_as_none_and_can_be_set_anew(database: Database, value: dict[str, object]) -> None:
    caution = Caution(database)
    caution.set_wanted(ADMIN, Wanted(0.2))
    with database.write() as session:
        session.execute(update(PreferenceRow).values(value=value))
    assert caution.wanted(ADMIN) == Wanted(FALSE_ANSWERS, 1)
    assert caution.set_wanted(ADMIN, Wanted(0.1, 1)).revision == 2


def test_the_more_false_answers_are_put_up_with_the_more_questions_are_answered() -> None:
    points = curve()
    assert [point.rate for point in points] == [rate / 100 for rate in range(1, 31)]
    assert [point.threshold for point in points] == sorted((point.threshold for point in points), reverse=True)
    assert [point.kept for point in points] == sorted(point.kept for point in points)
    assert all(0 < point.threshold < 1 and 0 < point.kept <= 1 for point in points)
