"""How a turn ends whose process is gone: with what it had, and with an estimate of what that cost."""

from __future__ import annotations

from dataclasses import replace

from assistant.chat.history import tokens
from assistant.domain import OFFLINE, Turn, TurnError, TurnStatus, Usage, UsageRecord
from assistant.errors import new_reference
from assistant.usage.costs import priced, total

CUT_BY_RESTART = "The application was closed while this answer was being written; what had been saved is shown."
CUT_WHILE_ACTING = (
    "The application was closed while it carried out what you approved ({titles}): "
    "look whether it was done before you ask for it again."
)


def cut(turn: Turn) -> tuple[Turn, list[UsageRecord]]:
    """Return the turn as it ends, and its line of the ledger when it had begun to answer at someone's cost."""
    ended = replace(turn, status=TurnStatus.CUT, pending=(), error=_error(turn))
    if turn.choice.provider == OFFLINE or not turn.answer:
        return ended, []
    used = _estimated(turn)
    line = UsageRecord(turn.id, 1, "answer", turn.choice.provider, turn.choice.model or "", used)
    return replace(ended, usage=total([part for part in (turn.usage, used) if part.requests])), [line]


def _error(turn: Turn) -> TurnError:
    if not turn.pending:
        return TurnError("cut", CUT_BY_RESTART, new_reference(), retryable=True)
    titles = ", ".join(call.title for call in turn.pending)
    return TurnError("cut", CUT_WHILE_ACTING.format(titles=titles), new_reference())


def _estimated(turn: Turn) -> Usage:
    """Return what is known to have been read and written since the last count; passages and history are not."""
    read = tokens(turn.question)
    written = max(0, tokens(turn.answer) - turn.usage.output_tokens)
    return priced(Usage(requests=1, input_tokens=read, output_tokens=written, estimated=True), turn.choice)
