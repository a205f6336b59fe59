"""What ``reindex`` does: the index built anew, and waited for where this process owns it."""

from __future__ import annotations

import math
import time

from assistant.bootstrap import Services
from assistant.cli.ingesting import HELD_UP_SECONDS
from assistant.domain import Person
from assistant.errors import AssistantError
from assistant.knowledge.rebuilds import Rebuilds
from assistant.library import Run

DONE, QUEUED = "done", "queued"
LOOK_SECONDS = 0.2


def from_stored(services: Services, person: Person) -> tuple[str, int]:
    """Build both indexes from stored chunks and vectors; return how that stands, and of how many documents."""
    count = services.knowledge.reindex(person)
    done = services.owns_index and services.knowledge.wait_until_indexed(math.inf)
    return (DONE if done else QUEUED), count


def from_originals(services: Services, person: Person) -> tuple[str, int]:
    """Read, cut and embed all documents anew; as above. Raises AssistantError when not all could be, or not yet."""
    run = services.knowledge.rebuilds.rechunk(person)
    if services.owns_index:
        run = until_ended(services.knowledge.rebuilds, person, run)
    if run.state == "cancelled":
        raise AssistantError("Indexing the documents anew was called off; they stay as they were.")
    if run.error:
        raise AssistantError(run.error)
    return (DONE if run.state == "done" else QUEUED), run.total


def until_ended(rebuilds: Rebuilds, person: Person, run: Run) -> Run:
    """Return a rebuild once it is over; raises AssistantError when it is held up for long: a later process ends it."""
    held_up_since: float | None = None
    while run.state == "running":
        time.sleep(LOOK_SECONDS)  # between two looks at how far it is
        run, why = rebuilds.get(person, run.id), rebuilds.held_up(person, run.id)
        held_up_since = (held_up_since or time.monotonic()) if why else None
        if held_up_since is not None and time.monotonic() - held_up_since > HELD_UP_SECONDS:
            raise AssistantError(f"{why} Until then the documents stay as they were.")
    return run
