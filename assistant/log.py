"""Logging to stderr and a rotating file in the data folder; errors carry their reference number."""

from __future__ import annotations

import logging
import logging.handlers
import traceback
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, SecretStr

from assistant.errors import AssistantError, new_reference

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
FILE = "assistant.log"
FILE_BYTES = 5_000_000
FILES_KEPT = 3
HIDDEN = "[hidden]"
KNOWN_CHARACTERS = 1_000
"""What is kept of the words of an error that is known: a provider may send a whole page."""


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


def record(logger: logging.Logger, error: BaseException, hide: Iterable[str] = (), *, traced: bool = True) -> str:
    """Log an error, with its trace unless it is a known one, and return the reference that the person is shown.

    What is to ``hide``, such as keys that a server sent back in its words, is left out.
    """
    reference = error.reference if isinstance(error, AssistantError) else new_reference()
    trace = "".join(traceback.format_exception(error)).rstrip()
    text = f"{error}\n{trace}" if traced else f"{type(error).__name__}: {error}"
    for secret in hide:
        text = text.replace(secret, HIDDEN)
    if not traced:  # a provider's words must not look like lines of ours
        text = " ".join(text.split())[:KNOWN_CHARACTERS]
    logger.error("reference %s: %s", reference, text)
    return reference


def secrets(settings: BaseModel) -> list[str]:
    """Return the secret values of the settings, the longest first: what a log must not hold."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    found = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
    return sorted(found - {""}, key=len, reverse=True)
