"""The answer of a running turn: text as it comes, its citations, sent on and saved at a bounded rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import anyio
import anyio.to_thread

from assistant.chat.checking import Checked
from assistant.chat.citations import CitationResolver
from assistant.chat.guard import storable
from assistant.chat.running import RunningTurn
from assistant.domain import Citation, Passage, Support, Turn, Unsupported
from assistant.events import ReasoningDelta, Sources, Supported, TextDelta

SEND_SECONDS = 0.02
"""50 pieces a second at most, however fast the model is. A page gathers 80 ms on top: together a word waits 100 ms."""
SAVE_SECONDS = 0.25
"""At most this much of an answer is lost when the process is killed."""
REASONING_CHARACTERS = 50_000
"""What is kept of a model's reasoning: about 12,000 tokens, more than anyone reads."""

Save = Callable[[str, Sequence[Citation], Sequence[Support]], None]


class AnswerStream:
    """Collects the model's text on the loop; ``save`` (blocking) keeps what was said so far."""

    def __init__(self, running: RunningTurn, passages: Sequence[Passage], save: Save) -> None:
        self.text = ""
        self.reasoning = ""
        self.first_token_ms: float | None = None
        self._running = running
        self._passages = passages
        self._resolver = CitationResolver(passages)
        self._checked: Checked | None = None
        self._kept_support: tuple[Support, ...] = ()
        self._save = save
        self._unsent = ""
        self._unsent_reasoning = ""
        self._sent_sources: tuple[Citation, ...] = ()
        self._sent_support: tuple[Support, ...] = ()
        self._sent_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._unsaved = anyio.Event()
        self.held = False

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations so far."""
        return self._checked.citations if self._checked else self._resolver.citations

    @property
    def support(self) -> tuple[Support, ...]:
        """What bears out the sentences that are complete so far, in order."""
        return (*self._kept_support, *self._checked.support) if self._checked else self._kept_support

    @property
    def dropped(self) -> int:
        """Markers that named no passage."""
        return self._resolver.dropped

    def check(self, unsupported: Unsupported, asked: str) -> None:
        """From here on look each sentence up in the passages; ``asked`` is the question."""
        self._checked = Checked(self._resolver, self._passages, unsupported, len(self.text), asked)

    def calculated(self, expression: str, result: str) -> None:
        """Note a result that the model was given."""
        if self._checked is not None:
            self._checked.calculated(expression, result)

    def add(self, model_text: str) -> None:
        """Take more of the model's text."""
        text = storable(model_text)
        self._take(self._checked.feed(text) if self._checked else self._resolver.feed(text).text)

    def say(self, own_text: str) -> None:
        """Add a sentence of the assistant's own, which needs no source."""
        self.finish()
        self._kept_support, self._checked = self.support, None
        self._take(own_text)
        self._send()

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
        self._kept_support = turn.support
        self._send()

    def finish(self) -> None:
        """The text is complete: send all of it."""
        self._take(self._checked.finish() if self._checked else self._resolver.finish().text)
        self._send()

    def hold(self) -> None:
        """Send nothing from here on, until ``release``."""
        self.held = True

    def release(self) -> None:
        """Send what was held, and go on sending."""
        self.held = False
        self._send()

    def withdraw(self) -> None:
        """Take back all that was said: what ends the turn is not shown to anyone."""
        self.text = self.reasoning = self._unsent = self._unsent_reasoning = ""
        self._resolver, self._checked, self._kept_support = CitationResolver(()), None, ()

    async def keep_saving(self) -> None:
        """Save whenever there is something new, until cancelled."""
        while True:
            await self._unsaved.wait()
            await anyio.sleep(SAVE_SECONDS)
            self._unsaved = anyio.Event()
            await anyio.to_thread.run_sync(self._save, self.text, self.citations, self.support)

    def _take(self, text: str) -> None:
        self.text += text
        self._unsent += text
        if not self._unsent and self.support == self._sent_support:
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
        if self.held:
            return
        if self._unsent_reasoning:
            self._running.publish(ReasoningDelta(self._unsent_reasoning))
        if self.citations != self._sent_sources:
            self._sent_sources = self.citations
            self._running.publish(Sources(self._sent_sources))
        if self._unsent:
            self._running.publish(TextDelta(self._unsent))
        if self.support != self._sent_support:
            self._sent_support = self.support
            self._running.publish(Supported(self._sent_support))
        self._unsent, self._unsent_reasoning = "", ""
        self._sent_at = time.monotonic()
