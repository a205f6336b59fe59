"""Whatever people do in whatever order, and whenever it is restarted, the library is what a simple model says."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from persons import known
from small_library import EDITOR
from waiting import WAIT_SECONDS, until

from assistant.domain import DocumentStatus, UploadOutcome
from assistant.errors import Conflict
from assistant.knowledge.service import KnowledgeBase
from assistant.providers.minilm import MiniLM
from assistant.settings import load
from assistant.storage.blobs import Blobs
from assistant.storage.database import Database
from assistant.storage.ingestion import has_due
from assistant.storage.migrate import upgrade

NAMES = st.sampled_from(["Rules.md", "Forms.md", "Rooms.md"])
WORDS = st.sampled_from(["apple", "birch", "cedar", "daisy", "elder"])
NOTHING_READABLE = b"%PDF-1.7 broken"


class Model(RuleBasedStateMachine):
    """The library beside dictionaries: each name with its searchable word, its newest bytes, and their version."""

    embedder: MiniLM

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="model-"))
        (self.folder / "cache").symlink_to(self.embedder._cache_dir)
        self.settings = load(data_dir=self.folder, _env_file=None)
        upgrade(self.settings.sqlalchemy_url)
        self.searchable: dict[str, str | None] = {}
        self.newest: dict[str, bytes] = {}
        self.versions: dict[str, int] = {}
        self.open()

    def open(self) -> None:
        """Start the library, as a command does."""
        self.database = Database(self.settings.sqlalchemy_url)
        known(self.database, EDITOR)
        self.knowledge = KnowledgeBase(
            database=self.database, settings=self.settings, embedder=self.embedder, own_index=True, serves=False
        )
        self.knowledge.start()

    def close(self) -> None:
        """End it, whatever is under way."""
        self.knowledge.close()
        self.database.close()

    def teardown(self) -> None:
        """Forget it."""
        self.close()
        shutil.rmtree(self.folder)

    @rule(name=NAMES, word=WORDS)
    def upload(self, name: str, word: str) -> None:
        """Add a document, or its next version."""
        data = f"# Rules\n\nThe {word} rule of {name} says so.".encode()
        outcome = self.knowledge.upload(EDITOR, name, data).outcome
        same = self.newest.get(name) == data
        assert (outcome is UploadOutcome.UNCHANGED) == same
        self._store(name, data, word)

    @rule(name=NAMES)
    def upload_broken(self, name: str) -> None:
        """Add a version that no parser can read: what was searchable stays."""
        self.knowledge.upload(EDITOR, name, NOTHING_READABLE)
        self._store(name, NOTHING_READABLE, self.searchable.get(name))

    @precondition(lambda self: self.newest)
    @rule(data=st.data(), word=WORDS)
    def replace_what_was_seen_before(self, data: st.DataObject, word: str) -> None:
        """Replace a version that is no longer the newest one: nothing happens."""
        name = data.draw(st.sampled_from(sorted(self.newest)))
        text = f"# Rules\n\nThe late {word} rule says so.".encode()
        with pytest.raises(Conflict):
            self.knowledge.upload(EDITOR, name, text, replaces=self._id(name), expected=self.versions[name] - 1)

    @precondition(lambda self: self.newest)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """Delete a document: it is gone from searches at once."""
        name = data.draw(st.sampled_from(sorted(self.newest)))
        document_id = self._id(name)
        self.knowledge.delete(EDITOR, document_id)
        found = self.knowledge.search(EDITOR, f"the rule of {name}")
        assert document_id not in {passage.document_id for passage in found}
        for kept in (self.searchable, self.newest, self.versions):
            kept.pop(name)

    @rule()
    def restart(self) -> None:
        """End the library with its work half done, and start it again."""
        self.close()
        self.open()

    @rule()
    def settle(self) -> None:
        """Wait until all is done, and compare."""
        documents = self.knowledge.documents(EDITOR)
        settled = self.knowledge.wait_until_done([one.id for one in documents], WAIT_SECONDS)
        assert {one.name for one in settled} == self.newest.keys()
        until(lambda: not has_due(self.database))  # an earlier version may still be on its way
        assert self.knowledge.wait_until_indexed(WAIT_SECONDS)
        for document in settled:
            broken = self.newest[document.name] == NOTHING_READABLE
            assert document.status is (DocumentStatus.FAILED if broken else DocumentStatus.READY), document
            self._assert_found(document.id, self.searchable[document.name])

    @invariant()
    def documents_are_as_uploaded(self) -> None:
        """Names, bytes and version numbers are right at every moment."""
        blobs = Blobs(self.folder)
        documents = {one.name: one for one in self.knowledge.documents(EDITOR)}
        assert {name: one.version for name, one in documents.items()} == self.versions
        for name, data in self.newest.items():
            assert documents[name].sha256 == hashlib.sha256(data).hexdigest()
            assert blobs.is_sound(documents[name].sha256)

    def _store(self, name: str, data: bytes, word: str | None) -> None:
        if self.newest.get(name) != data:
            self.versions[name] = self.versions.get(name, 0) + 1
        self.newest[name], self.searchable[name] = data, word

    def _id(self, name: str) -> str:
        return next(one.id for one in self.knowledge.documents(EDITOR) if one.name == name)

    def _assert_found(self, document_id: str, word: str | None) -> None:
        found = {
            one.document_id: one.text for one in self.knowledge.search(EDITOR, f"{word} rule", k=10, limited=False)
        }
        if word is None:
            assert document_id not in found
        else:
            assert f"The {word} rule" in found[document_id]


def _check(embedder: MiniLM, examples: int, steps: int) -> None:
    Model.embedder = embedder
    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Model, settings=chosen)


def test_the_library_is_what_the_model_says(embedder: MiniLM) -> None:
    _check(embedder, examples=5, steps=16)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_library_is_what_the_model_says_for_long(embedder: MiniLM) -> None:
    _check(embedder, examples=60, steps=40)
