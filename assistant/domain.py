"""The field's nouns as plain values. Frozen, without behaviour that needs an engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal


class Role(StrEnum):
    """What a person may do: staff ask, KB admins also change documents, admins also change settings and people."""

    STAFF = "staff"
    KB_ADMIN = "kb_admin"
    ADMIN = "admin"

    def at_most(self, other: Role) -> Role:
        """Return the lesser of two roles."""
        ranks = list(Role)
        return min(self, other, key=ranks.index)


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, passed into every service function, which asks the database what they may do at that moment.

    ``credential`` names the session ("session:…") or API token ("token:…") they came by, which must hold then too;
    None: the local operator, and work that outlives a log-out. ``role`` can only narrow what the database gives.
    """

    id: str
    email: str
    name: str
    role: Role
    credential: str | None = None

    @property
    def may_edit_documents(self) -> bool:
        """True for KB admins and admins."""
        return self.role in (Role.KB_ADMIN, Role.ADMIN)


@dataclass(frozen=True, slots=True)
class Space:
    """A set of documents with one set of readers: the unit of rights and of index collections."""

    id: str
    name: str


class DocumentStatus(StrEnum):
    """Where the newest version of a document stands on its way to being searchable."""

    QUEUED = "queued"
    PARSING = "parsing"
    EMBEDDING = "embedding"
    INDEXING = "indexing"
    READY = "ready"
    FAILED = "failed"

    @property
    def is_final(self) -> bool:
        """True when no more work is due."""
        return self in (DocumentStatus.READY, DocumentStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Document:
    """A document as lists show it: its newest version's state beside what is searchable now.

    ``pages`` is None for formats without pages; ``chunks`` counts the live version's chunks (0 before
    the first is live). ``done``/``total`` are how far the running stage is, in its own unit (pages or chunks).
    """

    id: str
    space: str
    name: str
    status: DocumentStatus
    version: int
    live_version: int | None
    sha256: str
    media_type: str
    size: int
    pages: int | None
    chunks: int
    uploaded_by: str
    uploaded_at: datetime
    ready_at: datetime | None
    error: str | None
    done: int = 0
    total: int = 0

    @property
    def share(self) -> float:
        """Finished part of the running stage, 0 to 1."""
        return 1.0 if self.status is DocumentStatus.READY else self.done / self.total if self.total else 0.0


class UploadOutcome(StrEnum):
    """What an upload did: nothing doubled, nothing lost."""

    NEW = "new"
    NEW_VERSION = "new_version"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Upload:
    """The acknowledged result of one upload; by then its bytes are on disk."""

    document_id: str
    name: str
    version: int
    outcome: UploadOutcome


@dataclass(frozen=True, slots=True)
class PageSpan:
    """Where a page lies in the document text: characters ``[start, end)``; ``label`` is as in ``Passage``."""

    number: int | None
    start: int
    end: int
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk found for a question, with all that citing it needs.

    ``score`` is the fused rank score (higher is better, only comparable within one search);
    ``similarity`` the cosine of question and chunk (-1 to 1). ``spans`` are the pages the text covers,
    in the same character count as ``start`` and ``end``. ``page_label`` is what the page calls itself ("iv") where
    that is not its number, ``valid_until`` the last day on which its document holds.
    """

    chunk_id: str
    document_id: str
    document: str
    title: str
    version: int
    space: str
    start: int
    end: int
    page: int | None
    heading_path: tuple[str, ...]
    text: str
    score: float
    similarity: float
    media_type: str = ""
    spans: tuple[PageSpan, ...] = ()
    page_label: str | None = None
    valid_until: date | None = None


class Route(StrEnum):
    """Which agent answers."""

    KNOWLEDGE = "knowledge"
    FACT_FINDING = "fact_finding"
    ACTION = "action"
    GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Plan:
    """Rewrite and classification of one question. ``confidence`` is the route's, 0 to 1.

    ``reworded`` says that the person wrote the stand-alone question.
    """

    standalone_question: str
    search_queries: tuple[str, ...]
    route: Route
    confidence: float
    reason: str
    reworded: bool = False


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered source of an answer: ``quote`` stands on ``page``, from ``start`` to ``end`` of that version.

    ``page_label`` is what the page calls itself where that is not its number.
    """

    n: int
    document_id: str
    document: str
    version: int
    chunk_id: str
    page: int | None
    quote: str
    start: int
    end: int
    heading_path: tuple[str, ...] = ()
    page_label: str | None = None


Effort = Literal["low", "medium", "high"]
"""How long a reasoning model may think before it answers."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """How to answer (None: the model's way): ``temperature`` 0 to 2, ``top_p`` above 0 to 1, ``max_tokens`` from 1."""

    effort: Effort | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None


OFFLINE = "offline"
"""The provider id of the model that quotes; it needs no key and leaves nothing out of the house."""
AUTO = "auto"
"""The provider id with which a person leaves provider and model to the written rule."""


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Provider and model (None: the provider's default) a person picked, or the rule of ``AUTO`` where ``auto`` is."""

    provider: str
    model: str | None = None
    parameters: Parameters = field(default_factory=Parameters)
    auto: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a turn over all its model requests; ``cost`` in US dollars, None when not priced.

    ``reasoning_tokens`` are part of ``output_tokens``, ``cached_tokens`` part of ``input_tokens``.
    """

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    tool_calls: int = 0
    cost: Decimal | None = None
    estimated: bool = False
    reasoning_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """The ``number``-th (from 1) use of a model in a turn, to plan, answer or embed (then the id is no turn's)."""

    turn_id: str
    number: int
    purpose: str
    provider: str
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class FallBack:
    """The answer came from another model than the one asked: which that was, and in a sentence why it did not."""

    provider: str
    model: str | None
    why: str


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A tool call with an effect that waits for the person's yes.

    ``title`` says what it would do; ``schema`` is the JSON schema of ``arguments``, which the person may change.
    """

    id: str
    tool: str
    title: str
    arguments: Mapping[str, Any]
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the person said to a pending call. ``arguments`` None keeps the model's; ``note`` tells it why not."""

    call_id: str
    approved: bool
    arguments: Mapping[str, Any] | None = None
    note: str = ""


Unsupported = Literal["mark", "withhold"]
"""What becomes of a sentence that the sources do not bear out: it is marked, or a note stands in its place."""


@dataclass(frozen=True, slots=True)
class Support:
    """What bears out one sentence of an answer, the characters ``[start, end)`` of it.

    ``score`` is the share (0 to 1) of its words that the sources hold in one place, ``found`` whether that is enough,
    ``n`` the citation of that place and ``verbatim`` whether it holds the sentence word for word. Of a sentence that
    was left out, the characters are the note in its place.
    """

    start: int
    end: int
    score: float
    n: int | None
    found: bool
    verbatim: bool = False


class TurnStatus(StrEnum):
    """How a turn stands; all but RUNNING and AWAITING_APPROVAL are final."""

    RUNNING = "running"
    COMPLETE = "complete"
    STOPPED = "stopped"
    CUT = "cut"
    FAILED = "failed"
    REFUSED = "refused"
    AWAITING_APPROVAL = "awaiting_approval"


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds since the turn began, by step; None for a step that did not happen."""

    plan: float | None = None
    retrieve: float | None = None
    first_token: float | None = None
    total: float | None = None


@dataclass(frozen=True, slots=True)
class TurnError:
    """Why a turn did not complete: ``message`` is for the person, ``reference`` stands in the log."""

    category: str
    message: str
    reference: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One visible step of a turn. ``kind`` is rewrite, classify, retrieve, agent or tool; ``ms`` its duration."""

    kind: str
    title: str
    detail: str = ""
    ms: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with everything that came of it, as stored.

    ``choice`` is what answered; ``pending`` is not empty while the status is AWAITING_APPROVAL;
    ``route_by_person`` says that the person corrected the route, ``withheld`` that they may not read the answer now.
    """

    id: str
    conversation_id: str
    seq: int
    question: str
    status: TurnStatus
    answer: str
    created_at: datetime
    plan: Plan | None = None
    answerable: float | None = None
    abstained: bool = False
    citations: tuple[Citation, ...] = ()
    support: tuple[Support, ...] = ()
    nearest: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    choice: ModelChoice = field(default_factory=lambda: ModelChoice(OFFLINE))
    usage: Usage = field(default_factory=Usage)
    timings: Timings = field(default_factory=Timings)
    error: TurnError | None = None
    reasoning: str = ""
    pending: tuple[PendingCall, ...] = ()
    fell_back: FallBack | None = None
    route_by_person: bool = False
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """A thread of turns that belongs to one person."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    turns: int = 0
