"""Secrets and personal data in documents, as those who may change the documents see them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from assistant.domain import Role
from assistant.library import Finding, FindingDocument
from assistant.redaction import Kind
from pages.components import frame, wording
from pages.components.guard import Entered
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

SHOWN = 5
"""Documents, and places of each, that are shown before the rest is counted."""
KINDS = {
    Kind.SECRET: "password or key",
    Kind.CARD: "card number",
    Kind.IBAN: "bank account",
    Kind.NATIONAL_ID: "national number",
}
WHAT_NOW = (
    "Whoever may read the document can read it there, and answers may quote it. If that is not meant: change the "
    "password or key, then upload the document again without it, restrict who may read it, or delete it."
)


def draw_findings(entered: Entered) -> None:
    """Draw in which documents secrets or personal data stand; nothing where there are none."""
    documents = entered.services.findings.documents(entered.person)
    if not documents:
        return
    count = wording.counted(len(documents), "document")
    hold = "holds" if len(documents) == 1 else "hold"
    with st.expander(f"{count} {hold} what looks like secrets or personal data", icon=":material/key:"):
        st.caption(WHAT_NOW)
        for one in documents[:SHOWN]:
            st.page_link(frame.DOCUMENT, label=escape(one.name), query_params={"document": one.document_id})
            _draw_places(one)
        if len(documents) > SHOWN:
            st.caption(f"and {len(documents) - SHOWN:,} more")


def draw_found(entered: Entered, document_id: str) -> None:
    """Draw what was found in one document, on its own page."""
    if not entered.person.may_edit_documents:
        return
    one = entered.services.findings.document(entered.person, document_id)
    if one is not None:
        with st.expander("This document holds what looks like secrets or personal data", icon=":material/key:"):
            st.caption(WHAT_NOW)
            _draw_places(one)


def draw_policy(entered: Entered) -> None:
    """Let admins say whether models outside the house are given the secrets that stand in documents."""
    if entered.person.role is not Role.ADMIN:
        return
    kept = entered.services.findings.kept_from_cloud(entered.person)
    wanted = st.toggle(
        "Hide passwords and keys in documents from models outside the house",
        kept,
        key=f"redact-{kept}",
        help="They are blacked out in what is sent to a provider. Models of your own and people see them.",
    )
    if wanted != kept:
        with told_here():
            entered.services.findings.keep_from_cloud(entered.person, wanted=wanted)
            st.rerun()


def _draw_places(one: FindingDocument) -> None:
    with st.container(key=f"findings-{one.document_id}", gap="small"):
        st.markdown("\n".join(f"- {_told(finding)}" for finding in one.findings[:SHOWN]))
        if len(one.findings) > SHOWN:
            more = wording.counted(len(one.findings) - SHOWN, "more place")
            st.caption(f"and {more}: {_counted(one.findings[SHOWN:])}")
        row = st.container(horizontal=True, gap="small")
        for page in sorted({finding.page for finding in one.findings if finding.page is not None})[:SHOWN]:
            address = {"document": one.document_id, "page": str(page)}
            row.page_link(frame.DOCUMENT, label=f"Page {page}", query_params=address)


def _told(finding: Finding) -> str:
    page = "" if finding.page is None else f", page {finding.page}"
    return escape(f"{KINDS[finding.kind].capitalize()} {finding.shown}{page}")


def _counted(findings: Sequence[Finding]) -> str:
    kinds = [finding.kind for finding in findings]
    return ", ".join(wording.counted(kinds.count(kind), KINDS[kind]) for kind in KINDS if kind in kinds)
