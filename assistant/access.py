"""The words of rights and signing in: groups, what a person may read, accounts, sessions, tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from assistant.domain import Person, Role


@dataclass(frozen=True, slots=True)
class Group:
    """A set of people that spaces and documents can be opened to."""

    id: str
    name: str
    members: int = 0


@dataclass(frozen=True, slots=True)
class Readable:
    """What somebody may read, as the database said a moment ago: documents of ``spaces`` (ids).

    Of restricted documents only those that are open to one of the ``groups`` (ids), or all with ``everything``.
    ``canaries`` is for the watch over the rights alone: to everyone else those documents do not exist.
    """

    spaces: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    everything: bool = False
    canaries: bool = False


NOTHING = Readable()

Reader = Person | Readable
"""Who reads: a person, whose rights are looked up in the same state of the database as what they read; or rights."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A person as the database has them at this moment, never with more than the way they came by gives."""

    person: Person
    groups: tuple[str, ...]

    @property
    def role(self) -> Role:
        """What they may do now."""
        return self.person.role


class Scope(StrEnum):
    """What an API token may be used for."""

    READ = "read"
    ASK = "ask"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Account:
    """A person as admins see them. ``groups`` are names, ``sign_in`` the ways by which they can come."""

    person: Person
    groups: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None
    seen_at: datetime | None
    sign_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpaceAccess:
    """A space and who may read it: everyone, or where it is ``restricted`` the named groups."""

    id: str
    name: str
    restricted: bool
    groups: tuple[str, ...]
    documents: int = 0


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A signed-in browser as its person sees it; ``id`` is a digest and opens nothing."""

    id: str
    method: str
    created_at: datetime
    seen_at: datetime
    agent: str
    address: str


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A personal API token as its person sees it, without the token itself."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit log; ``rights`` are the role and the groups that the person had then."""

    id: int
    at: datetime
    person: str
    action: str
    subject: str
    details: dict[str, object]
    rights: dict[str, object]
