"""Killed at any labelled point, again and again, a library loses nothing it acknowledged and finishes by itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from killing import SHARED, WAIT_SECONDS, Told, Zygote
from waiting import until

from assistant import faults
from assistant import settings as settings_module
from assistant.domain import DocumentStatus
from assistant.knowledge.exact import decode
from assistant.knowledge.service import KnowledgeBase
from assistant.providers.minilm import MiniLM
from assistant.storage.blobs import Blobs
from assistant.storage.database import Database
from assistant.storage.people import LOCAL
from assistant.storage.rows import EMBEDDED
from assistant.storage.vectors import Vectors

ROUNDS = 3
NIGHTLY_ROUNDS = 20
AT_ONCE = 3
# A built collection is only needed where there is none yet, the migration only once a folder: these come first.
FIRST = ("migrating", "generation_built")
# A life passes these only once.
ONCE = ("old_removed", "original_removed", "vectors_removed", "backup_copied")


@pytest.mark.timeout(600)
def test_kills_at_every_point_lose_nothing(embedder: MiniLM, tmp_path: Path) -> None:
    _sweep(embedder, tmp_path, range(ROUNDS))


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_kills_at_every_point_lose_nothing_for_long(embedder: MiniLM, tmp_path: Path) -> None:
    _sweep(embedder, tmp_path, range(ROUNDS, NIGHTLY_ROUNDS))


def _sweep(embedder: MiniLM, folder: Path, rounds: Sequence[int]) -> None:
    """Kill lives of a library for each round at the same time: most of a life is waiting."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        told = list(threads.map(lambda number: _kill_round(folder / str(number), embedder, number), rounds))
    for number, one in zip(rounds, told, strict=True):
        _assert_nothing_lost(folder / str(number), embedder, one)


def _kill_round(data_dir: Path, embedder: MiniLM, number: int) -> Told:
    """Kill a library at every point, one life after the other, and let it end in peace at last."""
    data_dir.mkdir()
    (data_dir / "cache").symlink_to(embedder._cache_dir)
    told, zygote, meant = Told(), Zygote(), _faults(number)
    try:
        killed = [fault for life, fault in enumerate(meant) if zygote.live(data_dir, life, fault, told)]
        assert killed == meant
        assert not zygote.live(data_dir, len(meant), None, told)
    finally:
        zygote.close()
    return told


def _faults(number: int) -> list[tuple[str, int]]:
    """Every point once, in an order of the round's own, at its first or second passing."""
    others = [point for point in faults.POINTS if point not in FIRST]
    turned = others[number % len(others) :] + others[: number % len(others)]
    ordered = turned[::-1] if number % 2 else turned
    return [(point, 1) for point in FIRST] + [(point, _passing(point, number)) for point in ordered]


def _passing(point: str, number: int) -> int:
    return 1 if point in ONCE else 1 + number % 2


def _assert_nothing_lost(data_dir: Path, embedder: MiniLM, told: Told) -> None:
    settings = settings_module.load(data_dir=data_dir, samples=False)
    database = Database(settings.sqlalchemy_url)
    knowledge = KnowledgeBase(database=database, settings=settings, embedder=embedder, own_index=True, serves=False)
    knowledge.start()
    try:
        _assert_documents(knowledge, Blobs(data_dir), told)
        _assert_vectors(knowledge, Vectors(database))
    finally:
        knowledge.close()
        database.close()


def _assert_documents(knowledge: KnowledgeBase, blobs: Blobs, told: Told) -> None:
    documents = {document.name: document for document in knowledge.documents(LOCAL)}
    for name, digest in told.must.items():
        if name in told.leaving and name not in documents:
            continue
        assert documents[name].sha256 in {digest, *told.may[name]}, name
    assert not told.gone & documents.keys()
    assert documents.keys() <= told.must.keys() | told.may.keys()
    for document in documents.values():
        assert blobs.is_sound(document.sha256)
        if document.status is DocumentStatus.READY:
            assert (document.live_version, document.chunks) == (document.version, 2)
        else:
            assert (document.status, bool(document.error)) == (DocumentStatus.FAILED, True), document
    assert SHARED in documents


def _assert_vectors(knowledge: KnowledgeBase, vectors: Vectors) -> None:
    """Each vector of a live version finds itself in the index, and nothing else is in it."""
    assert knowledge.wait_until_indexed(WAIT_SECONDS)
    assert knowledge._own is not None
    indexer, index = knowledge._own.indexer, knowledge._own.index
    until(lambda: indexer.collection_of("general"))
    collection = indexer.collection_of("general")
    assert collection is not None
    stored = list(vectors.stored(list(vectors.live_versions()), EMBEDDED))
    assert index.count(collection) == len(stored)
    found = index.nearest(collection, decode([one.embedding for one in stored]), 3)
    missing = [
        one.chunk_id
        for one, row in zip(stored, found, strict=True)
        if one.chunk_id not in {hit.chunk_id for hit in row}
    ]
    assert missing == []
