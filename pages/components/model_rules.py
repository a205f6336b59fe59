"""What admins set for everyone: which models there are and how they answer, what that may cost, what is marked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, get_args

import streamlit as st

from assistant.domain import AUTO, Effort, ModelChoice, Parameters, Unsupported
from assistant.errors import AssistantError
from pages.components import parameter_fields
from pages.components.guard import Entered, fragment
from pages.components.problems import sentence
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.models.policy import ModelPolicy
    from assistant.providers.catalogue import ProviderState

BASE, SAVED = "rules-base", "rules-saved"
"""Session keys: the policy that the fields began with, and whether the last save went well."""
SETTINGS_DEFAULT = ""
LEAVES = "What is asked, what was said before and the passages found for it then go to"
OWN = parameter_fields.OWN.capitalize()
UNSUPPORTED: dict[Unsupported, str] = {
    "mark": "Show them, marked as not found in the sources",
    "withhold": "Leave them out, with a note in their place",
}
LEFT_OPEN = "Leave empty for the model's own"


def draw(entered: Entered) -> None:
    """Draw the fields; nothing in them is lost when saving fails or someone else saves first."""
    base = _base(entered)
    if st.session_state.pop(SAVED, False):
        st.success("Saved. The next questions follow these rules.", icon=":material/check_circle:")

    @fragment()
    def fields() -> None:
        if BASE not in st.session_state:
            st.rerun(scope="app")  # a click in here draws no more than this, with the policy that was given up
        policy = _draw_fields(entered, base)
        if st.button("Save", type="primary", key="rules-save"):
            _save(entered, policy)

    fields()


def _base(entered: Entered) -> ModelPolicy:
    """The policy whose revision the fields belong to: kept while they are on the page, else the one that holds."""
    base: ModelPolicy | None = st.session_state.get(BASE)
    if base is None or _key("default", base) not in st.session_state:
        base = entered.services.models.policy(entered.person)
        st.session_state[BASE] = base
    return base


def _save(entered: Entered, policy: ModelPolicy) -> None:
    try:
        st.session_state[BASE] = entered.services.models.set_policy(entered.person, policy)
    except AssistantError as error:
        st.error(sentence(error), icon=":material/error:")
        if entered.services.models.policy(entered.person).revision != policy.revision:
            st.button("Show what holds now", key="rules-reload", on_click=_forget)
        return
    st.session_state[SAVED] = True
    st.rerun(scope="app")


def _forget() -> None:
    st.session_state.pop(BASE, None)


def _draw_fields(entered: Entered, base: ModelPolicy) -> ModelPolicy:
    states = entered.services.models.states()
    names = _names(states)
    default, locked = _draw_default(entered, base, names)
    allowed = _draw_allowed(base, names)
    st.subheader("Auto", anchor=False)
    auto_order = _draw_order(entered, base, states)
    st.subheader("When a model fails", anchor=False)
    fallbacks = _draw_fallbacks(base, states, names)
    st.subheader("Limits", anchor=False)
    cost_limit = _draw_cost_limit(base)
    return replace(
        base,
        default=default,
        locked=locked,
        allowed=allowed,
        auto_order=auto_order,
        fallbacks=fallbacks,
        cost_limit=cost_limit,
        parameters=_draw_parameters(base),
        unsupported=_draw_unsupported(base),
    )


def _draw_default(entered: Entered, base: ModelPolicy, names: dict[str, str]) -> tuple[ModelChoice | None, bool]:
    settings = entered.services.settings
    of_settings = names.get(settings.default_provider, settings.default_provider)
    shown = {SETTINGS_DEFAULT: f"As ASSISTANT_DEFAULT_PROVIDER says: {of_settings}", AUTO: "Auto", **names}
    now = SETTINGS_DEFAULT if base.default is None else _entry(base.default)
    picked = st.selectbox(
        "Default for everyone",
        _options(shown, [now]),
        index=_options(shown, [now]).index(now),
        format_func=lambda entry: shown.get(entry, entry),
        accept_new_options=True,
        key=_key("default", base),
        help="Pick one or type provider/model.",
    )
    locked = st.toggle("Lock it: people cannot pick another", value=base.locked, key=_key("locked", base))
    return (_choice(picked) if picked else None), locked


def _draw_allowed(base: ModelPolicy, names: dict[str, str]) -> tuple[str, ...] | None:
    everything = st.toggle(
        "People may use every model that is set up", value=base.allowed is None, key=_key("all", base)
    )
    if everything:
        return None
    return tuple(
        st.multiselect(
            "Allowed models",
            _options(names, base.allowed or ()),
            default=list(base.allowed or ()),
            format_func=lambda entry: names.get(entry, entry),
            accept_new_options=True,
            placeholder="Pick, or type provider/model",
            key=_key("allowed", base),
            help="A provider's own name allows all of its models, also those still to come.",
        )
    )


def _draw_order(entered: Entered, base: ModelPolicy, states: Iterable[ProviderState]) -> tuple[str, ...]:
    labels = {state.id: state.label for state in states}
    st.caption(escape(entered.services.models.offer(entered.person).auto_rule))
    picked = st.multiselect(
        "Order in which Auto looks at providers",
        list(labels),
        default=list(base.auto_order),
        format_func=lambda provider: labels.get(provider, provider),
        placeholder="The usual order: first those that stay in the house",
        key=_key("order", base),
    )
    return tuple(picked)


def _draw_fallbacks(
    base: ModelPolicy, states: Iterable[ProviderState], names: dict[str, str]
) -> tuple[ModelChoice, ...]:
    now = [_entry(choice) for choice in base.fallbacks]
    picked = st.multiselect(
        "Fallbacks, tried in this order",
        _options(names, now),
        default=now,
        format_func=lambda entry: names.get(entry, entry),
        accept_new_options=True,
        placeholder="None: a failed answer says so, and the person picks another model",
        key=_key("fallbacks", base),
    )
    st.caption(
        "Only before the first word of an answer, told in the answer, and never from a provider that stays in the "
        "house to one outside."
    )
    public = {state.id: state.label for state in states if not state.private}
    outside = dict.fromkeys(public[choice.provider] for choice in map(_choice, picked) if choice.provider in public)
    if outside:
        st.warning(
            f"{LEAVES} {escape(' and '.join(outside))}, though the person picked another.", icon=":material/public:"
        )
    return tuple(_choice(entry) for entry in picked)


def _draw_cost_limit(base: ModelPolicy) -> Decimal | None:
    limit = st.number_input(
        "Cost limit of an answer in US dollars",
        value=None if base.cost_limit is None else float(base.cost_limit),
        step=0.1,
        format="%.2f",
        placeholder="No limit",
        key=_key("cost", base),
        help="An answer that would cost more is ended. It counts only where the prices of a model are known.",
    )
    return None if limit is None else Decimal(str(limit))


def _draw_parameters(base: ModelPolicy) -> Parameters:
    own = base.parameters
    st.subheader("How models answer, unless the person says otherwise", anchor=False)
    left, right = st.columns(2)
    temperature = left.number_input(
        "Temperature",
        value=own.temperature,
        step=0.1,
        placeholder=OWN,
        key=_key("heat", base),
        help=parameter_fields.TEMPERATURE_SCALE,
    )
    top_p = right.number_input(
        "Top-p", value=own.top_p, step=0.05, placeholder=OWN, key=_key("top-p", base), help=LEFT_OPEN
    )
    max_tokens = left.number_input(
        "Longest answer in tokens",
        value=own.max_tokens,
        step=100,
        placeholder=OWN,
        key=_key("length", base),
        help=LEFT_OPEN,
    )
    efforts: list[Effort] = list(get_args(Effort))
    effort = right.selectbox(
        "Effort of reasoning models",
        efforts,
        index=None if own.effort is None else efforts.index(own.effort),
        placeholder=OWN,
        key=_key("effort", base),
    )
    return Parameters(effort, temperature, top_p, max_tokens)


def _draw_unsupported(base: ModelPolicy) -> Unsupported:
    st.subheader("Answers", anchor=False)
    picked: Unsupported = st.radio(
        "Sentences that the sources do not support",
        list(UNSUPPORTED),
        index=list(UNSUPPORTED).index(base.unsupported),
        format_func=UNSUPPORTED.__getitem__,
        key=_key("unsupported", base),
        help="Every sentence of an answer is looked up in the passages that were found for the question. Where "
        "unsupported ones are left out, an answer appears sentence by sentence.",
    )
    return picked


def _names(states: Iterable[ProviderState]) -> dict[str, str]:
    """What can be picked, in words: each provider as a whole and each of its models."""
    names = {}
    for state in states:
        suffix = "" if state.configured else " (not set up)"
        names[state.id] = f"{state.label}{suffix}"
        names |= {f"{state.id}/{model.id}": f"{state.label} · {model.label}{suffix}" for model in state.models}
    return names


def _options(names: dict[str, str], more: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([*names, *more]))


def _entry(choice: ModelChoice) -> str:
    return f"{choice.provider}/{choice.model}" if choice.model else choice.provider


def _choice(entry: str) -> ModelChoice:
    provider, _slash, model = entry.strip().partition("/")
    return ModelChoice(provider, model or None)


def _key(field: str, base: ModelPolicy) -> str:
    """A saved or reloaded policy gets fields of its own, which begin with its values."""
    return f"rules-{field}-{base.revision}"
