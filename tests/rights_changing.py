"""Changes rights at random, in a process of its own, as long as its standard input stays open.

Arguments: the data folder, a seed, and "index" where the process that searches owns the index.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from small_library import Library
from sqlalchemy import text

from assistant.errors import AssistantError
from assistant.knowledge.service import KnowledgeBase
from assistant.library import Facts
from assistant.providers.minilm import MiniLM
from assistant.settings import load
from assistant.storage.people import LOCAL

PEOPLE = tuple(f"person-{n}" for n in range(6))
GROUPS = tuple(f"group-{n}" for n in range(4))
SPACES = ("general", "space-1", "space-2", "space-3")
ROLES = ("staff", "staff", "kb_admin", "admin")
TAGS = tuple(f"tag-{n}" for n in range(8))
SUBJECTS = ("harbour", "canteen", "salary", "holiday", "printer", "parking", "insurance", "contract")
PAUSE_SECONDS = 0.004
DOCUMENTS = 24


def word_of(name: str) -> str:
    """Return a word that stands in the documents of this name alone: "Note 12.md" has "zumborqq"."""
    number = int("".join(sign for sign in name if sign.isdigit()))
    return "zum" + "".join(chr(ord("a") + int(digit)) * 2 for digit in f"{number:03}") + "orqq"


def page_of(name: str, number: int, chance: random.Random) -> str:
    """Return a text of a document; it tells whose it is."""
    subject, other = chance.sample(SUBJECTS, 2)
    return f"The {subject} of {word_of(name)} and the {other} are settled by rule {number}. [{name}]"


class Changes:
    """What can be done about rights, each at random."""

    def __init__(self, library: Library, chance: random.Random, *, indexed: bool) -> None:
        self._library = library
        self._chance = chance
        self._knowledge = KnowledgeBase(
            database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
        )
        self._put = library.embed if indexed else library.put
        self._acts: dict[Callable[[], None], int] = {
            self._member: 6,
            self._space: 4,
            self._restrict: 8,
            self._move: 4,
            self._tag: 3,
            self._person: 3,
            self._canary: 1,
            self._replace: 1,
            self._delete_and_add: 1,
        }
        self._number = DOCUMENTS

    def one(self) -> None:
        """Do one of them; what is refused was not to be done."""
        act = self._chance.choices(list(self._acts), list(self._acts.values()))[0]
        with suppress(AssistantError):
            act()

    def _document(self) -> str:
        found = self._knowledge.documents(LOCAL)
        return self._chance.choice(found).id if found else ""

    def _some(self, of: tuple[str, ...]) -> list[str]:
        return self._chance.sample(of, self._chance.randint(0, 2))

    def _member(self) -> None:
        values = {"g": self._chance.choice(GROUPS), "p": self._chance.choice(PEOPLE)}
        come = "INSERT OR IGNORE INTO group_members (group_id, person_id) VALUES (:g, :p)"
        go = "DELETE FROM group_members WHERE group_id = :g AND person_id = :p"
        self._run((self._chance.choice((come, go)), values))

    def _space(self) -> None:
        space, groups = self._chance.choice(SPACES), self._some(GROUPS)
        restricted = self._chance.random() < 0.7
        self._run(
            ("DELETE FROM space_groups WHERE space_id = :s", {"s": space}),
            ("UPDATE spaces SET restricted = :r WHERE id = :s", {"s": space, "r": restricted}),
            *(("INSERT INTO space_groups VALUES (:s, :g)", {"s": space, "g": group}) for group in groups),
        )

    def _restrict(self) -> None:
        ids = {self._document() for _ in range(self._chance.randint(1, 3))}
        groups = self._some(GROUPS) if self._chance.random() < 0.7 else None
        self._knowledge.library.restrict(LOCAL, sorted(ids), groups)

    def _move(self) -> None:
        self._knowledge.library.move(LOCAL, [self._document()], self._chance.choice(SPACES))

    def _tag(self) -> None:
        listed = self._knowledge.library.facts(LOCAL, self._document())
        tags = tuple(self._chance.sample(TAGS, 2))
        self._knowledge.library.set_facts(LOCAL, listed.document.id, Facts(tags=tags), listed.revision)

    def _person(self) -> None:
        values = {"p": self._chance.choice(PEOPLE), "role": self._chance.choice(ROLES)}
        disabled = "'2026-11-01'" if self._chance.random() < 0.3 else "NULL"
        self._run((f"UPDATE people SET role = :role, disabled_at = {disabled} WHERE id = :p", values))  # noqa: S608 - a constant of this file

    def _canary(self) -> None:
        """For a moment a document is one for nobody, as if it had been made to watch over the rights."""
        values = {"d": self._document()}
        self._run(("UPDATE documents SET canary = 1 WHERE id = :d", values))
        time.sleep(10 * PAUSE_SECONDS)
        self._run(("UPDATE documents SET canary = 0 WHERE id = :d", values))

    def _replace(self) -> None:
        document = self._knowledge.document(LOCAL, self._document())
        page = page_of(document.name, document.version + 1, self._chance)
        self._put(document.name, [page], document.space)

    def _delete_and_add(self) -> None:
        self._knowledge.library.delete_many(LOCAL, [self._document()])
        name = f"Note {self._number % 1000}.md"
        self._number += 1
        self._put(name, [page_of(name, 1, self._chance)], self._chance.choice(SPACES))

    def _run(self, *statements: tuple[str, Mapping[str, object]]) -> None:
        with self._library.database.write() as session:
            for statement, values in statements:
                session.execute(text(statement), values)


def _wait(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _main(folder: Path, seed: int, *, indexed: bool) -> None:
    library = Library(load(data_dir=folder, _env_file=None), MiniLM(folder / "cache"))
    changes = Changes(library, random.Random(seed), indexed=indexed)  # noqa: S311 - a test that can be run again
    ended = threading.Event()
    threading.Thread(target=_wait, args=(ended,), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while not ended.wait(PAUSE_SECONDS):
        changes.one()


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]), indexed="index" in sys.argv[3:])
