"""The audit log as a list: searched, looked at line by line, exported, verified."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

import streamlit as st

from assistant.access import AuditEntry, AuditQuery, Verdict
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import told_later
from pages.components.safe_markdown import escape

PAGE = 50
SHOWN, VERDICT = "audit-shown", "audit-verdict"
WHAT = (
    "Every change, sign-in, upload, download, export and look is one line here, written together with what it tells "
    "of. Lines are only ever added: each carries a digest over itself and the line before."
)
ANY = "Everything"
NOBODY, ITSELF = "nobody signed in", "the app itself"
"""Who did what no person did: tries to sign in, and what the app does by itself."""


def draw(entered: Entered) -> None:
    """Draw the search, the lines and what can be done with them."""
    st.markdown(WHAT)
    query = _query(entered)
    entries = entered.services.audit.entries(entered.person, query)
    _draw_acts(entered, query)
    if not entries:
        st.info("No line of the log is like that.", icon=":material/search_off:")
        return
    with st.container(gap="xsmall", key="audit-lines"):
        for entry in entries[: query.limit - 1]:
            _draw_entry(entry)
    if len(entries) == query.limit:
        st.button("Show more", type="tertiary", on_click=_show_more, key="audit-more")


def _query(entered: Entered) -> AuditQuery:
    row = st.container(horizontal=True, vertical_alignment="bottom", key="audit-search")
    words = row.text_input("Search", placeholder="A person, a document, an act", key="audit-words")
    action = row.selectbox("Act", [ANY, *entered.services.audit.actions(entered.person)], key="audit-action")
    days = row.date_input("Days (UTC)", value=[], key="audit-days", help="The first and the last day", width=250)
    since, until = _span(days if isinstance(days, tuple) else (days,))
    limit = st.session_state.get(SHOWN, PAGE) + 1
    return AuditQuery(words.strip(), "" if action == ANY else str(action), since, until, None, limit)


def _span(days: Sequence[object]) -> tuple[datetime | None, datetime | None]:
    """The moments from the beginning of the first day to the end of the last."""
    moments = [datetime.combine(day, time(), UTC) for day in days if hasattr(day, "year")]  # type: ignore[arg-type]  # dates
    return (moments[0], moments[-1] + timedelta(days=1)) if moments else (None, None)


def _draw_acts(entered: Entered, query: AuditQuery) -> None:
    row = st.container(horizontal=True, vertical_alignment="center", key="audit-acts")
    row.download_button(
        "Export as CSV",
        data=lambda: entered.services.audit.export(entered.person, query),
        file_name=f"audit-{datetime.now(UTC):%Y-%m-%d}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        key="audit-csv",
    )
    row.button("Verify the log", icon=":material/verified:", on_click=_verify, args=(entered,), key="audit-verify")
    verdict: Verdict | None = st.session_state.get(VERDICT)
    if verdict is None:
        return
    if verdict.broken is not None:
        st.error(f"Line {verdict.broken} is not as it was written: the log was changed.", icon=":material/gpp_bad:")
        return
    st.success(f"All {wording.counted(verdict.lines, 'line')} are as they were written.", icon=":material/verified:")
    st.caption("Keep the newest digest outside this machine; with it a log that was cut is noticed, too:")
    st.code(verdict.head or "none yet", language=None, wrap_lines=True)


def _draw_entry(entry: AuditEntry) -> None:
    with st.container(border=True, gap="xsmall", key=f"audit-{entry.id}"):
        st.markdown(f"**{escape(wording.act(entry.action))}** {escape(_told(entry))}")
        rights = _rights(entry.rights)
        facts = [
            wording.moment(entry.at),
            entry.person or _no_person(entry.action),
            *([rights] if rights else []),
            f"line {entry.id}",
        ]
        st.caption(escape(" · ".join(facts)))
        if entry.details:
            with st.expander("Details"):
                st.code(json.dumps(entry.details, ensure_ascii=False, indent=1, sort_keys=True), language=None)


def _told(entry: AuditEntry) -> str:
    name = entry.details.get("name")
    return str(name) if isinstance(name, str) and name else entry.about or entry.subject


def _no_person(action: str) -> str:
    return NOBODY if action.startswith("sign_in.") else ITSELF


def _rights(rights: Mapping[str, object]) -> str:
    groups = rights.get("groups")
    named = ", ".join(map(str, groups)) if isinstance(groups, list) and groups else ""
    role = str(rights.get("role", "")).replace("_", " ")
    return f"{role} in {named}" if named else role


def _verify(entered: Entered) -> None:
    with told_later():
        st.session_state[VERDICT] = entered.services.audit.verify(entered.person)


def _show_more() -> None:
    st.session_state[SHOWN] = st.session_state.get(SHOWN, PAGE) + PAGE
