"""What ``reindex`` does: the index built anew, and waited for where this process owns it."""

from __future__ import annotations

import math
import time

from assistant.bootstrap import Services
from assistant.domain import Person
from assistant.errors import AssistantError

DONE, QUEUED = "done", "queued"
LOOK_SECONDS = 0.2


def from_stored(services: Services, person: Person) -> tuple[str, int]:
    """Build both indexes from stored chunks and vectors; return how that stands, and of how many documents."""
    count = services.knowledge.reindex(person)
    done = services.owns_index and services.knowledge.wait_until_indexed(math.inf)
    return (DONE if done else QUEUED), count


def from_originals(services: Services, person: Person) -> tuple[str, int]:
    """Read, cut and embed all documents anew; as above. Raises AssistantError when not all could be."""
    rebuilds = services.knowledge.rebuilds
    run = rebuilds.rechunk(person)
    while services.owns_index and run.state == "running":
        time.sleep(LOOK_SECONDS)  # between two looks at how far it is
        run = rebuilds.get(person, run.id)
    if run.state == "cancelled":
        raise AssistantError("Indexing the documents anew was called off; they stay as they were.")
    if run.error:
        raise AssistantError(run.error)
    return (DONE if run.state == "done" else QUEUED), run.total
