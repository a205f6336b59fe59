"""From an outside identity to a person: who may come in, in which role, in which groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from assistant.access import OutsideIdentity
from assistant.domain import Person, Role
from assistant.errors import Conflict, SignInRefused, WrongUse
from assistant.people.names import clean_address
from assistant.people.rights import Rights
from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.storage.external import Arrivals

NOT_LET_IN = "None of your groups may use this assistant: ask an administrator."
NOTHING_TO_RELEASE = "There is no account with this address that somebody could sign in to by a password or a provider."
LONGEST_NAME = 200
MOST_GROUPS = 1_000
"""More than providers put into a token: Entra ID stops at 200, and names none beyond."""


class External:
    """Answers for one database and the mapping of groups to roles in the settings.

    ``after_change`` is called whenever what somebody may do has changed.
    """

    def __init__(self, database: Database, settings: Settings, after_change: Callable[[], None]) -> None:
        self._arrivals = Arrivals(database)
        self._rights = Rights(database)
        self._after_change = after_change
        self._admins = names_in(settings.admin_groups)
        self._editors = names_in(settings.kb_admin_groups)
        self._staff = names_in(settings.staff_groups)

    def admit(self, who: OutsideIdentity) -> Person:
        """Return the person, who is added at their first coming; name, address, role and groups follow the outside.

        A role is decided by the setting for its groups; where that is unset, by what admins gave here. Raises
        SignInRefused with a sentence when none of their groups may come in, when the account is disabled, and when
        another account has the address.
        """
        groups = frozenset(who.groups)
        if self._staff and not groups & (self._staff | self._editors | self._admins):
            raise SignInRefused(NOT_LET_IN)
        person, has_changed = self._arrivals.admit(who, lambda stored: self._role(groups, stored))
        if has_changed:
            self._after_change()
        return person

    def release(self, person: Person, email: str) -> None:
        """Let whoever next comes from outside with this address have the account, whatever opened it before.

        Raises SignedOut, NotAllowed for all but admins, Conflict when there is nothing to release.
        """
        self._rights.need_admin(person)
        if not self._arrivals.release(address_of(email) or "", person.id):
            raise Conflict(NOTHING_TO_RELEASE)

    def _role(self, groups: frozenset[str], stored: Role | None) -> Role:
        for role, named in ((Role.ADMIN, self._admins), (Role.KB_ADMIN, self._editors)):
            if (groups & named) if named else stored is role:
                return role
        return Role.STAFF


def names_in(listed: str) -> frozenset[str]:
    """Return the names of a list with commas."""
    return frozenset(name.strip() for name in listed.split(",")) - {""}


def address_of(given: object) -> str | None:
    """Return a mail address in lower case; None for what is none."""
    try:
        return clean_address(given) if isinstance(given, str) else None
    except WrongUse:
        return None


def name_of(given: object) -> str:
    """Return a person's name on one line, without what is not printed; "" when there is none."""
    if not isinstance(given, str):
        return ""
    printed = "".join(letter for letter in " ".join(given.split()) if letter.isprintable())
    return printed[:LONGEST_NAME].strip()


def groups_of(given: object) -> tuple[str, ...]:
    """Return the names of groups in a list or in one string, each once; nothing for what is neither.

    A name that is too long, or has signs that nobody sees, is left out: made to fit, it could be another group's.
    """
    listed: Iterable[object] = given if isinstance(given, list | tuple) else (given,)
    names = dict.fromkeys(name.strip() for name in listed if isinstance(name, str))
    return tuple(name for name in names if name.isprintable() and 0 < len(name) <= LONGEST_NAME)[:MOST_GROUPS]


def claim(claims: Mapping[str, object], path: str) -> object:
    """Return the claim of this name, or the one that a path with dots leads to; None when there is none.

    The whole name goes first: names of claims may be addresses, with dots in them.
    """
    if path in claims:
        return claims[path]
    head, dot, rest = path.partition(".")
    inner = claims.get(head)
    return claim(inner, rest) if dot and isinstance(inner, Mapping) else None
