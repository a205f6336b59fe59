"""The command line's frame: the program that commands register with, and what all of them begin with."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import log
from assistant import settings as settings_module
from assistant.errors import NotFound

if TYPE_CHECKING:
    from assistant.bootstrap import Services
    from assistant.domain import Person

app = typer.Typer(
    name="assistant",
    help="Ask the company's own documents, and look after them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AsPerson = Annotated[str | None, typer.Option("--as", metavar="EMAIL", help="Act as this person, with their rights.")]


@contextmanager
def opened_services(*, own_index: bool = False) -> Iterator[Services]:
    """Open the services on the configured data folder and close them at the end."""
    from assistant import bootstrap

    settings = settings_module.load()
    for warning in settings_module.unknown_variables():
        sys.stderr.write(f"{warning}\n")
    log.set_up(settings.log_level, settings.data_dir, to_stderr=False, hide=log.secrets(settings))
    with bootstrap.opened(settings, own_index=own_index) as services:
        yield services


def acting_person(services: Services, email: str | None) -> Person:
    """Return the local operator, or the person with this address; raises NotFound."""
    if email is None:
        return services.people.local()
    person = services.people.by_email(email)
    if person is None:
        raise NotFound(f"There is no person with the address {email!r}.")
    return person
