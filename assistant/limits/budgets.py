"""Who may still use a model that costs: decided and reserved in one transaction, so that nobody slips through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from assistant.limits import rules as limit_rules
from assistant.limits.rules import DAY, LimitRules
from assistant.storage.budgets import Amount, Bound, Groups, Scope, Use, reserve, uses_of
from assistant.storage.database import Database, utc_now
from assistant.storage.preferences import Preferences

NAME = "limits"
"""Name of the preference that holds the rules."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a turn asks for: its person, what it used that is not in the ledger yet, and what comes next, at most.

    The ``next`` are alternatives, the wanted one first, then cheaper ones.
    """

    turn_id: str
    person_id: str
    spent: Amount
    next: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which alternative was admitted, None for none; ``cause`` says which budget kept the wanted one out."""

    taken: int | None = 0
    cause: str = ""


class Budgets:
    """Admits the calls of models. All functions block."""

    def __init__(self, database: Database, now: Callable[[], datetime] = utc_now) -> None:
        self._database = database
        self._preferences = Preferences(database)
        self._groups = Groups(database)
        self._now = now

    def rules(self) -> LimitRules:
        """Return what holds; what cannot be read may have been strict, so that then only what is free is admitted."""
        kept = self._preferences.get(NAME)
        if kept is None:
            return LimitRules()
        found = limit_rules.read(kept.value, kept.revision)
        return found or LimitRules(company=limit_rules.NOTHING, revision=kept.revision)

    def of(self, person_id: str) -> list[Bound]:
        """Return the budgets that hold for a person now."""
        rules = self.rules()
        if not rules.bounds_something:
            return []
        return limit_rules.bounds(rules, person_id, self._groups.of(person_id), self._now())

    def uses(self, bounds: Sequence[Bound]) -> list[Use]:
        """Return how budgets stand."""
        with self._database.read() as session:
            return uses_of(session, bounds, self._now())

    def admit(self, claim: Claim, *, surely: bool = False) -> Verdict:
        """Reserve for the first alternative that the person's budgets have room for.

        ``surely`` for what must be done whatever is left. Without any budget nothing is reserved.
        """
        rules = self.rules()
        if not rules.bounds_something:
            return Verdict()
        now = self._now()
        bounds = limit_rules.bounds(rules, claim.person_id, self._groups.of(claim.person_id), now)
        with self._database.write() as session:
            uses = uses_of(session, bounds, now, claim.turn_id)
            verdict = Verdict() if surely else _decided(uses, claim, rules.soft_share)
            if verdict.taken is not None:
                reserve(session, claim.turn_id, claim.person_id, claim.spent + claim.next[verdict.taken], now)
        return verdict


def _decided(uses: Sequence[Use], claim: Claim, soft_share: Decimal) -> Verdict:
    """Take what fits; where nothing else runs in a budget that is not used up, also what may go over its end.

    So at most one call in flight overspends. Near the end of a budget a cheaper model that fits comes first.
    """
    short = [use for use in uses if not _fits(use, claim.spent, claim.next[0])]
    if not short:
        return Verdict()
    cause = _cause(max(short, key=lambda use: _share(use, claim.spent)))
    fitting = [n for n, each in enumerate(claim.next) if all(_fits(use, claim.spent, each) for use in uses)]
    near = any(_share(use, claim.spent) >= soft_share for use in short)
    passing = [
        n
        for n, each in enumerate(claim.next)
        if all(_fits(use, claim.spent, each) or _is_free(use, claim.spent) for use in uses)
    ]
    taken = next(iter([*fitting, *passing] if near else [*passing, *fitting]), None)
    return Verdict(taken, cause if taken != 0 else "")


def _fits(use: Use, spent: Amount, more: Amount) -> bool:
    """Whether the estimate fits; what costs nothing needs no room in a budget of money."""
    whole = use.used + use.reserved + spent + more
    if use.bound.tokens is not None:
        return more.tokens == 0 or whole.tokens <= use.bound.tokens
    return more.cost == 0 or use.bound.cost is None or whole.cost <= use.bound.cost


def _is_free(use: Use, spent: Amount) -> bool:
    """Whether nothing else is in flight in a budget that is not used up."""
    used = use.used + spent
    if use.bound.tokens is not None:
        return use.reserved.tokens == 0 and used.tokens < use.bound.tokens
    return use.reserved.cost == 0 and use.bound.cost is not None and used.cost < use.bound.cost


def _share(use: Use, spent: Amount) -> Decimal:
    whole = use.used + use.reserved + spent
    if use.bound.tokens is not None:
        return _ratio(Decimal(whole.tokens), Decimal(use.bound.tokens))
    return _ratio(whole.cost, use.bound.cost or Decimal(0))


def share(use: Use) -> Decimal:
    """Return how much of a budget is used, 1 for all of it."""
    return _share(Use(use.bound, use.used, Amount()), Amount())


def _ratio(part: Decimal, whole: Decimal) -> Decimal:
    return part / whole if whole else Decimal(1)


def _cause(use: Use) -> str:
    """Why a budget keeps a model out, without a full stop."""
    whole = share(use) >= 1
    return f"{whose(use.bound)} for {period(use.bound)} is {'used up' if whole else 'nearly used up'}"


def whose(bound: Bound) -> str:
    """Name a budget as the person knows it, at the beginning of a sentence."""
    match bound.scope:
        case Scope.PERSON:
            return "Your budget"
        case Scope.GROUP:
            return f"The budget of your group {bound.name}"
        case Scope.COMPANY:
            return "The company's budget"


def period(bound: Bound) -> str:
    """Name a budget's period."""
    return "today" if bound.period == DAY else "this month"
