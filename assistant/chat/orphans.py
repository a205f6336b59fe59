"""How a turn ends whose process is gone: with what it had, and with an estimate of what that cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from assistant.chat.history import tokens
from assistant.domain import OFFLINE, Turn, TurnError, TurnStatus, Usage, UsageRecord
from assistant.errors import new_reference
from assistant.providers.prices import price

CUT_BY_RESTART = "The application was closed while this answer was being written; what had been saved is shown."
CUT_WHILE_ACTING = (
    "The application was closed while it carried out what you approved ({titles}): "
    "look whether it was done before you ask for it again."
)
PER_MILLION = Decimal(1_000_000)


def cut(turn: Turn) -> tuple[Turn, list[UsageRecord]]:
    """Return the turn as it ends, and its line of the ledger when it had begun to answer at someone's cost."""
    ended = replace(turn, status=TurnStatus.CUT, pending=(), error=_error(turn))
    if turn.choice.provider == OFFLINE or not turn.answer:
        return ended, []
    used = _estimated(turn)
    total = replace(
        used,
        requests=turn.usage.requests + used.requests,
        input_tokens=turn.usage.input_tokens + used.input_tokens,
        output_tokens=turn.usage.output_tokens + used.output_tokens,
        tool_calls=turn.usage.tool_calls,
        reasoning_tokens=turn.usage.reasoning_tokens,
        cached_tokens=turn.usage.cached_tokens,
        cost=_sum(turn.usage, used),
    )
    line = UsageRecord(turn.id, 1, "answer", turn.choice.provider, turn.choice.model or "", used)
    return replace(ended, usage=total), [line]


def _error(turn: Turn) -> TurnError:
    if not turn.pending:
        return TurnError("cut", CUT_BY_RESTART, new_reference(), retryable=True)
    titles = ", ".join(call.title for call in turn.pending)
    return TurnError("cut", CUT_WHILE_ACTING.format(titles=titles), new_reference())


def _estimated(turn: Turn) -> Usage:
    """Return what is known to have been read and written since the last count; passages and history are not."""
    read = tokens(turn.question)
    written = max(0, tokens(turn.answer) - turn.usage.output_tokens)
    prices = price(turn.choice.provider, turn.choice.model or "")
    cost = None if prices is None else (read * prices[0] + written * prices[1]) / PER_MILLION
    return Usage(requests=1, input_tokens=read, output_tokens=written, cost=cost, estimated=True)


def _sum(earlier: Usage, now: Usage) -> Decimal | None:
    """Return the cost of both parts; None when a part is not priced."""
    if not earlier.requests:
        return now.cost
    return None if earlier.cost is None or now.cost is None else earlier.cost + now.cost
