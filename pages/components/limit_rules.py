"""The budgets that admins set, in tokens and US dollars, for each person, groups and the company; how they stand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import streamlit as st

from assistant.errors import AssistantError
from assistant.limits.rules import Allowance, LimitRules
from pages.components.guard import Entered
from pages.components.limits_notice import DAYS, PERIODS, amounts
from pages.components.problems import sentence
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.limits.service import BudgetUse

BASE, SAVED = "limits-base", "limits-saved"
"""Session keys: the rules that the fields began with, and whether the last save went well."""
MEANING = (
    "What models may use up. Empty is no limit; with 0 only Offline answers, which is free. At the end of a budget a "
    "cheaper model of the same provider answers if it still fits, else the documents are quoted without a model, and "
    f"the answer says so. {DAYS}"
)
ROWS = 50
"""Lines of the table; people who used most come first."""
SCOPES = {"person": "Person", "group": "Group", "company": "Company"}


def draw(entered: Entered) -> None:
    """Draw fields and figures; nothing in the fields is lost when saving fails or someone else saves first."""
    base = _base(entered)
    if st.session_state.pop(SAVED, False):
        st.success("Saved. The next questions go by these limits.", icon=":material/check_circle:")
    for notice in entered.services.limits.notices(entered.person):
        st.warning(escape(notice), icon=":material/warning:")
    st.caption(MEANING)
    rules = _draw_fields(entered, base)
    if st.button("Save", type="primary", key="limits-save"):
        _save(entered, rules)
    _draw_standing(entered)


def _base(entered: Entered) -> LimitRules:
    """The rules whose revision the fields belong to: kept while they are on the page, else those that hold."""
    base: LimitRules | None = st.session_state.get(BASE)
    if base is None or _key("share", base) not in st.session_state:
        base = entered.services.limits.rules(entered.person)
        st.session_state[BASE] = base
    return base


def _save(entered: Entered, rules: LimitRules) -> None:
    service = entered.services.limits
    try:
        st.session_state[BASE] = service.set_rules(entered.person, rules)
    except AssistantError as error:
        st.error(sentence(error), icon=":material/error:")
        if service.rules(entered.person).revision != rules.revision:
            st.button("Show what holds now", key="limits-reload", on_click=_forget)
        return
    st.session_state[SAVED] = True
    st.rerun()


def _forget() -> None:
    st.session_state.pop(BASE, None)


def _draw_fields(entered: Entered, base: LimitRules) -> LimitRules:
    names = dict(entered.services.limits.groups(entered.person))
    person = _draw_allowance("Each person", "person", base.person, base)
    company = _draw_allowance("The whole company", "company", base.company, base)
    st.subheader("Groups", anchor=False)
    picked = st.multiselect(
        "Groups with a budget of their own, together for all of their members",
        list(names),
        default=[group for group in base.groups if group in names],
        format_func=lambda group: names[group],
        placeholder="None",
        key=_key("groups", base),
    )
    groups = {
        group: _draw_allowance(names[group], f"group-{group}", base.groups.get(group, Allowance()), base)
        for group in picked
    }
    share = st.number_input(
        "Warn people when so many percent of a budget are used",
        min_value=1,
        max_value=100,
        value=int(100 * base.soft_share),
        key=_key("share", base),
    )
    return replace(base, person=person, company=company, groups=groups, soft_share=Decimal(share) / 100)


def _draw_allowance(title: str, key: str, now: Allowance, base: LimitRules) -> Allowance:
    st.markdown(f"**{escape(title)}**")
    tokens_a_day, tokens_a_month, dollars_a_day, dollars_a_month = st.columns(4)
    with tokens_a_day:
        day = _tokens("Tokens a day", now.tokens_a_day, _key(f"{key}-tokens-day", base))
    with tokens_a_month:
        month = _tokens("Tokens a month", now.tokens_a_month, _key(f"{key}-tokens-month", base))
    with dollars_a_day:
        spent_a_day = _dollars("Dollars a day", now.dollars_a_day, _key(f"{key}-dollars-day", base))
    with dollars_a_month:
        spent_a_month = _dollars("Dollars a month", now.dollars_a_month, _key(f"{key}-dollars-month", base))
    return Allowance(day, month, spent_a_day, spent_a_month)


def _tokens(label: str, now: int | None, key: str) -> int | None:
    return st.number_input(label, min_value=0, value=now, step=10_000, placeholder="No limit", key=key)


def _dollars(label: str, now: Decimal | None, key: str) -> Decimal | None:
    value = None if now is None else float(now)
    given = st.number_input(label, min_value=0.0, value=value, step=1.0, format="%.2f", placeholder="No limit", key=key)
    return None if given is None else Decimal(str(given))


def _draw_standing(entered: Entered) -> None:
    uses = entered.services.limits.overview(entered.person)
    st.subheader("How they stand", anchor=False)
    if not uses:
        st.caption("No budget is set, or nothing was used of one this month.")
        return
    header = "| Budget | Of | For | Used | |\n| --- | --- | --- | --- | --: |"
    with st.container(key="limits-table"):
        st.markdown("\n".join([header, *map(_row, uses[:ROWS])]))
    if len(uses) > ROWS:
        st.caption(f"{len(uses) - ROWS:,} more are not shown: less of them is used.")


def _row(use: BudgetUse) -> str:
    of, period = escape(use.whose) or "everyone", PERIODS[use.bound.period]
    percent = f"{int(100 * use.share)}\N{NO-BREAK SPACE}%"
    used = f":red[{percent}]" if use.share >= 1 else percent
    return f"| {SCOPES[use.bound.scope.value]} | {of} | {period} | {escape(amounts(use))} | {used} |"


def _key(field: str, base: LimitRules) -> str:
    """Saved or reloaded rules get fields of their own, which begin with their values."""
    return f"limits-{field}-{base.revision}"
