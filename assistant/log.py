"""Logging to stderr and a rotating file in the data folder; errors carry their reference number."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path

from assistant.errors import AssistantError, new_reference

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
FILE = "assistant.log"
FILE_BYTES = 5_000_000
FILES_KEPT = 3


def set_up(level: str, folder: Path | None = None, *, to_stderr: bool = True, rotates: bool = False) -> None:
    """Send records of ``assistant`` to stderr and, given a folder, to ``assistant.log`` in it.

    One process a folder, the app, ``rotates`` the file; others follow to the new one by themselves.
    """
    logging.raiseExceptions = False  # a log that cannot be written (full disk) must not fill the terminal with traces
    logger = logging.getLogger("assistant")
    logger.setLevel(level)
    for old in list(logger.handlers):
        logger.removeHandler(old)
        old.close()
    for handler in _handlers(folder, to_stderr=to_stderr, rotates=rotates):
        handler.setFormatter(logging.Formatter(FORMAT))
        logger.addHandler(handler)
    logger.propagate = False


def _handlers(folder: Path | None, *, to_stderr: bool, rotates: bool) -> list[logging.Handler]:
    handlers: list[logging.Handler] = [logging.StreamHandler()] if to_stderr else []
    if folder is not None and rotates:
        path = folder / FILE
        handlers.append(logging.handlers.RotatingFileHandler(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT))
    elif folder is not None:
        handlers.append(logging.handlers.WatchedFileHandler(folder / FILE, delay=True))
    return handlers or [logging.NullHandler()]


def record(logger: logging.Logger, error: BaseException) -> str:
    """Log an error with its trace and return the reference number that the person is shown."""
    reference = error.reference if isinstance(error, AssistantError) else new_reference()
    logger.error("reference %s: %s", reference, error, exc_info=error)
    return reference
