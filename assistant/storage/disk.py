"""What a full disk looks like, to the file system and to SQLite."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from assistant.errors import DiskFull

NOTHING_CHANGED = (
    "There is no room left on the disk, so nothing was changed: make room (or tell your administrator), then try again."
)
# What SQLite answers when the file it shares with other processes cannot grow.
NO_ROOM_BESIDE = frozenset({sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP})


def is_disk_full(error: BaseException) -> bool:
    """Say whether an error means that there is no room left on a disk."""
    if isinstance(error, DBAPIError):
        code = getattr(error.orig, "sqlite_errorcode", None)
        return code == sqlite3.SQLITE_FULL or code in NO_ROOM_BESIDE
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def full_disk_told(sentence: str) -> Iterator[None]:
    """Turn what a full disk raises within the block, or the function, into DiskFull with this sentence."""
    try:
        yield
    except Exception as error:
        if is_disk_full(error):
            raise DiskFull(sentence) from None
        raise
