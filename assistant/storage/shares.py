"""Conversations that their owners show to others: to whom, and what those find."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, delete, exists, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant.access import Audience, Group, Share, SharedConversation, Standing
from assistant.domain import Role, Turn
from assistant.errors import NotFound
from assistant.storage import audit
from assistant.storage.access_rows import GroupRow
from assistant.storage.conversation_rows import ConversationRow, ShareRow, TurnRow
from assistant.storage.conversations import NO_TURN, own_conversation, turns_of, with_citations
from assistant.storage.database import Database, utc_now
from assistant.storage.rows import PersonRow

NOT_SHARED = "This conversation does not exist, or it is not shared with you (any more)."
GONE = "A group that is gone"
NO_GROUP = "There is no such group, or you are not in it."


class Shares:
    """The repository of what is shared. ``now`` is who acts, as the database has them at this moment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, now: Standing, conversation_id: str, audience: Audience) -> None:
        """Show one's own conversation to an audience; again does no harm.

        A person whom nobody knows is noted like any other. Raises NotFound, also for a group that one is not in.
        """
        with self._database.write() as session:
            own_conversation(session, now.person.id, conversation_id)
            if audience.kind == "group" and not session.scalar(_groups_for(now).where(GroupRow.id == audience.name)):
                raise NotFound(NO_GROUP)
            key = {"audience": audience.kind, "audience_id": _id_of(session, audience)}
            row = {"conversation_id": conversation_id, **key, "shared_at": utc_now()}
            session.execute(insert(ShareRow).values(row).on_conflict_do_nothing())
            audit.append(session, now.person.id, "conversation.shared", conversation_id, key)

    def remove(self, now: Standing, conversation_id: str, audience: Audience) -> None:
        """Stop showing one's own conversation to an audience, from this moment on; raises NotFound."""
        with self._database.write() as session:
            own_conversation(session, now.person.id, conversation_id)
            key = {"audience": audience.kind, "audience_id": _id_of(session, audience)}
            held = [getattr(ShareRow, name) == value for name, value in key.items()]
            session.execute(delete(ShareRow).where(ShareRow.conversation_id == conversation_id, *held))
            audit.append(session, now.person.id, "conversation.unshared", conversation_id, key)

    def of(self, now: Standing, conversation_id: str) -> list[Share]:
        """Return to whom one's own conversation is shown, oldest first; raises NotFound."""
        wanted = (
            select(ShareRow, PersonRow.email, GroupRow.name)
            .outerjoin(PersonRow, and_(ShareRow.audience == "person", PersonRow.id == ShareRow.audience_id))
            .outerjoin(GroupRow, and_(ShareRow.audience == "group", GroupRow.id == ShareRow.audience_id))
            .where(ShareRow.conversation_id == conversation_id)
            .order_by(ShareRow.shared_at, ShareRow.audience_id)
        )
        with self._database.read() as session:
            own_conversation(session, now.person.id, conversation_id)
            return [_share(row, email, group) for row, email, group in session.execute(wanted)]

    def groups(self, now: Standing) -> list[Group]:
        """Return the groups to which this person may show a conversation, by name."""
        with self._database.read() as session:
            return [Group(row.id, row.name) for row in session.scalars(_groups_for(now).order_by(GroupRow.name))]

    def shown_to(self, now: Standing) -> list[SharedConversation]:
        """Return the conversations of others that are shown to this person, latest first."""
        wanted = _conversations(now).where(ConversationRow.person_id != now.person.id)
        with self._database.read() as session:
            rows = session.execute(wanted.order_by(ConversationRow.updated_at.desc(), ConversationRow.id))
            return [_shared(row, owner) for row, owner in rows]

    def conversation(self, now: Standing, conversation_id: str) -> SharedConversation:
        """Return one of them, or one's own that is shown to anybody; raises NotFound."""
        with self._database.read() as session:
            return _found(session, now, conversation_id)

    def turns(self, now: Standing, conversation_id: str, before_seq: int | None, limit: int) -> list[Turn]:
        """Return the newest ``limit`` turns of one of them (before ``before_seq``), oldest first; raises NotFound."""
        with self._database.read() as session:
            _found(session, now, conversation_id)
            return turns_of(session, conversation_id, before_seq, limit)

    def turn(self, now: Standing, turn_id: str) -> Turn:
        """Return a turn of one of them; raises NotFound."""
        with self._database.read() as session:
            row = session.get(TurnRow, turn_id)
            if row is None or session.execute(_conversations(now, row.conversation_id)).first() is None:
                raise NotFound(NO_TURN)
            return with_citations(session, [row])[0]


def _groups_for(now: Standing) -> Select[GroupRow]:
    wanted = select(GroupRow)
    return wanted if now.role is Role.ADMIN else wanted.where(GroupRow.id.in_(now.groups))


def _id_of(session: Session, audience: Audience) -> str:
    """The id of an audience. An address that nobody has stands for itself, and so for nobody."""
    if audience.kind != "person":
        return audience.name
    known = session.scalar(select(PersonRow.id).where(PersonRow.email == audience.name))
    return known or audience.name


def _share(row: ShareRow, email: str | None, group: str | None) -> Share:
    if row.audience == "everyone":
        return Share(Audience("everyone"), "Everyone", row.shared_at)
    if row.audience == "group":
        return Share(Audience("group", row.audience_id), group or GONE, row.shared_at)
    address = email or row.audience_id
    return Share(Audience("person", address), address, row.shared_at)


def _conversations(now: Standing, conversation_id: str | None = None) -> Select[ConversationRow, str]:
    """What is shown to a person, with its owner's name; nothing of those who may not act any more."""
    wanted = select(ConversationRow, PersonRow.name).join(PersonRow, PersonRow.id == ConversationRow.person_id)
    wanted = wanted.where(ConversationRow.deleted_at.is_(None), PersonRow.disabled_at.is_(None))
    if conversation_id is None:
        return wanted.where(_shown(now))
    own = and_(ConversationRow.person_id == now.person.id, exists().where(ShareRow.conversation_id == conversation_id))
    return wanted.where(ConversationRow.id == conversation_id, or_(_shown(now), own))


def _shown(now: Standing) -> ColumnElement[bool]:
    """Whether a conversation is shown to a person; found from the few that are shown to anybody."""
    to_them = or_(
        ShareRow.audience == "everyone",
        and_(ShareRow.audience == "person", ShareRow.audience_id == now.person.id),
        and_(ShareRow.audience == "group", ShareRow.audience_id.in_(now.groups)),
    )
    return ConversationRow.id.in_(select(ShareRow.conversation_id).where(to_them))


def _found(session: Session, now: Standing, conversation_id: str) -> SharedConversation:
    found = session.execute(_conversations(now, conversation_id)).one_or_none()
    if found is None:
        raise NotFound(NOT_SHARED)
    return _shared(*found)


def _shared(row: ConversationRow, owner: str) -> SharedConversation:
    return SharedConversation(row.id, row.title, owner, row.updated_at)
