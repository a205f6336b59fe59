"""How a turn ends: what it is stored as, and why."""

from __future__ import annotations

from assistant.chat.failures import CUT_OFF, NO_END
from assistant.domain import TurnError, TurnStatus
from assistant.errors import new_reference

CLOSING = "The application was closed while this answer was being written; what it had is shown. Ask again."
LENGTH = "The answer reached the model's length limit and ends here: ask it to go on."
WITHHELD = "The provider withheld the rest of the answer by its own rules: what came before is shown. Ask differently."
SOURCE_DELETED = (
    "A document that this answer was written from was deleted meanwhile, or may not be read by you any more, so it "
    "ends here: ask again."
)

Ending = tuple[TurnStatus, TurnError | None]


class TurnStopped(Exception):  # not an error: the person asked for it
    """Raised inside a turn between two steps when its stop was asked for."""


def closing() -> Ending:
    """Return the end of a turn that the application itself breaks off."""
    return TurnStatus.CUT, TurnError("cut", CLOSING, new_reference(), retryable=True)


def stopped(as_status: TurnStatus | None) -> Ending:
    """Return the end that was asked for: by the person, or by the application that closes."""
    return closing() if as_status is TurnStatus.CUT else (TurnStatus.STOPPED, None)


def source_deleted() -> Ending:
    """Return the end of a turn of which a document was deleted, or closed to the person, while it ran."""
    return TurnStatus.CUT, TurnError("source_deleted", SOURCE_DELETED, new_reference(), retryable=True)


def ended_by(finish_reason: str | None) -> Ending:
    """A whole answer says why it ended; a stream that only stops was cut on its way (Groq reports it no other way)."""
    if finish_reason == "length":
        return TurnStatus.CUT, TurnError("length", LENGTH, new_reference(), retryable=True)
    if finish_reason == "content_filter":
        return TurnStatus.CUT, TurnError("withheld", WITHHELD, new_reference())
    if finish_reason is None or finish_reason == "error":
        sentence = f"{CUT_OFF}{NO_END.cause}: {NO_END.advice}"
        return TurnStatus.CUT, TurnError(NO_END.category, sentence, new_reference(), retryable=True)
    return TurnStatus.COMPLETE, None
