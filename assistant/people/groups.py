"""Groups, as admins keep them."""

from __future__ import annotations

from assistant.access import Group, GroupUse
from assistant.domain import Person
from assistant.errors import Conflict
from assistant.people.administration import Administration
from assistant.people.names import clean_name
from assistant.storage import audit
from assistant.storage import groups as stored
from assistant.storage.accounts import account_of

NAME = "The name of the group"


class Groups:
    """Sets of people that spaces and documents are opened to. Every method raises NotAllowed for all but admins."""

    def __init__(self, administration: Administration) -> None:
        self._administration = administration

    def all(self, person: Person) -> list[Group]:
        """Return the groups by name, with how many people are in each."""
        with self._administration.looking(person) as session:
            return stored.groups_in(session)

    def use(self, person: Person, name: str) -> GroupUse:
        """Return what hangs on a group; raises NotFound."""
        with self._administration.looking(person) as session:
            return stored.use_of(session, stored.need_groups(session, [name])[0])

    def add(self, person: Person, name: str) -> Group:
        """Add a group with nobody in it; raises WrongUse, Conflict when there is one of this name."""
        clean = clean_name(name, NAME)
        with self._administration.changing(person) as session:
            group = stored.add_group(session, clean)
            audit.append(session, person.id, "group.added", group.id, {"name": clean})
            return group

    def rename(self, person: Person, name: str, new: str) -> Group:
        """Give a group another name, which changes nothing else; raises WrongUse, NotFound, Conflict."""
        clean = clean_name(new, NAME)
        with self._administration.changing(person, rights=False) as session:
            (group,) = stored.need_groups(session, [name])
            stored.rename_group(session, group, clean)
            audit.append(
                session, person.id, "group.renamed", group.id, {"name": clean, "from": group.name, "to": clean}
            )
            return Group(group.id, clean, group.members)

    def delete(self, person: Person, name: str) -> GroupUse:
        """Delete a group and return what hung on it; raises NotFound.

        What was open to it is never opened by that: it is then for the other groups, or for admins alone.
        """
        with self._administration.changing(person) as session:
            use = stored.use_of(session, stored.need_groups(session, [name])[0])
            stored.delete_group(session, use.group)
            details = {"name": use.group.name, "members": use.group.members, "spaces": list(use.spaces)}
            audit.append(session, person.id, "group.deleted", use.group.id, {**details, "documents": use.documents})
            return use

    def add_member(self, person: Person, name: str, account_id: str) -> None:
        """Put a person into a group; raises NotFound."""
        with self._administration.changing(person) as session:
            (group,) = stored.need_groups(session, [name])
            account = account_of(session, account_id)
            if group.name not in account.groups:
                stored.add_member(session, group.id, account_id)
                audit.append(session, person.id, "group.member_added", group.id, _membership(group, account.person))

    def remove_member(self, person: Person, name: str, account_id: str) -> None:
        """Take a person out of a group; raises NotFound, Conflict where a provider put them into it."""
        with self._administration.changing(person) as session:
            (group,) = stored.need_groups(session, [name])
            account = account_of(session, account_id)
            if group.name in account.claimed:
                raise Conflict(
                    f"{account.person.name} is in {group.name} by what the company's sign-in says: it is changed there."
                )
            if group.name in account.groups:
                stored.remove_member(session, group.id, account_id)
                audit.append(session, person.id, "group.member_removed", group.id, _membership(group, account.person))


def _membership(group: Group, member: Person) -> dict[str, str]:
    return {"name": group.name, "person": member.email}
