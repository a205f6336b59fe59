"""The picker of provider and model: what can be chosen, and of all else why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.domain import AUTO, OFFLINE, ModelChoice, Turn
from assistant.errors import AssistantError
from assistant.providers.catalogue import ModelInfo
from pages.components import parameter_fields, wording
from pages.components.guard import Entered
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.models.offer import ModelOffer, Offer, ProviderOffer

CHOICE = "choice"
"""Session key of the ModelChoice that was picked in this tab."""
EARLIER = "choice-of-conversation"
"""Session key of the ModelChoice that the open conversation goes on with while nothing was picked."""
POPOVER = "picker"
"""Session key that says whether the picker stands open."""
PROVIDER, MODEL = "pick-provider", "pick-model"
OPEN_LISTS = ("openrouter", "portkey", "ollama", "local")
"""Providers with more models than any list has: their model may be typed."""
ID_LENGTH = 200
"""Characters; longer than any model's id."""
NAME_LENGTH = 32
"""Characters of the name beside the button: both share a line with the banner."""
SETTING_UP = "Whoever runs the app sets one up in its environment or its file .env, and starts it again:"
AUTO_INFO = ModelInfo("", "Auto", efforts=("low", "medium", "high"))
"""Which model Auto takes is known later; each takes of the parameters what it can."""


def chosen() -> ModelChoice | None:
    """Return what the person picked in this tab, else what the conversation has; None for the default."""
    return _picked() or st.session_state.get(EARLIER)


def go_on(entered: Entered, offer: Offer, turns: Sequence[Turn]) -> None:
    """Let a conversation keep its model after a reload, so that no question leaves the house by a default.

    It does not keep one that is gone, not allowed any more, or that only stood in for another.
    """
    st.session_state[EARLIER] = None
    if not turns or offer.locked or turns[-1].fell_back is not None:
        return
    choice = turns[-1].choice
    if choice.auto:
        st.session_state[EARLIER] = ModelChoice(AUTO, None, choice.parameters)
    elif _choosable(offer, choice) and entered.services.models.successor(choice) is None:
        st.session_state[EARLIER] = choice


def _picked() -> ModelChoice | None:
    choice: ModelChoice | None = st.session_state.get(CHOICE)
    return choice


def _choosable(offer: Offer, choice: ModelChoice) -> bool:
    provider = _provider(offer, choice.provider)
    if provider is None or not provider.choosable:
        return False
    return all(model.choosable for model in provider.models if model.info.id == choice.model)


def take(choice: ModelChoice) -> None:
    """Answer with this from now on, in this tab."""
    st.session_state[CHOICE] = choice


def stand_open() -> None:
    """Open the picker with the next draw, for a button that points to it."""
    st.session_state[POPOVER] = True


def in_use(offer: Offer) -> ModelChoice:
    """The picked choice, else the default; a locked default with the picked parameters."""
    picked = chosen()
    if picked is None or offer.locked:
        return replace(offer.default, parameters=(picked or offer.default).parameters)
    return picked


def for_retry(entered: Entered, turn: Turn) -> ModelChoice | None:
    """What a question is asked again with: the picked model, else its own, else the default.

    Its own is not one that is gone, nor one that only stood in for another.
    """
    models = entered.services.models
    if _picked() is None and (turn.fell_back is not None or models.successor(turn.choice) is not None):
        return models.offer(entered.person).default
    return _picked()


def labels(offer: Offer) -> dict[str, str]:
    """Provider labels by id."""
    return {provider.state.id: provider.state.label for provider in offer.providers}


def goes_to(entered: Entered, offer: Offer) -> str | None:
    """Who besides this house gets what is asked now, to answer it or to search for it; None for nobody."""
    names = filter(None, (_answers_outside(entered, offer), entered.services.knowledge.queries_go_to()))
    return " and ".join(names) or None


def _answers_outside(entered: Entered, offer: Offer) -> str | None:
    now = in_use(offer)
    if now.provider == AUTO:
        try:
            now = entered.services.models.resolve(now)
        except AssistantError:  # the rule in the picker says that there is none
            return None
    provider = _provider(offer, now.provider)
    if now.provider == OFFLINE:
        return None
    own = provider is not None and provider.state.private
    label = labels(offer).get(now.provider, now.provider)
    return _own_server(label) if own else label


def draw_picker(line: DeltaGenerator, offer: Offer) -> None:
    """Draw the model's name and the button for another; what is behind it is drawn once it is open.

    The button's own label never changes: with it the popover would be another one, and close at each pick.
    """
    now = in_use(offer)
    side = line.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content", key="model")
    side.markdown(f":small[{escape(_short(name(offer, now)))}]", width="content")
    popover = side.popover("Model", icon=":material/tune:", key=POPOVER, on_change="rerun")
    if not popover.open:
        return
    with popover, st.container(key="picker-body", gap="xsmall"):
        if offer.locked:
            st.markdown(f":material/lock: **{escape(name(offer, now))}**")
            st.caption("Your administrator has fixed this model for everyone.")
            if (fixed := _provider(offer, now.provider)) is not None:
                st.caption(_where(fixed))
        else:
            _draw_provider(offer, now)
            _draw_model(offer, now)
        if now.provider == OFFLINE:
            st.caption("It quotes the documents word for word: there is nothing to set.")
        else:
            parameter_fields.draw(now, _info(offer, now), on_change=take)
        _draw_reset(offer, now)
        if not offer.locked:
            _draw_unavailable(offer, now)


def _draw_reset(offer: Offer, now: ModelChoice) -> None:
    unchanged, icon = now == offer.default, ":material/restart_alt:"
    st.button("Reset to default", type="tertiary", icon=icon, disabled=unchanged, on_click=_reset, args=(offer,))


def _draw_provider(offer: Offer, now: ModelChoice) -> None:
    names = {AUTO: "Auto", **labels(offer)}
    usable = [provider.state.id for provider in offer.providers if provider.choosable]
    st.session_state[PROVIDER] = now.provider
    st.selectbox(
        "Provider",
        list(dict.fromkeys([AUTO, *usable, now.provider])),
        format_func=lambda provider: names.get(provider, provider),
        key=PROVIDER,
        on_change=_pick_provider,
        args=(offer,),
    )
    if now.provider == AUTO:
        st.caption(escape(offer.auto_rule))
        return
    picked = _provider(offer, now.provider)
    if picked is None or not picked.choosable:
        st.warning(escape(picked.why_not) if picked else "There is no such provider any more.")
    else:
        st.caption(_where(picked))


def _where(provider: ProviderOffer) -> str:
    """Where the question goes, the one thing a person must know before asking."""
    label = escape(provider.state.label)
    if provider.state.id == OFFLINE:
        return ":material/lock: Answers on this machine; nothing leaves it."
    if provider.state.private:
        return f":material/lock: Stays in the house: your question and the passages go to {_own_server(label)}."
    return f":material/public: Your question and the passages found for it go to {label}."


def _own_server(label: str) -> str:
    return f"your own {label.removesuffix(' server')} server"


def _draw_model(offer: Offer, now: ModelChoice) -> None:
    provider = _provider(offer, now.provider)
    if provider is None or now.provider == OFFLINE:
        return
    known = {model.info.id: model.info for model in provider.models}
    usable = [model.info.id for model in provider.models if model.choosable]
    current = now.model or _first(provider)
    key = f"{MODEL}-{now.provider}"
    st.session_state[key] = current
    typed = now.provider in OPEN_LISTS
    st.selectbox(
        "Model",
        list(dict.fromkeys([*usable, *([current] if current else [])])),
        format_func=lambda model: _model_label(known.get(model), model),
        placeholder="Type a model id" if typed else "Pick a model",
        accept_new_options=typed,
        key=key,
        on_change=_pick_model,
        args=(offer, now.provider),
    )
    info = known.get(current or "")
    told = [_told(info) if info else "", "another id can be typed in" if typed else ""]
    st.caption(" · ".join(part for part in told if part) or "No more is known about it.")


def _told(info: ModelInfo) -> str:
    parts = [info.note] if info.note else []
    parts += [f"reads {info.context:,} tokens"] if info.context else []
    if info.input_price is not None and info.output_price is not None:
        prices = f"{wording.dollars(info.input_price)} read, {wording.dollars(info.output_price)} written"
        parts.append(f"{prices} per million tokens")
    return escape(" · ".join(parts))


def _model_label(info: ModelInfo | None, model: str) -> str:
    if info is None:
        return model
    return f"{info.label} · {info.character}" if info.character else info.label


def _draw_unavailable(offer: Offer, now: ModelChoice) -> None:
    """Streamlit's lists have no disabled entries: those stand below, each with the reason."""
    picked = _provider(offer, now.provider)
    gone = [model for model in picked.models if not model.choosable] if picked and picked.choosable else []
    missing = [provider for provider in offer.providers if not provider.choosable]
    _draw_reasons("Models not available", [_crossed_out(model) for model in gone])
    _draw_reasons(
        "Providers not available",
        [f"**{escape(provider.state.label)}**: {escape(provider.why_not)}" for provider in missing],
        SETTING_UP,
    )


def _draw_reasons(title: str, reasons: list[str], advice: str = "") -> None:
    if reasons:
        with st.expander(f"{title} ({len(reasons)})", icon=":material/block:", type="compact"):
            if advice:
                st.caption(advice)
            st.caption("\n".join(f"- {reason}" for reason in reasons))


def _crossed_out(model: ModelOffer) -> str:
    return f"~~{escape(model.info.label)}~~ {escape(model.why_not)}"


def _pick_provider(offer: Offer) -> None:
    provider = str(st.session_state[PROVIDER])
    found = _provider(offer, provider)
    model = _first(found) if found else None
    _take_fitting(offer, ModelChoice(provider, model, in_use(offer).parameters))


def _pick_model(offer: Offer, provider: str) -> None:
    model = str(st.session_state[f"{MODEL}-{provider}"] or "").strip()[:ID_LENGTH]
    _take_fitting(offer, ModelChoice(provider, model or None, in_use(offer).parameters))


def _take_fitting(offer: Offer, choice: ModelChoice) -> None:
    take(replace(choice, parameters=parameter_fields.fitting(choice.parameters, _info(offer, choice))))


def _reset(offer: Offer) -> None:
    st.session_state.pop(CHOICE, None)
    if chosen() is not None:
        take(offer.default)


def _provider(offer: Offer, provider_id: str) -> ProviderOffer | None:
    return next((provider for provider in offer.providers if provider.state.id == provider_id), None)


def _first(provider: ProviderOffer) -> str | None:
    return next((model.info.id for model in provider.models if model.choosable), None)


def _info(offer: Offer, choice: ModelChoice) -> ModelInfo:
    """What is known about a model; of an unknown one, that it may take anything."""
    if choice.provider == AUTO:
        return AUTO_INFO
    provider = _provider(offer, choice.provider)
    models = provider.models if provider else ()
    wanted = choice.model or (_first(provider) if provider else None)
    unknown = ModelInfo(wanted or "", wanted or "", efforts=AUTO_INFO.efforts)
    return next((model.info for model in models if model.info.id == wanted), unknown)


def _short(label: str) -> str:
    return label if len(label) <= NAME_LENGTH else label[: NAME_LENGTH - 1] + "…"


def name(offer: Offer, choice: ModelChoice) -> str:
    """A model's name for people."""
    if choice.provider == AUTO:
        return "Auto"
    info = _info(offer, choice)
    if choice.provider == OFFLINE or not info.label:
        return labels(offer).get(choice.provider, choice.provider)
    return info.label
