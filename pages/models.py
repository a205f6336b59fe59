"""Models: which providers there are, what people may use of them, and what that costs. For admins."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Role
from pages.components import caution, embeddings, frame, model_providers, model_rules, picker, problems, usage_ledger
from pages.components.guard import Entered, enter
from pages.components.safe_markdown import escape

SECTIONS = {
    "Providers": model_providers.draw,
    "Rules": model_rules.draw,
    "Caution": caution.draw,
    "Embeddings": embeddings.draw_embeddings,
    "Usage": usage_ledger.draw,
}
ONLY_ADMINS = "Only admins see this page: it is about which models everyone may use, and what they cost."


def main() -> None:
    """Draw the page; of its sections only the open one."""
    entered = enter()
    frame.header(picker.goes_to(entered, entered.services.models.offer(entered.person)))
    st.title("Models", anchor=False)
    if entered.person.role is not Role.ADMIN:
        st.info(ONLY_ADMINS, icon=":material/lock:")
        return
    problems.tell_kept()
    _draw_notices(entered)
    for tab, draw in zip(
        st.tabs(list(SECTIONS), on_change="rerun", key="models-section"), SECTIONS.values(), strict=True
    ):
        if tab.open:
            with tab:
                draw(entered)


def _draw_notices(entered: Entered) -> None:
    for notice in entered.services.models.notices(entered.person):
        st.warning(escape(notice), icon=":material/warning:")


main()
