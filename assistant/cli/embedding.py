"""``assistant embedder``: which embedding model searches go by, and a change of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from assistant.cli import output
from assistant.errors import EmbeddingFailed

if TYPE_CHECKING:
    from assistant.bootstrap import Services
    from assistant.domain import Person
    from assistant.knowledge.embedder_state import EmbedderState
    from assistant.providers.embedders import EmbedderChoice

POLL_SECONDS = 0.2
HELD_UP_SECONDS = 20.0
"""How long a command waits for a server that does not answer."""


def show_all(services: Services, person: Person, *, as_json: bool) -> None:
    """Print a line for each embedding model."""
    state = services.knowledge.embedders(person)
    for choice in state.choices:
        status = _status(state, choice)
        row = {"id": choice.id, "status": status, "host": choice.host, "problem": choice.problem or None}
        place = f", given all documents and questions at {choice.host}" if choice.host else ""
        output.line(row if as_json else f"{choice.id}: {choice.problem or status + place}")


def change(services: Services, person: Person, model_id: str, *, wait: bool, as_json: bool) -> None:
    """Ask for another model and print how the change stands; with ``wait`` once it serves.

    Raises EmbeddingFailed when its server does not answer, and the change goes on with the next process, or when an
    admin called it off.
    """
    state = services.knowledge.use_embedder(person, model_id)
    if wait:
        state = _served(services, person, model_id)
    row = {"serving": state.serving, "wanted": state.wanted, "done": state.done, "total": state.total}
    output.line(row if as_json else _sentence(state))


def _served(services: Services, person: Person, model_id: str) -> EmbedderState:
    failing_since: float | None = None
    while (state := services.knowledge.embedders(person)).serving != model_id:
        if state.wanted != model_id:
            raise EmbeddingFailed(f"The change was called off meanwhile: searches go by {state.serving}.")
        failing_since = (failing_since or time.monotonic()) if state.error else None
        if failing_since is not None and time.monotonic() - failing_since > HELD_UP_SECONDS:
            raise EmbeddingFailed(
                f"{state.error} {state.done} of {state.total} passages are done; the rest is tried later."
            )
        services.knowledge.take_over()
        time.sleep(POLL_SECONDS)
    return state


def _status(state: EmbedderState, choice: EmbedderChoice) -> str:
    if choice.id == state.serving:
        return "serving"
    if choice.id == state.wanted:
        return "wanted"
    return "ready" if choice.configured else "not set up"


def _sentence(state: EmbedderState) -> str:
    now = f"searches go by {state.serving}"
    if state.wanted is None:
        return f"From now on {now}."
    return f"{state.done} of {state.total} passages are embedded by {state.wanted}; until all are, {now}."
