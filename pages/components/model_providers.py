"""The providers as admins see them: what is set up, where its key comes from, which models it has and until when."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import date
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.domain import OFFLINE
from pages.components import wording
from pages.components.guard import Entered, fragment
from pages.components.problems import told_later
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.models.overview import ModelOverview, ProviderOverview

POLL_SECONDS = 0.5
CHECKS = "provider-checks"
"""Session key of the checks of this tab: provider id -> what will be its sentence."""
UNKNOWN = "-"
LISTED = 40
"""Models shown of a provider's own list before the words to find one by; OpenRouter's has hundreds."""
HEADER = "| Model | Context | \\$ in / out | Effort |\n| --- | --- | --- | --- |"
PRICES = (
    "Context is in tokens; prices are US dollars per million tokens read and written, “-” where they are not known."
)
SETTING_UP = "To set one up, put what it lacks into the environment or into the file .env, and start the app again."


def draw(entered: Entered) -> None:
    """Draw the list; while a check is under way it draws itself anew."""
    checks: dict[str, Future[str]] = st.session_state.setdefault(CHECKS, {})
    under_way = _under_way(checks)

    @fragment(run_every=POLL_SECONDS if under_way else None)
    def listed() -> None:
        if under_way != _under_way(checks):
            st.rerun(scope="app")  # a click in here draws no more than this; only the page can begin or end the polling
        found = entered.services.models.overview(entered.person)
        ready = [provider for provider in found if provider.state.configured]
        st.caption(f"{len(ready)} of {wording.counted(len(found), 'provider')} set up. {SETTING_UP} {PRICES}")
        for provider in [*ready, *(provider for provider in found if not provider.state.configured)]:
            _draw_provider(entered, provider, checks.get(provider.state.id))

    listed()


def _under_way(checks: dict[str, Future[str]]) -> bool:
    return any(not check.done() for check in checks.values())


def _draw_provider(entered: Entered, provider: ProviderOverview, check: Future[str] | None) -> None:
    state = provider.state
    with st.container(border=True, key=f"provider-{state.id}", gap="xsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small")
        with line.container(gap=None):
            st.markdown(f"**{escape(state.label)}** {_badges(provider)}")
            st.caption(_facts(provider))
        if state.configured and state.id != OFFLINE:
            _draw_check_button(line, entered, state.id, check)
        _draw_state(provider, check)
        _draw_models(entered, provider, check)


def _badges(provider: ProviderOverview) -> str:
    state = provider.state
    if state.configured:
        return f":green-badge[set up] {wording.place_badge(private=state.private)}"
    return ":red-badge[set up wrongly]" if provider.begun else ":gray-badge[not set up]"


def _facts(provider: ProviderOverview) -> str:
    """Where the key comes from and the requests go, or what is missing; on one line."""
    state = provider.state
    if state.id == OFFLINE:
        return "Needs no key; runs on this machine"
    tail = f", ending in {state.key_tail}" if state.key_tail else ""
    key = f"Key from {'the ' if state.key_source == 'environment' else ''}{state.key_source}{tail}"
    if not state.configured and not provider.begun:
        return f":material/block: {escape(state.problem)}"
    facts = [key if state.key_source else "Without key", provider.host]
    return escape(" · ".join(fact for fact in facts if fact))


def _draw_check_button(line: DeltaGenerator, entered: Entered, provider_id: str, check: Future[str] | None) -> None:
    line.button(
        "Check connection",
        key=f"check-{provider_id}",
        icon=":material/network_check:",
        disabled=check is not None and not check.done(),
        on_click=_begin_check,
        args=(entered, provider_id),
    )


def _begin_check(entered: Entered, provider_id: str) -> None:
    with told_later():
        st.session_state[CHECKS][provider_id] = entered.services.models.start_check(entered.person, provider_id)


def _draw_state(provider: ProviderOverview, check: Future[str] | None) -> None:
    state = provider.state
    if state.problem and provider.begun:
        st.error(escape(state.problem), icon=":material/block:")
    if check is not None:
        said = escape(check.result()) if check.done() else "Asking the provider for its models…"
        st.info(said, icon=":material/network_check:")
    ending = [model for model in provider.models if model.ends and not model.gone]
    if state.configured and ending:
        st.warning(f"Ending soon: {_ends(ending)}.", icon=":material/event_busy:")


def _draw_models(entered: Entered, provider: ProviderOverview, check: Future[str] | None) -> None:
    state = provider.state
    usable = [model for model in provider.models if not model.gone]
    gone = [model for model in provider.models if model.gone]
    shown = [model for model in usable if not model.info.discovered]
    own = [model for model in usable if model.info.discovered]
    retired = f", {len(gone)} retired" if gone else ""
    label = f"{wording.counted(len(usable), 'model')}{retired}" if usable else "No models known yet"
    with st.expander(label, key=f"models-of-{state.id}", on_change="rerun") as opened:
        if not opened.open:
            return
        if shown:
            _draw_table(f"{state.id}-usual", shown)
        if own:
            _draw_own(state.id, own)
        if gone:
            st.markdown(f"Retired: {', '.join(_retired(model) for model in gone)}.")
        if state.configured and state.id != OFFLINE:
            _draw_refresh(entered, provider, check)


def _draw_own(provider_id: str, own: Sequence[ModelOverview]) -> None:
    """The models that only the provider's list names."""
    st.markdown(f"**{wording.counted(len(own), 'more model')} in the provider's own list**")
    words = ""
    if len(own) > LISTED:
        words = st.text_input("Find a model", key=f"find-{provider_id}").strip().lower()
    found = [model for model in own if words in f"{model.info.id} {model.info.label}".lower()]
    if found:
        _draw_table(f"{provider_id}-own", found[:LISTED])
    if len(found) > LISTED:
        st.caption(f"{len(found) - LISTED:,} more; type a part of the name to find one.")


def _draw_refresh(entered: Entered, provider: ProviderOverview, check: Future[str] | None) -> None:
    at = provider.listed_at
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    line.caption(f"Its own list: {wording.moment(at)}." if at else "There is no list from the provider yet.")
    line.button(
        "Refresh list",
        key=f"refresh-{provider.state.id}",
        type="tertiary",
        icon=":material/refresh:",
        disabled=check is not None and not check.done(),
        on_click=_begin_check,
        args=(entered, provider.state.id),
    )


def _draw_table(name: str, models: Sequence[ModelOverview]) -> None:
    with st.container(key=f"models-table-{name}"):
        st.markdown(table(models))


def table(models: Sequence[ModelOverview]) -> str:
    """Models as a markdown table."""
    return "\n".join([HEADER, *(_row(model) for model in models)])


def _row(model: ModelOverview) -> str:
    info = model.info
    name = f"**{escape(info.label)}**"
    character = f" :gray-badge[{escape(info.character)}]" if info.character else ""
    own_id = "" if info.label == info.id else f" :small[{escape(info.id)}]"
    ends = f" :orange-badge[until {_day(model.ends)}]" if model.ends else ""
    efforts = "low-high" if len(info.efforts) > 2 else ", ".join(info.efforts) or UNKNOWN
    context = UNKNOWN if info.context is None else _tokens(info.context)
    return f"| {name}{character}{own_id}{ends} | {context} | {_prices(model)} | {efforts} |"


def _retired(model: ModelOverview) -> str:
    """A model that answers no more, struck through, with its end and what to take."""
    facts = [_day(model.ends) if model.ends else "", f"take {escape(model.heir)}" if model.heir else ""]
    said = ", ".join(fact for fact in facts if fact)
    return f"~~{escape(model.info.label)}~~ ({said})" if said else f"~~{escape(model.info.label)}~~"


def _ends(ending: Sequence[ModelOverview]) -> str:
    """Models that will end, by their day."""
    days: dict[date, list[str]] = {}
    for model in ending:
        label = escape(model.info.label)
        if model.ends and label not in days.setdefault(model.ends, []):
            days[model.ends].append(label)
    return "; ".join(f"{', '.join(days[day])} on {_day(day)}" for day in sorted(days))


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _prices(model: ModelOverview) -> str:
    pair = (model.info.input_price, model.info.output_price)
    if None in pair:
        return UNKNOWN
    return " / ".join(f"{price:.2f}" for price in pair if price is not None)


def _tokens(count: int) -> str:
    """A context window as people say it: 128k, 1M."""
    return f"{count / 1_000_000:.3g}M" if count >= 1_000_000 else f"{count / 1000:.0f}k"
