"""Jobs that could not be done for reasons outside of them rest, and are tried again."""

from __future__ import annotations

from assistant.knowledge.pauses import FULL_MOST_SECONDS, TROUBLE_SECONDS, TURN_SECONDS, Pauses
from assistant.storage.ingestion import Job


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_job_that_waits_for_its_turn_rests_without_blame() -> None:
    clock, job = Clock(), Job(1, 1)
    pauses = Pauses(clock)
    pauses.wait_for_turn(job)
    assert pauses.rests(job)
    clock.now += TURN_SECONDS
    assert not pauses.rests(job)
    assert pauses.end(job)
    assert not pauses.end(job)


def test_trouble_counts_against_a_job() -> None:
    clock, job = Clock(), Job(1, 1)
    pauses = Pauses(clock)
    pauses.after_trouble(job)
    assert pauses.rests(job)
    clock.now += TROUBLE_SECONDS
    assert not pauses.rests(job)
    assert not pauses.end(job)


def test_a_full_disk_is_left_alone_longer_each_time_until_something_goes_well() -> None:
    clock = Clock()
    pauses = Pauses(clock)
    waits = []
    for _ in range(7):
        pauses.disk_is_full()
        waits.append(pauses.seconds())
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, FULL_MOST_SECONDS, FULL_MOST_SECONDS]
    pauses.went_well()
    pauses.disk_is_full()
    assert pauses.seconds() == 1.0
