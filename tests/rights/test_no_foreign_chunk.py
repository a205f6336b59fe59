"""Nobody is ever given anything of a document that they could not read at any moment of the call.

One process changes people, groups, spaces and documents at random, this one asks at random. ``NO_FOREIGN_CHUNK`` sets
how many questions are asked; the nightly run asks 10,000.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from persons import known
from rights_changing import DOCUMENTS, GROUPS, PEOPLE, SPACES, SUBJECTS, TAGS, page_of, word_of
from rights_journal import Journal, Sight
from small_library import Library
from sqlalchemy import text

from assistant.chat.suggestions import suggested_questions
from assistant.domain import Person, Role
from assistant.errors import NotFound, SignedOut
from assistant.knowledge.service import KnowledgeBase
from assistant.library import DocumentQuery, Filters
from assistant.providers.minilm import MiniLM
from assistant.settings import load

TESTS = Path(__file__).resolve().parents[1]
SEED = int(os.environ.get("NO_FOREIGN_CHUNK_SEED", "6"))
QUESTIONS = int(os.environ.get("NO_FOREIGN_CHUNK", "500"))
NOTE = re.compile(r"\[(Note \d+\.md)\]")
# As those whose role changes; the highest, since what is passed in can only narrow.
PERSONS = tuple(Person(id_, f"{id_}@example.com", id_.title(), Role.ADMIN) for id_ in PEOPLE)


@dataclass(frozen=True)
class Told:
    """What a call told: ids, versions by id, tags and names of documents, ids of spaces, and how many there are."""

    documents: frozenset[str] = frozenset()
    versions: tuple[tuple[str, int], ...] = ()
    tags: frozenset[str] = frozenset()
    spaces: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    count: int | None = None
    missing: str | None = None
    """The id of a document that is said not to be there."""

    def is_right(self, moments: Sequence[Sight]) -> bool:
        """Whether each of it was to be read at some moment."""
        ever = frozenset[str]()
        return (
            self.documents <= ever.union(*(one.documents for one in moments))
            and all(any(one.live.get(id_) == number for one in moments) for id_, number in self.versions)
            and self.tags <= ever.union(*(one.tags for one in moments))
            and self.spaces <= ever.union(*(one.spaces for one in moments))
            and self.names <= ever.union(*(one.names for one in moments))
            and (self.count is None or self.count in {len(one.documents) for one in moments})
            and (self.missing is None or any(self.missing not in one.documents for one in moments))
        )


class Asking:
    """Asks at random, as somebody at random."""

    def __init__(self, knowledge: KnowledgeBase, library: Library, chance: random.Random) -> None:
        self._knowledge = knowledge
        self._library = library
        self._chance = chance
        self._acts: dict[Callable[[Person], Told], int] = {
            self._search: 10,
            self._retrieve: 6,
            self._filtered: 4,
            self._list: 3,
            self._documents: 1,
            self._tags: 2,
            self._spaces: 1,
            self._progress: 1,
            self._words: 4,
            self._one: 6,
            self._suggestions: 1,
        }

    def one(self, person: Person) -> tuple[str, Told | None]:
        """Ask one of them; return what it is called and what was told, None for nothing since they may not act."""
        act = self._chance.choices(list(self._acts), list(self._acts.values()))[0]
        try:
            return act.__name__, act(person)
        except SignedOut:
            return act.__name__, None

    def _query(self) -> str:
        subjects = self._chance.sample(SUBJECTS, 2)
        words = [word_of(f"Note {self._chance.randrange(DOCUMENTS)}.md")] if self._chance.random() < 0.5 else []
        return f"What is the rule of the {' '.join([*subjects, *words])}?"

    def _search(self, person: Person) -> Told:
        found = self._knowledge.search(person, self._query(), self._chance.randint(1, 12), limited=False)
        return self._of_passages([(one.document_id, one.version, one.document, one.text) for one in found])

    def _retrieve(self, person: Person) -> Told:
        found = self._knowledge.retrieve(person, [self._query(), self._query()])
        return self._of_passages([(one.document_id, one.version, one.document, one.text) for one in found])

    def _filtered(self, person: Person) -> Told:
        some = self._chance.choice((Filters(tags=(self._chance.choice(TAGS),)), Filters(ending="md")))
        found = self._knowledge.retrieve(person, [self._query()], filters=some)
        return self._of_passages([(one.document_id, one.version, one.document, one.text) for one in found])

    def _of_passages(self, found: Sequence[tuple[str, int, str, str]]) -> Told:
        names = {name for *_, words in found for name in NOTE.findall(words)} | {name for _, _, name, _ in found}
        return Told(
            frozenset(id_ for id_, *_ in found),
            tuple((id_, version) for id_, version, *_ in found),
            names=frozenset(names),
        )

    def _list(self, person: Person) -> Told:
        words = self._chance.choice(("", "", "note", word_of(f"Note {self._chance.randrange(DOCUMENTS)}.md"), "rule"))
        page = self._knowledge.library.page(person, DocumentQuery(words, in_text=True, limit=100))
        shown = [one.document for one in page.documents]
        assert page.total == len(shown)
        return Told(
            frozenset(one.id for one in shown),
            names=frozenset(one.name for one in shown),
            count=None if words else page.total,
        )

    def _documents(self, person: Person) -> Told:
        found = self._knowledge.documents(person)
        return Told(frozenset(one.id for one in found), count=len(found))

    def _tags(self, person: Person) -> Told:
        return Told(tags=frozenset(self._knowledge.library.tags(person)))

    def _spaces(self, person: Person) -> Told:
        return Told(spaces=frozenset(one.id for one in self._knowledge.spaces(person)))

    def _progress(self, person: Person) -> Told:
        return Told(count=self._knowledge.progress(person).total)

    def _words(self, person: Person) -> Told:
        name = f"Note {self._chance.randrange(DOCUMENTS)}.md"
        word = word_of(name)
        written = self._knowledge.in_words_of_documents(person, f"what is the rule of {word[:-1]}x")
        told = re.findall(r"zum\w*orqq", written)
        return Told(names=frozenset(name for name in _names() if word_of(name) in told))

    def _one(self, person: Person) -> Told:
        """Everything that is to be had by the id of a document, which are all known here."""
        with self._library.database.read() as session:
            ids = session.execute(text("SELECT id FROM documents WHERE deleted_at IS NULL")).scalars().all()
        id_ = self._chance.choice(ids)
        library = self._knowledge.library
        ways: list[Callable[[], object]] = [
            lambda: self._knowledge.document(person, id_),
            lambda: self._knowledge.original(person, id_),
            lambda: self._knowledge.document_text(person, id_, 1),
            lambda: library.facts(person, id_),
            lambda: library.versions(person, id_),
            lambda: library.chunks(person, id_),
            lambda: library.difference(person, id_, 1, 1),
        ]
        try:
            self._chance.choice(ways)()
        except NotFound:
            return Told(missing=id_)
        gone = library.gone(person, [id_])
        return Told(frozenset({id_}), missing=id_ if gone else None)

    def _suggestions(self, person: Person) -> Told:
        asked = suggested_questions(self._knowledge, person)
        return Told(names=frozenset(name for name in _names() for one in asked if f"{Path(name).stem} " in one))


def _names() -> list[str]:
    return [f"Note {n}.md" for n in range(1000)]


@contextmanager
def _changing(folder: Path, *, indexed: bool) -> Iterator[None]:
    """Have another process change rights."""
    paths = [str(TESTS), str(TESTS.parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(TESTS / "rights_changing.py"), str(folder), str(SEED)]
    command += ["index"] if indexed else []
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        yield
        assert other.poll() is None, "the process that changes rights has died"


def _filled(folder: Path, embedder: MiniLM, chance: random.Random) -> Library:
    library = Library(load(data_dir=folder, _env_file=None), embedder)
    known(library.database, *PERSONS)
    with library.database.write() as session:
        for space in SPACES[1:]:
            values = {"id": space}
            session.execute(text("INSERT INTO spaces (id, name, created_at) VALUES (:id, :id, '2026-11-01')"), values)
        for group in GROUPS:
            session.execute(text("INSERT INTO groups VALUES (:id, :id, '2026-11-01')"), {"id": group})
    for n in range(DOCUMENTS):
        library.put(f"Note {n}.md", [page_of(f"Note {n}.md", 1, chance)], chance.choice(SPACES))
    return library


def _ask(folder: Path, embedder: MiniLM, questions: int, *, own_index: bool) -> Counter[str]:
    """Ask so many questions while rights change; return what happened how often."""
    chance = random.Random(SEED)  # noqa: S311 - a test that can be run again
    library = _filled(folder, embedder, chance)
    knowledge = KnowledgeBase(
        database=library.database, settings=library.settings, embedder=embedder, own_index=own_index
    )
    knowledge.start()
    seen: Counter[str] = Counter()
    try:
        asking, journal = Asking(knowledge, library, chance), Journal.begin(library.database)
        with _changing(folder, indexed=own_index):
            for n in range(questions):
                person = chance.choice(PERSONS)
                list(journal.moments(person.id))
                act, told = asking.one(person)
                moments = list(journal.moments(person.id))
                _check(f"question {n}, {act} of {person.id}", told, moments)
                _count(seen, told, len(moments))
    finally:
        knowledge.close()
        library.database.close()
    return seen


def _check(which: str, told: Told | None, moments: Sequence[Sight | None]) -> None:
    if told is None:
        assert None in moments, f"{which}: was refused though they might act"
        return
    could = [one for one in moments if one is not None]
    assert could, f"{which}: was answered though they might do nothing"
    assert told.is_right(could), f"{which}: {told} was not theirs, of {could}"


def _count(seen: Counter[str], told: Told | None, moments: int) -> None:
    seen["refused" if told is None else "missing" if told.missing else "told" if told.documents else "nothing"] += 1
    seen["changed meanwhile"] += moments > 1


def _need_all_kinds(seen: Counter[str], questions: int) -> None:
    """That nothing was found would be no proof: much was told, much refused, and rights changed under many calls."""
    assert seen["told"] > questions / 4, seen
    assert seen["refused"] > questions / 50, seen
    assert seen["missing"] > questions / 100, seen
    assert seen["changed meanwhile"] > questions / 20, seen


def test_nothing_foreign_is_told_while_rights_change(data_dir: Path, embedder: MiniLM) -> None:
    _need_all_kinds(_ask(data_dir, embedder, QUESTIONS, own_index=False), QUESTIONS)


def test_nor_by_a_process_that_owns_the_index(data_dir: Path, embedder: MiniLM) -> None:
    _need_all_kinds(_ask(data_dir, embedder, QUESTIONS // 2, own_index=True), QUESTIONS // 2)


@pytest.mark.nightly
def test_nothing_foreign_is_told_in_ten_thousand_questions(data_dir: Path, embedder: MiniLM) -> None:
    _need_all_kinds(_ask(data_dir, embedder, 10_000, own_index=False), 10_000)
