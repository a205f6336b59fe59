"""What a person would find, and why: for admins who are asked "why can she see that?" or "why can he not?"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.access import Standing
from assistant.domain import Passage, Person, Role
from assistant.errors import NotFound
from assistant.people.rights import Rights
from assistant.storage.audit import AuditLog
from assistant.storage.explaining import Explaining, OpenTo
from assistant.storage.people import People

if TYPE_CHECKING:
    from assistant.knowledge.service import KnowledgeBase
    from assistant.storage.database import Database

PASSAGES = 8
"""As many as the chat gives a model."""
ONLY_ADMINS = "Only administrators may look at the knowledge base as somebody else."


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage that the person would be given, and why they may read it."""

    passage: Passage
    why: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """A document that the admin would find with the same words and the person would not, and why not."""

    document_id: str
    document: str
    why: str


@dataclass(frozen=True, slots=True)
class View:
    """The knowledge base as somebody sees it: their standing, readable spaces by name, and what a question finds."""

    person: Person
    groups: tuple[str, ...]
    spaces: tuple[str, ...]
    seen: tuple[Seen, ...]
    unseen: tuple[Unseen, ...]


class ViewAs:
    """Looks with somebody else's rights; each look is a line of the audit log."""

    def __init__(self, database: Database, rights: Rights, knowledge: KnowledgeBase) -> None:
        self._rights = rights
        self._knowledge = knowledge
        self._people = People(database)
        self._explaining = Explaining(database)
        self._log = AuditLog(database)

    def view(self, admin: Person, email: str, question: str = "") -> View:
        """Return what the person of this address would retrieve for a question, and nothing found without one.

        Raises SignedOut, NotAllowed; NotFound for an address of nobody.
        """
        self._rights.need_admin(admin, ONLY_ADMINS)
        person = self._people.by_email(email)
        if person is None:
            raise NotFound("There is no person with this address.")
        self._log.add(admin.id, "person.viewed_as", person.id, {"name": person.name, "question": question})
        now = self._rights.standing(person)
        spaces = tuple(space.name for space in self._knowledge.spaces(person))
        groups = tuple(self._explaining.group_names(now.groups))
        return View(now.person, groups, spaces, *self._found(admin, now, question))

    def _found(self, admin: Person, now: Standing, question: str) -> tuple[tuple[Seen, ...], tuple[Unseen, ...]]:
        if not question.strip():
            return (), ()
        passages = self._knowledge.search(now.person, question, PASSAGES, limited=False)
        all_there = self._knowledge.search(admin, question, PASSAGES, limited=False)
        there = list(dict.fromkeys(one.document_id for one in all_there))
        gone = self._knowledge.library.gone(now.person, there)
        hidden = [id_ for id_ in there if id_ in gone]
        facts = self._explaining.of([*{one.document_id for one in passages}, *hidden])
        seen = [Seen(one, why(facts[one.document_id], now)) for one in passages if one.document_id in facts]
        unseen = [Unseen(id_, facts[id_].document, why_not(facts[id_], now)) for id_ in hidden if id_ in facts]
        return tuple(seen), tuple(unseen)


def why(facts: OpenTo, now: Standing) -> str:
    """Say in a sentence why somebody may read a document that they may."""
    if now.role is Role.ADMIN:
        return f"{now.person.name} is an administrator, who may read everything."
    told = [_open(f"the space {facts.space}", facts.space_groups, now)]
    if facts.document_groups is not None:
        told.append(_open("the document itself", facts.document_groups, now))
    return _sentence(" and ".join(told))


def why_not(facts: OpenTo, now: Standing) -> str:
    """Say in a sentence what keeps somebody from reading a document."""
    for what, groups in ((f"the space {facts.space}", facts.space_groups), ("the document", facts.document_groups)):
        if groups is not None and not groups.keys() & set(now.groups):
            return _sentence(f"{what} is open to {_named(groups)} only, and {now.person.name} is not in it")
    return "The rights changed while this was looked up: look again."


def _open(what: str, groups: Mapping[str, str] | None, now: Standing) -> str:
    if groups is None:
        return f"{what} is open to everyone"
    mine = {id_: name for id_, name in groups.items() if id_ in now.groups}
    return f"{what} is open to {_named(mine)}, which {now.person.name} is in"


def _named(groups: Mapping[str, str]) -> str:
    names = sorted(groups.values())
    return "nobody" if not names else names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
