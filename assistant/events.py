"""What a running turn tells those who follow it: a closed union of small values with a literal tag.

Order: ``turn_started``, then steps, deltas, sources and waits as they happen, and always last exactly one
``turn_finished``, whatever became of the turn. A recorded list of events replays the turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assistant.domain import Citation, FallBack, ModelChoice, PendingCall, Plan, Step, Support, Turn


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """The question is stored and the turn runs."""

    turn_id: str
    conversation_id: str
    kind: Literal["turn_started"] = "turn_started"


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A visible step began; ``step.ms`` is None until it finishes."""

    step: Step
    kind: Literal["step_started"] = "step_started"


@dataclass(frozen=True, slots=True)
class StepFinished:
    """The latest started step of this ``step.kind`` ended; title and detail now tell its outcome."""

    step: Step
    kind: Literal["step_finished"] = "step_finished"


@dataclass(frozen=True, slots=True)
class Planned:
    """The question's stand-alone form, its route and why."""

    plan: Plan
    kind: Literal["planned"] = "planned"


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More of the answer, to be appended. Carries markers ``[n]`` for citation n."""

    text: str
    kind: Literal["text_delta"] = "text_delta"


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of what the model thinks before it answers, to be appended and shown folded; never part of the answer."""

    text: str
    kind: Literal["reasoning_delta"] = "reasoning_delta"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing happens for ``seconds``, then the model is asked again; ``reason`` is a sentence. Stop ends the wait."""

    seconds: float
    reason: str
    kind: Literal["waiting"] = "waiting"


@dataclass(frozen=True, slots=True)
class FellBack:
    """Another model answers from here on, because the admin allowed it: ``choice`` is the new one."""

    fall_back: FallBack
    choice: ModelChoice
    kind: Literal["fell_back"] = "fell_back"


@dataclass(frozen=True, slots=True)
class ApprovalNeeded:
    """The turn ends here for now: these calls wait for the person's decision."""

    calls: tuple[PendingCall, ...]
    kind: Literal["approval_needed"] = "approval_needed"


@dataclass(frozen=True, slots=True)
class Sources:
    """All citations known so far, by ascending n; numbers already shown never change."""

    citations: tuple[Citation, ...]
    kind: Literal["sources"] = "sources"


@dataclass(frozen=True, slots=True)
class Supported:
    """What bears out the sentences that are complete so far, in order; always after their text."""

    support: tuple[Support, ...]
    kind: Literal["supported"] = "supported"


@dataclass(frozen=True, slots=True)
class TurnFinished:
    """The end, with the turn as stored."""

    turn: Turn
    kind: Literal["turn_finished"] = "turn_finished"


Event = (
    TurnStarted
    | StepStarted
    | StepFinished
    | Planned
    | TextDelta
    | ReasoningDelta
    | Waiting
    | FellBack
    | ApprovalNeeded
    | Sources
    | Supported
    | TurnFinished
)
