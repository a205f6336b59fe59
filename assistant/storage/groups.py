"""Groups and who is in them. A membership is of this house ("local"), or of the provider that claims it."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant.access import Group, GroupUse
from assistant.errors import Conflict, NotFound
from assistant.storage.access_rows import DocumentGroupRow, GroupRow, MemberRow, SpaceGroupRow
from assistant.storage.conversation_rows import ShareRow
from assistant.storage.database import utc_now
from assistant.storage.external import LOCALLY
from assistant.storage.rows import DocumentRow, PersonRow, SpaceRow


def groups_in(session: Session) -> list[Group]:
    """Return all groups by name, with how many people are in each."""
    members = func.count(MemberRow.person_id)
    query = select(GroupRow.id, GroupRow.name, members).outerjoin(MemberRow, MemberRow.group_id == GroupRow.id)
    groups = [Group(*row) for row in session.execute(query.group_by(GroupRow.id))]
    return sorted(groups, key=lambda group: group.name.casefold())


def group_named(session: Session, name: str) -> Group | None:
    """Return the group of this name, letter case aside; None when there is none."""
    rows = session.execute(select(GroupRow.id, GroupRow.name)).all()
    same = [Group(id_, known) for id_, known in rows if known.casefold() == name.casefold()]
    exact = [group for group in same if group.name == name]
    return next(iter([*exact, *same]), None)


def need_groups(session: Session, names: Sequence[str]) -> list[Group]:
    """Return the groups of these names; raises NotFound."""
    groups = []
    for name in dict.fromkeys(names):
        group = group_named(session, name)
        if group is None:
            raise NotFound(f"There is no group named {name!r}.")
        groups.append(group)
    return groups


def add_group(session: Session, name: str) -> Group:
    """Add a group; raises Conflict when there is one of this name."""
    if group_named(session, name) is not None:
        raise Conflict(f"There is already a group named {name!r}.")
    group = Group(secrets.token_hex(8), name)
    session.add(GroupRow(id=group.id, name=name, created_at=utc_now()))
    session.flush()
    return group


def rename_group(session: Session, group: Group, name: str) -> None:
    """Give a group another name; raises Conflict when another group has it."""
    other = group_named(session, name)
    if other is not None and other.id != group.id:
        raise Conflict(f"There is already a group named {name!r}.")
    session.execute(update(GroupRow).where(GroupRow.id == group.id).values(name=name))


def delete_group(session: Session, group: Group) -> None:
    """Remove a group with its memberships. What was restricted to it stays restricted, then to fewer or to nobody."""
    shares = ShareRow.audience == "group", ShareRow.audience_id == group.id
    session.execute(delete(ShareRow).where(*shares))
    session.execute(delete(GroupRow).where(GroupRow.id == group.id))


def use_of(session: Session, group: Group) -> GroupUse:
    """Return what hangs on a group."""
    members = select(func.count()).select_from(MemberRow).where(MemberRow.group_id == group.id)
    spaces = (
        select(SpaceRow.name, select(func.count()).where(SpaceGroupRow.space_id == SpaceRow.id).scalar_subquery())
        .where(
            SpaceRow.restricted,
            SpaceRow.id.in_(select(SpaceGroupRow.space_id).where(SpaceGroupRow.group_id == group.id)),
        )
        .order_by(SpaceRow.name)
    )
    documents = select(func.count()).where(
        DocumentRow.restricted,
        DocumentRow.deleted_at.is_(None),
        DocumentRow.id.in_(select(DocumentGroupRow.document_id).where(DocumentGroupRow.group_id == group.id)),
    )
    rows = session.execute(spaces).all()
    return GroupUse(
        group=Group(group.id, group.name, session.scalar(members) or 0),
        spaces=tuple(name for name, _ in rows),
        only=tuple(name for name, readers in rows if readers == 1),
        documents=session.scalar(documents) or 0,
    )


def add_member(session: Session, group_id: str, person_id: str) -> None:
    """Put a person into a group; nothing changes for who is in it already."""
    values = {"group_id": group_id, "person_id": person_id, "source": LOCALLY}
    session.execute(insert(MemberRow).values(**values).on_conflict_do_nothing())


def remove_member(session: Session, group_id: str, person_id: str) -> None:
    """Take a person out of a group that they were put into here."""
    local = MemberRow.group_id == group_id, MemberRow.person_id == person_id, MemberRow.source == LOCALLY
    session.execute(delete(MemberRow).where(*local))


def set_memberships(session: Session, person_id: str, group_ids: Collection[str]) -> None:
    """Have a person be in these groups; memberships that a provider claims stay."""
    own = MemberRow.person_id == person_id, MemberRow.source == LOCALLY
    session.execute(delete(MemberRow).where(*own, MemberRow.group_id.not_in(group_ids)))
    for group_id in group_ids:
        add_member(session, group_id, person_id)


def readers_of(session: Session, group_ids: Collection[str]) -> int:
    """Return how many people who may sign in are in at least one of these groups."""
    query = select(func.count(MemberRow.person_id.distinct())).join(PersonRow, PersonRow.id == MemberRow.person_id)
    return session.scalar(query.where(MemberRow.group_id.in_(group_ids), PersonRow.disabled_at.is_(None))) or 0
