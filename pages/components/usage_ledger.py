"""What the models were used for, and what that cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import streamlit as st

from assistant.providers.embedders import OWN_SERVER
from pages.components import wording
from pages.components.guard import Entered
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.usage.service import By, UsageLine

PERIODS = {"24 hours": timedelta(days=1), "7 days": timedelta(days=7), "30 days": timedelta(days=30), "All": None}
GROUPS: dict[str, By] = {"Model": "model", "Person": "person", "Day": "day", "Conversation": "conversation"}
ROWS = 100
"""Lines shown; the file has all."""


def draw(entered: Entered) -> None:
    """Draw the totals and the table of a period."""
    line = st.container(horizontal=True, horizontal_alignment="distribute", gap="small")
    period = line.segmented_control("Period", list(PERIODS), default="30 days", required=True, key="usage-period")
    group = line.segmented_control("By", list(GROUPS), default="Model", required=True, key="usage-group")
    length = PERIODS[period or "All"]
    since = None if length is None else datetime.now(UTC) - length
    lines = entered.services.usage.summary(entered.person, since, GROUPS[group or "Model"])
    if not lines:
        st.info("Nothing was asked in this time.", icon=":material/hourglass_empty:")
        return
    _draw_totals(lines)
    labels = {state.id: state.label for state in entered.services.models.states()} | {OWN_SERVER.id: OWN_SERVER.label}
    with st.container(key="usage-table"):
        st.markdown(_table(lines, group or "Model", labels))
    if len(lines) > ROWS:
        st.caption(f"{len(lines) - ROWS:,} more lines are in the file.")
    st.caption(
        "Costs are the sum of what has known prices. Days are those of UTC. "
        "The ledger stays as it is when a conversation is deleted; it holds no texts."
    )
    _draw_export(entered, since)


def _draw_export(entered: Entered, since: datetime | None) -> None:
    st.download_button(
        "Download as CSV",
        data=lambda: entered.services.usage.export(entered.person, since),
        file_name=f"usage-{datetime.now(UTC):%Y-%m-%d}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="usage-csv",
    )


def _draw_totals(lines: Sequence[UsageLine]) -> None:
    costs = [line.cost for line in lines if line.cost is not None]
    not_priced, estimated, count = (
        sum(getattr(line, name) for line in lines) for name in ("not_priced", "estimated", "lines")
    )
    totals = {
        "Cost": escape(wording.dollars(sum(costs, Decimal(0)))) if costs else "not priced",
        "Requests": f"{sum(line.requests for line in lines):,}",
        "Tokens read": f"{sum(line.input_tokens for line in lines):,}",
        "Tokens written": f"{sum(line.output_tokens for line in lines):,}",
    }
    row = st.container(horizontal=True, gap="large")
    for name, value in totals.items():
        row.metric(name, value, width="content")
    notes = [f"{wording.counted(not_priced, 'use')} not priced, so not in the cost"] if not_priced else []
    notes += (
        [f"{100 * estimated / count:.0f} % of the uses are estimated: their stream gave no usage"] if estimated else []
    )
    if notes:
        st.caption(". ".join(notes) + ".")


def _table(lines: Sequence[UsageLine], group: str, labels: dict[str, str]) -> str:
    header = f"| {group} | Cost | Requests | Read (cached) | Written (reasoning) |\n| --- | --: | --: | --: | --: |"
    return "\n".join([header, *(_row(line, labels) for line in lines[:ROWS])])


def _row(line: UsageLine, labels: dict[str, str]) -> str:
    first, *rest = line.key
    name = " · ".join(escape(word) for word in [labels.get(first, first), *rest])
    cached = f" ({line.cached_tokens:,})" if line.cached_tokens else ""
    reasoning = f" ({line.reasoning_tokens:,})" if line.reasoning_tokens else ""
    cells = [
        name,
        _cost(line),
        f"{line.requests:,}",
        f"{line.input_tokens:,}{cached}",
        f"{line.output_tokens:,}{reasoning}",
    ]
    return f"| {' | '.join(cells)} |"


def _cost(line: UsageLine) -> str:
    """The cost of the priced part; what has no price is told and never counted as nothing."""
    if line.cost is None:
        return "not priced"
    if line.cost == 0 and not line.not_priced:
        return "free"
    part = f", {line.not_priced:,} of {line.lines:,} not priced" if line.not_priced else ""
    return f"{'about ' if line.estimated else ''}{escape(wording.dollars(line.cost))}{part}"
