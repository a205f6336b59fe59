"""Asks a model until it answers, as long as that can help and the person has seen nothing of an answer yet.

::

    rate limit, server trouble, no connection   wait (shown, bounded, ended by Stop), then the same again
    too much text                               once more with less of it
    a tool call that the provider refused       once more with the tools told in words
    tools used wrongly again and again          once more without tools, from the passages
    what is left                                another model, where the admin set one; else the person is told

After the first token of the answer nothing of this happens: two halves of two answers make no whole one.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from pydantic_ai import RunCancelled
from pydantic_ai.exceptions import ModelRequestTimeout, ModelTimeoutError, UnexpectedModelBehavior, UsageLimitExceeded

from assistant.chat.agent_run import AgentRun
from assistant.chat.agents import model_settings
from assistant.chat.ending import TurnStopped
from assistant.chat.failures import Answerer, Remedy, cause, explain, named_wait
from assistant.chat.history import Said, tokens
from assistant.chat.patience import Patience
from assistant.chat.purse import put_in_place
from assistant.domain import FallBack, ModelChoice, Route
from assistant.errors import BudgetSpent, ModelFailed, ProviderUnavailable
from assistant.events import Waiting
from assistant.providers.builders import settings_for
from assistant.providers.catalogue import label
from assistant.providers.passages import render

if TYPE_CHECKING:
    from decimal import Decimal

    from pydantic_ai import CancellationToken
    from pydantic_ai.models import Model
    from pydantic_ai.settings import ModelSettings

    from assistant.chat.accounts import Account, Accounts
    from assistant.chat.answer import AnswerStream
    from assistant.chat.approval import Resumed
    from assistant.chat.deps import TurnDeps
    from assistant.chat.purse import Purse
    from assistant.chat.running import RunningTurn
    from assistant.chat.steps import Steps
    from assistant.chat.tools import AgentDeps

FEWEST_PASSAGES = 3
"""What is left of the passages for a model that cannot read more: some 750 tokens, and most answers stand in them."""
NAME_CHARACTERS = 80
WHOLE = (UsageLimitExceeded, UnexpectedModelBehavior)
"""What ends a run after an answer came whole, and was counted."""
EMPTY = "The model ended without an answer: ask again, or pick another model."


@dataclass
class Attempts:
    """The attempts of one turn, which may cost ``cost_limit`` US dollars in all.

    ``choice`` is the model that is asked now, ``fell_back`` why it is not the first. Without ``acts`` no tool with an
    effect is offered.
    """

    deps: TurnDeps
    running: RunningTurn
    steps: Steps
    answer: AnswerStream
    token: CancellationToken
    accounts: Accounts
    agent_deps: AgentDeps
    choice: ModelChoice
    model: Model
    purse: Purse
    cost_limit: Decimal | None = None
    resumed: Resumed | None = None
    acts: bool = True
    fell_back: FallBack | None = None
    _history: Sequence[Said] = ()
    _tools: bool = True
    _prompted: bool = False
    _shortened: bool = False
    _account: Account | None = None

    def __post_init__(self) -> None:
        self._patience = Patience(self.deps.retry)
        self._tried = [self.choice]
        # A turn that goes on has said and thought something before.
        self._shown, self._thought = len(self.answer.text), len(self.answer.reasoning)

    async def ask(self, route: Route, question: str, history: Sequence[Said]) -> AgentRun:
        """Return the run that answered; raises what the last attempt raised."""
        self._history = history
        while True:
            self._heed_cost()
            try:
                return await self._attempt(route, question)
            except Exception as error:
                if not await self._goes_on(error):
                    raise

    def answerer(self) -> Answerer:
        """Who is asked now, in words."""
        model = " ".join((self.choice.model or self.model.model_name).split())[:NAME_CHARACTERS]
        return Answerer(label(self.choice.provider), model, self.deps.settings.first_token_seconds)

    @property
    def begun(self) -> bool:
        """Whether some of this answer is there."""
        return bool(self.answer.text[self._shown :].strip())

    async def _attempt(self, route: Route, question: str) -> AgentRun:
        passages = self.agent_deps.passages
        prompt = render(question, passages) if passages else question
        account = self._opened(prompt)
        asked = self.answerer()
        step = self.steps.start("agent", "Writing the answer", f"{asked.provider}, {asked.model}")
        run = self._run(account)
        try:
            await self._answered(run.run(route, prompt, self._history, self._settings(), self.cost_limit), run)
            self._heed_nothing(run)
        except Exception as error:
            self._account_for(account, run, error)
            outcome = "" if isinstance(error, RunCancelled) else cause(error, asked)
            self.steps.finish(step, detail=outcome)
            raise
        self._account_for(account, run)
        self.steps.finish(step)
        return run

    def _run(self, account: Account) -> AgentRun:
        return AgentRun(
            model=self.model,
            deps=self.agent_deps,
            answer=self.answer,
            steps=self.steps,
            token=self.token,
            usage=account.usage,
            spent=self.accounts.spent,
            actions=self.deps.actions if self.acts else (),
            resumed=self.resumed,
            tools=self._tools,
        )

    def _settings(self) -> ModelSettings:
        settings = self.deps.settings
        return model_settings(settings.first_token_seconds, settings_for(self.choice, settings))

    async def _answered(self, running: Awaitable[None], run: AgentRun) -> None:
        """Await the run; an answer that was whole when it reached its cost limit, or hung on its end, is whole."""
        try:
            await running
        except (UsageLimitExceeded, ModelTimeoutError):
            if not self.begun or run.cut is None or run.cut.finish_reason != "stop":
                raise
            run.finish_reason = run.cut.finish_reason

    def _heed_cost(self) -> None:
        """Ask no more when the plan or earlier attempts cost all that a turn may; what was approved is still told."""
        spent, limit = self.accounts.spent.cost, self.cost_limit
        if self.resumed is None and limit is not None and spent is not None and spent >= limit:
            raise UsageLimitExceeded(f"`cost_limit` of {limit} reached before the answer")

    def _heed_nothing(self, run: AgentRun) -> None:
        if not self.begun and not run.pending:
            raise ModelFailed(EMPTY)

    def _opened(self, prompt: str) -> Account:
        """The account of the model that is asked now, one for all its attempts."""
        if self._account is None or self._account.choice != self.choice:
            self._account = self.accounts.open("answer", self.choice)
        self._account.asked_tokens = tokens(prompt) + sum(tokens(text) for _, text in self._history)
        return self._account

    def _account_for(self, account: Account, run: AgentRun, error: Exception | None = None) -> None:
        """What was asked and then broken off was read all the same; what was refused costs nothing."""
        account.said, account.thought = self.answer.text[self._shown :], self.answer.reasoning[self._thought :]
        if error is None and run.cut is not None and not run.cut.usage.output_tokens:  # whole but for its count
            account.break_off(input_counted=run.cut.usage.input_tokens > 0)
        elif error is None:
            if run.finish_reason is None and not account.usage.unmeasured_requests:  # a stream that only ended
                account.break_off(input_counted=True)
        elif run.unanswered:
            if isinstance(error, (RunCancelled, ModelRequestTimeout)):
                account.give_up(account.asked_tokens)
        elif run.cut is not None and not isinstance(error, WHOLE):
            account.break_off(input_counted=run.cut.usage.input_tokens > 0)

    async def _goes_on(self, error: Exception) -> bool:
        """Do what may help against ``error``; False when nothing may."""
        if self.begun or isinstance(error, RunCancelled):
            return False
        if self.running.stopping is not None:
            raise TurnStopped
        return await self._remedied(error) or await self._replaced(error)

    async def _remedied(self, error: Exception) -> bool:
        match explain(error).remedy:
            case Remedy.WAIT:
                return await self._waited(error)
            case Remedy.LESS_TEXT:
                return self._trimmed()
            case Remedy.TOOLS_IN_WORDS:
                return await self._told_in_words()
            case Remedy.NO_TOOLS:
                return self._without_tools()
            case Remedy.NONE:
                return False

    async def _waited(self, error: Exception) -> bool:
        seconds = self._patience.wait(named_wait(error))
        if seconds is None:
            return False
        shown = max(1, math.ceil(seconds))
        self.running.publish(Waiting(seconds, f"{cause(error, self.answerer())}; trying again in {shown} s."))
        await self._pause(seconds)
        return True

    async def _pause(self, seconds: float) -> None:
        """Wait; raises TurnStopped at once when the stop is asked for."""
        loop = asyncio.get_running_loop()
        with anyio.CancelScope() as scope:

            def wake() -> None:
                loop.call_soon_threadsafe(scope.cancel)

            self.running.on_stop(wake)
            await self.deps.retry.sleep(seconds)
        if self.running.stopping is not None:
            raise TurnStopped

    def _trimmed(self) -> bool:
        """Leave out what was said before (the question stands alone by now) and all but the best passages."""
        passages = self.agent_deps.passages
        if self._shortened or self.resumed is not None or not (self._history or len(passages) > FEWEST_PASSAGES):
            return False
        self._history, self._shortened = (), True
        del passages[FEWEST_PASSAGES:]
        return True

    async def _told_in_words(self) -> bool:
        if self._prompted:
            return self._without_tools()
        self._prompted = True
        self.model = await self._built(self.choice, prompted=True)
        return True

    def _without_tools(self) -> bool:
        if not self._tools or self.resumed is not None:
            return False
        self._tools = False
        return True

    async def _replaced(self, error: Exception) -> bool:
        """Go over to another model, where the admin set one that is allowed to answer for the first.

        Where a budget is used up it is a cheaper one, and in the end the offline model.
        """
        if isinstance(error, BudgetSpent):
            choices: Sequence[ModelChoice] = await anyio.to_thread.run_sync(self.purse.instead_of, self.choice)
        elif explain(error).replaceable:
            choices = await anyio.to_thread.run_sync(self.deps.models.fallbacks, self._tried[0])
        else:
            return False
        for choice in choices:
            if choice not in self._tried and await self._took(choice, error):
                return True
        return False

    async def _took(self, choice: ModelChoice, error: Exception) -> bool:
        self._tried.append(choice)
        why = cause(error, self.answerer())
        try:
            model = await self._built(choice)
        except ProviderUnavailable:
            return False
        self.choice, self.model, self._tools, self._prompted = choice, model, True, False
        first, asked = self._tried[0], self.answerer()
        self.fell_back = FallBack(first.provider, first.model, f"{why}, so {asked.provider} ({asked.model}) answers.")
        if isinstance(error, BudgetSpent):
            self.fell_back = put_in_place(first, choice, why)
        self.steps.replaced(self.fell_back, choice)
        return True

    async def _built(self, choice: ModelChoice, *, prompted: bool = False) -> Model:
        build = self.deps.build_model if not prompted else partial(self.deps.build_model, prompted=True)
        return await anyio.to_thread.run_sync(build, choice, self.deps.settings, self.deps.embedder)
