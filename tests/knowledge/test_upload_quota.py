"""What one person may upload in an hour: files, and megabytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from moving_clock import MovingClock
from persons import person
from small_library import Library

from assistant.domain import Role
from assistant.errors import UploadRefused
from assistant.knowledge.intake import Intake, Wanted
from assistant.knowledge.rights import Access
from assistant.storage.blobs import Blobs

Makes = Callable[..., tuple[Intake, Wanted, MovingClock]]


@pytest.fixture
def makes(library: Library) -> Makes:
    def make(**settings: int) -> tuple[Intake, Wanted, MovingClock]:
        moving = MovingClock()
        known = library.settings.model_copy(update=settings)
        access = Access(library.database)
        intake = Intake(library.database, Blobs(known.data_dir), known, access, lambda: None, moving)
        return intake, Wanted("Notes.txt", "general", person(library.database, "ann", Role.KB_ADMIN)), moving

    return make


def named(wanted: Wanted, number: int) -> Wanted:
    return replace(wanted, name=f"{number}.txt")


def test_more_files_than_the_hour_has_are_refused_with_when_to_go_on(makes: Makes) -> None:
    intake, wanted, moving = makes(uploads_per_hour=2)
    for number in range(2):
        intake.upload(named(wanted, number), b"text")
        moving.passes(600)
    with pytest.raises(UploadRefused) as refused:
        intake.upload(named(wanted, 2), b"text")
    assert refused.value.message == "You may upload 2 files and 10,000 MB in an hour, and have: go on in 40 minutes."
    moving.passes(2400)
    intake.upload(named(wanted, 2), b"text")


def test_what_was_announced_is_refused_before_its_bytes_are_taken(makes: Makes) -> None:
    intake, wanted, _ = makes(upload_mb_per_hour=1)
    with pytest.raises(UploadRefused, match=r"larger than the 1 MB that one person may upload in an hour"):
        intake.begin(wanted, 1_000_001)
    intake.upload(wanted, b"x" * 600_000)
    with pytest.raises(UploadRefused, match="go on in 60 minutes"):
        intake.begin(named(wanted, 2), 400_001)
    intake.begin(named(wanted, 2), 400_000).abort()


def test_bytes_that_nobody_announced_count_when_they_are_there(makes: Makes) -> None:
    intake, wanted, _ = makes(upload_mb_per_hour=1)
    arriving = intake.begin(wanted, None)
    for _ in range(3):
        arriving.write(b"x" * 500_000)
    with pytest.raises(UploadRefused, match="larger than the 1 MB"):
        arriving.finish()


def test_the_same_bytes_again_count_too(makes: Makes) -> None:
    intake, wanted, _ = makes(uploads_per_hour=2)
    for _ in range(2):
        intake.upload(wanted, b"text")
    with pytest.raises(UploadRefused):
        intake.upload(wanted, b"text")


def test_the_command_line_and_watched_folders_count_for_nothing(makes: Makes) -> None:
    intake, wanted, _ = makes(uploads_per_hour=1)
    for number in range(3):
        intake.upload(named(wanted, number), io.BytesIO(b"text"), limited=False)
    intake.upload(wanted, b"text")


def test_uploads_at_once_share_the_places(makes: Makes) -> None:
    intake, wanted, _ = makes(uploads_per_hour=5)
    begun = [intake.begin(named(wanted, number), 4) for number in range(12)]
    for arriving in begun:
        arriving.write(b"text")

    def finished(number: int) -> bool:
        try:
            begun[number].finish()
        except UploadRefused:
            return False
        return True

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(finished, range(12))) == 5
