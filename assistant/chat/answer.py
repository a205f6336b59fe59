"""The answer of a running turn: text as it comes, its citations, sent on and saved at a bounded rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import anyio
import anyio.to_thread

from assistant.chat.citations import CitationResolver, Piece
from assistant.chat.guard import storable
from assistant.chat.running import RunningTurn
from assistant.domain import Citation, Passage, Turn
from assistant.events import ReasoningDelta, Sources, TextDelta

SEND_SECONDS = 0.02
"""50 pieces a second at most, however fast the model is. A page gathers 80 ms on top: together a word waits 100 ms."""
SAVE_SECONDS = 0.25
"""At most this much of an answer is lost when the process is killed."""
REASONING_CHARACTERS = 50_000
"""What is kept of a model's reasoning: about 12,000 tokens, more than anyone reads."""

Save = Callable[[str, Sequence[Citation]], None]


class AnswerStream:
    """Collects the model's text on the loop; ``save`` (blocking) keeps what was said so far."""

    def __init__(self, running: RunningTurn, passages: Sequence[Passage], save: Save) -> None:
        self.text = ""
        self.reasoning = ""
        self.first_token_ms: float | None = None
        self._running = running
        self._resolver = CitationResolver(passages)
        self._save = save
        self._unsent = ""
        self._unsent_reasoning = ""
        self._new_sources = False
        self._sent_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._unsaved = anyio.Event()

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations so far."""
        return self._resolver.citations

    @property
    def dropped(self) -> int:
        """Markers that named no passage."""
        return self._resolver.dropped

    def add(self, model_text: str) -> None:
        """Take more of the model's text."""
        self._take(self._resolver.feed(storable(model_text)))

    def think(self, model_text: str) -> None:
        """Take more of what the model thinks; what is over the bound is let go."""
        fresh = storable(model_text)[: REASONING_CHARACTERS - len(self.reasoning)]
        self.reasoning += fresh
        self._unsent_reasoning += fresh
        if fresh:
            self._send_soon()

    def go_on_from(self, turn: Turn) -> None:
        """Take up, and tell the followers again, what a waiting turn has said so far."""
        self._resolver.go_on_from(turn.citations)
        self.text, self.reasoning = turn.answer, turn.reasoning
        self.first_token_ms = turn.timings.first_token
        self._unsent, self._unsent_reasoning = self.text, self.reasoning
        self._new_sources = bool(turn.citations)
        self._send()

    def finish(self) -> None:
        """The text is complete: send all of it."""
        self._take(self._resolver.finish())
        self._send()

    async def keep_saving(self) -> None:
        """Save whenever there is something new, until cancelled."""
        while True:
            await self._unsaved.wait()
            await anyio.sleep(SAVE_SECONDS)
            self._unsaved = anyio.Event()
            await anyio.to_thread.run_sync(self._save, self.text, self.citations)

    def _take(self, piece: Piece) -> None:
        self.text += piece.text
        self._unsent += piece.text
        self._new_sources = self._new_sources or piece.changed
        if not self._unsent:
            return
        if self.first_token_ms is None:
            self.first_token_ms = self._running.elapsed_ms()
        self._unsaved.set()
        self._send_soon()

    def _send_soon(self) -> None:
        wait = self._sent_at + SEND_SECONDS - time.monotonic()
        if wait <= 0:
            self._send()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._send)

    def _send(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._unsent_reasoning:
            self._running.publish(ReasoningDelta(self._unsent_reasoning))
        if self._new_sources:
            self._running.publish(Sources(self.citations))
        if self._unsent:
            self._running.publish(TextDelta(self._unsent))
        self._unsent, self._unsent_reasoning, self._new_sources = "", "", False
        self._sent_at = time.monotonic()
