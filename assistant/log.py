"""Logging to stderr and a rotating file in the data folder; errors carry their reference number.

No record holds a secret, whoever writes it and whichever handler takes it: records are cleaned where they are made,
of what has the shape of a key and of the settings' own secret values.
"""

from __future__ import annotations

import logging
import logging.handlers
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from assistant.errors import AssistantError, new_reference
from assistant.redaction import redacted

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
FILE = "assistant.log"
FILE_BYTES = 5_000_000
FILES_KEPT = 3
SHORTEST_HIDDEN = 6
"""Characters. A shorter value is no secret, and would be taken out of ordinary words."""
ARGS_KEPT = ("uvicorn.access",)
"""Loggers whose formatter takes the arguments apart again: these are cleaned one by one."""
KNOWN_CHARACTERS = 1_000
"""What is kept of the words of an error that is known: a provider may send a whole page."""

_hidden: tuple[str, ...] = ()


def set_up(
    level: str,
    folder: Path | None = None,
    *,
    to_stderr: bool = True,
    rotates: bool = False,
    hide: Iterable[str] = (),
) -> None:
    """Send records of ``assistant`` to stderr and, given a folder, to ``assistant.log`` in it.

    One process a folder, the app, ``rotates`` the file; others follow to the new one by themselves. From now on no
    record of this process, also of libraries, holds a value of ``hide`` or what looks like a key.
    """
    keep_from_records(hide)
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
    text = redacted(text, [*hide, *_hidden])  # before it is cut: half a key is not known for one
    if not traced:  # a provider's words must not look like lines of ours
        text = " ".join(text.split())[:KNOWN_CHARACTERS]
    logger.error("reference %s: %s", reference, text)
    return reference


def keep_from_records(values: Iterable[str]) -> None:
    """Take these values, and what looks like a key, out of all records that this process makes from now on."""
    global _hidden  # noqa: PLW0603  # logging has one way of making records for the whole process
    _hidden = tuple(value for value in values if len(value) >= SHORTEST_HIDDEN)
    logging.setLogRecordFactory(_clean_record)


def _clean_record(*args: Any, **values: Any) -> logging.LogRecord:
    record = logging.LogRecord(*args, **values)
    if isinstance(record.args, tuple):
        record.args = tuple(map(_clean_argument, record.args))
    _clean_message(record)
    if record.exc_info and record.exc_info[1] is not None:  # a formatter takes the text that is there
        record.exc_text = redacted("".join(traceback.format_exception(*record.exc_info)).rstrip(), _hidden)
    if record.stack_info:
        record.stack_info = redacted(record.stack_info, _hidden)
    return record


def _clean_message(record: logging.LogRecord) -> None:
    try:
        text = record.getMessage()
    except (TypeError, ValueError, KeyError):  # arguments that do not fit: the handler tells of it
        record.msg = redacted(str(record.msg), _hidden)
        return
    clean = redacted(text, _hidden)
    if clean != text and record.name not in ARGS_KEPT:
        record.msg, record.args = clean, ()


def _clean_argument(value: object) -> object:
    """A text, or whatever else becomes one in the message, without secrets; numbers stay numbers."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    clean = redacted(text, _hidden)
    return value if clean == text else clean


def secrets(settings: BaseModel) -> list[str]:
    """Return the secret values of the settings, the longest first: what a log must not hold."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    found = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
    return sorted(found - {""}, key=len, reverse=True)
