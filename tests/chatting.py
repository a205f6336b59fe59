"""A chat over a real knowledge base in a temporary folder, with a scripted or the offline model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic_ai import Tool
from pydantic_ai.models import Model
from small_library import Library

from assistant import clock
from assistant.chat.patience import RetryPolicy
from assistant.chat.service import ChatService, RunningTurn
from assistant.chat.tools import AgentDeps
from assistant.domain import ModelChoice, Person, Role, Turn
from assistant.events import Event, TextDelta
from assistant.knowledge.service import KnowledgeBase
from assistant.providers.builders import build_model
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier
from assistant.providers.scripted import Reply, ScriptedModel
from assistant.settings import Settings, load
from assistant.storage.people import People

OFFLINE = ModelChoice("offline")
SCRIPT = ModelChoice("openai", "script")
"""Any provider but the offline one: the script plays its part."""
TURN_SECONDS = 30.0


class Chatting:
    """The chat with its parts, and short ways to say what tests say often."""

    def __init__(self, data_dir: Path, embedder: MiniLM, classifier: RouteClassifier, **settings: object) -> None:
        self.settings = load(data_dir=data_dir, _env_file=None, **settings)
        self.library = Library(self.settings, embedder)
        self.database = self.library.database
        self.embedder = embedder
        self.classifier = classifier
        people = People(self.database)
        self.ann = people.add("ann@example.com", "Ann", Role.KB_ADMIN)
        self.bob = people.add("bob@example.com", "Bob", Role.STAFF)
        self.knowledge = KnowledgeBase(
            database=self.database, settings=self.settings, embedder=embedder, own_index=False
        )
        self.model = ScriptedModel([])
        self.clock = clock.now
        self.slept: list[float] = []  # the waits of turns, which take no time in tests
        self.retry = RetryPolicy(chance=lambda: 0.5, sleep=self._sleep)
        self.service = self.new_service()

    def new_service(self, actions: Sequence[Tool[AgentDeps]] = ()) -> ChatService:
        """Another service over the same database, as another start of the application has it."""
        return ChatService(
            self.database,
            self.knowledge,
            self.embedder,
            self.settings,
            build_model=self._build,
            classifier=self.classifier,
            retry=self.retry,
            actions=actions,
            clock=lambda: self.clock(),  # noqa: PLW0108  # tests set another one later
        )

    def acts(self, actions: Sequence[Tool[AgentDeps]]) -> None:
        """Start anew with tools that have an effect."""
        self.service.close()
        self.service = self.new_service(actions)

    def asks(self, root: str, **settings: object) -> None:
        """Ask OpenAI and Groq at this address from now on, with a key that no other test uses: clients are kept."""
        keys = {"OPENAI_API_KEY": f"key-{root}", "GROQ_API_KEY": f"key-{root}"}
        addresses = {"OPENAI_BASE_URL": f"{root}/v1", "GROQ_BASE_URL": root}
        known = {"data_dir": self.settings.data_dir, "_env_file": None, **keys, **addresses, **settings}
        self.settings = load(**known)
        self.service.close()
        self.service = self.new_service()

    def close(self) -> None:
        """Close the chat and the database."""
        self.service.close()
        self.database.close()

    def plays(self, *replies: Reply) -> ScriptedModel:
        """Let the scripted provider answer with these replies."""
        self.model = ScriptedModel(replies)
        return self.model

    def put(self, name: str, *pages: str) -> str:
        """Make a document searchable, one chunk a page; return its id."""
        return self.library.put(name, pages)

    def ask(
        self,
        text: str,
        conversation_id: str | None = None,
        choice: ModelChoice = SCRIPT,
        person: Person | None = None,
        history: Sequence[tuple[str, str]] | None = None,
    ) -> Turn:
        """Ask and wait for the end."""
        return ended(self.service.ask(person or self.bob, conversation_id, text, choice, history))

    def _build(self, choice: ModelChoice, settings: Settings, embedder: MiniLM, *, prompted: bool = False) -> Model:
        if (choice.provider, choice.model) == (SCRIPT.provider, SCRIPT.model):
            return self.model
        return build_model(choice, settings, embedder, prompted=prompted)

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


def ended(running: RunningTurn) -> Turn:
    """Wait for the end of a turn and return it."""
    return running.result(TURN_SECONDS).turn


def events_of(running: RunningTurn) -> list[Event]:
    """All events of a turn, after its end."""
    ended(running)
    return running.wait(0, 0)


def text_of(events: Sequence[Event]) -> str:
    """The text that a follower has put together."""
    return "".join(event.text for event in events if isinstance(event, TextDelta))
