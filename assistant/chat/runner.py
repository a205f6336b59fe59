"""The process's one event loop on which turns run, detached from the pages that follow them."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import anyio.to_thread
from anyio.from_thread import BlockingPortal, start_blocking_portal

from assistant import log as logs
from assistant.chat import orphans
from assistant.chat.deps import TurnDeps
from assistant.chat.guard import check_choice
from assistant.chat.head_start import HeadStart
from assistant.chat.moderation import moderation_of
from assistant.chat.running import RunningTurn
from assistant.domain import Decision, Person, Turn, TurnStatus
from assistant.errors import DecisionRefused, QuestionRefused, StartError
from assistant.events import TurnStarted
from assistant.providers.clients import close_clients
from assistant.storage.conversations import Owner, Question, Started
from assistant.storage.database import DatabaseTrouble
from assistant.storage.rates import Meter

if TYPE_CHECKING:
    from assistant.chat.approval import Decided
    from assistant.chat.history import Said
    from assistant.chat.turn import Begun, TurnRun

CLOSE_SECONDS = 5.0
"""A turn that was asked to stop ends within milliseconds; past this it is cancelled hard."""
SAME_START_SECONDS = 5.0
"""A process's start is computed from the boot time, which the kernel corrects by small steps."""
MS_A_SECOND = 1000
HEAD_START_THREADS = 6
"""Three a question; more at once would only share the processors."""
NOT_DECIDED = (
    "Your decision could not be stored, so nothing was done: the disk may be full or the database busy. "
    "Try again; if it stays, give an admin the number {reference}."
)
NOT_STORED = (
    "The question could not be stored, so it was not asked: the disk may be full or the database busy. "
    "Try again; if it stays, give an admin the number {reference}."
)

log = logging.getLogger(__name__)


class Runner:
    """Owns the loop thread and the turns that run on it."""

    def __init__(self, deps: TurnDeps) -> None:
        self._deps = deps
        self._moderation = moderation_of(deps.settings)
        self._lock = threading.Lock()
        self._exit = ExitStack()
        self._portal: BlockingPortal | None = None
        self._threads = ThreadPoolExecutor(HEAD_START_THREADS, "head-start")
        self._closed = False
        self._running: dict[str, RunningTurn] = {}
        self._unsaved: dict[str, TurnRun] = {}  # ends that could not be stored yet (full disk)

    def start(self) -> int:
        """Open the loop and end what dead processes left running; returns how many turns that were."""
        self._open()
        return self._deps.stored.cut_orphans(_alive, orphans.cut)

    def ask(
        self, person: Person, question: Question, history: Sequence[tuple[str, str]] | None, began: float
    ) -> RunningTurn:
        """Store the question and start its turn; raises as ``ChatService.ask``, StartError after ``close``."""
        from assistant.chat.turn import Begun

        check_choice(question.choice)
        portal = self._open()
        head_start = HeadStart(self._threads, self._deps, person, question.standalone or question.text)
        try:
            started = self._store(person, question)
        except DatabaseTrouble as error:
            refused = QuestionRefused(NOT_STORED.format(reference=logs.record(log, error)))
            raise refused from error
        said = started.history if history is None else list(history)
        running = self._followed(started.turn, began)
        begun = Begun(question, head_start, started.said_from)
        make = partial(self._made, person, started.turn, said, running, start=begun)
        portal.start_task_soon(self._run, make, running)
        return running

    def resume(self, person: Person, waiting: Turn, decisions: Sequence[Decision], began: float) -> RunningTurn:
        """Let a turn go on whose calls were decided; raises DecisionRefused when that was done already."""
        from assistant.chat.approval import Decided

        portal = self._open()
        limit = self._deps.settings.running_per_person
        try:
            owner = this_process()
            taken = self._deps.stored.take_up(person.id, waiting.id, waiting.pending, owner, limit, decisions)
        except DatabaseTrouble as error:
            raise DecisionRefused(NOT_DECIDED.format(reference=logs.record(log, error))) from error
        turn = replace(taken.turn, status=TurnStatus.RUNNING, pending=())
        running = self._followed(turn, began - (turn.timings.total or 0.0) / MS_A_SECOND)
        decided = Decided(taken, tuple(decisions))
        portal.start_task_soon(self._run, partial(self._made, person, turn, (), running, start=decided), running)
        return running

    def _made(
        self, person: Person, turn: Turn, said: Sequence[Said], running: RunningTurn, start: Begun | Decided
    ) -> TurnRun:
        from assistant.chat.turn import TurnRun

        if self._moderation is None:
            return TurnRun(self._deps, person, turn, said, running, start)
        from assistant.chat.moderated import ModeratedTurn

        return ModeratedTurn(self._deps, person, turn, said, running, start).moderate_by(self._moderation)

    def _followed(self, turn: Turn, began: float) -> RunningTurn:
        running = RunningTurn(turn.id, turn.conversation_id, began)
        self._running[running.turn_id] = running
        running.publish(TurnStarted(running.turn_id, running.conversation_id))
        return running

    def _store(self, person: Person, question: Question) -> Started:
        self._save_unsaved()
        settings = self._deps.settings
        return self._deps.stored.start_turn(
            person.id,
            question,
            this_process(),
            running_limit=settings.running_per_person,
            history_messages=settings.history_messages,
            readable=self._deps.showing.readable(person),
            meter=Meter("question", settings.questions_per_minute, clock=self._deps.clock),
        )

    def running(self, turn_id: str) -> RunningTurn | None:
        """Return the turn when it runs here."""
        return self._running.get(turn_id)

    def warm(self) -> None:
        """Import and run once what the first question needs."""
        from assistant.chat.warming import rehearse

        import_module("assistant.chat.turn")
        this_process()
        self._open().call(rehearse, self._deps)

    def beside(self, work: Callable[[], None]) -> None:
        """Do something in a thread beside the turns, so that no question waits for it."""
        self._open().start_task_soon(anyio.to_thread.run_sync, work)

    def close(self) -> None:
        """End all turns as ``cut`` and stop the loop; safe to call twice."""
        for running in list(self._running.values()):
            running.stop(TurnStatus.CUT)
        for running in list(self._running.values()):
            self._ended(running)
        with self._lock:
            self._closed = True
            self._portal = None
            self._threads.shutdown(cancel_futures=True)
            self._exit.close()
        try:
            self._save_unsaved()
        except DatabaseTrouble as error:  # the rows stay running; the next start ends them as cut
            logs.record(log, error)

    def _ended(self, running: RunningTurn) -> None:
        try:
            running.result(CLOSE_SECONDS)
        except TimeoutError:
            log.warning("turn %s did not end when asked; it is cancelled", running.turn_id)
            if self._portal is not None:
                self._portal.call(partial(self._portal.stop, cancel_remaining=True))

    def _open(self) -> BlockingPortal:
        with self._lock:
            if self._closed:
                raise StartError("The application is closing; ask again when it runs.")
            if self._portal is None:
                self._portal = self._exit.enter_context(start_blocking_portal(name="turns"))
                self._exit.callback(_hang_up, self._portal)
            return self._portal

    async def _run(self, make: Callable[[], TurnRun], running: RunningTurn) -> None:
        run = make()
        try:
            await run.run()
        finally:
            if self._running.get(running.turn_id) is running:  # not when it was taken up again meanwhile
                del self._running[running.turn_id]
            if not run.stored:
                self._unsaved[running.turn_id] = run

    def _save_unsaved(self) -> None:
        """Store the ends that could not be; one that can never be must not hold up everyone's questions."""
        for turn_id, run in list(self._unsaved.items()):
            try:
                run.save_end()
            except DatabaseTrouble:
                raise
            except Exception as error:  # its row stays running; the next start ends it as cut
                logs.record(log, error)
            self._unsaved.pop(turn_id, None)


def _hang_up(portal: BlockingPortal) -> None:
    """Close the providers' connections on the loop that used them."""
    with suppress(RuntimeError):  # the portal was stopped hard, and its connections with it
        portal.call(close_clients)


def this_process() -> Owner:
    """Return this process as the owner of turns."""
    import psutil

    return Owner(os.getpid(), psutil.Process().create_time())


def _alive(owner: Owner) -> bool:
    import psutil

    try:
        process = psutil.Process(owner.pid)
        started = process.create_time()
        ended = process.status() == psutil.STATUS_ZOMBIE  # killed, and its parent has not looked yet
    except psutil.NoSuchProcess:
        return False
    return not ended and abs(started - owner.started) < SAME_START_SECONDS
