"""Acts in a sliding window: counted and added at once, by a clock that nobody can move."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from moving_clock import MovingClock
from sqlalchemy import text

from assistant import clock
from assistant.storage.database import Database
from assistant.storage.rates import Meter, Rates

BUSY = """
import sys
from assistant.storage.database import Database
from assistant.storage.rates import Meter, Rates
rates = Rates(Database(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
print(sum(rates.count(Meter("question", 20), "ann") is None for _ in range(30)))
"""


@pytest.fixture
def moving() -> MovingClock:
    return MovingClock()


def taken(database: Database, meter: Meter, times: int, person: str = "ann") -> int:
    """How many of so many acts were let through."""
    rates = Rates(database)
    return sum(rates.count(meter, person) is None for _ in range(times))


def rows(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(text("SELECT count(*) FROM rate_events")).scalar_one())


def test_the_twenty_first_act_within_a_minute_is_refused_with_the_seconds_to_wait(
    database: Database, moving: MovingClock
) -> None:
    meter = Meter("question", 20, clock=moving)
    assert taken(database, meter, 1) == 1
    moving.passes(37)
    assert taken(database, meter, 19) == 19
    assert Rates(database).count(meter, "ann") == pytest.approx(23)


def test_the_window_slides(database: Database, moving: MovingClock) -> None:
    meter = Meter("question", 2, clock=moving)
    taken(database, meter, 1)
    moving.passes(40)
    taken(database, meter, 1)
    moving.passes(19.9)
    assert taken(database, meter, 1) == 0
    moving.passes(0.1)
    assert taken(database, meter, 2) == 1


def test_who_is_refused_is_not_counted(database: Database, moving: MovingClock) -> None:
    meter = Meter("question", 1, clock=moving)
    taken(database, meter, 1)
    for _ in range(59):
        moving.passes(1)
        assert taken(database, meter, 1) == 0
    moving.passes(1)
    assert taken(database, meter, 1) == 1


def test_each_person_and_each_kind_has_a_window_of_its_own(database: Database) -> None:
    assert taken(database, Meter("question", 3), 5) == 3
    assert taken(database, Meter("question", 3), 5, "bob") == 3
    assert taken(database, Meter("embedding", 3), 5) == 3


def test_acts_that_left_the_window_leave_the_table(database: Database, moving: MovingClock) -> None:
    meter = Meter("question", 5, clock=moving)
    taken(database, meter, 5)
    moving.passes(61)
    taken(database, meter, 1)
    assert rows(database) == 1


@pytest.mark.parametrize("seconds", [-3600, 86_400])
def test_setting_the_wall_clock_changes_nothing(database: Database, moving: MovingClock, seconds: int) -> None:
    meter = Meter("question", 20, clock=moving)
    taken(database, meter, 20)
    moving.is_set(seconds)
    moving.passes(59)
    assert taken(database, meter, 1) == 0
    moving.passes(1)
    assert taken(database, meter, 30) == 20


def test_a_machine_that_starts_anew_does_not_forget(database: Database, moving: MovingClock) -> None:
    meter = Meter("question", 20, clock=moving)
    taken(database, meter, 20)
    moving.starts_anew(seconds=30)
    assert Rates(database).count(meter, "ann") == pytest.approx(30)
    moving.is_set(86_400)  # by then the ages are those of the new boot
    assert taken(database, meter, 1) == 0
    moving.passes(30)
    assert taken(database, meter, 30) == 20


def test_a_clock_that_starts_anew_in_the_past_keeps_nobody_waiting_for_longer_than_the_window(
    database: Database, moving: MovingClock
) -> None:
    meter = Meter("question", 20, clock=moving)
    taken(database, meter, 20)
    moving.starts_anew(seconds=-3600)
    assert Rates(database).count(meter, "ann") == pytest.approx(60)
    moving.passes(60)
    assert taken(database, meter, 30) == 20


def test_sizes_are_bounded_together_in_the_window(database: Database, moving: MovingClock) -> None:
    meter = Meter("upload", 100, seconds=3600, most_bytes=10, clock=moving)
    with database.write() as session:
        assert meter.count(session, "ann", 6) is None
    moving.passes(600)
    with database.write() as session:
        assert meter.count(session, "ann", 4) is None
        assert meter.count(session, "ann", 3) == pytest.approx(3000)
        assert meter.count(session, "ann", 7) == pytest.approx(3600)
        assert meter.count(session, "ann", 11) == math.inf
    assert Rates(database).wait(meter, "ann", 3) == pytest.approx(3000)
    moving.passes(3000)
    assert Rates(database).wait(meter, "ann", 3) == 0


def test_fifty_threads_share_the_places(database: Database) -> None:
    together = threading.Barrier(50)

    def one(_: int) -> bool:
        together.wait()
        return Rates(database).count(Meter("question", 20), "ann") is None

    with ThreadPoolExecutor(50) as pool:
        assert Counter(pool.map(one, range(50)))[True] == 20


def test_two_processes_share_the_places(database: Database, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'assistant.sqlite'}"
    command = [sys.executable, "-c", BUSY, address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as one, subprocess.Popen(command, **pipes) as other:  # type: ignore[call-overload]  # the pipes' types are lost in the dictionary
        for child in (one, other):
            child.stdout.readline()
        for child in (one, other):
            child.stdin.write("go\n")
            child.stdin.flush()
        told = [int(child.stdout.readline()) for child in (one, other)]
    assert sum(told) == 20
    assert taken(database, Meter("question", 20), 1) == 0


def test_the_machines_own_clock_goes_on_and_names_its_boot() -> None:
    before, after = clock.now(), clock.now()
    assert before.boot == after.boot != ""
    assert before.tick <= after.tick
