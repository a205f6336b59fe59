"""A document for nobody lies in each restricted space; to see it in any way is an alarm."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from lent_model import lend
from persons import group, person
from sqlalchemy import text

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.access import AuditQuery, Canary, Readable
from assistant.domain import Person, Role
from assistant.errors import NotAllowed
from assistant.knowledge.canaries import Watch
from assistant.storage.canaries import Canaries

SECONDS = 120.0


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bootstrap.Services]:
    """A restricted space with a canary that is searchable, a reader of it and others."""
    folder = tmp_path_factory.mktemp("watch")
    lend(folder / "data")
    built = bootstrap.build(settings_module.load(data_dir=folder / "data", samples=False))
    space = built.knowledge.add_space(built.people.local(), "Board")
    directors = group(built.database, "directors", person(built.database, "ann"))
    person(built.database, "bob")
    person(built.database, "kim", Role.KB_ADMIN)
    run(built, "UPDATE spaces SET restricted = 1 WHERE id = :space", space=space.id)
    run(built, "INSERT INTO space_groups VALUES (:space, :group)", space=space.id, group=directors)
    assert built.knowledge.watch.plant() == 1
    (canary,) = Canaries(built.database).all()
    built.knowledge.wait_until_done([canary.document_id], SECONDS)
    yield built
    built.close()


def run(services: bootstrap.Services, statement: str, **values: object) -> None:
    with services.database.write() as session:
        session.execute(text(statement), values)


@pytest.fixture
def canary(services: bootstrap.Services) -> Canary:
    (found,) = Canaries(services.database).all()
    assert found.is_live
    return found


def test_nobody_sees_it_whatever_they_may_read(services: bootstrap.Services, canary: Canary) -> None:
    assert services.knowledge.watch.look() == []
    for anyone in (services.people.local(), *Canaries(services.database).classes(50)):
        found = services.knowledge.search(anyone, canary.word, limited=False)
        assert canary.word not in repr((found, services.knowledge.documents(anyone)))
    (looked,) = Canaries(services.database).all()
    assert (looked.checked_at is not None, looked.alarm) == (True, None)


def test_the_log_says_that_one_was_planted_and_not_its_word(services: bootstrap.Services, canary: Canary) -> None:
    lines = services.audit.entries(services.people.local(), AuditQuery(limit=500))
    assert [one.subject for one in lines if one.action == "canary.planted"] == [canary.space_id]
    assert canary.word not in repr(lines)


def test_a_space_has_one_and_an_open_one_none(services: bootstrap.Services) -> None:
    assert services.knowledge.watch.plant() == 0
    assert [one.space for one in Canaries(services.database).all()] == ["Board"]


def test_whoever_opened_the_document_to_a_group_raises_the_alarm(services: bootstrap.Services, canary: Canary) -> None:
    run(services, "INSERT INTO document_groups VALUES (:d, 'directors')", d=canary.document_id)
    try:
        (alarm,) = services.knowledge.watch.look()
    finally:
        run(services, "DELETE FROM document_groups WHERE document_id = :d", d=canary.document_id)
    assert "Board" in alarm
    assert "ann@example.com" in alarm
    admin = services.people.local()
    assert [one.alarm for one in services.knowledge.watch.alarms(admin)] == [alarm]
    assert services.knowledge.watch.look() == []
    assert services.knowledge.watch.alarms(admin), "an alarm stays until somebody has seen to it"
    services.knowledge.watch.dismiss(admin, canary.space_id)
    assert services.knowledge.watch.alarms(admin) == []
    acts = [entry.action for entry in services.audit.entries(admin, AuditQuery("canary"))]
    assert acts == ["canary.dismissed", "canary.alarm", "canary.planted"]


def test_a_way_without_the_rights_raises_the_alarm(services: bootstrap.Services, canary: Canary) -> None:
    leaky = Watch(
        services.database,
        services.knowledge,
        lambda *_: "",
        lambda _rights, word: services.knowledge._found_by(Readable((canary.space_id,), (), True, True), word),
    )
    assert any("The rights in the search" in alarm for alarm in leaky.look())
    services.knowledge.watch.dismiss(services.people.local(), canary.space_id)


def test_a_watch_that_sees_nothing_at_all_says_that_it_is_blind(services: bootstrap.Services, canary: Canary) -> None:
    blind = Watch(services.database, services.knowledge, lambda *_: "", lambda _rights, _word: [])
    assert any("is blind" in alarm for alarm in blind.look())
    services.knowledge.watch.dismiss(services.people.local(), canary.space_id)


def test_every_kind_of_rights_is_tried_once(services: bootstrap.Services) -> None:
    group(services.database, "directors", person(services.database, "amy"))  # the same rights as Ann's
    kinds = Canaries(services.database).classes(50)
    assert len({(one.role, one.email) for one in kinds}) == len(kinds)
    assert {"ann@example.com", "amy@example.com"} & {one.email for one in kinds} != set()
    assert not {"ann@example.com", "amy@example.com"} <= {one.email for one in kinds}


def test_a_change_of_rights_is_seen_and_a_look_of_an_admin_is_none(services: bootstrap.Services) -> None:
    canaries, admin = Canaries(services.database), services.people.local()
    before = canaries.rights_changed()
    services.view_as.view(admin, "bob@example.com")
    assert canaries.rights_changed() == before
    finance = services.accounts.groups.add(admin, "Finance")
    assert (changed := canaries.rights_changed()) > before
    done = services.knowledge.upload(admin, "plan.md", b"# Plan\n\nA plan.\n")
    assert canaries.rights_changed() == changed
    services.knowledge.library.restrict(admin, [done.document_id], [finance.id])
    assert canaries.rights_changed() > changed


@pytest.mark.parametrize("role", [Role.STAFF, Role.KB_ADMIN])
def test_only_admins_hear_of_it(services: bootstrap.Services, role: Role) -> None:
    anyone: Person = person(services.database, f"eve-{role}", role)
    looks: tuple[Callable[[], object], ...] = (
        lambda: services.knowledge.watch.alarms(anyone),
        lambda: services.knowledge.watch.dismiss(anyone, "s"),
    )
    for look in looks:
        with pytest.raises(NotAllowed):
            look()
