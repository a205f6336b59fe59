"""The commands of the audit log: ``audit verify``, ``audit list`` and ``audit export``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from assistant.access import AuditQuery, Verdict
from assistant.cli import output
from assistant.cli.program import AsJson, acting_person, app, opened_services
from assistant.errors import AssistantError

audit = typer.Typer(name="audit", help="What was done and by whom, and whether the log of it is whole.")
app.add_typer(audit)

Words = Annotated[str, typer.Option(help="Only lines with all these words.")]
Action = Annotated[str, typer.Option(help="Only this kind of act, for example document.deleted.")]


@audit.command()
def verify(
    head: Annotated[str | None, typer.Option(help="A digest that was the newest once: it must still be there.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether every line is as it was written, and give the newest digest, to be kept elsewhere."""
    with opened_services() as services:
        verdict = services.audit.verify(acting_person(services, None), head)
    if as_json:
        output.line({"status": "done" if verdict.sound else "broken", **asdict(verdict)})
    if not verdict.sound:
        raise AssistantError(_broken(verdict))
    if not as_json:
        output.line(
            f"{verdict.lines:,} lines, each as it was written. The newest digest: {verdict.head or 'none yet'}."
        )


@audit.command(name="list")
def list_lines(
    words: Words = "",
    action: Action = "",
    count: Annotated[int, typer.Option("-n", min=1, max=10_000, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Show the newest lines."""
    with opened_services() as services:
        entries = services.audit.entries(acting_person(services, None), AuditQuery(words, action, limit=count))
    for one in entries:
        told = asdict(one) | {"at": one.at.isoformat()}
        output.line(told if as_json else f"{one.at:%Y-%m-%d %H:%M:%S} {one.person} {one.action} {one.subject}")


@audit.command()
def export(
    file: Annotated[Path, typer.Argument(help="The CSV file to write; it must not be there yet.")],
    words: Words = "",
    action: Action = "",
    as_json: AsJson = False,
) -> None:
    """Write lines into a CSV file."""
    if file.exists():
        raise AssistantError(f"{file.name} is there already: give another name.")
    with opened_services() as services:
        made = services.audit.export(acting_person(services, None), AuditQuery(words, action))
    file.write_bytes(made)
    output.line({"status": "done", "bytes": len(made)} if as_json else f"{file.name}: {len(made):,} bytes.")


def _broken(verdict: Verdict) -> str:
    if verdict.broken is not None:
        return f"The audit log was changed: line {verdict.broken} is not as it was written."
    return "The audit log was cut: the digest that was given is not among its lines any more."
