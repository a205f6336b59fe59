"""Numbers and moments in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from assistant.domain import OFFLINE, DocumentStatus, ModelChoice, Parameters, Person, Role, Usage
from assistant.library import ListedDocument

STAGES = {
    DocumentStatus.QUEUED: "queued",
    DocumentStatus.PARSING: "reading",
    DocumentStatus.EMBEDDING: "embedding",
    DocumentStatus.INDEXING: "indexing",
    DocumentStatus.READY: "ready",
    DocumentStatus.FAILED: "failed",
}
ROLES = {Role.STAFF: "staff", Role.KB_ADMIN: "knowledge base administrator", Role.ADMIN: "administrator"}
ACTS = {
    "audit.exported": "Audit log exported",
    "caution.set": "Caution changed",
    "document.facts": "Document described",
    "document.readers": "Readers of a document changed",
    "embedder.wanted": "Another embedding model wanted",
    "person.first_admin": "First administrator came in",
    "person.viewed_as": "Looked as",
    "redaction.set": "Hiding of secrets changed",
    "sign_in.ended": "Session ended",
    "sign_in.failed": "Sign-in failed",
    "sign_in.locked": "Sign-in locked",
    "sign_in.logged_out": "Logged out",
    "sign_in.opened": "Signed in",
    "sign_in.setup_link_made": "First link made",
}
"""What acts of the audit log are called where their names alone do not say it."""
LEAST_DOLLARS = Decimal("0.0001")
"""Less than this is not told exactly."""
COLOURS = {DocumentStatus.READY: "green", DocumentStatus.FAILED: "red", DocumentStatus.QUEUED: "gray"}


def status_badge(status: DocumentStatus) -> str:
    """The status word as a coloured badge."""
    return f":{COLOURS.get(status, 'blue')}-badge[{STAGES[status]}]"


def place_badge(*, private: bool) -> str:
    """Whether what is asked stays in the house, as a coloured badge."""
    return ":blue-badge[stays in the house]" if private else ":orange-badge[leaves the house]"


def size(count: int) -> str:
    """Bytes as people say them, in decimal units."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}" if count < 10 * factor else f"{count / factor:.0f} {unit}"
    return f"{count} bytes"


def counted(count: int, noun: str) -> str:
    """``1 page``, ``2 pages``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def role(of: Role) -> str:
    """What people call a role."""
    return ROLES[of]


def act(action: str) -> str:
    """What the audit log calls "document.deleted", as people read it."""
    return ACTS.get(action) or action.replace(".", " ").replace("_", " ").capitalize()


def duration(ms: float) -> str:
    """Milliseconds as people read them."""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def cost(usage: Usage) -> str:
    """What a turn cost: ``free``, ``not priced``, or dollars, marked where the token count is an estimate."""
    if usage.cost is None:
        return "not priced"
    if usage.cost == 0:
        return "free"
    return f"about {dollars(usage.cost)}, estimated" if usage.estimated else dollars(usage.cost)


def dollars(amount: Decimal) -> str:
    """US dollars with two digits that say something."""
    if 0 < amount < LEAST_DOLLARS:
        return f"under ${LEAST_DOLLARS}"
    digits = 2 if amount == 0 else max(2, 1 - amount.adjusted())
    return f"${amount:,.{digits}f}"


def tokens(usage: Usage) -> str:
    """Tokens read and written, on one short line."""
    return f"{usage.input_tokens:,} → {usage.output_tokens:,} tokens"


def token_details(usage: Usage) -> str:
    """Tokens and requests of a turn in a sentence, with what was cached and what was reasoning."""
    cached = f" ({usage.cached_tokens:,} of them from the cache)" if usage.cached_tokens else ""
    thought = f" ({usage.reasoning_tokens:,} of them reasoning)" if usage.reasoning_tokens else ""
    calls = f", {counted(usage.tool_calls, 'tool call')}" if usage.tool_calls else ""
    said = f"{usage.input_tokens:,} tokens read{cached}, {usage.output_tokens:,} written{thought}"
    return f"{said}, {counted(usage.requests, 'request')}{calls}, {cost(usage)}"


def parameters(chosen: Parameters) -> str:
    """How the model was told to answer; empty when it was left to its defaults."""
    parts = [
        f"effort {chosen.effort}" if chosen.effort else "",
        f"temperature {chosen.temperature:g}" if chosen.temperature is not None else "",
        f"top-p {chosen.top_p:g}" if chosen.top_p is not None else "",
        f"at most {chosen.max_tokens:,} tokens" if chosen.max_tokens is not None else "",
    ]
    return ", ".join(part for part in parts if part)


def model_name(provider_label: str, choice: ModelChoice) -> str:
    """Provider and model that answered; the offline provider has only one."""
    return provider_label if choice.provider == OFFLINE or not choice.model else f"{provider_label} {choice.model}"


def moment(when: datetime) -> str:
    """A moment in the person's own time zone, near ones by the day's name."""
    zone = _zone()
    local, today = when.astimezone(zone), datetime.now(zone).date()
    days = {today: "today", today - timedelta(days=1): "yesterday"}
    return f"{days.get(local.date()) or f'{local.day} {local:%b %Y}'} {local:%H:%M}"


def listed_facts(listed: ListedDocument, person: Person, space: str = "") -> str:
    """Space, if one is named, pages, passages, size, time, person, and what admins say of a document, on one line."""
    document, facts = listed.document, listed.facts
    parts = [document.name] if facts.title else []
    parts += [f"in {space}"] if space else []
    parts += [counted(document.pages, "page")] if document.pages else []
    parts += [counted(document.chunks, "passage")] if document.chunks else []
    parts += [size(document.size), moment(document.uploaded_at), by(document.uploaded_by, person)]
    parts += [f"version {document.version}"] if document.version > 1 else []
    parts += [f"owner {facts.owner}"] if facts.owner else []
    if facts.valid_until:
        parts.append(f"{'expired on' if is_over(facts.valid_until) else 'valid until'} {day(facts.valid_until)}")
    return " · ".join(parts)


def by(email: str, person: Person) -> str:
    """Who did something, seen by the person who reads it."""
    return "by you" if email == person.email else f"by {email}"


def is_over(last_day: date | None) -> bool:
    """Whether the last day on which a document holds has passed, where its reader is."""
    return last_day is not None and last_day < datetime.now(_zone()).date()


def is_past(when: datetime) -> bool:
    """Whether a moment is over."""
    return when <= datetime.now(UTC)


def day(when: date) -> str:
    """A day as people write it."""
    return f"{when.day} {when:%b %Y}"


def _zone() -> tzinfo | None:
    """The browser's time zone; None, the server's own, when the browser does not tell."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ZoneInfoNotFoundError, ValueError):
        return None
