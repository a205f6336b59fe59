"""To which hosts the addresses in answers may be links: none, until an admin names some."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from assistant.domain import Person
from assistant.errors import Conflict, WrongUse
from assistant.people.rights import Rights
from assistant.storage.database import Database
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.preferences import Preferences

PREFERENCE = "links"
HOSTS = "hosts"
AUDITED = "links.changed"
MOST_HOSTS = 100
LONGEST_HOST = 253
"""Characters (RFC 1035, 2.3.4)."""
CHANGED = "Somebody else changed this just now: look at it again."
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:\*\.{_LABEL}\.)?{_LABEL}(?:\.{_LABEL})*")
_LINK = re.compile(
    rf"https://({_LABEL}(?:\.{_LABEL})*)(?::443)?(?:[/?#][!#-;=?-\[\]_a-z~]*)?", re.IGNORECASE | re.ASCII
)
"""An address without a name or password before its host, without another port, and of signs that no browser reads
in two ways: no blank, backslash, quote, angle, bracket of a template or letter beyond ASCII."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts by exact name, or ``*.example.com`` for all below example.com; ``revision`` counts the changes."""

    hosts: tuple[str, ...] = ()
    revision: int = 0


class LinksAllowed:
    """Keeps the list. Everybody may know it: it is what an answer's links are drawn by."""

    def __init__(self, database: Database, rights: Rights) -> None:
        self._preferences = Preferences(database)
        self._rights = rights

    def allowed(self) -> Allowed:
        """Return what is set; no host where it cannot be read."""
        stored = self._preferences.get(PREFERENCE)
        if stored is None:
            return Allowed()
        hosts = (stored.value or {}).get(HOSTS)
        try:
            return Allowed(checked(hosts if isinstance(hosts, list) else ()), stored.revision)
        except WrongUse:
            return Allowed(revision=stored.revision)

    @full_disk_told(NOTHING_CHANGED)
    def set(self, person: Person, allowed: Allowed) -> Allowed:
        """Store the hosts over those of ``allowed.revision``, with a line in the audit log.

        Raises SignedOut, NotAllowed, WrongUse that names what is no host, Conflict.
        """
        self._rights.need_admin(person)
        hosts = checked(allowed.hosts)
        change = {"from": list(self.allowed().hosts), "to": list(hosts)}
        value = {HOSTS: list(hosts)}
        revision = self._preferences.replace(PREFERENCE, value, allowed.revision, person.id, audited=(AUDITED, change))
        if revision is None:
            raise Conflict(CHANGED)
        return Allowed(hosts, revision)


def checked(hosts: Sequence[object]) -> tuple[str, ...]:
    """Return hosts as they are compared, each once, names in other letters as punycode; raises WrongUse."""
    named = list(dict.fromkeys(_host(str(one)) for one in hosts if str(one).strip()))
    if len(named) > MOST_HOSTS:
        raise WrongUse(f"At most {MOST_HOSTS} hosts can be named: use *.example.com for all below one.")
    return tuple(named)


def is_allowed(address: str, hosts: Collection[str]) -> bool:
    """Whether an address may be a link: https, to one of the hosts, written in no way that hides where it goes."""
    match = _LINK.fullmatch(address)
    if match is None:
        return False
    host = match.group(1).lower()
    above = host.split(".")
    return host in hosts or any("*." + ".".join(above[place:]) in hosts for place in range(1, len(above)))


def _host(written: str) -> str:
    try:
        host = (
            written.strip().lower().encode("idna").decode("ascii") if not written.isascii() else written.strip().lower()
        )
    except UnicodeError:
        host = ""
    if len(host) > LONGEST_HOST or not _HOST.fullmatch(host):
        raise WrongUse(
            f"{written.strip()[:80]!r} is no host: write its name alone (wiki.example.com), "
            "or *.example.com for all below."
        )
    return host
