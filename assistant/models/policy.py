"""What admins set for all: default, allow-list, order of Auto, fallbacks, limits, what is done with the unproven."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, get_args

from assistant.domain import AUTO, OFFLINE, Effort, ModelChoice, Parameters, Unsupported
from assistant.errors import SettingsError

COST_LIMIT = Decimal("0.50")
"""US dollars a turn may cost unless an admin says otherwise: some thirty times a usual answer of a large model."""
ONLY_OFFLINE = (OFFLINE,)
"""What is allowed when nobody can tell any more what was: the provider that gives no text away."""
TEMPERATURES = (0.0, 2.0)
"""The range that the providers' interfaces take."""
MAX_OUTPUT = 1_000_000
"""Tokens; above what any model gives out, so that a slip of the hand is told here and not by the provider."""


@dataclass(frozen=True, slots=True)
class ModelPolicy:
    """What admins set for all.

    ``default`` None is the one of the settings; ``locked`` leaves people no other. ``allowed`` holds provider ids and
    ``provider/model``, None allows all. ``auto_order`` holds provider ids, empty is the usual order. ``fallbacks``
    are tried in order when a model fails before its first word. ``cost_limit`` is in US dollars a turn, None is none.
    ``parameters`` fill in what a person leaves open. ``unsupported`` says what becomes of a sentence that the sources
    do not bear out. ``revision`` counts the changes.
    """

    default: ModelChoice | None = None
    locked: bool = False
    allowed: tuple[str, ...] | None = None
    auto_order: tuple[str, ...] = ()
    fallbacks: tuple[ModelChoice, ...] = ()
    cost_limit: Decimal | None = COST_LIMIT
    parameters: Parameters = field(default_factory=Parameters)
    unsupported: Unsupported = "mark"
    revision: int = 0

    def allows(self, provider: str, model: str | None) -> bool:
        """Whether people may use this model; with ``model`` None whether they may use any of the provider."""
        if self.allowed is None or provider in self.allowed:
            return True
        if model is None:
            return any(entry.startswith(f"{provider}/") for entry in self.allowed)
        return f"{provider}/{model}" in self.allowed


def checked(parameters: Parameters) -> Parameters:
    """Return the parameters as they are; raises SettingsError with a sentence that names the one out of range."""
    low, high = TEMPERATURES
    if parameters.effort is not None and parameters.effort not in get_args(Effort):
        raise SettingsError(f"Effort must be low, medium or high, not {parameters.effort!r}.")
    if parameters.temperature is not None and not _within(parameters.temperature, low, high):
        raise SettingsError(f"Temperature must be from {low:g} to {high:g}, not {parameters.temperature:g}.")
    if parameters.top_p is not None and not (_within(parameters.top_p, 0, 1) and parameters.top_p > 0):
        raise SettingsError(f"Top-p must be above 0 and at most 1, not {parameters.top_p:g}.")
    longest = parameters.max_tokens
    if longest is not None and not (isinstance(longest, int) and 1 <= longest <= MAX_OUTPUT):
        bounds = f"from 1 to {MAX_OUTPUT:,}"
        raise SettingsError(f"The longest answer must be {bounds} tokens (max tokens), not {longest}.")
    return parameters


def check(policy: ModelPolicy, known: frozenset[str]) -> None:
    """Raise SettingsError with a sentence that names the first field with a wrong value; ``known`` are provider ids."""
    _check_limit(policy.cost_limit)
    checked(policy.parameters)
    if policy.unsupported not in get_args(Unsupported):
        raise SettingsError(f"Unsupported sentences: mark or withhold them, not {policy.unsupported!r}.")
    for entry in policy.allowed or ():
        _check_known("Allowed models", entry.partition("/")[0], known)
        if entry.endswith("/"):
            raise SettingsError(f"Allowed models: {entry} names no model.")
    if policy.allowed == ():
        raise SettingsError("Allowed models: allow at least one, or nobody can ask anything.")
    for provider in policy.auto_order:
        _check_known("Order of Auto", provider, known)
    for choice in policy.fallbacks:
        _check_known("Fallbacks", choice.provider, known)
        _check_allowed("Fallbacks", choice, policy)
    if policy.default is not None and policy.default.provider != AUTO:
        _check_known("Default", policy.default.provider, known)
        _check_allowed("Default", policy.default, policy)


def stored(policy: ModelPolicy) -> dict[str, Any]:
    """Return the policy as it is stored; the revision stands beside it."""
    return {
        "default": policy.default and _pair(policy.default),
        "locked": policy.locked,
        "allowed": None if policy.allowed is None else list(policy.allowed),
        "auto_order": list(policy.auto_order),
        "fallbacks": [_pair(choice) for choice in policy.fallbacks],
        "cost_limit": None if policy.cost_limit is None else str(policy.cost_limit),
        "parameters": {name: value for name, value in asdict(policy.parameters).items() if value is not None},
        "unsupported": policy.unsupported,
    }


def read(value: dict[str, Any], revision: int, known: frozenset[str]) -> tuple[ModelPolicy, tuple[str, ...]]:
    """Return a stored policy without what is wrong in it by now, and a sentence about each thing left out.

    A policy outlives the providers it names: what is left of it must still do.
    """
    reader = _Reader(value, known)
    policy = ModelPolicy(
        default=reader.default(),
        locked=reader.locked(),
        allowed=reader.allowed(),
        auto_order=tuple(entry for entry in reader.words("auto_order") if reader.knows("order of Auto", entry)),
        fallbacks=reader.fallbacks(),
        cost_limit=reader.cost_limit(),
        parameters=reader.parameters(),
        unsupported=reader.unsupported(),
        revision=revision,
    )
    return policy, tuple(reader.notices)


class _Reader:
    """Reads the parts of a stored policy, each by itself."""

    def __init__(self, value: dict[str, Any], known: frozenset[str]) -> None:
        self._value = value
        self._known = known
        self.notices: list[str] = []

    def words(self, name: str) -> list[str]:
        """The strings of a list, without what else it holds."""
        found = self._value.get(name)
        return [word for word in found if isinstance(word, str)] if isinstance(found, list) else []

    def knows(self, where: str, provider: str) -> bool:
        """Whether there is this provider; keeps a notice when not."""
        if provider in self._known:
            return True
        self.notices.append(f"The {where} names the provider {provider!r}, which does not exist: it is left out.")
        return False

    def default(self) -> ModelChoice | None:
        choice = _choice(self._value.get("default"))
        if choice is None or choice.provider == AUTO or self.knows("default", choice.provider):
            return choice
        return None

    def allowed(self) -> tuple[str, ...] | None:
        """The entries that are left; with none left, or a list that is none, Offline alone: something was forbidden."""
        if self._value.get("allowed") is None:
            return None
        entries = self.words("allowed")
        left = tuple(entry for entry in entries if self.knows("list of allowed models", entry.partition("/")[0]))
        if left:
            return left
        self.notices.append("Nothing is left in the list of allowed models: only Offline is allowed until it is set.")
        return ONLY_OFFLINE

    def locked(self) -> bool:
        """Whether it is locked; what cannot be read may have been a lock, and counts as one."""
        stored_lock = self._value.get("locked") or False
        if not isinstance(stored_lock, bool):
            self.notices.append("The stored lock of the default cannot be read: the default is locked until it is set.")
        return stored_lock is not False

    def fallbacks(self) -> tuple[ModelChoice, ...]:
        stored_list = self._value.get("fallbacks")
        choices = [_choice(pair) for pair in stored_list] if isinstance(stored_list, list) else []
        return tuple(choice for choice in choices if choice and self.knows("list of fallbacks", choice.provider))

    def cost_limit(self) -> Decimal | None:
        text = self._value.get("cost_limit", str(COST_LIMIT))
        try:
            limit = None if text is None else Decimal(str(text))
            _check_limit(limit)
        except (InvalidOperation, SettingsError):
            self.notices.append(f"The stored cost limit cannot be read: {COST_LIMIT} US dollars a turn holds.")
            return COST_LIMIT
        return limit

    def parameters(self) -> Parameters:
        try:
            return checked(Parameters(**self._value.get("parameters") or {}))
        except (TypeError, ValueError, SettingsError):
            self.notices.append("The stored default parameters cannot be read: the models' own hold.")
            return Parameters()

    def unsupported(self) -> Unsupported:
        """What was set; what cannot be read may have been to leave them out, and counts as that."""
        found = self._value.get("unsupported", "mark")
        if found == "mark":
            return "mark"
        if found != "withhold":
            self.notices.append(
                "The stored rule for unsupported sentences cannot be read: they are left out until it is set."
            )
        return "withhold"


def _within(value: float, low: float, high: float) -> bool:
    return math.isfinite(value) and low <= value <= high


def _check_limit(limit: Decimal | None) -> None:
    if limit is not None and not (limit.is_finite() and limit > 0):
        raise SettingsError(f"The cost limit must be above 0 US dollars, or empty for none, not {limit}.")


def _check_known(name: str, provider: str, known: frozenset[str]) -> None:
    if provider not in known:
        raise SettingsError(f"{name}: there is no provider {provider!r}; there are {', '.join(sorted(known))}.")


def _check_allowed(name: str, choice: ModelChoice, policy: ModelPolicy) -> None:
    if not policy.allows(choice.provider, choice.model):
        whole = f"{choice.provider}/{choice.model}" if choice.model else choice.provider
        raise SettingsError(f"{name}: {whole} is not among the allowed models.")


def _pair(choice: ModelChoice) -> dict[str, str | None]:
    return {"provider": choice.provider, "model": choice.model}


def _choice(pair: object) -> ModelChoice | None:
    if not isinstance(pair, dict) or not isinstance(pair.get("provider"), str):
        return None
    model = pair.get("model")
    return ModelChoice(pair["provider"], model if isinstance(model, str) and model else None)
