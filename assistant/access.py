"""The words of rights and signing in: groups, what a person may read, accounts, sessions, tokens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

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


@dataclass(frozen=True, slots=True)
class OutsideIdentity:
    """Somebody as an identity provider or a proxy names them.

    ``source`` is "oidc" or "proxy". A provider knows people by ``issuer`` and ``subject``; without an issuer the
    address alone says who it is. ``email`` is None when the provider gave none that can be trusted.
    """

    source: str
    email: str | None
    name: str
    groups: tuple[str, ...] = ()
    issuer: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class SignInFlow:
    """A sign-in on its way to an identity provider and back: what must come back, and where it goes then."""

    state: str
    nonce: str
    verifier: str
    goes_to: str


class Scope(StrEnum):
    """What an API token may be used for."""

    READ = "read"
    ASK = "ask"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True)
class Account:
    """A person as admins see them. ``groups`` are names, ``sign_in`` the ways by which they can come.

    Into the ``claimed`` ones of the groups an identity provider or proxy put them; only there that can be changed.
    ``invited_until`` is when an unused invitation ends.
    """

    person: Person
    groups: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None
    seen_at: datetime | None
    sign_in: tuple[str, ...] = ()
    claimed: tuple[str, ...] = ()
    invited_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountQuery:
    """Which people a list shows: each of the ``words`` in name or address, of this role, in the group of this name."""

    words: str = ""
    role: Role | None = None
    group: str = ""
    disabled: bool | None = None
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class AccountPage:
    """One page of a list of people; ``total`` counts all that the query finds."""

    accounts: tuple[Account, ...]
    total: int


@dataclass(frozen=True, slots=True)
class GroupUse:
    """What hangs on a group: its members, and the spaces and documents that are open to it.

    ``only`` are those of the spaces that no other group may read: without this one they are for administrators alone.
    """

    group: Group
    spaces: tuple[str, ...]
    only: tuple[str, ...]
    documents: int


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
    """One line of the audit log; ``rights`` are the role and the groups that the person had then.

    ``about`` is the address of the person whom ``subject`` means; empty when it means none that is still there.
    """

    id: int
    at: datetime
    person: str
    action: str
    subject: str
    details: dict[str, object]
    rights: dict[str, object]
    about: str = ""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which lines of the audit log: all ``words`` stand in it, ``before`` is the id to go on from (newest first)."""

    words: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a look at the whole audit log found: so many sound ``lines``, the last one's digest (hex) as ``head``.

    ``broken`` is the id of the first line that is not as it was written; ``has_head`` whether a digest that was known
    from before is among the sound lines.
    """

    lines: int
    head: str
    broken: int | None
    has_head: bool = True

    @property
    def sound(self) -> bool:
        """Whether all is as it was written."""
        return self.broken is None and self.has_head


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a conversation is shown to: a person by ``name``, their address, a group by its id, or everyone."""

    kind: Literal["person", "group", "everyone"]
    name: str = ""


EVERYONE = Audience("everyone")


@dataclass(frozen=True, slots=True)
class Share:
    """An audience of a conversation as its owner sees it; ``label`` is the address or the group's name."""

    audience: Audience
    label: str
    shared_at: datetime


@dataclass(frozen=True, slots=True)
class SharedConversation:
    """A conversation of somebody else as those see it to whom it is shown; ``owner`` is that person's name."""

    id: str
    title: str
    owner: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Canary:
    """A document for nobody. ``word`` stands in it and nowhere else; ``alarm`` says where it was seen all the same."""

    space_id: str
    space: str
    document_id: str
    word: str
    is_live: bool
    checked_at: datetime | None = None
    alarm: str | None = None
