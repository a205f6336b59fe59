"""The visible steps of a turn, published as they happen and kept for the stored turn."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from assistant.chat.running import RunningTurn
from assistant.domain import FallBack, ModelChoice, Plan, Route, Step
from assistant.events import FellBack, StepFinished, StepStarted

ROUTE_TITLES = {
    Route.KNOWLEDGE: "Answer from the knowledge base",
    Route.FACT_FINDING: "Find facts and calculate",
    Route.ACTION: "A request to do something",
    Route.GENERAL: "Conversation, no documents needed",
}

ASKED_BACK = "ask_back"
"""The kind of the step that a turn ends with when it asks the person what is wanted."""


class Steps:
    """Records steps in the order in which they began."""

    def __init__(self, running: RunningTurn) -> None:
        self._running = running
        self._steps: list[Step] = []
        self._began: list[float] = []

    @property
    def all(self) -> tuple[Step, ...]:
        """All steps so far; one that never ended has no ``ms``."""
        return tuple(self._steps)

    def go_on_from(self, steps: Sequence[Step]) -> None:
        """Take up, and tell the followers again, the steps of a turn that waited."""
        for step in steps:
            self._steps.append(step)
            self._began.append(time.perf_counter())
            self._running.publish(StepStarted(replace(step, ms=None)))
            if step.ms is not None:
                self._running.publish(StepFinished(step))

    def start(self, kind: str, title: str, detail: str = "") -> int:
        """Begin a step; returns its place, to be given to ``finish``."""
        step = Step(kind, title, detail)
        self._steps.append(step)
        self._began.append(time.perf_counter())
        self._running.publish(StepStarted(step))
        return len(self._steps) - 1

    def finish(self, place: int, title: str = "", detail: str = "") -> None:
        """End a step with its outcome; what is not given stays as it began."""
        begun = self._steps[place]
        ms = round((time.perf_counter() - self._began[place]) * 1000, 2)
        step = replace(begun, title=title or begun.title, detail=detail or begun.detail, ms=ms)
        self._steps[place] = step
        self._running.publish(StepFinished(step))

    def replaced(self, fell_back: FallBack, choice: ModelChoice) -> None:
        """Tell that ``choice`` answers in place of another model, as a step and where the answer stands."""
        self.finish(self.start("agent", "Another model answers", fell_back.why))
        self._running.publish(FellBack(fell_back, choice))


def route_detail(plan: Plan) -> str:
    """Return why a route was taken and how sure that is."""
    return f"{plan.reason} ({plan.confidence:.0%} sure)"


def reading_title(plan: Plan, *, first: bool) -> str:
    """Return how a question came to be read as it was; before the ``first`` of a conversation nothing was said."""
    if plan.reworded:
        return "Read as you put it"
    return "Read in the words of the documents" if first else "Read with what was said before"
