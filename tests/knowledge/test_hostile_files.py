"""Files made to break readers: each is read or refused with one sentence, within its limits, and harms no other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import hostile
import pytest
from small_files import WORDS, small_files

from assistant.errors import UnreadableDocument
from assistant.knowledge.chunking import chunk
from assistant.knowledge.parsing.sandbox import TOO_LARGE, TOO_LONG, ParserSandbox

# Seconds for one file in these tests; all but the slow ones need two at most on a quiet machine.
SECONDS = 60.0
FEW_SECONDS = 1.0
# Seconds beyond that for the machine to start and end a child while others work.
GRACE = 10.0
MEMORY_MB = 1000
BEFORE = {"laughs": hostile.LAUGHS, "blowup": hostile.BLOWUP, "outside": hostile.OUTSIDE, "calling": hostile.CALLING}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ParserSandbox]:
    box = ParserSandbox(SECONDS, MEMORY_MB)
    yield box
    box.close()


def outcome(sandbox: ParserSandbox, folder: Path, name: str, data: bytes) -> str:
    """Read a file as the worker does; return its text or the sentence that refuses it."""
    path = folder / "original"
    path.write_bytes(data)
    started = time.monotonic()
    try:
        parsed = sandbox.parse(path, name, lambda _done, _total: None)
    except UnreadableDocument as error:
        assert time.monotonic() - started < SECONDS + GRACE
        assert_one_sentence(error.message, folder)
        return error.message
    assert time.monotonic() - started < SECONDS + GRACE
    chunk(parsed, words_of, parsed.title)
    return parsed.text


def words_of(texts: Sequence[str]) -> list[int]:
    return [len(text) // 4 + 2 for text in texts]


def assert_one_sentence(message: str, folder: Path) -> None:
    assert str(folder) not in message
    assert len(message) < 400
    assert message.endswith(".")
    assert not any(word in message for word in ("\n", "Traceback", "Error", "original", "SELECT", "0x", "b'"))


def assert_survived(sandbox: ParserSandbox, folder: Path) -> None:
    assert WORDS in outcome(sandbox, folder, "a.docx", small_files()["a.docx"])


@pytest.mark.parametrize(("name", "data"), small_files().items(), ids=small_files())
def test_a_sound_file_of_every_format_is_read(sandbox: ParserSandbox, tmp_path: Path, name: str, data: bytes) -> None:
    assert WORDS in outcome(sandbox, tmp_path, name, data)


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_entities_neither_grow_nor_reach_out(sandbox: ParserSandbox, tmp_path: Path, before: str) -> None:
    for ending, data in hostile.entities(before):
        text = outcome(sandbox, tmp_path, f"a.{ending}", data)
        assert "root:" not in text
        assert len(text) < 100_000
    assert_survived(sandbox, tmp_path)


def test_archives_that_unpack_to_too_much_or_lead_out_are_harmless(sandbox: ParserSandbox, tmp_path: Path) -> None:
    told = {name: outcome(sandbox, tmp_path, name, data) for name, data in hostile.archives()}
    assert "the words" in told["traversal.zip"]
    assert ".." not in told["traversal.zip"]
    for name in ("shared.zip", "boasting.zip", "directory_of_millions.zip"):
        assert "unpacks to far more" in told[name]
    assert "1,000 files" in told["many.zip"]
    assert "password" in told["locked.zip"]
    assert [path.name for path in tmp_path.rglob("*")] == ["original"]
    assert_survived(sandbox, tmp_path)


def test_office_files_that_grow_or_nest_are_read_or_refused(sandbox: ParserSandbox, tmp_path: Path) -> None:
    told = {name: outcome(sandbox, tmp_path, name, data) for name, data in hostile.office()}
    assert "unpacks to far more" in told["spaces.docx"]
    for name in ("sparse.xlsx", "far_place.xlsx"):
        assert "far outside of its table" in told[name]
    assert WORDS in told["paragraphs.docx"]
    assert_survived(sandbox, tmp_path)


def test_pdf_files_that_grow_or_turn_in_circles_are_read_or_refused(sandbox: ParserSandbox, tmp_path: Path) -> None:
    for name, data in hostile.pdfs():
        outcome(sandbox, tmp_path, name, data)
    assert_survived(sandbox, tmp_path)


def test_texts_that_nest_or_repeat_are_read_or_refused(sandbox: ParserSandbox, tmp_path: Path) -> None:
    told = {name: outcome(sandbox, tmp_path, name, data) for name, data in hostile.texts()}
    assert [name for name, text in told.items() if text in (TOO_LONG, TOO_LARGE)] == []
    assert_survived(sandbox, tmp_path)


def test_texts_that_take_the_square_of_their_length_are_given_up(sandbox: ParserSandbox, tmp_path: Path) -> None:
    hasty = ParserSandbox(FEW_SECONDS, MEMORY_MB)
    assert [outcome(hasty, tmp_path, name, data) for name, data in hostile.slow_texts()] == [TOO_LONG] * 2
    hasty.close()
    assert_survived(sandbox, tmp_path)


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.nightly)])
def test_wrong_endings_and_noise_are_told_in_a_sentence(sandbox: ParserSandbox, tmp_path: Path, every: int) -> None:
    for name, data in hostile.wrong_kinds(every):
        told = outcome(sandbox, tmp_path, name, data)
        assert name.startswith("other") or len(told) < 400
    assert_survived(sandbox, tmp_path)


@pytest.mark.parametrize("tenths", [(5, 9), pytest.param(range(1, 10), marks=pytest.mark.nightly)])
def test_files_cut_short_are_read_or_refused(sandbox: ParserSandbox, tmp_path: Path, tenths: Sequence[int]) -> None:
    for name, data in hostile.cut_short(tenths):
        outcome(sandbox, tmp_path, name, data)
    assert_survived(sandbox, tmp_path)


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(2, 22))])
def test_damaged_files_are_read_or_refused(sandbox: ParserSandbox, tmp_path: Path, seed: int) -> None:
    for name, data in hostile.damaged(seed, times=2):
        outcome(sandbox, tmp_path, name, data)
    assert_survived(sandbox, tmp_path)
