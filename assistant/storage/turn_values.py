"""Turns and citations as values from and to their rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from assistant.domain import (
    Citation,
    FallBack,
    ModelChoice,
    Parameters,
    PendingCall,
    Plan,
    Route,
    Step,
    Support,
    Timings,
    Turn,
    TurnError,
    TurnStatus,
    Usage,
)
from assistant.storage.conversation_rows import CitationRow, TurnRow


def turn_value(row: TurnRow, citations: Iterable[CitationRow]) -> Turn:
    """Return the stored turn as a value."""
    return Turn(
        id=row.id,
        conversation_id=row.conversation_id,
        seq=row.seq,
        question=row.question,
        status=TurnStatus(row.status),
        answer=row.answer,
        created_at=row.created_at,
        plan=None if row.plan is None else _plan_value(row.plan),
        answerable=row.answerable,
        abstained=row.abstained,
        citations=tuple(citation_value(citation) for citation in citations),
        nearest=tuple(row.nearest),
        steps=tuple(Step(**step) for step in row.steps),
        choice=ModelChoice(row.provider, row.model, Parameters(**(row.parameters or {})), row.auto),
        usage=_usage_value(row),
        timings=Timings(row.plan_ms, row.retrieve_ms, row.first_token_ms, row.total_ms),
        error=None if row.error is None else TurnError(**row.error),
        reasoning=row.reasoning,
        pending=tuple(PendingCall(**call) for call in row.pending),
        fell_back=None if row.fell_back is None else FallBack(**row.fell_back),
        route_by_person=row.route_by_person,
        support=tuple(Support(**one) for one in row.support),
    )


def citation_value(row: CitationRow) -> Citation:
    """Return one stored citation as a value."""
    return Citation(
        n=row.n,
        document_id=row.document_id,
        document=row.document,
        version=row.version,
        chunk_id=row.chunk_id,
        page=row.page,
        quote=row.quote,
        start=row.start,
        end=row.end,
        heading_path=tuple(row.heading_path),
        page_label=row.page_label,
    )


def turn_columns(turn: Turn) -> dict[str, Any]:
    """Return the columns of a turn that may change while it runs, as they are to be stored."""
    usage, timings = turn.usage, turn.timings
    return {
        "status": str(turn.status),
        "answer": turn.answer,
        "plan": None if turn.plan is None else asdict(turn.plan),
        "answerable": turn.answerable,
        "abstained": turn.abstained,
        "nearest": list(turn.nearest),
        "steps": [asdict(step) for step in turn.steps],
        "provider": turn.choice.provider,
        "model": turn.choice.model,
        "requests": usage.requests,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "tool_calls": usage.tool_calls,
        "cost": None if usage.cost is None else format(usage.cost, "f"),
        "usage_estimated": usage.estimated,
        "plan_ms": timings.plan,
        "retrieve_ms": timings.retrieve,
        "first_token_ms": timings.first_token,
        "total_ms": timings.total,
        "error": None if turn.error is None else asdict(turn.error),
        "parameters": asdict(turn.choice.parameters),
        "auto": turn.choice.auto,
        "reasoning": turn.reasoning,
        "reasoning_tokens": usage.reasoning_tokens,
        "cached_tokens": usage.cached_tokens,
        "fell_back": None if turn.fell_back is None else asdict(turn.fell_back),
        "route_by_person": turn.route_by_person,
        "pending": [asdict(call) for call in turn.pending],
        "support": [asdict(one) for one in turn.support],
    }


def citation_columns(turn_id: str, citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """Return the rows of a turn's citations."""
    return [{"turn_id": turn_id, **asdict(citation)} for citation in citations]


def _plan_value(stored: dict[str, Any]) -> Plan:
    queries = tuple(stored["search_queries"])
    return Plan(**{**stored, "route": Route(stored["route"]), "search_queries": queries})


def _usage_value(row: TurnRow) -> Usage:
    return Usage(
        requests=row.requests,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        tool_calls=row.tool_calls,
        cost=None if row.cost is None else Decimal(row.cost),
        estimated=row.usage_estimated,
        reasoning_tokens=row.reasoning_tokens,
        cached_tokens=row.cached_tokens,
    )
