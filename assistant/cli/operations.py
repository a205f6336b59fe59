"""The commands of whoever runs the app: index, embedding models, backups, health, and the worker."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import log
from assistant import settings as settings_module
from assistant.cli import output
from assistant.cli.program import AsJson, acting_person, app, opened_services

if TYPE_CHECKING:
    from assistant.knowledge.backups import Backup

MB = 1_000_000


@app.command()
def reindex(
    from_originals: Annotated[
        bool, typer.Option("--from-originals", help="Read and cut all documents anew first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Build keyword and vector index anew, from what is stored or from the originals; the old one serves until then."""
    from assistant.cli import reindexing

    with opened_services(own_index=True) as services:
        person = acting_person(services, None)
        build = reindexing.from_originals if from_originals else reindexing.from_stored
        status, count = build(services, person)
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

    with opened_services(own_index=model is not None) as services:
        person = acting_person(services, None)
        if model is None:
            embedding.show_all(services, person, as_json=as_json)
        else:
            embedding.change(services, person, model, wait=wait, as_json=as_json)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not be there yet.")],
    as_json: AsJson = False,
) -> None:
    """Write database and originals into one file, also while the app runs. It holds all documents: keep it safe."""
    from assistant.knowledge import backups

    with opened_services() as services:
        made = backups.back_up(acting_person(services, None), services.database, services.settings, file)
    _show_backup(made, f"{file.name} holds", as_json=as_json)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup` wrote.", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Bring a backup into an empty data folder; the index is built anew when the app starts."""
    from assistant.knowledge import backups

    settings = settings_module.load()
    made = backups.restore(settings, file)
    _show_backup(made, "Restored:", as_json=as_json)


def _show_backup(made: Backup, begin: str, *, as_json: bool) -> None:
    if as_json:
        output.line({"status": "done", **asdict(made)})
        return
    output.line(f"{begin} {made.documents:,} documents, {made.originals:,} originals, {made.size / MB:,.1f} MB.")
    if made.damaged:
        output.line(f"{len(made.damaged)} originals were missing or changed on disk and are not in it.")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Check settings, folders, database, models and index; exit 0 when all is well."""
    from assistant.doctor import check_all

    settings = settings_module.load()
    log.set_up(settings.log_level, settings.data_dir, to_stderr=False, hide=log.secrets(settings))
    checks = check_all(settings)
    output.checks(checks, as_json=as_json)
    if not all(check.ok for check in checks):
        raise SystemExit(1)


@app.command()
def worker() -> None:
    """Do the queued heavy work (parse, chunk, embed) and leave when there is none. The app starts it by itself."""
    from assistant.knowledge import worker as worker_module

    settings = settings_module.load()
    log.set_up(settings.log_level, settings.data_dir, hide=log.secrets(settings))
    raise SystemExit(worker_module.run(settings))
