"""Which model plans a question, and how it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.chat.plan import PLAN_SECONDS, Planner
from assistant.domain import ModelChoice, Parameters
from assistant.errors import ProviderUnavailable
from assistant.providers import catalogue
from assistant.providers.builders import settings_for

if TYPE_CHECKING:
    from assistant.chat.accounts import Accounts
    from assistant.chat.deps import TurnDeps


def planner_for(deps: TurnDeps, choice: ModelChoice, accounts: Accounts) -> Planner:
    """Return the planner for a question that ``choice`` answers, and open its account; blocking.

    It is the provider's quick model, thinking little, as far as it may be used: a plan must not cost what an answer
    does. A model that the catalogue does not know plans for itself, since its server may know no other.
    """
    planning = ModelChoice(choice.provider, _quick(deps, choice), Parameters(effort="low"))
    model = deps.build_model(planning, deps.settings, deps.embedder)
    known = catalogue.find(planning.provider, planning.model or model.model_name, deps.settings)
    account = accounts.open("plan", planning)
    output = known.output if known else "tool"
    seconds = min(PLAN_SECONDS, deps.settings.first_token_seconds)
    return Planner(model, account, output, settings_for(planning, deps.settings), seconds)


def _quick(deps: TurnDeps, choice: ModelChoice) -> str | None:
    row = catalogue.provider(choice.provider)
    if row.quick is None or choice.model not in {model.id for model in row.models}:
        return choice.model
    try:
        allowed = deps.models.resolve(ModelChoice(choice.provider, row.quick))
    except ProviderUnavailable:
        return choice.model
    return row.quick if (allowed.provider, allowed.model) == (choice.provider, row.quick) else choice.model
