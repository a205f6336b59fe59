"""A watch over the rights: in each restricted space lies a document for nobody, and it is looked for in every way.

After each change of rights and once a day somebody of every kind of rights looks for it in all that services give. To
see it anywhere is an alarm. The look also goes through the rights alone, without what hides these documents from
everyone, so that it is the rights that are tried; and it first makes sure that it could see the document at all.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant import log
from assistant.access import Canary, Readable
from assistant.domain import Passage, Person
from assistant.errors import AssistantError
from assistant.library import DocumentQuery, today
from assistant.people.rights import Rights
from assistant.storage.canaries import Canaries
from assistant.storage.document_list import DocumentList
from assistant.storage.documents import Documents
from assistant.storage.facts import tags_of

if TYPE_CHECKING:
    from assistant.knowledge.service import KnowledgeBase
    from assistant.storage.database import Database

LETTERS = "bcdfghjklmnpqrstvwxz"
"""Without vowels no such word is in any language, and none is taken for a form of another."""
WORD_LETTERS = 14
MOST_KINDS = 200
"""Kinds of rights that are tried out in a look; a company has some dozens."""
LOOK_SECONDS, DAY_SECONDS = 15.0, 86_400.0
BREATH_SECONDS = 0.02
"""Between two looks: people's questions go first."""
TEXT = "# {word}\n\nThe word {word} is here to watch over the rights of this space. Nobody may ever see it.\n"
ONLY_ADMINS = "Only administrators may see what the watch over the rights found."

Look = Callable[[], object]
Find = Callable[[Readable, str], list[Passage]]
"""Searches as the chat does, with given rights."""
Plant = Callable[[str, str, bytes], str]
"""Stores a document for nobody in a space, under a name; gives its id."""

logger = logging.getLogger(__name__)


class Watch:
    """Plants the canaries and looks for them; ``start`` does both in a thread for as long as the app runs."""

    def __init__(self, database: Database, knowledge: KnowledgeBase, plant: Plant, find: Find) -> None:
        self._knowledge = knowledge
        self._plant = plant
        self._find = find
        self._database = database
        self._rights = Rights(database)
        self._canaries = Canaries(database)
        self._documents = Documents(database)
        self._list = DocumentList(database)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._thread = threading.Thread(target=self._run, name="rights-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(10)

    def alarms(self, person: Person) -> list[Canary]:
        """Return the canaries that were seen; raises SignedOut, NotAllowed."""
        self._rights.need_admin(person, ONLY_ADMINS)
        return [one for one in self._canaries.all() if one.alarm]

    def dismiss(self, person: Person, space_id: str) -> None:
        """Take an alarm away, once it was seen to; raises SignedOut, NotAllowed."""
        self._rights.need_admin(person, ONLY_ADMINS)
        self._canaries.dismiss(person.id, space_id)

    def plant(self) -> int:
        """Put a canary into each restricted space that has none; return how many."""
        wanted = self._canaries.unwatched()
        for space_id in wanted:
            word = "".join(secrets.choice(LETTERS) for _ in range(WORD_LETTERS))
            document_id = self._plant(space_id, f"{word}.md", TEXT.format(word=word).encode())
            self._canaries.plant(space_id, document_id, word)
        return len(wanted)

    def look(self) -> list[str]:
        """Look for each canary that is searchable by now; return what was seen that must not be, in sentences."""
        found: list[str] = []
        for canary in self._canaries.all():
            if canary.is_live and not self._ended.is_set():
                alarm = self._alarm(canary)
                self._canaries.note(canary, alarm)
                found += [alarm] if alarm else []
                if alarm:
                    logger.error("rights: %s", alarm)
        return found

    def _alarm(self, canary: Canary) -> str | None:
        if not self._is_seen(lambda: self._find(_all_of(canary), canary.word), canary):
            return f"The watch over the space {canary.space} is blind: it does not find its own document."
        for person in self._canaries.classes(MOST_KINDS):
            for what, look in (*self._given(person, canary), *self._by_rights(person, canary)):
                if self._is_seen(look, canary):
                    return f"{what} shows a document of the space {canary.space} that is for nobody to {person.email}."
                self._ended.wait(BREATH_SECONDS)
        return None

    def _given(self, person: Person, canary: Canary) -> Iterator[tuple[str, Look]]:
        """All that services give somebody."""
        knowledge, library, id_, word = self._knowledge, self._knowledge.library, canary.document_id, canary.word
        misspelt = word[:-1] + next(sign for sign in LETTERS if sign != word[-1])
        yield "The search", lambda: knowledge.search(person, word, limited=False)
        yield "Retrieval", lambda: knowledge.retrieve(person, [word])
        yield "The spelling", lambda: knowledge.in_words_of_documents(person, f"where is {misspelt} kept?")
        yield "The list of documents", lambda: knowledge.documents(person)
        yield "The list by names", lambda: library.page(person, DocumentQuery(words=word))
        yield "The list by words", lambda: library.page(person, DocumentQuery(words=word, in_text=True))
        yield "The document", lambda: knowledge.document(person, id_)
        yield "What is said of it", lambda: library.facts(person, id_)
        yield "Its versions", lambda: library.versions(person, id_)
        yield "Its passages", lambda: library.chunks(person, id_)
        yield "Its text", lambda: knowledge.document_text(person, id_, 1)
        yield "Its original", lambda: knowledge.original(person, id_)
        yield "The news", lambda: knowledge.finished_since(person, 0)
        yield "The suspects", lambda: knowledge.quarantine.documents(person)
        yield "What is gone", lambda: set() if id_ in library.gone(person, [id_]) else {id_}

    def _by_rights(self, person: Person, canary: Canary) -> Iterator[tuple[str, Look]]:
        """What the rights alone keep from somebody; an admin's rights keep nothing."""
        sight = replace(self._rights.readable(person), canaries=True)
        if sight.everything:
            return
        query = DocumentQuery(words=canary.word, in_text=True)
        yield "The rights in the search", lambda: self._find(sight, canary.word)
        yield "The rights in the list", lambda: self._list.page(query, sight, today())
        yield "The rights of the document", lambda: self._documents.get(canary.document_id, sight)
        yield "The rights of all documents", lambda: self._documents.readable_by(sight)
        yield "The rights of tags", lambda: tags_of(self._database, sight)

    def _is_seen(self, look: Look, canary: Canary) -> bool:
        """Whether what a look gives has the document's word or id; an error that is foreseen gives nothing."""
        try:
            given = repr(look())
        except AssistantError:
            return False
        return canary.word in given or canary.document_id in given

    def _run(self) -> None:
        """Look after each change of rights and once a day."""
        changed, looked_at, waiting = -1, -DAY_SECONDS, True
        while not self._ended.wait(LOOK_SECONDS):
            try:
                now = self._canaries.rights_changed()
                waiting = self.plant() > 0 or waiting
                if waiting or now != changed or time.monotonic() - looked_at > DAY_SECONDS:
                    waiting = any(not one.is_live for one in self._canaries.all())
                    self.look()
                    changed, looked_at = now, time.monotonic()
            except Exception as error:
                log.record(logger, error)


def _all_of(canary: Canary) -> Readable:
    return Readable((canary.space_id,), everything=True, canaries=True)
