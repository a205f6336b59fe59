"""The commands and their options; what each does stands in the modules beside this one.

Exit status: 0 done, 1 refused or failed with one plain sentence on stderr, 2 wrong usage. It acts as the local
operator, or with ``--as EMAIL`` as that person with that person's rights.
"""

from __future__ import annotations

import logging
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer
from typer.exceptions import TyperException

from assistant import log
from assistant import settings as settings_module
from assistant.cli import output
from assistant.domain import Parameters
from assistant.errors import AssistantError, NotFound, WrongUse

if TYPE_CHECKING:
    from assistant.bootstrap import Services
    from assistant.domain import Effort, Person

WRONG_USE = 2
"""Exit status of wrong usage, as the shell and typer have it."""
INTERRUPTED = 130
"""What typer gives back, instead of raising it, when the person pressed Ctrl-C."""

logger = logging.getLogger(__name__)

app = typer.Typer(
    name="assistant",
    help="Ask the company's own documents, and look after them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AsPerson = Annotated[str | None, typer.Option("--as", metavar="EMAIL", help="Act as this person, with their rights.")]


def run() -> None:
    """Run the command line; every error ends as one sentence on stderr, with status 2 for wrong use and 1 for others.

    Traces are in the log.
    """
    output.speak_utf8()
    log.set_up("INFO", to_stderr=False)  # until a command knows the data folder
    try:
        _command()
    except TyperException as error:  # wrong use, as typer sees it; its own report folds the sentence into a box
        sys.stderr.write(f"{error.format_message()}\n")
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


@contextmanager
def _services(*, own_index: bool = False) -> Iterator[Services]:
    """Open the services on the configured data folder and close them at the end."""
    from assistant import bootstrap

    settings = settings_module.load()
    for warning in settings_module.unknown_variables():
        sys.stderr.write(f"{warning}\n")
    log.set_up(settings.log_level, settings.data_dir, to_stderr=False)
    with bootstrap.opened(settings, own_index=own_index) as services:
        yield services


def _person(services: Services, email: str | None) -> Person:
    if email is None:
        return services.people.local()
    person = services.people.by_email(email)
    if person is None:
        raise NotFound(f"There is no person with the address {email!r}.")
    return person


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with files.")],
    space: Annotated[str, typer.Option(help="Name of the space that takes them.")] = "general",
    wait: Annotated[bool, typer.Option("--wait", help="Return when all are searchable or failed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add documents. Beside a running app they are queued there; else this command does the work itself."""
    from assistant.cli import ingesting

    missing = [path for path in paths if not (path.is_file() or path.is_dir())]
    if missing:
        raise AssistantError(f"There is no file or folder {str(missing[0])!r}.")
    with _services(own_index=True) as services:
        rows = ingesting.rows(services, _person(services, None), paths, space=space, wait=wait)
        failed = sum([ingesting.show(row, as_json=as_json) for row in rows])
    if failed:
        raise AssistantError(f"{failed} of the files cannot be searched; its line says why.")


@app.command()
def search(
    query: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    count: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    batch: Annotated[
        Path | None, typer.Option(help='File with lines {"id","text"}.', exists=True, dir_okay=False)
    ] = None,
    as_email: AsPerson = None,
    as_json: AsJson = False,
) -> None:
    """Show the passages that retrieval finds."""
    from assistant.cli import asking

    _one_of(query, batch)
    with _services() as services:
        person = _person(services, as_email)
        if batch is not None:
            asking.search_batch(services, person, batch, count)
        else:
            asking.search_one(services, person, str(query), count, as_json=as_json)


def _one_of(text: str | None, batch: Path | None) -> None:
    if (text is None) == (batch is None):
        raise WrongUse("Give either a text or --batch FILE.")


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="The question.")] = None,
    provider: Annotated[str | None, typer.Option(help="Provider id, for example offline; auto picks one.")] = None,
    model: Annotated[str | None, typer.Option(help="Model id of that provider.")] = None,
    effort: Annotated[str | None, typer.Option(help="How long to think: low, medium or high.")] = None,
    temperature: Annotated[float | None, typer.Option(help="0 focused, 0.7 balanced, 1 and above varied.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Above 0 to 1: leave out the least likely words.")] = None,
    max_tokens: Annotated[int | None, typer.Option(metavar="N", help="The longest answer, in tokens.")] = None,
    conversation: Annotated[str | None, typer.Option(metavar="ID", help="Go on in this conversation.")] = None,
    batch: Annotated[
        Path | None, typer.Option(help='File with lines {"id","text","history"?}.', exists=True, dir_okay=False)
    ] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Say yes to what waits for approval.")] = False,
    as_email: AsPerson = None,
    as_json: AsJson = False,
) -> None:
    """Answer a question from the documents, with its sources."""
    from assistant.cli import asking

    _one_of(question, batch)
    wanted = Parameters(cast("Effort | None", effort), temperature, top_p, max_tokens)  # checked in the next line
    parameters = asking.checked_parameters(wanted, provider, model)
    with _services() as services:
        choice = asking.choice_of(services, provider, model, parameters)
        asker = asking.Asker(services, _person(services, as_email), choice, approve=approve)
        if batch is not None:
            asker.batch(batch)
        else:
            asker.one(str(question), conversation, as_json=as_json)


@app.command()
def documents(as_email: AsPerson = None, as_json: AsJson = False) -> None:
    """List the documents and how each stands."""
    with _services() as services:
        listed = services.knowledge.documents(_person(services, as_email))
        output.documents(listed, as_json=as_json)


@app.command()
def delete(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Document ids, as `documents` lists them.")],
    as_email: AsPerson = None,
    as_json: AsJson = False,
) -> None:
    """Delete documents; they no longer answer as soon as this returns."""
    with _services(own_index=True) as services:
        person = _person(services, as_email)
        for document_id in ids:
            services.knowledge.delete(person, document_id)
            row = {"document_id": document_id, "status": "deleted"}
            output.line(row if as_json else f"{document_id}: deleted")


@app.command()
def reindex(as_json: AsJson = False) -> None:
    """Build keyword and vector index anew from what is stored."""
    with _services(own_index=True) as services:
        count = services.knowledge.reindex(services.people.local())
        done = services.owns_index and services.knowledge.wait_until_indexed(math.inf)
    status = "done" if done else "queued"
    output.line({"status": status, "documents": count} if as_json else f"Index of {count} documents: {status}.")


@app.command()
def embedder(
    model: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The model to change to; without, list them.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Return when it serves.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the embedding models, or have another one serve once every passage is embedded by it."""
    from assistant.cli import embedding

    with _services(own_index=model is not None) as services:
        person = _person(services, None)
        if model is None:
            embedding.show_all(services, person, as_json=as_json)
        else:
            embedding.change(services, person, model, wait=wait, as_json=as_json)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check settings, folders, database, models and index; exit 0 when all is well."""
    from assistant.doctor import check_all

    settings = settings_module.load()
    log.set_up(settings.log_level, settings.data_dir, to_stderr=False)
    checks = check_all(settings)
    output.checks(checks, as_json=as_json)
    if not all(check.ok for check in checks):
        raise SystemExit(1)


@app.command()
def classify(
    examples: Annotated[Path, typer.Option(help='File with lines {"text","label"}.', exists=True, dir_okay=False)],
    batch: Annotated[Path, typer.Option(help='File with lines {"id","text"}.', exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Label texts by their nearest labelled examples, the way questions are routed."""
    from assistant.cli import asking

    asking.classify(settings_module.load(), examples, batch, as_json=as_json)


@app.command()
def worker() -> None:
    """Do the queued heavy work (parse, chunk, embed) and leave when there is none. The app starts it by itself."""
    from assistant.knowledge import worker as worker_module

    settings = settings_module.load()
    log.set_up(settings.log_level, settings.data_dir)
    raise SystemExit(worker_module.run(settings))
