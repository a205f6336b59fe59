"""The commands that read: ``search``, ``ask``, ``classify`` and ``guard``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from assistant import settings as settings_module
from assistant.cli.program import AsJson, AsPerson, acting_person, app, opened_services
from assistant.domain import Parameters
from assistant.errors import WrongUse
from assistant.library import Filters

if TYPE_CHECKING:
    from assistant.domain import Effort


@app.command()
def search(
    query: Annotated[str | None, typer.Argument(help="What to look for.")] = None,
    count: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    batch: Annotated[
        Path | None, typer.Option(help='File with lines {"id","text"}.', exists=True, dir_okay=False)
    ] = None,
    space: Annotated[list[str] | None, typer.Option(help="Only this space; may be given several times.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="Only documents with this tag, and with each further one.")
    ] = None,
    ending: Annotated[str, typer.Option("--type", help="Only files with this ending, for example pdf.")] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only what came on this day or later.")
    ] = None,
    as_email: AsPerson = None,
    as_json: AsJson = False,
) -> None:
    """Show the passages that retrieval finds."""
    from assistant.cli import asking

    _one_of(query, batch)
    filters = Filters(tuple(space or ()), tuple(tag or ()), ending, since.date() if since else None)
    with opened_services() as services:
        person, limited = acting_person(services, as_email), as_email is not None
        if batch is not None:
            asking.search_batch(services, person, batch, count, filters, limited=limited)
        else:
            asking.search_one(services, person, str(query), count, filters, limited=limited, as_json=as_json)


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
    with opened_services() as services:
        choice = asking.choice_of(services, provider, model, parameters)
        person = acting_person(services, as_email)
        asker = asking.Asker(services, person, choice, approve=approve, limited=as_email is not None)
        if batch is not None:
            asker.batch(batch)
        else:
            asker.one(str(question), conversation, as_json=as_json)


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
def guard(
    batch: Annotated[Path, typer.Option(help='File with lines {"id","text"}.', exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Score how much texts are like attacks on the assistant, from 0 to 1."""
    from assistant.cli import guarding

    del as_json  # the rows are for programs either way
    guarding.guard(settings_module.load(), batch)
