"""The table of every public function of every service and what each kind of person gets from it.

Each service has a file beside this one with its rows; a function without a row fails the test. A row is made by one of
the words below, which say what the six kinds of people get who may act at all:

=============== ============ ============ ================ ================ =============
word            staff        staff of the KB admin         KB admin of the  admin
                             group                         group
=============== ============ ============ ================ ================ =============
``reads``       not found    told         not found        told             told
``edits``       not allowed  not allowed  not found        done             done
``lists``       nothing      told         nothing          told             told
``keeps``       not allowed  not allowed  nothing          told             told
``bulk``        not allowed  not allowed  done             done             done
``admins``      not allowed  not allowed  not allowed      not allowed      done
``editors``     not allowed  not allowed  done             done             done
``everyone``    done         done         done             done             done
``owns``        not found    done         not found        not found        not found
=============== ============ ============ ================ ================ =============

"The group" reads the restricted space and the restricted document of ``World``. "told" means that a word of them
was in the answer, "nothing" and "done" that none was. Of functions that are given an id, who may not read what it
names must be told the same as of an id that nothing has. Nobody, who was disabled and whose session ended get
"signed out" from all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.bootstrap import Services
from assistant.domain import Person

TOLD, DONE, NOTHING = "told", "done", "nothing"
NOT_FOUND, NOT_ALLOWED, SIGNED_OUT = "NotFound", "NotAllowed", "SignedOut"
STAFF, MEMBER, EDITOR, GROUP_EDITOR, ADMIN = "staff", "member", "editor", "group_editor", "admin"
COLUMNS = (STAFF, MEMBER, EDITOR, GROUP_EDITOR, ADMIN)
GONE = ("nobody", "disabled", "lapsed")


@dataclass(frozen=True)
class World:
    """What the functions are called with: ids of things in a restricted space, or ids that nothing has."""

    services: Services
    document: str
    failed: str
    space: str
    conversation: str
    turn: str
    run: int
    folder: int
    group: str
    account: str
    here: Path


Act = Callable[[World, Person], object]


@dataclass(frozen=True)
class Row:
    """What the columns get; ``strangers`` are told the same of what is not there."""

    act: Act
    expected: Mapping[str, str]
    gone: str = SIGNED_OUT
    strangers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unasked:
    """A function that takes no person: ``why`` that is right."""

    why: str


Rows = dict[str, Row | Unasked]


def _row(act: Act, *expected: str, strangers: tuple[str, ...] = ()) -> Row:
    return Row(act, dict(zip(COLUMNS, expected, strict=True)), strangers=strangers)


def reads(act: Act, told: str = TOLD) -> Row:
    """A function that gives something of one document to who may read it."""
    return _row(act, NOT_FOUND, told, NOT_FOUND, told, told, strangers=(STAFF, EDITOR))


def edits(act: Act, done: str = DONE) -> Row:
    """A function that changes one document, for who may read and change it."""
    return _row(act, NOT_ALLOWED, NOT_ALLOWED, NOT_FOUND, done, done, strangers=(STAFF, EDITOR))


def lists(act: Act) -> Row:
    """A function that gives what there is to read."""
    return _row(act, NOTHING, TOLD, NOTHING, TOLD, TOLD)


def keeps(act: Act) -> Row:
    """As ``lists``, for who may change documents."""
    return _row(act, NOT_ALLOWED, NOT_ALLOWED, NOTHING, TOLD, TOLD)


def bulk(act: Act) -> Row:
    """A function that changes those of many documents that are there for the person."""
    return _row(act, NOT_ALLOWED, NOT_ALLOWED, DONE, DONE, DONE, strangers=(STAFF, EDITOR))


def admins(act: Act, done: str = DONE) -> Row:
    """A function for admins alone."""
    return _row(act, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED, done)


def editors(act: Act) -> Row:
    """A function about no document, for who may change some."""
    return _row(act, NOT_ALLOWED, NOT_ALLOWED, DONE, DONE, DONE)


def everyone(act: Act) -> Row:
    """A function that tells everybody the same, or each of their own."""
    return _row(act, DONE, DONE, DONE, DONE, DONE)


def owns(act: Act, done: str = DONE) -> Row:
    """A function for the owner of a conversation, the member of the group: not even for admins."""
    return _row(act, NOT_FOUND, done, NOT_FOUND, NOT_FOUND, NOT_FOUND, strangers=(STAFF, EDITOR, GROUP_EDITOR, ADMIN))
