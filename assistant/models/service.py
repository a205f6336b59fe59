"""Which models there are for people, which one answers a question, and what admins set about it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal

from assistant.domain import AUTO, ModelChoice, Parameters, Person, Role, Route, Unsupported
from assistant.errors import ProviderUnavailable, SettingsError
from assistant.models import auto, defaults, lifecycle
from assistant.models import policy as policies
from assistant.models.connections import Connections
from assistant.models.offer import NOT_ALLOWED, Offer, Offers
from assistant.models.overview import ProviderOverview, overview
from assistant.models.policy import ModelPolicy, checked
from assistant.people.rights import Rights
from assistant.providers import catalogue, model_lists
from assistant.providers.catalogue import ProviderState
from assistant.providers.prices import costs_less
from assistant.settings import Settings
from assistant.storage.database import Database, utc_now
from assistant.storage.preferences import Preferences

logger = logging.getLogger(__name__)

NAME = "models"
"""Name of the preference that holds the policy."""
WHOLE = ("openai", "openai-responses", "groq", "anthropic")
"""Providers whose lists name every id they take; the others take variants and aliases besides."""
UNREADABLE = "The stored rules cannot be read: only Offline is allowed until they are saved again."
CHANGED_MEANWHILE = (
    "Someone else changed these settings while you did, so yours were not saved: "
    "look at what holds now, then change it again."
)


class ModelService:
    """Decides by catalogue, settings and policy; nothing in here waits for a network but what says so.

    What takes a person raises SignedOut where that person may not act (any more).
    """

    def __init__(
        self, database: Database, settings: Settings, today: Callable[[], date] = lambda: utc_now().date()
    ) -> None:
        self._preferences = Preferences(database)
        self._rights = Rights(database)
        self._settings = settings
        self._today = today
        self._offers = Offers()
        self.connections = Connections(settings)

    def policy(self, person: Person) -> ModelPolicy:
        """Return what admins set; raises NotAllowed for others."""
        self._need_admin(person)
        return self._policy()

    def set_policy(self, person: Person, policy: ModelPolicy) -> ModelPolicy:
        """Store a policy made from the one of ``policy.revision``; returns it with its new revision.

        Raises NotAllowed for others than admins, SettingsError naming the field that is wrong, or when someone else
        was faster.
        """
        self._need_admin(person)
        policies.check(policy, _known())
        self._refuse_retired(policy)
        revision = self._preferences.replace(NAME, policies.stored(policy), policy.revision, person.id)
        if revision is None:
            raise SettingsError(CHANGED_MEANWHILE)
        logger.info("models policy set to revision %s by %s", revision, person.id)
        return replace(policy, revision=revision)

    def notices(self, person: Person) -> list[str]:
        """Return a sentence about each part of settings and policy that does not hold; for admins, empty for others."""
        if self._rights.standing(person).role is not Role.ADMIN:
            return []
        policy, left_out = self._read()
        about_default = defaults.notice(policy, self._settings, self.states())
        gone = self.successor(defaults.wanted(policy, self._settings)) if not about_default else None
        if gone is not None:
            about_default = f"The default is no longer there. {gone[1]}"
        return [*left_out, *([about_default] if about_default else [])]

    def offer(self, person: Person) -> Offer:
        """Return what the picker shows this person."""
        self._rights.standing(person)  # so far everyone who may act is offered the same
        policy, states = self._policy(), self.states()
        today = self._today()
        offers = tuple(self._offers.of(state, policy, today) for state in states)
        return Offer(offers, self._default(policy), policy.locked, auto.rule(states, policy, today))

    def states(self) -> list[ProviderState]:
        """Return every provider as the settings have it, keys left out."""
        return catalogue.providers(self._settings)

    def resolve(self, choice: ModelChoice | None, route: Route | None = None) -> ModelChoice:
        """Return the concrete model that is to answer; a locked default whatever was chosen.

        Raises ProviderUnavailable for a model that is not allowed, or when Auto finds none, SettingsError for
        parameters out of range. Whether the provider is set up is for the builder to say.
        """
        policy = self._policy()
        wanted = self._default(policy) if choice is None or policy.locked else choice
        parameters = _filled(choice.parameters if choice else Parameters(), policy.parameters)
        if wanted.provider == AUTO:
            return replace(self._auto(policy, route), parameters=parameters)
        return replace(self._concrete(policy, wanted), parameters=parameters)

    def check_still_allowed(self, choice: ModelChoice) -> None:
        """Raise ProviderUnavailable when a turn that waited may not go on with this model by now.

        A locked default holds for its provider; what Auto took, or a fallback, may go on as long as it is allowed.
        """
        policy = self._policy()
        self._concrete(policy, choice)
        if policy.locked and not choice.auto:
            default = self._default(policy).provider
            if default != AUTO and choice.provider not in {default, *(other.provider for other in policy.fallbacks)}:
                name = catalogue.label(choice.provider)
                raise ProviderUnavailable(f"{name} cannot be used: {NOT_ALLOWED} Ask again with another model.")

    def fallbacks(self, choice: ModelChoice) -> tuple[ModelChoice, ...]:
        """Return what may answer instead when ``choice`` fails before its first word; usually nothing.

        Never a public provider for a private one, never what cannot answer, never the choice itself.
        """
        policy = self._policy()
        states = {state.id: state for state in self.states()} if policy.fallbacks else {}
        own = states.get(choice.provider)
        public = own is not None and not own.private
        found = []
        for wanted in policy.fallbacks:
            state = states.get(wanted.provider)
            if state is None or not state.configured or not (public or state.private):
                continue
            model = lifecycle.standing(state, wanted.model, policy, self._today())
            if model is not None and (state.id, model) != (choice.provider, choice.model):
                found.append(ModelChoice(state.id, model, choice.parameters))
        return tuple(dict.fromkeys(found))

    def cheaper(self, choice: ModelChoice) -> ModelChoice | None:
        """Return the provider's quick model where it costs less than ``choice`` and may answer for it; else None."""
        quick = next((row.quick for row in catalogue.rows() if row.id == choice.provider), None)
        if quick is None or quick == choice.model or not costs_less(choice.provider, quick, choice.model or ""):
            return None
        wanted = replace(choice, model=quick)
        try:
            allowed = self.resolve(wanted)
        except ProviderUnavailable:
            return None
        return wanted if (allowed.provider, allowed.model) == (wanted.provider, quick) else None

    def cost_limit(self) -> Decimal | None:
        """Return the US dollars that a turn may cost; None for no limit."""
        return self._policy().cost_limit

    def unsupported(self) -> Unsupported:
        """Return what becomes of a sentence of an answer that its sources do not bear out."""
        return self._policy().unsupported

    def successor(self, choice: ModelChoice) -> tuple[ModelChoice, str] | None:
        """Return what to take for a model or provider that has gone, with a sentence about it; None when it has not."""
        if choice.provider == AUTO:
            return None
        policy = self._policy()
        state = self._state(choice.provider)
        if state is None:
            return self._instead_of_provider(policy, choice)
        if choice.model is None:
            return None
        known = catalogue.find(choice.provider, choice.model, self._settings)
        listed = self._is_listed(choice.provider)
        found = lifecycle.in_place_of(state, choice.model, known, policy, self._today(), listed=listed)
        return None if found is None else (replace(choice, model=found[0]), found[1])

    def start_check(self, person: Person, provider_id: str) -> Future[str]:
        """Ask a provider for its models behind the page, to say in a sentence how that went; raises NotAllowed."""
        self._need_admin(person)
        return self.connections.start_check(provider_id)

    def warm_default(self) -> None:
        """Import what the default's provider needs, so that the first question does not wait for it."""
        self.connections.warm(self.resolve(None).provider)

    def overview(self, person: Person) -> list[ProviderOverview]:
        """Return what admins see of every provider; raises NotAllowed for others."""
        self._need_admin(person)
        rows = {row.id: row for row in catalogue.rows()}
        return [overview(rows[state.id], state, self._settings, self._today()) for state in self.states()]

    def _need_admin(self, person: Person) -> None:
        self._rights.need_admin(person, "Only admins may see and change what is set about models.")

    def _policy(self) -> ModelPolicy:
        return self._read()[0]

    def _read(self) -> tuple[ModelPolicy, tuple[str, ...]]:
        """The policy in one small select: it must hold at once in every process that shares the database."""
        kept = self._preferences.get(NAME)
        if kept is None:
            return ModelPolicy(), ()
        if kept.value is None:
            return ModelPolicy(allowed=policies.ONLY_OFFLINE, revision=kept.revision), (UNREADABLE,)
        return policies.read(kept.value, kept.revision, _known())

    def _state(self, provider_id: str) -> ProviderState | None:
        return next((state for state in self.states() if state.id == provider_id), None)

    def _default(self, policy: ModelPolicy) -> ModelChoice:
        return defaults.holding(policy, self._settings, self.states(), self._today())

    def _auto(self, policy: ModelPolicy, route: Route | None) -> ModelChoice:
        states = self.states()
        found = auto.taken(states, policy, self._today())
        if found is None:
            raise ProviderUnavailable(f"{auto.rule(states, policy, self._today())} Ask your administrator.")
        return auto.choose(found, route)

    def _concrete(self, policy: ModelPolicy, wanted: ModelChoice) -> ModelChoice:
        state = self._state(wanted.provider)
        if wanted.model is None and state is not None:
            wanted = replace(wanted, model=lifecycle.standing(state, None, policy, self._today()))
        if not policy.allows(wanted.provider, wanted.model):
            name = f"{catalogue.label(wanted.provider)} {wanted.model or ''}".strip()
            raise ProviderUnavailable(f"{name} cannot be used: {NOT_ALLOWED} Pick another model.")
        return wanted

    def _is_listed(self, provider_id: str) -> bool:
        """Whether a model that the provider's last list does not name is gone."""
        listing = model_lists.last(catalogue.provider(provider_id), self._settings) if provider_id in WHOLE else None
        return listing is not None and listing.age(utc_now()) < model_lists.FRESH

    def _instead_of_provider(self, policy: ModelPolicy, choice: ModelChoice) -> tuple[ModelChoice, str]:
        default = replace(self._default(policy), parameters=choice.parameters)
        name = "Auto" if default.provider == AUTO else catalogue.label(default.provider)
        return default, f"There is no provider {choice.provider!r} any more. {name} is the one to take now."

    def _refuse_retired(self, policy: ModelPolicy) -> None:
        places = [("Default", policy.default), *(("Fallbacks", choice) for choice in policy.fallbacks)]
        for place, choice in places:
            state = self._state(choice.provider) if choice else None
            known = lifecycle.info(state, choice.model) if state and choice else None
            if state and known and known.retired(self._today()):
                raise SettingsError(f"{place}: {lifecycle.gone(state, known.id, known)}")


def _known() -> frozenset[str]:
    return frozenset(row.id for row in catalogue.rows())


def _filled(parameters: Parameters, defaults: Parameters) -> Parameters:
    """The parameters with the admins' where the person left one open."""
    given = {
        field.name: value for field in fields(parameters) if (value := getattr(parameters, field.name)) is not None
    }
    return replace(defaults, **given) if checked(parameters) and given else defaults
