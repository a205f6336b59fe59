"""What a turn may draw on its person's budgets: each request of a model that counts is admitted here before it leaves.

The turn reserves what it may need once its model is known. A request that goes beyond that asks again; when there is
no room, the answer degrades: to the provider's quick model, then to the offline one, which is free.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from pydantic_ai.messages import ModelMessagesTypeAdapter
from pydantic_ai.models.wrapper import WrapperModel

from assistant.chat.head_start import PASSAGES
from assistant.chat.history import CHARACTERS_PER_TOKEN, Said, tokens
from assistant.domain import OFFLINE, FallBack, ModelChoice
from assistant.errors import BudgetSpent
from assistant.limits.budgets import Budgets, Claim
from assistant.providers.catalogue import find, label, provider
from assistant.providers.prices import price
from assistant.storage.budgets import Amount

if TYPE_CHECKING:
    from pydantic_ai import RunContext
    from pydantic_ai.messages import ModelMessage, ModelResponse
    from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
    from pydantic_ai.settings import ModelSettings
    from pydantic_ai.usage import RequestUsage

    from assistant.chat.deps import ModelBuilder
    from assistant.models.service import ModelService
    from assistant.providers.minilm import MiniLM
    from assistant.settings import Settings

PASSAGE_TOKENS = 320
"""A passage with its heading and the marks around it; chunks are cut at 256 tokens of the embedding model."""
FRAME_TOKENS = 1_000
"""Instructions and tools."""
WRITTEN_TOKENS, THOUGHT_TOKENS = 8_000, 24_000
"""How long an answer may be where nobody said it, and one that is thought about first at somebody's wish.

Under a budget models with a price are told so, since a request could else take any number times what was reserved.
"""
PLAN_TOKENS = 1_000
"""What a plan stays below."""
PER_MILLION = Decimal(1_000_000)
QUOTED = "the documents were quoted without a model"


def worth(choice: ModelChoice, read: int, written: int) -> Amount:
    """Return what so many tokens of a model are; without cost where nobody knows the price."""
    if choice.provider == OFFLINE:
        return Amount()
    prices = price(choice.provider, choice.model or "") or (Decimal(0), Decimal(0))
    return Amount(read + written, (read * prices[0] + written * prices[1]) / PER_MILLION)


def longest(choice: ModelChoice, settings: Settings) -> int:
    """Return how many tokens an answer of this model may have."""
    if choice.parameters.max_tokens is not None:
        return choice.parameters.max_tokens
    info = find(choice.provider, choice.model or "", settings)
    wanted = WRITTEN_TOKENS if choice.parameters.effort is None else THOUGHT_TOKENS
    return min(wanted, info.max_output) if info and info.max_output else wanted


def put_in_place(wanted: ModelChoice, taken: ModelChoice, cause: str) -> FallBack:
    """Return what is said when a budget put another model in the place of the wanted one."""
    instead = QUOTED if taken.provider == OFFLINE else f"{label(taken.provider)} ({taken.model}) answers"
    return FallBack(wanted.provider, wanted.model, f"{cause}, so {instead}.")


@dataclass
class Purse:
    """The budgets of one turn. ``surely`` admits all, for what goes on after a person's yes."""

    budgets: Budgets
    models: ModelService
    settings: Settings
    turn_id: str
    person_id: str
    surely: bool = False
    _spent: Amount = field(default_factory=Amount)
    _reserved: Amount = field(default_factory=Amount)

    def pick(self, wanted: ModelChoice, question: str, history: Sequence[Said]) -> tuple[ModelChoice, FallBack | None]:
        """Reserve for a whole turn and return what is to answer, with what is said when it is another; blocks."""
        if wanted.provider == OFFLINE:
            return wanted, None
        options = [wanted, *self.instead_of(wanted)]
        read = tokens(question) + sum(tokens(text) for _, text in history)
        estimates = tuple(_whole_turn(option, read, longest(option, self.settings)) for option in options)
        verdict = self.budgets.admit(Claim(self.turn_id, self.person_id, self._spent, estimates), surely=self.surely)
        place = len(options) - 1 if verdict.taken is None else verdict.taken
        self._reserved = self._spent + estimates[place]
        taken = options[place]
        return taken, None if place == 0 else put_in_place(wanted, taken, verdict.cause)

    def instead_of(self, choice: ModelChoice) -> list[ModelChoice]:
        """Return what may answer when there is no room for ``choice``: never another provider that takes money."""
        if choice.provider == OFFLINE:
            return []
        cheaper = self.models.cheaper(choice)
        free = ModelChoice(OFFLINE, provider(OFFLINE).quick)
        return [free] if cheaper is None else [cheaper, free]

    async def admit(self, choice: ModelChoice, read: int, written: int) -> Amount:
        """Let a request pass and return its estimate; raises BudgetSpent when no budget has room for it."""
        more = worth(choice, read, written)
        if not (self._spent + more).is_within(self._reserved):
            await anyio.to_thread.run_sync(self._reserve, more)
        return more

    def spend(self, amount: Amount) -> None:
        """Count what a request took; it goes into the ledger when the turn ends."""
        self._spent += amount

    def _reserve(self, more: Amount) -> None:
        claim = Claim(self.turn_id, self.person_id, self._spent, (more,))
        verdict = self.budgets.admit(claim, surely=self.surely)
        if verdict.taken is None:
            raise BudgetSpent(verdict.cause)
        self._reserved = self._spent + more


@dataclass(frozen=True)
class Metering:
    """Builds models whose requests go through the purse, where there are budgets at all."""

    build: ModelBuilder
    purse: Purse

    def __call__(self, choice: ModelChoice, settings: Settings, embedder: MiniLM, *, prompted: bool = False) -> Model:
        """Return the model of a choice."""
        model = self.build(choice, settings, embedder, prompted=prompted)
        if choice.provider == OFFLINE or not self.purse.budgets.rules().bounds_something:
            return model
        known = choice if choice.model else replace(choice, model=model.model_name)
        return Metered(model, known, self.purse, longest(known, settings))


class Metered(WrapperModel):
    """A model that is asked only as far as the budgets go."""

    def __init__(self, wrapped: Model, choice: ModelChoice, purse: Purse, longest: int) -> None:
        """Answers have ``longest`` tokens at most."""
        super().__init__(wrapped)
        self._choice = choice
        self._purse = purse
        self._longest = longest

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask for a whole answer, which only plans are."""
        took = estimate = await self._purse.admit(self._choice, _read(messages), PLAN_TOKENS)
        try:
            response = await super().request(messages, model_settings, model_request_parameters)
            took = self._worth(response.usage, estimate)
        finally:
            self._purse.spend(took)
        return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask for an answer that comes piece by piece."""
        took = estimate = await self._purse.admit(self._choice, _read(messages), self._longest)
        if price(self._choice.provider, self._choice.model or "") is not None:
            model_settings = {"max_tokens": self._longest, **(model_settings or {})}
        asking = super().request_stream(messages, model_settings, model_request_parameters, run_context)
        try:
            async with asking as stream:
                try:
                    yield stream
                finally:
                    took = self._worth(stream.usage, estimate)
        finally:
            self._purse.spend(took)

    def _worth(self, usage: RequestUsage, estimate: Amount) -> Amount:
        """What a request took; the estimate where nobody counted."""
        if not usage.input_tokens + usage.output_tokens:
            return estimate
        took = worth(self._choice, usage.input_tokens, usage.output_tokens)
        return took if usage.cost is None else replace(took, cost=usage.cost)


def _whole_turn(choice: ModelChoice, read: int, written: int) -> Amount:
    """What a plan and an answer over passages may take."""
    answer = read + PASSAGES * PASSAGE_TOKENS + FRAME_TOKENS
    return worth(choice, answer + read + FRAME_TOKENS, written + PLAN_TOKENS)


def _read(messages: list[ModelMessage]) -> int:
    return len(ModelMessagesTypeAdapter.dump_json(messages)) // CHARACTERS_PER_TOKEN + FRAME_TOKENS
