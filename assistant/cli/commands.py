"""The command line as a whole: every module of commands, and how each of its errors ends.

Exit status: 0 done, 1 refused or failed with one plain sentence on stderr, 2 wrong usage. It acts as the local
operator, or with ``--as EMAIL`` as that person with that person's rights.
"""

from __future__ import annotations

import logging
import sys

import typer
from typer.exceptions import TyperException

from assistant import log
from assistant.cli import (
    asking_commands,
    audit_commands,
    evaluating_commands,
    library_commands,
    operations,
    output,
    people_commands,
)
from assistant.cli.program import app
from assistant.errors import AssistantError, WrongUse

WRONG_USE = 2
"""Exit status of wrong usage, as the shell and typer have it."""
INTERRUPTED = 130
"""What typer gives back, instead of raising it, when the person pressed Ctrl-C."""

MODULES = (library_commands, asking_commands, people_commands, evaluating_commands, operations, audit_commands)
"""Importing them registers their commands."""

logger = logging.getLogger(__name__)


def run() -> None:
    """Run the command line; every error ends as one sentence on stderr, with status 2 for wrong use and 1 for others.

    Traces are in the log.
    """
    output.speak_utf8()
    log.set_up("INFO", to_stderr=False)  # until a command knows the data folder
    try:
        _command()
    except TyperException as error:  # wrong use, as typer sees it; its own report folds the sentence into a box
        sys.stderr.write(f"{' '.join(error.format_message().split())}\n")
        raise SystemExit(WRONG_USE) from None
    except WrongUse as error:
        sys.stderr.write(f"{error.message}\n")
        raise SystemExit(WRONG_USE) from None
    except typer.Abort:  # the person pressed Ctrl-C
        pass
    except AssistantError as error:
        sys.stderr.write(f"{error.message}\n")
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        output.silence()
    except Exception as error:
        reference = log.record(logger, error)
        sys.stderr.write(f"{_unexpected(error)} The log has the details under {reference}.\n")
    else:
        return
    raise SystemExit(1)


def _command() -> None:
    if app(standalone_mode=False) == INTERRUPTED:
        raise typer.Abort


def _unexpected(error: Exception) -> str:
    from assistant.storage.database import DatabaseDamage

    if isinstance(error, DatabaseDamage):
        return "The database cannot be used: its file is damaged, locked or on a full disk."
    if isinstance(error, UnicodeEncodeError):
        return "What was given holds bytes that are no text: write it again."
    if isinstance(error, OSError):
        return f"A file or folder cannot be used ({error.strerror})."
    return "Something went wrong that should not."
