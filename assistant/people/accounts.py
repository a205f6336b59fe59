"""The people of this installation, as admins keep them: who may come, as what, and in which groups."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

from assistant.access import Account, AccountPage, AccountQuery
from assistant.domain import Person, Role
from assistant.errors import Conflict
from assistant.people import passwords
from assistant.people.administration import CHANGED, Administration
from assistant.people.groups import Groups
from assistant.people.links import Links, OneTimeLink
from assistant.people.names import clean_address, clean_name
from assistant.people.rights import Rights
from assistant.people.spaces import Spaces, make_missing
from assistant.settings import Settings
from assistant.storage import accounts as stored
from assistant.storage import audit, one_time_links, password_hashes, sessions
from assistant.storage import groups as stored_groups
from assistant.storage.database import Database, Session

NAME = "The name"
DISABLED = "{} is disabled: enable them first."


class AccountService:
    """People with their roles, groups and ways in; ``groups`` and ``spaces`` are kept beside.

    Every method raises SignedOut, and NotAllowed for all but admins. What is changed holds at the next thing that
    anybody does, since rights are read from the database at each. The local operator is no account: there is no
    person of that id here.
    """

    def __init__(self, database: Database, rights: Rights, settings: Settings) -> None:
        self._administration = Administration(database, rights)
        self._settings = settings
        self._links = Links(database)
        self.groups = Groups(self._administration)
        self.spaces = Spaces(self._administration)

    @property
    def after_change(self) -> Callable[[], None]:
        """What is called after each change of who may do what, in the thread that made it; it must not raise."""
        return self._administration.after_change

    @after_change.setter
    def after_change(self, heard: Callable[[], None]) -> None:
        self._administration.after_change = heard

    def rights_changed(self) -> None:
        """Say that who may do what has changed by somebody's coming in from outside."""
        self._administration.after_change()

    def page(self, person: Person, query: AccountQuery) -> AccountPage:
        """Return the people that a query finds by name, from its offset on."""
        with self._administration.looking(person) as session:
            return stored.account_page(session, query)

    def account(self, person: Person, account_id: str) -> Account:
        """Return one person; raises NotFound."""
        with self._administration.looking(person) as session:
            return stored.account_of(session, account_id)

    def add(
        self,
        person: Person,
        email: str,
        role: Role,
        *,
        name: str = "",
        groups: Sequence[str] = (),
        password: str | None = None,
        make_groups: bool = False,
    ) -> Account:
        """Add a person, known by the address where they have no name; ``make_groups`` adds groups that are not there.

        Raises WrongUse for an address or password that cannot be used, NotFound for a group, Conflict when the address
        is taken.
        """
        address = clean_address(email)
        new = Person(secrets.token_hex(8), address, clean_name(name.strip() or address, NAME), role)
        digest = None if password is None else _digest_of(password, address)
        with self._administration.changing(person) as session:
            if not stored.add_account(session, new, digest):
                raise Conflict(f"There is already a person with the address {address}.")
            details = {**_named(new), "role": role.value, "groups": list(groups), "password": digest is not None}
            audit.append(session, person.id, "person.added", new.id, details)
            if make_groups:
                make_missing(session, person, groups)
            chosen = stored_groups.need_groups(session, groups)
            stored_groups.set_memberships(session, new.id, [group.id for group in chosen])
            return stored.account_of(session, new.id)

    def invite(self, person: Person, account_id: str) -> OneTimeLink:
        """Return a link by which somebody who has no password yet sets one; those made before work no more.

        Raises NotFound, Conflict for who is disabled, has a password, or signs in elsewhere.
        """
        account = self._need_link(person, account_id)
        if "password" in account.sign_in:
            raise Conflict(f"{account.person.name} has a password already: make a reset link.")
        return self._links.invite(account_id, person.id)

    def reset(self, person: Person, account_id: str) -> OneTimeLink:
        """Return a link by which somebody sets a new password; until then the present one stays.

        Raises NotFound, Conflict for who is disabled or signs in elsewhere.
        """
        self._need_link(person, account_id)
        return self._links.reset(account_id, person.id)

    def set_password(self, person: Person, account_id: str, password: str) -> None:
        """Have somebody sign in with this password; their sessions and links end.

        Raises NotFound, PasswordRefused, Conflict for who is disabled.
        """
        digest = _digest_of(password, self.account(person, account_id).person.email)
        with self._administration.changing(person) as session:
            account = stored.account_of(session, account_id)
            if not password_hashes.put(session, account_id, digest):
                raise Conflict(DISABLED.format(account.person.name))
            sessions.end(session, account_id)
            one_time_links.drop(session, account_id)
            audit.append(session, person.id, "person.password_set", account_id, _named(account.person))

    def rename(self, person: Person, account_id: str, name: str) -> Account:
        """Give a person another name; raises NotFound, WrongUse."""
        clean = clean_name(name, NAME)
        with self._administration.changing(person, rights=False) as session:
            before = stored.account_of(session, account_id).person
            stored.set_name(session, account_id, clean)
            audit.append(
                session, person.id, "person.renamed", account_id, {"name": clean, "from": before.name, "to": clean}
            )
            return stored.account_of(session, account_id)

    def set_role(self, person: Person, account_id: str, role: Role, *, seen: Role | None = None) -> Account:
        """Give a person another role; raises NotFound.

        Raises Conflict when the role is not the one any more that was ``seen``, and when no admin who can sign in
        would be left.
        """
        with self._administration.changing(person) as session:
            before = stored.account_of(session, account_id).person
            if seen is not None and before.role is not seen:
                raise Conflict(CHANGED)
            if role is not before.role:
                if role is not Role.ADMIN:
                    self._need_another_admin(session, before)
                stored.set_role(session, account_id, role)
                details = {**_named(before), "from": before.role.value, "to": role.value}
                audit.append(session, person.id, "person.role_changed", account_id, details)
            return stored.account_of(session, account_id)

    def set_groups(
        self,
        person: Person,
        account_id: str,
        groups: Sequence[str],
        *,
        seen: Sequence[str] | None = None,
        make_groups: bool = False,
    ) -> Account:
        """Have a person be in these groups, beside those that a provider claims; raises NotFound.

        Raises Conflict when the groups are not those any more that were ``seen``.
        """
        with self._administration.changing(person) as session:
            before = stored.account_of(session, account_id)
            if seen is not None and set(seen) != set(before.groups):
                raise Conflict(CHANGED)
            if make_groups:
                make_missing(session, person, groups)
            chosen = stored_groups.need_groups(session, groups)
            stored_groups.set_memberships(session, account_id, [group.id for group in chosen])
            after = stored.account_of(session, account_id)
            joined, left = (sorted({*a.groups} - {*b.groups}) for a, b in ((after, before), (before, after)))
            if joined or left:
                details = {**_named(before.person), "joined": joined, "left": left}
                audit.append(session, person.id, "person.groups_changed", account_id, details)
            return after

    def disable(self, person: Person, account_id: str) -> Account:
        """Let a person act no more; their sessions, API tokens and links end at once. Raises NotFound.

        Raises Conflict when no admin who can sign in would be left. It is no error when they were disabled already.
        """
        with self._administration.changing(person) as session:
            account = stored.account_of(session, account_id)
            self._need_another_admin(session, account.person)
            if stored.disable(session, account_id):
                audit.append(session, person.id, "person.disabled", account_id, _named(account.person))
            return stored.account_of(session, account_id)

    def enable(self, person: Person, account_id: str) -> Account:
        """Let a person sign in again, with the role and groups that they had; raises NotFound."""
        with self._administration.changing(person) as session:
            account = stored.account_of(session, account_id)
            if stored.enable(session, account_id):
                audit.append(session, person.id, "person.enabled", account_id, _named(account.person))
            return stored.account_of(session, account_id)

    def end_sessions(self, person: Person, account_id: str) -> int:
        """Sign a person out everywhere and return of how many sessions; API tokens stay. Raises NotFound."""
        with self._administration.changing(person, rights=False) as session:
            account = stored.account_of(session, account_id)
            ended = len(sessions.of(session, account_id))
            sessions.end(session, account_id)
            details = {**_named(account.person), "sessions": ended}
            audit.append(session, person.id, "person.sessions_ended", account_id, details)
            return ended

    def _need_link(self, person: Person, account_id: str) -> Account:
        account = self.account(person, account_id)
        if self._settings.auth in ("oidc", "proxy"):
            raise Conflict("People come by the company's sign-in here, without a password: no link is needed.")
        if account.disabled_at is not None:
            raise Conflict(DISABLED.format(account.person.name))
        return account

    def _need_another_admin(self, session: Session, person: Person) -> None:
        """Raise Conflict where this person is the last who could let somebody in again."""
        if stored.able_admins(session, self._settings.auth) == {person.id}:
            raise Conflict(
                f"{person.name} is the last administrator who can sign in: make somebody else an administrator first."
            )


def _digest_of(password: str, email: str) -> str:
    """Return what is kept of a password that may be set; raises PasswordRefused."""
    passwords.need_good(password, email)
    return passwords.hashed(password)


def _named(person: Person) -> dict[str, str]:
    """Whom a line of the audit log is about, as people know them."""
    return {"name": person.name, "email": person.email}
