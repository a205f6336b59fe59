"""Spaces and who may read them, as admins keep them."""

from __future__ import annotations

import time
from collections.abc import Sequence

from assistant.access import Group, Readable, SpaceAccess
from assistant.domain import Person
from assistant.errors import Conflict
from assistant.people.administration import CHANGED, Administration
from assistant.people.names import clean_name
from assistant.storage import audit
from assistant.storage import groups as stored_groups
from assistant.storage import space_rights as stored
from assistant.storage.database import Session
from assistant.storage.deletions import delete_documents

NAME = "The name of the space"
GENERAL = "general"
"""Id of the space that takes what is uploaded without a word on where to."""
CLEARED_SECONDS = 10.0
"""How long the rows of documents that were deleted from a space are waited for; it usually takes one or two."""
POLL_SECONDS = 0.1


class Spaces:
    """Sets of documents with one set of readers each. Every method raises NotAllowed for all but admins.

    ``readers`` are names of groups; None is everyone, and none of them leaves a space to admins alone.
    """

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    def all(self, person: Person) -> list[SpaceAccess]:
        """Return the spaces by name, with who may read each."""
        with self._administration.looking(person) as session:
            return stored.spaces_in(session)

    def one(self, person: Person, space: str) -> SpaceAccess:
        """Return the space of this id or name; raises NotFound."""
        with self._administration.looking(person) as session:
            return stored.need_space(session, space)

    def open_to(self, person: Person, groups: Sequence[str]) -> list[str]:
        """Return the names of the spaces that somebody in these groups, and in no others, may read."""
        inside = set(groups)
        return [space.name for space in self.all(person) if not space.restricted or inside & set(space.groups)]

    def people_in(self, person: Person, groups: Sequence[str]) -> int:
        """Return how many people who may sign in are in at least one of the groups; raises NotFound."""
        with self._administration.looking(person) as session:
            return stored_groups.readers_of(session, [one.id for one in stored_groups.need_groups(session, groups)])

    def add(
        self, person: Person, name: str, readers: Sequence[str] | None, *, make_groups: bool = False
    ) -> SpaceAccess:
        """Add a space for these readers from its first moment on; ``make_groups`` adds groups that are not there.

        Raises WrongUse, NotFound for a group, Conflict when there is a space of this name.
        """
        clean = clean_name(name, NAME)
        with self._administration.changing(person) as session:
            groups = None if readers is None else _groups(session, person, readers, make=make_groups)
            space_id = stored.add_space(session, clean)
            space = _let_read(session, space_id, groups)
            audit.append(session, person.id, "space.added", space_id, {"name": clean, "readers": _said(space)})
            return space

    def rename(self, person: Person, space: str, new: str) -> SpaceAccess:
        """Give a space another name, which changes nothing else; raises WrongUse, NotFound, Conflict."""
        clean = clean_name(new, NAME)
        with self._administration.changing(person, rights=False) as session:
            before = stored.need_space(session, space)
            stored.rename_space(session, before.id, clean)
            audit.append(
                session, person.id, "space.renamed", before.id, {"name": clean, "from": before.name, "to": clean}
            )
            return stored.need_space(session, before.id)

    def set_readers(
        self,
        person: Person,
        space: str,
        readers: Sequence[str] | None,
        *,
        seen: SpaceAccess | None = None,
        make_groups: bool = False,
    ) -> SpaceAccess:
        """Say who may read a space, from the next search on.

        Raises NotFound, and Conflict when its readers are not those any more that were ``seen``.
        """
        with self._administration.changing(person) as session:
            before = stored.need_space(session, space)
            if seen is not None and _said(seen) != _said(before):
                raise Conflict(CHANGED)
            groups = None if readers is None else _groups(session, person, readers, make=make_groups)
            after = _let_read(session, before.id, groups)
            if _said(after) != _said(before):
                details = {"name": before.name, "from": _said(before), "to": _said(after)}
                audit.append(session, person.id, "space.readers_changed", before.id, details)
            return after

    def delete(self, person: Person, space: str, *, patience: float = CLEARED_SECONDS) -> None:
        """Delete an empty space; waits ``patience`` seconds for what was deleted from it before to be cleared away.

        Raises NotFound, Conflict while there are documents in it, or folders are watched for it.
        """
        deadline = time.monotonic() + patience
        while not self._deleted(person, space):
            if time.monotonic() >= deadline:
                raise Conflict("What was deleted from this space is still being cleared away: try again in a minute.")
            time.sleep(POLL_SECONDS)
        self._administration.after_change()

    def _deleted(self, person: Person, space: str) -> bool:
        """Delete the space, or what the watch over rights keeps in it, and say whether the space is gone."""
        with self._administration.changing(person, rights=False) as session:
            found = stored.need_space(session, space)
            _need_empty(session, found)
            canaries = stored.canaries_of(session, found.id)
            stored.forget_canary(session, found.id)
            gone = not stored.holds_rows(session, found.id)
            if gone:
                stored.delete_space(session, found.id)
                audit.append(session, person.id, "space.deleted", found.id, {"name": found.name})
        watch = Readable((found.id,), everything=True, canaries=True)
        delete_documents(self._administration.database, canaries, person, watch)
        return gone


def _groups(session: Session, person: Person, names: Sequence[str], *, make: bool) -> list[Group]:
    if make:
        make_missing(session, person, names)
    return stored_groups.need_groups(session, names)


def make_missing(session: Session, person: Person, names: Sequence[str]) -> None:
    """Add those of the groups that are not there yet."""
    for name in dict.fromkeys(clean_name(name, "The name of the group") for name in names):
        if stored_groups.group_named(session, name) is None:
            group = stored_groups.add_group(session, name)
            audit.append(session, person.id, "group.added", group.id, {"name": name})


def _let_read(session: Session, space_id: str, groups: Sequence[Group] | None) -> SpaceAccess:
    if groups is None:
        stored.open_to_everyone(session, space_id)
    else:
        stored.restrict(session, space_id, [group.id for group in groups])
    return stored.need_space(session, space_id)


def _need_empty(session: Session, space: SpaceAccess) -> None:
    if space.id == GENERAL:
        raise Conflict("This space takes what is uploaded without naming another: it stays. It can be renamed.")
    if space.documents:
        raise Conflict(f"There are documents in {space.name} ({space.documents:,}): move or delete them first.")
    folders = stored.watched(session, space.id)
    if folders:
        raise Conflict(f"The folder {folders[0]} is watched for {space.name}: stop that first.")


def _said(space: SpaceAccess) -> list[str] | str:
    """Who may read a space, as the audit log has it."""
    return sorted(space.groups) if space.restricted else "everyone"
