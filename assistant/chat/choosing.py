"""Which model answers a turn: the chosen one, or what its person's budgets have room for; and what that may cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio.to_thread

from assistant.domain import AUTO, FallBack, ModelChoice, Route, Unsupported

if TYPE_CHECKING:
    from decimal import Decimal

    from pydantic_ai.models import Model

    from assistant.chat.deps import TurnDeps
    from assistant.chat.groundwork import Asked
    from assistant.chat.purse import Purse
    from assistant.chat.steps import Steps

Keep = Callable[[ModelChoice, FallBack | None], None]
"""Takes what is chosen, with what is said when it is not what was wanted."""


@dataclass
class Choosing:
    """Builds the models of one turn. ``cost_limit`` and ``unsupported`` hold once one was built."""

    deps: TurnDeps
    purse: Purse
    steps: Steps
    keep: Keep
    cost_limit: Decimal | None = None
    unsupported: Unsupported = "mark"
    _told: FallBack | None = None

    async def chosen(self, wanted: ModelChoice, asked: Asked, route: Route | None = None) -> Model:
        """Build the model first: a provider that is not set up ends the turn before any work."""
        if wanted.auto:
            wanted = ModelChoice(AUTO, parameters=wanted.parameters)
        choice, fell_back, model = await anyio.to_thread.run_sync(self._choose, wanted, asked, route)
        if fell_back is not None and fell_back != self._told:
            self._told = fell_back
            self.steps.replaced(fell_back, choice)
        return model

    async def built(self, choice: ModelChoice) -> Model:
        """Build the model of a turn that goes on."""
        return await anyio.to_thread.run_sync(self._built, choice)

    def _choose(
        self, wanted: ModelChoice, asked: Asked, route: Route | None
    ) -> tuple[ModelChoice, FallBack | None, Model]:
        """Resolve and build; blocking. The turn keeps the choice also when it cannot be built."""
        choice = self.deps.models.resolve(wanted, route)
        choice, fell_back = self.purse.pick(choice, asked.question, asked.history)
        self.keep(choice, fell_back)
        model = self._built(choice)
        choice = replace(choice, model=choice.model or model.model_name)
        self.keep(choice, fell_back)
        return choice, fell_back, model

    def _built(self, choice: ModelChoice) -> Model:
        """Build, and look up what the turn may cost while in a thread: each way to one takes a millisecond or two."""
        self.cost_limit = self.deps.models.cost_limit()
        self.unsupported = self.deps.models.unsupported()
        return self.deps.build_model(choice, self.deps.settings, self.deps.embedder)
