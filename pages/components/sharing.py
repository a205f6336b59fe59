"""Conversations shown to others: the dialog of their owner, the list of those who read them, and what they see."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import streamlit as st

from assistant.access import EVERYONE, Audience, Share, SharedConversation
from assistant.chat.sharing import NEUTRAL
from assistant.domain import Conversation, Turn, TurnStatus
from assistant.errors import NotFound
from pages.components import problems, wording
from pages.components.answers import ASSISTANT_ICON, draw_blocks, draw_question, draw_withheld
from pages.components.guard import Entered
from pages.components.safe_markdown import escape
from pages.components.sources import Chips, look_up, open_dialog_if_asked

ADDRESS, CONVERSATION = "shared", "conversation"
"""Query parameters of the conversation of somebody else that is read, and of the person's own that is open."""
SHARING, TOLD, SHOWN = "sharing", "share_told", "shared_turns_shown"
WHO, ADDRESS_FIELD, GROUP_FIELD = "share-with", "share-address", "share-group"
PERSON, GROUP, ALL = "A person", "A group", "Everyone here"
PAGE_OF_TURNS = 10
TITLE_WIDTH = 38
READERS = "Readers see your questions, and of the answers those whose documents they may read themselves."
STATES = {
    TurnStatus.AWAITING_APPROVAL: "This waits for a decision of the person who asked.",
    TurnStatus.STOPPED: "This answer was stopped before its end.",
    TurnStatus.CUT: "This answer was cut off before its end.",
    TurnStatus.FAILED: "This question could not be answered.",
    TurnStatus.REFUSED: "This question was not taken.",
}


def current() -> str | None:
    """Return the id of the shared conversation in the address."""
    return st.query_params.get(ADDRESS) or None


def begin(conversation: Conversation) -> None:
    """Open the dialog of a conversation with the next draw."""
    st.session_state.pop(TOLD, None)
    st.session_state[SHARING] = conversation


def draw_dialog_if_asked(entered: Entered) -> None:
    """Draw the dialog in which the owner says to whom a conversation is shown."""
    if SHARING in st.session_state:
        st.dialog("Share conversation", on_dismiss=_end)(_draw_dialog)(entered, st.session_state[SHARING])


def draw_list(entered: Entered) -> None:
    """Draw the sidebar's list of what others show to this person; nothing where there is nothing."""
    shown = entered.services.chat.sharing.shared_with(entered.person)
    if not shown:
        return
    st.caption("Shared with you")
    with st.container(gap=None, key="shared"):
        for one in shown:
            title = one.title
            st.button(
                escape(title if len(title) <= TITLE_WIDTH else title[: TITLE_WIDTH - 1].rstrip() + "…"),
                key=f"shared-{one.id}",
                type="secondary" if one.id == current() else "tertiary",
                width="stretch",
                help=f"{escape(title)} · shared by {escape(one.owner)}",
                on_click=_open,
                args=(one.id,),
            )


def draw_shared(entered: Entered, conversation_id: str) -> None:
    """Draw a conversation as its readers see it."""
    sharing, limit = entered.services.chat.sharing, st.session_state.get(SHOWN, PAGE_OF_TURNS)
    try:
        conversation = sharing.conversation(entered.person, conversation_id)
        turns = sharing.turns(entered.person, conversation_id, limit=limit + 1)
    except NotFound as error:
        st.warning(problems.sentence(error), icon=":material/search_off:")
        return
    look_up(entered, turns)
    open_dialog_if_asked(entered, turns, sharing.turn)
    _draw_notice(entered, conversation)
    if len(turns) > limit:
        st.button("Show earlier messages", type="tertiary", on_click=_show_earlier)
    for turn in turns[-limit:]:
        _draw_turn(entered, turn)


def _draw_notice(entered: Entered, conversation: SharedConversation) -> None:
    st.subheader(escape(conversation.title), anchor=False)
    said = f"{escape(conversation.owner)} shared this conversation. You can read it, but not go on with it."
    with suppress(NotFound):
        entered.services.chat.conversation(entered.person, conversation.id)
        said = "This is your own conversation, as those see it to whom you show it."
    st.info(said, icon=":material/group:")


def _draw_turn(entered: Entered, turn: Turn) -> None:
    with st.container(key=f"turn-shared-{turn.id}"):
        draw_question(turn.question)
        with st.chat_message("assistant", avatar=ASSISTANT_ICON):
            if turn.withheld:
                draw_withheld(turn)
                return
            draw_blocks(entered, turn)
            if turn.citations:
                Chips(turn.id).show(turn.citations)
            if turn.status in STATES:
                st.caption(STATES[turn.status])
            st.markdown(f":small[:gray[{escape(wording.moment(turn.created_at))}]]")


def _draw_dialog(entered: Entered, conversation: Conversation) -> None:
    st.markdown(f"**{escape(conversation.title)}**  \n:gray[{READERS}]")
    with problems.told_here():
        sharing = entered.services.chat.sharing
        shares = sharing.shares(entered.person, conversation.id)
        _draw_shares(entered, conversation, shares)
        _draw_adding(entered, conversation)
        problems.tell_kept()
        if TOLD in st.session_state:
            st.success(st.session_state[TOLD], icon=":material/check:")
        if shares:
            st.caption("The address for those to whom it is shown:")
            st.code(_link(conversation.id), language=None, wrap_lines=True)


def _draw_shares(entered: Entered, conversation: Conversation, shares: list[Share]) -> None:
    if not shares:
        st.caption("So far only you can read it.")
    for place, share in enumerate(shares):
        row = st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute", key=f"share-{place}"
        )
        row.markdown(escape(share.label), width="content")
        row.button(
            "Remove",
            key=f"unshare-{share.audience.kind}-{share.audience.name}",
            type="tertiary",
            icon=":material/close:",
            on_click=_unshare,
            args=(entered, conversation.id, share.audience),
        )


def _draw_adding(entered: Entered, conversation: Conversation) -> None:
    groups = {group.id: group.name for group in entered.services.chat.sharing.groups(entered.person)}
    who = st.segmented_control(
        "Share with", [PERSON, *([GROUP] if groups else []), ALL], default=PERSON, required=True, key=WHO
    )
    if who == PERSON:
        st.text_input("Mail address", key=ADDRESS_FIELD, max_chars=320, placeholder="name@company.com")
    elif who == GROUP:
        st.selectbox("Group", list(groups), format_func=lambda id_: escape(groups[id_]), key=GROUP_FIELD)
    st.button("Share", type="primary", key="share", on_click=_share, args=(entered, conversation.id))


def _share(entered: Entered, conversation_id: str) -> None:
    st.session_state.pop(TOLD, None)
    who = st.session_state[WHO]
    audience = EVERYONE
    if who == PERSON:
        audience = Audience("person", str(st.session_state[ADDRESS_FIELD] or ""))
    elif who == GROUP:
        audience = Audience("group", str(st.session_state[GROUP_FIELD] or ""))
    with problems.told_later():
        entered.services.chat.sharing.share(entered.person, conversation_id, audience)
        st.session_state[TOLD] = NEUTRAL if who == PERSON else "They can read this conversation from now on."
        if who == PERSON:
            st.session_state[ADDRESS_FIELD] = ""


def _unshare(entered: Entered, conversation_id: str, audience: Audience) -> None:
    st.session_state.pop(TOLD, None)
    with problems.told_later():
        entered.services.chat.sharing.unshare(entered.person, conversation_id, audience)


def _link(conversation_id: str) -> str:
    """The address of the shared conversation on the host by which the person came."""
    here = urlsplit(st.context.url or "")
    host = f"{here.scheme}://{here.netloc}" if here.netloc else ""
    return f"{host}/?{ADDRESS}={conversation_id}"


def _open(conversation_id: str) -> None:
    st.session_state.pop(SHOWN, None)
    st.query_params.pop(CONVERSATION, None)
    st.query_params[ADDRESS] = conversation_id


def _show_earlier() -> None:
    st.session_state[SHOWN] = st.session_state.get(SHOWN, PAGE_OF_TURNS) + PAGE_OF_TURNS


def _end() -> None:
    st.session_state.pop(SHARING, None)
