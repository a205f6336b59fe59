"""Who may do what with models, by the database at the moment of use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from models_serving import KB_ADMIN, STAFF, Serve
from sqlalchemy import text

from assistant.domain import Person, Role
from assistant.errors import NotAllowed, SignedOut
from assistant.models.policy import ModelPolicy
from assistant.models.service import ModelService
from assistant.storage.database import Database
from assistant.storage.people import LOCAL

FOR_ALL = {"notices", "offer"}
FOR_ADMINS = {"policy", "set_policy", "start_check", "overview"}
WITHOUT_PERSON = {
    *("states", "resolve", "check_still_allowed", "fallbacks", "cost_limit", "unsupported", "successor"),
    "warm_default",
}
"""What turns and the command line ask, which act for a person whom the chat has admitted."""


def every_way(service: ModelService, who: Person) -> dict[str, Callable[[], object]]:
    """What the service does for a person, by name."""
    return {
        "notices": lambda: service.notices(who),
        "offer": lambda: service.offer(who),
        "policy": lambda: service.policy(who),
        "set_policy": lambda: service.set_policy(who, ModelPolicy()),
        "start_check": lambda: service.start_check(who, "offline"),
        "overview": lambda: service.overview(who),
    }


def test_every_function_has_a_row(serve: Serve) -> None:
    public = {name for name in vars(ModelService) if not name.startswith("_")}
    assert public == FOR_ALL | FOR_ADMINS | WITHOUT_PERSON
    assert every_way(serve(), STAFF).keys() == FOR_ALL | FOR_ADMINS


@pytest.mark.parametrize("who", [STAFF, KB_ADMIN, replace(STAFF, role=Role.ADMIN), replace(LOCAL, role=Role.STAFF)])
def test_only_admins_by_the_database_and_by_the_way_they_came_see_the_rules(serve: Serve, who: Person) -> None:
    ways = every_way(serve(), who)
    for name in FOR_ADMINS:
        with pytest.raises(NotAllowed):
            ways[name]()
    assert ways["notices"]() == []
    ways["offer"]()


@pytest.mark.parametrize("left", ["disabled", "signed out", "unknown"])
def test_who_may_not_act_sees_nothing(serve: Serve, database: Database, left: str) -> None:
    service, who = serve(), LOCAL
    if left == "disabled":
        with database.write() as session:
            session.execute(text("UPDATE people SET disabled_at = '2026-11-01'"))
    elif left == "signed out":
        who = replace(LOCAL, credential="session:" + "0" * 64)
    else:
        who = replace(LOCAL, id="nobody")
    for refused in every_way(service, who).values():
        with pytest.raises(SignedOut):
            refused()


def test_who_is_an_admin_no_longer_changes_nothing_more(serve: Serve, database: Database) -> None:
    service = serve()
    service.set_policy(LOCAL, ModelPolicy())
    with database.write() as session:
        session.execute(text("UPDATE people SET role = 'kb_admin' WHERE id = :id"), {"id": LOCAL.id})
    with pytest.raises(NotAllowed):
        service.set_policy(LOCAL, ModelPolicy(revision=1))
