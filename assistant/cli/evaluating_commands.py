"""The command that measures: ``eval``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assistant.cli.program import AsJson, app
from assistant.domain import OFFLINE, ModelChoice


@app.command("eval")
def evaluate(
    folder: Annotated[Path, typer.Argument(help="A folder of question sets, or one set.")],
    suite: Annotated[list[str] | None, typer.Option(help="Only this suite; may be given again.")] = None,
    only: Annotated[list[str] | None, typer.Option("--set", help="Only this set; may be given again.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many questions of a set, drawn at random.")
    ] = None,
    provider: Annotated[str, typer.Option(help="Who answers: a provider id.")] = OFFLINE,
    model: Annotated[str | None, typer.Option(help="Model id of that provider.")] = None,
    keep: Annotated[Path | None, typer.Option(help="A folder that keeps indexed documents for the next run.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the record to this file.")] = None,
    against: Annotated[Path | None, typer.Option(help="Compare with this record, not the committed one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Measure search and answers on question sets, beside the last result; your own documents are not touched."""
    from assistant.cli import evaluating
    from assistant.evaluation.runner import SUITES, Options

    files = evaluating.Files(keep=keep, out=out, against=against)
    evaluating.evaluate(
        folder, only or [], Options(suite or SUITES, limit, ModelChoice(provider, model)), files, as_json=as_json
    )
