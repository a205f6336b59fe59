"""The JSON object of a turn, and the line for people that says who answered and at what cost."""

from __future__ import annotations

from typing import Any

from assistant.chat.claims import words_of
from assistant.domain import Citation, Support, Turn, TurnStatus, Usage
from assistant.errors import AssistantError

MS_A_SECOND = 1000


def turn_row(turn: Turn) -> dict[str, Any]:
    """The JSON object of an ended turn."""
    plan = turn.plan
    return {
        "conversation_id": turn.conversation_id,
        "turn_id": turn.id,
        "status": str(turn.status),
        "route": str(plan.route) if plan else None,
        "confidence": round(plan.confidence, 4) if plan else None,
        "standalone_question": plan.standalone_question if plan else turn.question,
        "answer": turn.answer,
        "citations": [_citation_row(citation) for citation in turn.citations],
        "support": [_support_row(turn, one) for one in turn.support],
        "abstained": turn.abstained,
        "answerable": None if turn.answerable is None else round(turn.answerable, 4),
        "nearest": list(turn.nearest),
        "provider": turn.choice.provider,
        "model": turn.choice.model,
        "usage": _usage_row(turn.usage),
        "cost": None if turn.usage.cost is None else float(turn.usage.cost),
        "timings_ms": _timings_row(turn),
        "auto": turn.choice.auto,
        "fell_back": _fell_back_row(turn),
        "pending": [{"tool": call.tool, "arguments": dict(call.arguments)} for call in turn.pending],
        "error": _error_row(turn),
    }


def refused_row(error: AssistantError) -> dict[str, Any]:
    """The JSON object of a question that was refused before any cost."""
    return {
        "conversation_id": None,
        "turn_id": None,
        "status": str(TurnStatus.REFUSED),
        "route": None,
        "confidence": None,
        "standalone_question": None,
        "answer": "",
        "citations": [],
        "support": [],
        "abstained": False,
        "answerable": None,
        "nearest": [],
        "provider": None,
        "model": None,
        "usage": _usage_row(Usage()),
        "cost": None,
        "timings_ms": {"plan": None, "retrieve": None, "first_token": None, "total": None},
        "auto": False,
        "fell_back": None,
        "pending": [],
        "error": {"category": error.category, "message": error.message, "reference": error.reference},
    }


def _citation_row(citation: Citation) -> dict[str, object]:
    return {
        "n": citation.n,
        "document_id": citation.document_id,
        "document": citation.document,
        "page": citation.page,
        "quote": citation.quote,
    }


def _support_row(turn: Turn, support: Support) -> dict[str, object]:
    sentence = words_of(turn.answer, support.start, support.end)
    return {"sentence": sentence, "score": support.score, "n": support.n, "found": support.found}


def _usage_row(usage: Usage) -> dict[str, object]:
    return {
        "requests": usage.requests,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "tool_calls": usage.tool_calls,
        "reasoning_tokens": usage.reasoning_tokens,
        "cached_tokens": usage.cached_tokens,
        "estimated": usage.estimated,
    }


def _timings_row(turn: Turn) -> dict[str, float | None]:
    times = turn.timings
    named = {
        "plan": times.plan,
        "retrieve": times.retrieve,
        "first_token": times.first_token,
        "total": times.total,
    }
    return {name: None if value is None else round(value, 1) for name, value in named.items()}


def badge(turn: Turn) -> str:
    """The line under an answer: provider, model, route, time, tokens and cost."""
    choice, usage, total = turn.choice, turn.usage, turn.timings.total
    chosen = " (Auto)" if choice.auto else ""
    parts = [
        f"{choice.provider} {choice.model or ''}".strip() + chosen,
        str(turn.plan.route).replace("_", " ") if turn.plan else "",
        "" if total is None else f"{total / MS_A_SECOND:.1f} s",
        f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out",
        "not priced" if usage.cost is None else f"${usage.cost:.6f}".rstrip("0").rstrip("."),
        "estimated" if usage.estimated else "",
    ]
    return " · ".join(part for part in parts if part)


def _fell_back_row(turn: Turn) -> dict[str, str | None] | None:
    fell_back = turn.fell_back
    if fell_back is None:
        return None
    return {"provider": fell_back.provider, "model": fell_back.model, "why": fell_back.why}


def _error_row(turn: Turn) -> dict[str, str] | None:
    if turn.error is None:
        return None
    return {"category": turn.error.category, "message": turn.error.message, "reference": turn.error.reference}
