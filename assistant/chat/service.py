"""Conversations of a person and the questions asked in them: the door of the chat."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant import clock
from assistant.chat import guard
from assistant.chat.deps import ModelBuilder, TurnDeps
from assistant.chat.patience import RetryPolicy
from assistant.chat.runner import Runner
from assistant.chat.running import RunningTurn
from assistant.chat.sharing import Sharing
from assistant.chat.showing import Showing
from assistant.chat.suggestions import suggested_questions
from assistant.clock import Clock
from assistant.domain import Conversation, Decision, ModelChoice, Person, Route, Turn, TurnStatus
from assistant.errors import DecisionRefused
from assistant.limits.budgets import Budgets
from assistant.models.service import ModelService
from assistant.people.rights import Rights
from assistant.providers.builders import build_model as build_provider_model
from assistant.providers.offline.attacks import AttackClassifier, kept_file
from assistant.providers.offline.routing import RouteClassifier
from assistant.settings import Settings
from assistant.storage.conversations import Conversations, Question
from assistant.storage.database import Database
from assistant.storage.route_examples import RouteExamples
from assistant.storage.running_turns import NOT_WAITING, SOURCE_CLOSED

if TYPE_CHECKING:
    from pydantic_ai import Tool

    from assistant.chat.tools import AgentDeps
    from assistant.knowledge.service import KnowledgeBase
    from assistant.providers.minilm import MiniLM

__all__ = ["ChatService", "ModelBuilder", "RunningTurn"]

PAGE_OF_TURNS = 20
PAGE_OF_CONVERSATIONS = 30


class ChatService:
    """Asks, follows, stops and lists; every function asks for the person's rights, and that the thing is theirs.

    What is someone else's does not exist for the person: NotFound, never NotAllowed. SignedOut is raised by all where
    the person may not act (any more). Answers that rest on a document which the person may not read now are withheld.
    """

    def __init__(
        self,
        database: Database,
        knowledge: KnowledgeBase,
        embedder: MiniLM,
        settings: Settings,
        build_model: ModelBuilder = build_provider_model,
        classifier: RouteClassifier | None = None,
        models: ModelService | None = None,
        retry: RetryPolicy | None = None,
        actions: Sequence[Tool[AgentDeps]] = (),
        clock: Clock = clock.now,
    ) -> None:
        """``actions`` are the tools with an effect, made by ``approval.action``; limits go by the ``clock``."""
        self._rights = Rights(database)
        self._showing = Showing(database, self._rights)
        self.sharing = Sharing(database, self._rights, self._showing)
        self._stored = Conversations(database)
        self._examples = RouteExamples(database)
        self._knowledge = knowledge
        self._settings = settings
        self._models = models or ModelService(database, settings)
        self._deps = TurnDeps(
            stored=self._stored,
            knowledge=knowledge,
            embedder=embedder,
            settings=settings,
            build_model=build_model,
            classifier=classifier or RouteClassifier(embedder, settings.data_dir / "cache"),
            models=self._models,
            budgets=Budgets(database),
            attacks=AttackClassifier(embedder, kept_file(settings.data_dir / "cache", embedder)),
            showing=self._showing,
            retry=retry or RetryPolicy(),
            actions=tuple(actions),
            clock=clock,
        )
        self._runner = Runner(self._deps)

    def start(self) -> int:
        """Open the loop and end the turns that dead processes left running; returns how many those were."""
        self._learn()
        return self._runner.start()

    def warm(self) -> None:
        """Import and run what the first question needs, so that it does not wait; safe to call in a thread."""
        self._runner.warm()

    def close(self) -> None:
        """End the running turns as ``cut``, keep what they have, and stop the loop."""
        self._runner.close()

    def ask(
        self,
        person: Person,
        conversation_id: str | None,
        text: str,
        choice: ModelChoice | None = None,
        history: Sequence[tuple[str, str]] | None = None,
        *,
        limited: bool = True,
    ) -> RunningTurn:
        """Store the question and start its turn; None as ``conversation_id`` begins a new conversation.

        ``history`` (role, text), oldest first, stands in for the stored one. Raises QuestionRefused for an
        empty or over-long question or (when ``limited``) when too much is running already, TooMany after too many
        within a minute, NotFound for a strange conversation.
        """
        began = time.perf_counter()
        person = self._admitted(person)
        question = guard.cleaned(text, self._settings.question_max_characters)
        asked = Question(conversation_id, question, choice or self._models.resolve(None), limited=limited)
        said = None if history is None else [(role, guard.storable(words)) for role, words in history]
        return self._runner.ask(person, asked, said, began)

    def retry(self, person: Person, turn_id: str, choice: ModelChoice | None = None) -> RunningTurn:
        """Ask a turn's question again as a new turn, as if that turn had not been; raises as ``ask`` does."""
        began = time.perf_counter()
        person = self._admitted(person)
        old = self.turn(person, turn_id)
        reworded = old.plan.standalone_question if old.plan and old.plan.reworded else None
        question = Question(
            old.conversation_id,
            old.question,
            choice or old.choice,
            history_before=old.seq,
            standalone=reworded,
            reworded=reworded is not None,
        )
        return self._runner.ask(person, question, None, began)

    def reword(self, person: Person, turn_id: str, text: str, choice: ModelChoice | None = None) -> RunningTurn:
        """Ask a turn's question again, to be read as the person puts it in ``text``; raises as ``ask`` does."""
        began = time.perf_counter()
        person = self._admitted(person)
        old = self.turn(person, turn_id)
        question = Question(
            old.conversation_id,
            old.question,
            choice or old.choice,
            history_before=old.seq,
            standalone=guard.cleaned(text, self._settings.question_max_characters),
            reworded=True,
        )
        return self._runner.ask(person, question, None, began)

    def correct_route(
        self, person: Person, turn_id: str, route: Route, choice: ModelChoice | None = None
    ) -> RunningTurn:
        """Learn that a turn's question takes another route, and ask it again on that route; raises as ``ask`` does.

        The same question takes it from now on, for everyone; others are pulled towards it.
        """
        began = time.perf_counter()
        person = self._admitted(person)
        old = self.turn(person, turn_id)
        understood = old.plan.standalone_question if old.plan else old.question
        self._examples.add(understood, route, person.id, turn_id)
        self._learn()
        self._runner.beside(self._deps.classifier.warm)
        asked = Question(
            old.conversation_id,
            old.question,
            choice or old.choice,
            history_before=old.seq,
            route=route,
            standalone=understood,
            reworded=old.plan is not None and old.plan.reworded,
        )
        return self._runner.ask(person, asked, None, began)

    def decide(self, person: Person, turn_id: str, decisions: Sequence[Decision]) -> RunningTurn:
        """Let a turn that waits for approval go on, with one decision for each of its calls; it keeps its id.

        The running turn tells again what was said before. Raises DecisionRefused, with the turn waiting on, for
        arguments that the tool does not take or a call that was left out; also when it was decided already. Raises
        NotFound, ProviderUnavailable when the model that asked is not to be had or not allowed any more,
        QuestionRefused when too much runs. A turn that rests on what the person may not read any more lapses.
        """
        from assistant.chat.approval import checked

        began = time.perf_counter()
        person = self._admitted(person)
        turn, deps = self._stored.turn(person.id, turn_id), self._deps
        if turn.status is not TurnStatus.AWAITING_APPROVAL:
            raise DecisionRefused(NOT_WAITING)
        if self._showing.is_hidden(person, turn):
            self._stored.let_lapse(turn_id, SOURCE_CLOSED)
            raise DecisionRefused(SOURCE_CLOSED)
        made = checked(turn.pending, decisions, deps.actions)
        self._models.check_still_allowed(turn.choice)
        deps.build_model(turn.choice, deps.settings, deps.embedder)
        return self._runner.resume(person, turn, made, began)

    def following(self, person: Person, turn_id: str) -> RunningTurn | None:
        """Return the running turn to follow it (again).

        None when it does not run in this process, or rests on what the person may not read any more.
        """
        turn = self.turn(person, turn_id)
        return None if turn.withheld else self._runner.running(turn_id)

    def stop(self, person: Person, turn_id: str) -> None:
        """Ask a running turn to stop and keep what it has; nothing happens when it has already ended."""
        self.turn(person, turn_id)
        self._stop_all([turn_id])

    def turn(self, person: Person, turn_id: str) -> Turn:
        """Return one turn as stored; raises NotFound."""
        person = self._rights.standing(person).person
        return self._showing.own(person, [self._stored.turn(person.id, turn_id)])[0]

    def turns(
        self, person: Person, conversation_id: str, before_seq: int | None = None, limit: int = PAGE_OF_TURNS
    ) -> list[Turn]:
        """Return the newest ``limit`` turns (before ``before_seq``), oldest first; raises NotFound."""
        person = self._rights.standing(person).person
        return self._showing.own(person, self._stored.turns(person.id, conversation_id, before_seq, limit))

    def conversation(self, person: Person, conversation_id: str) -> Conversation:
        """Return one conversation; raises NotFound, also for a deleted one."""
        return self._stored.conversation(self._rights.standing(person).person.id, conversation_id)

    def conversations(
        self, person: Person, query: str = "", limit: int = PAGE_OF_CONVERSATIONS, offset: int = 0
    ) -> list[Conversation]:
        """Return the person's conversations, latest first; ``query`` looks in titles and questions."""
        return self._stored.conversations(self._rights.standing(person).person.id, query, limit, offset)

    def rename(self, person: Person, conversation_id: str, title: str) -> Conversation:
        """Give a conversation a title of one to 200 characters; raises QuestionRefused for an empty one."""
        person = self._rights.standing(person).person
        return self._stored.rename(person.id, conversation_id, guard.title(title))

    def delete(self, person: Person, conversation_id: str) -> None:
        """Hide a conversation and stop what runs in it; ``restore`` undoes the hiding."""
        person = self._rights.standing(person).person
        self._stop_all(self._stored.delete(person.id, conversation_id))

    def restore(self, person: Person, conversation_id: str) -> Conversation:
        """Undo ``delete``; raises NotFound."""
        return self._stored.restore(self._rights.standing(person).person.id, conversation_id)

    def clear(self, person: Person, conversation_id: str) -> None:
        """Remove all turns of a conversation for good, and stop what runs in it."""
        person = self._rights.standing(person).person
        self._stop_all(self._stored.clear(person.id, conversation_id))
        self._learn()

    def suggestions(self, person: Person) -> list[str]:
        """Return a few questions that documents this person may read can answer."""
        return suggested_questions(self._knowledge, self._rights.standing(person).person)

    def _admitted(self, person: Person) -> Person:
        """The person as they are now, for work that outlives the session or token by which they came."""
        return replace(self._rights.standing(person).person, credential=None)

    def _learn(self) -> None:
        self._deps.classifier.learn(self._examples.newest())

    def _stop_all(self, turn_ids: Sequence[str]) -> None:
        for turn_id in turn_ids:
            running = self._runner.running(turn_id)
            if running is not None:
                running.stop()
