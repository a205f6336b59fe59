"""A turn that runs: the page only follows it, so leaving, reloading or stopping the page never loses it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Collection

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import StopException, get_script_run_ctx

from assistant.chat.running import RunningTurn
from assistant.domain import Citation, Support, Turn, TurnStatus
from assistant.events import (
    ApprovalNeeded,
    Event,
    FellBack,
    Planned,
    ReasoningDelta,
    Sources,
    StepFinished,
    StepStarted,
    Supported,
    TextDelta,
    Waiting,
)
from pages.components.answers import ASSISTANT_ICON, draw_question, draw_steps
from pages.components.badge import ROUTES, draw_fall_back
from pages.components.guard import Entered, fragment
from pages.components.problems import told_later
from pages.components.reasoning import LiveReasoning
from pages.components.safe_markdown import blocks, escape
from pages.components.sources import Chips
from pages.components.support import notes
from pages.components.waiting import Countdown

POLL_SECONDS = 0.1
"""How long a wait for news may last: the page's Stop is noticed between two waits."""
BATCH_SECONDS = 0.08
"""Least time between two draws: batches of 80 to 100 ms sent 1.2 MB for 2,000 tokens, single tokens 12 MB."""
WATCH_SECONDS = 0.3
"""How soon after the page's Stop the turn is stopped too."""
LOOK_SECONDS = 1.0
"""How often is looked whether the person may still act."""
DISCONNECT_SECONDS = 0.05
"""Streamlit stops the script first and drops the session right after."""
WAY_SECONDS, SENDING_SECONDS = 0.08, 0.01
"""How long a page gives way to a turn: at most until the question is put together, and then for its sending."""
ENDS_WAIT = (TextDelta, ReasoningDelta, FellBack, ApprovalNeeded)
"""What shows that the model was asked again."""


class LiveAnswer:
    """The elements of a running answer; only what changed is sent."""

    def __init__(self, turn_id: str, links: Collection[str] = ()) -> None:
        """``links`` are the hosts to which addresses in the answer may be links."""
        self._turn_id = turn_id
        self._links = links
        self._status = st.status("Reading the question", type="compact")
        self._steps = self._status.container()  # leaving the status itself as a block would mark it as done
        self._countdown = Countdown()
        self._notices = st.container()
        self._reasoning = LiveReasoning()
        self._text = st.container(gap="small")
        self._below = st.container()
        self._answer = ""
        self._slots: list[DeltaGenerator] = []
        self._shown: list[str] = []
        self._citations: tuple[Citation, ...] = ()
        self._support: tuple[Support, ...] = ()
        self._chips: Chips | None = None

    def take(self, event: Event, age: float) -> None:
        """Note what happened ``age`` seconds ago; all but text is drawn at once."""
        if isinstance(event, TextDelta):
            self._answer += event.text
        elif isinstance(event, ReasoningDelta):
            self._reasoning.add(event.text)
        elif isinstance(event, Sources):
            self._citations = event.citations
        elif isinstance(event, StepStarted):
            self._status.update(label=escape(event.step.title))
        elif isinstance(event, StepFinished):
            self._status.update(label=escape(event.step.title))
            with self._steps:
                draw_steps([event.step])
        elif isinstance(event, Planned):
            self._status.update(label=f"Route: {ROUTES[event.plan.route]}")
        else:
            self._take_turning(event, age)
        if isinstance(event, ENDS_WAIT) or self._countdown.over:
            self._countdown.end()

    def _take_turning(self, event: Event, age: float) -> None:
        """Note what was looked up, and what makes the turn go another way."""
        if isinstance(event, Supported):
            self._support = event.support
        elif isinstance(event, Waiting):
            self._countdown.start(event, age)
        elif isinstance(event, FellBack):
            with self._notices:
                draw_fall_back(event.fall_back)
        elif isinstance(event, ApprovalNeeded):
            self._status.update(label="Waiting for your decision")

    def tick(self) -> None:
        """Let time pass: a countdown goes on while nothing happens."""
        self._countdown.tick()

    def draw(self) -> bool:
        """Send the blocks that changed and the chips that are new; say whether any words are shown by now."""
        thinks = self._reasoning.draw()
        numbers = [citation.n for citation in self._citations]
        fresh = blocks(self._answer, numbers, notes(self._answer, self._support), self._links)
        for place, block in enumerate(fresh):
            if place == len(self._slots):
                self._slots.append(self._text.empty())
                self._shown.append("")
            if self._shown[place] != block:
                self._slots[place].markdown(block)
                self._shown[place] = block
        if self._citations:
            self._draw_chips()
        return thinks or bool(self._slots)

    def _draw_chips(self) -> None:
        with self._below:
            self._chips = self._chips or Chips(self._turn_id)
        self._chips.show(self._citations)


def give_way(running: RunningTurn, seen: int = 0) -> None:
    """Leave the processor to a turn at work, until its question is on the way to the model; ``seen`` are old events.

    A page that is drawn beside it makes the model's answer come 20 ms later; the wait for the model is long enough to
    draw in.
    """
    until = time.monotonic() + WAY_SECONDS
    while not running.finished and (left := until - time.monotonic()) > 0:
        events = running.wait(seen, left)
        seen += len(events)
        if any(isinstance(event, StepStarted) and event.step.kind == "agent" for event in events):
            until = min(until, time.monotonic() + SENDING_SECONDS)


def follow(entered: Entered, turn: Turn, *, with_stop: bool) -> None:
    """Draw the running turn until it has ended, then draw the page anew.

    ``with_stop`` adds a Stop button, for when the composer's own does not stand there (after a reload).
    """
    with st.container(key=f"turn-live-{turn.id}"):
        draw_question(turn.question)
        with st.chat_message("assistant", avatar=ASSISTANT_ICON):
            answer = LiveAnswer(turn.id, entered.services.links_allowed.allowed().hosts)
            if with_stop:
                _draw_stop(entered, turn.id)
        _follow(entered, turn.id, answer)
    st.rerun()


def _follow(entered: Entered, turn_id: str, answer: LiveAnswer) -> None:
    watch = _Watch(entered, turn_id)
    watch.draw()
    session_id = _session_id()
    try:
        running = entered.services.chat.following(entered.person, turn_id)
        if running is None:
            _await_elsewhere(entered, turn_id)
        else:
            _draw_events(entered, running, answer)
    except StopException:
        time.sleep(DISCONNECT_SECONDS)
        watch.tab_was_lost = not _connected(session_id)
        raise


def _draw_events(entered: Entered, running: RunningTurn, answer: LiveAnswer) -> None:
    seen = 0
    drawn = 0.0
    still = _StillSignedIn(entered)
    while not (running.finished and seen and not running.wait(seen, 0)):
        st.session_state["following"] = running.turn_id  # a point where Streamlit can stop this run
        news = bool(running.wait(seen, POLL_SECONDS))
        answer.tick()
        still.look()
        if not news:
            continue
        if not drawn and any(isinstance(event, StepFinished) for event in running.wait(seen, 0)):
            give_way(running, seen)  # it was planned by a model; the answering one is asked next
        if drawn and not running.finished:  # what comes meanwhile is drawn with the rest
            time.sleep(max(0.0, BATCH_SECONDS - (time.monotonic() - drawn)))
        events = running.wait(seen, 0)
        for place, event in enumerate(events, seen):
            answer.take(event, running.age(place))
        seen += len(events)
        if answer.draw():
            drawn = time.monotonic()


def _await_elsewhere(entered: Entered, turn_id: str) -> None:
    """Wait for a turn of another process (the command line), whose events are not here."""
    while entered.services.chat.turn(entered.person, turn_id).status is TurnStatus.RUNNING:
        st.session_state["following"] = turn_id
        time.sleep(POLL_SECONDS)


class _StillSignedIn:
    """Notices that the person was signed out while an answer is being written: they read no further."""

    def __init__(self, entered: Entered) -> None:
        self._entered = entered
        self._looked = time.monotonic()

    def look(self) -> None:
        """Look now and then; raises SignedOut."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            self._entered.services.rights.standing(self._entered.person)


class _Watch:
    """Notices that the page's script was stopped while its turn runs on: the composer's Stop does only that.

    A fragment that repeats itself runs only while the page's own script does not. A closed tab runs nothing; after
    a lost and renewed connection the page is drawn anew, which takes the turn up again.
    """

    def __init__(self, entered: Entered, turn_id: str) -> None:
        self._entered = entered
        self._turn_id = turn_id
        self.tab_was_lost = False

    def draw(self) -> None:
        runs = itertools.count()

        @fragment(run_every=WATCH_SECONDS)
        def watch() -> None:
            if next(runs) == 0:
                return
            if not self.tab_was_lost:
                self._entered.services.chat.stop(self._entered.person, self._turn_id)
            st.rerun(scope="app")

        watch()


def _draw_stop(entered: Entered, turn_id: str) -> None:
    st.button("Stop", key=f"stop-{turn_id}", icon=":material/stop_circle:", on_click=_stop, args=(entered, turn_id))


def _stop(entered: Entered, turn_id: str) -> None:
    with told_later():
        entered.services.chat.stop(entered.person, turn_id)


def _session_id() -> str:
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def _connected(session_id: str) -> bool:
    return exists() and get_instance().is_active_session(session_id)
