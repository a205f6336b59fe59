"""Admission to a budget: counted and reserved at once, one call at most over its end."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from persons import group, person
from sqlalchemy import text

from assistant.domain import Person, Usage, UsageRecord
from assistant.limits.budgets import NAME, Budgets, Claim, Verdict
from assistant.limits.rules import Allowance, LimitRules, stored
from assistant.storage.budgets import Amount, release
from assistant.storage.database import Database, utc_now
from assistant.storage.people import People
from assistant.storage.preferences import Preferences
from assistant.storage.usage_records import insert_records

CLAIMING = """
import sys
from decimal import Decimal
from assistant.limits.budgets import Budgets, Claim
from assistant.storage.budgets import Amount
from assistant.storage.database import Database
budgets = Budgets(Database(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
claims = [Claim(f"{sys.argv[3]}-{n}", sys.argv[2], Amount(), (Amount(10, Decimal("0.01")),)) for n in range(30)]
print(sum(budgets.admit(claim).taken is not None for claim in claims))
"""
CENT = Amount(10, Decimal("0.01"))


@pytest.fixture
def ann(database: Database) -> Person:
    return person(database, "ann")


@pytest.fixture
def budgets(database: Database) -> Budgets:
    return Budgets(database)


def allow(database: Database, **rules: object) -> None:
    """Store rules in the place of those that hold."""
    preferences = Preferences(database)
    kept = preferences.get(NAME)
    value = stored(LimitRules(**rules))  # type: ignore[arg-type]  # as in the class
    preferences.replace(NAME, value, kept.revision if kept else 0, People(database).local().id)


def use(database: Database, person_id: str, amount: Amount, turn: str = "before") -> None:
    """Write a line of the ledger, as the end of a turn does."""
    with database.write() as session:
        used = Usage(1, amount.tokens, 0, cost=amount.cost)
        insert_records(session, person_id, "c", [UsageRecord(turn, 1, "answer", "openai", "m", used)])
        release(session, turn)


def claim(person_id: str, turn: str = "turn", *amounts: Amount, spent: Amount = Amount()) -> Claim:  # noqa: B008  # frozen
    return Claim(turn, person_id, spent, amounts or (CENT,))


def test_without_budgets_all_is_admitted_and_nothing_reserved(
    database: Database, budgets: Budgets, ann: Person
) -> None:
    assert budgets.admit(claim(ann.id)) == Verdict()
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM reservations")).scalar_one() == 0


def test_what_is_reserved_counts_until_it_is_given_back(database: Database, budgets: Budgets, ann: Person) -> None:
    allow(database, person=Allowance(dollars_a_day=Decimal("0.02")))
    assert [budgets.admit(claim(ann.id, str(n))).taken for n in range(3)] == [0, 0, None]
    with database.write() as session:
        release(session, "0")
    assert budgets.admit(claim(ann.id, "3")).taken == 0


def test_a_turn_that_asks_again_does_not_count_twice(database: Database, budgets: Budgets, ann: Person) -> None:
    allow(database, person=Allowance(dollars_a_day=Decimal("0.02")))
    assert budgets.admit(claim(ann.id)).taken == 0
    assert budgets.admit(claim(ann.id, spent=CENT)).taken == 0
    assert budgets.admit(claim(ann.id, "other")).taken is None


def test_what_a_killed_process_held_is_forgotten_in_an_hour(database: Database, ann: Person) -> None:
    allow(database, person=Allowance(dollars_a_day=Decimal("0.01")))
    long_ago = Budgets(database, lambda: utc_now() - timedelta(minutes=61))
    assert long_ago.admit(claim(ann.id, "killed")).taken == 0
    assert Budgets(database).admit(claim(ann.id, "next")).taken == 0


def test_a_group_counts_the_sum_over_its_members(database: Database, budgets: Budgets, ann: Person) -> None:
    bob, eve = person(database, "bob"), person(database, "eve")
    group(database, "sales", ann, bob)
    allow(database, groups={"sales": Allowance(tokens_a_day=100)})
    use(database, bob.id, Amount(100))
    verdict = budgets.admit(claim(ann.id))
    assert verdict == Verdict(None, "The budget of your group sales for today is used up")
    assert budgets.admit(claim(eve.id)).taken == 0


def test_what_the_offline_model_used_counts_for_nothing(database: Database, budgets: Budgets, ann: Person) -> None:
    allow(database, person=Allowance(tokens_a_day=100))
    with database.write() as session:
        free = UsageRecord("t", 1, "answer", "offline", "quotes", Usage(1, 1_000, 0, cost=Decimal(0)))
        insert_records(session, ann.id, "c", [free])
    assert budgets.admit(claim(ann.id)).taken == 0


def test_a_cheaper_alternative_is_taken_where_only_that_fits(database: Database, budgets: Budgets, ann: Person) -> None:
    allow(database, company=Allowance(dollars_a_day=Decimal("0.10")))
    dear, cheap = Amount(10, Decimal("0.06")), CENT
    assert budgets.admit(claim(ann.id, "1", dear, cheap)).taken == 0
    verdict = budgets.admit(claim(ann.id, "2", dear, cheap))
    assert verdict == Verdict(1, "The company's budget for today is nearly used up")


def test_rules_that_cannot_be_read_admit_only_what_is_free(database: Database, budgets: Budgets, ann: Person) -> None:
    allow(database)
    with database.write() as session:
        session.execute(text("UPDATE preferences SET value = '[1'"))
    assert budgets.admit(claim(ann.id)).taken is None


def test_fifty_threads_overspend_by_one_call_at_most(database: Database, budgets: Budgets, ann: Person) -> None:
    allow(database, company=Allowance(dollars_a_day=Decimal("0.095")))
    together = threading.Barrier(50)

    def one(number: int) -> bool:
        together.wait()
        taken = budgets.admit(claim(ann.id, str(number))).taken is not None
        if taken:
            use(database, ann.id, CENT, str(number))
        return taken

    with ThreadPoolExecutor(50) as pool:
        admitted = sum(pool.map(one, range(50)))
    assert admitted in (9, 10)  # the tenth, when it came alone
    assert budgets.admit(claim(ann.id, "last")).taken == (None if admitted == 10 else 0)


def test_two_processes_share_what_is_left(database: Database, ann: Person, tmp_path: Path) -> None:
    allow(database, person=Allowance(dollars_a_day=Decimal("0.20")))
    address = f"sqlite:///{tmp_path / 'assistant.sqlite'}"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIMING, address, ann.id, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "other")
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    assert sum(int(child.communicate()[0]) for child in children) == 20
