"""The commands of whoever runs the app: ``reindex``, ``embedder``, ``doctor`` and ``worker``."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from assistant import log
from assistant import settings as settings_module
from assistant.cli import output
from assistant.cli.program import AsJson, acting_person, app, opened_services


@app.command()
def reindex(as_json: AsJson = False) -> None:
    """Build keyword and vector index anew from what is stored."""
    with opened_services(own_index=True) as services:
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

    with opened_services(own_index=model is not None) as services:
        person = acting_person(services, None)
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
def worker() -> None:
    """Do the queued heavy work (parse, chunk, embed) and leave when there is none. The app starts it by itself."""
    from assistant.knowledge import worker as worker_module

    settings = settings_module.load()
    log.set_up(settings.log_level, settings.data_dir)
    raise SystemExit(worker_module.run(settings))
