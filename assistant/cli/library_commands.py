"""The commands of the library: ``ingest``, ``documents`` and ``delete``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli import output
from assistant.cli.program import AsJson, AsPerson, acting_person, app, opened_services
from assistant.errors import AssistantError, WrongUse


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with files.")],
    space: Annotated[str, typer.Option(help="Name of the space that takes them.")] = "general",
    wait: Annotated[bool, typer.Option("--wait", help="Return when all are searchable or failed.")] = False,
    sync: Annotated[
        bool, typer.Option("--sync", help="Remove documents as well whose files vanished from the folder.")
    ] = False,
    remove_all: Annotated[
        bool, typer.Option("--remove-all", help="With --sync: even when most or all files vanished.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Add documents. Beside a running app they are queued there; else this command does the work itself."""
    from assistant.cli import ingesting

    _need_folder(paths, sync=sync, remove_all=remove_all)
    missing = [path for path in paths if not (path.is_file() or path.is_dir())]
    if missing and missing[0].parts[0].rstrip(":").lower() in ("http", "https"):
        raise WrongUse("This is a web address: `assistant fetch ADDRESS` adds what stands there.")
    if missing:
        raise AssistantError(f"There is no file or folder {str(missing[0])!r}.")
    with opened_services(own_index=True) as services:
        person = acting_person(services, None)
        if sync:
            rows = ingesting.synced_rows(services, person, paths[0], space=space, wait=wait, remove_all=remove_all)
        else:
            rows = ingesting.rows(services, person, paths, space=space, wait=wait)
        failed = sum([ingesting.show(row, as_json=as_json) for row in rows])
        ingesting.leave_indexed(services)
    if failed:
        raise AssistantError(f"{failed} of the files cannot be searched; its line says why.")


@app.command()
def fetch(
    address: Annotated[str, typer.Argument(help="A web address that the whole world can reach.")],
    space: Annotated[str, typer.Option(help="Name of the space that takes it.")] = "general",
    wait: Annotated[bool, typer.Option("--wait", help="Return when it is searchable or failed.")] = False,
    as_email: AsPerson = None,
    as_json: AsJson = False,
) -> None:
    """Add what stands at a web address as a document, where ASSISTANT_FETCH is on."""
    from assistant.cli import ingesting

    with opened_services(own_index=True) as services:
        person = acting_person(services, as_email)
        row = ingesting.fetched_row(services, person, address, space=space, wait=wait)
        failed = ingesting.show(row, as_json=as_json)
        ingesting.leave_indexed(services)
    if failed:
        raise AssistantError("It cannot be searched; its line says why.")


def _need_folder(paths: list[Path], *, sync: bool, remove_all: bool) -> None:
    if sync and not (len(paths) == 1 and paths[0].is_dir()):
        raise WrongUse("Give one folder with --sync.")
    if remove_all and not sync:
        raise WrongUse("--remove-all goes with --sync.")


@app.command()
def documents(as_email: AsPerson = None, as_json: AsJson = False) -> None:
    """List the documents and how each stands."""
    with opened_services() as services:
        listed = services.knowledge.documents(acting_person(services, as_email))
        output.documents(listed, as_json=as_json)


@app.command()
def delete(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Document ids, as `documents` lists them.")],
    as_email: AsPerson = None,
    as_json: AsJson = False,
) -> None:
    """Delete documents; they no longer answer as soon as this returns."""
    with opened_services(own_index=True) as services:
        person = acting_person(services, as_email)
        for document_id in ids:
            services.knowledge.delete(person, document_id)
            row = {"document_id": document_id, "status": "deleted"}
            output.line(row if as_json else f"{document_id}: deleted")
