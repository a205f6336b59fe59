"""Floor 4: the only place that knows which engine is used. Tests pass other parts by keyword."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.errors import FolderInUse
from assistant.providers.minilm import MiniLM

if TYPE_CHECKING:
    from assistant.chat.deps import Action
    from assistant.chat.service import ChatService, ModelBuilder
    from assistant.knowledge.findings import Findings
    from assistant.knowledge.service import KnowledgeBase
    from assistant.limits.service import LimitService
    from assistant.models.service import ModelService
    from assistant.models.upkeep import Upkeep
    from assistant.people.accounts import AccountService
    from assistant.people.audit import AuditService
    from assistant.people.branding import BrandingService
    from assistant.people.drafts import DraftService
    from assistant.people.external import External
    from assistant.people.links_allowed import LinksAllowed
    from assistant.people.rights import Rights
    from assistant.people.sign_in import SignIn
    from assistant.people.tokens import TokenService
    from assistant.people.view_as import ViewAs
    from assistant.providers.offline.attacks import AttackClassifier
    from assistant.providers.telemetry import Telemetry
    from assistant.settings import Settings
    from assistant.storage.database import Database
    from assistant.storage.people import People
    from assistant.usage.service import UsageService


@dataclass(frozen=True)
class Services:
    """Everything the doors need, built once a process."""

    settings: Settings
    database: Database
    people: People
    embedder: MiniLM
    knowledge: KnowledgeBase
    owns_index: bool
    build_model: ModelBuilder | None = None
    actions: tuple[Action, ...] = ()

    @cached_property
    def chat(self) -> ChatService:
        """The chat, started when first asked for: its libraries take a second that other commands need not wait."""
        from assistant.chat.service import ChatService
        from assistant.providers.blanking import keeping_secrets
        from assistant.providers.builders import build_model

        _ = self.telemetry
        build = keeping_secrets(self.build_model or build_model, self.findings.hides_from_cloud)
        engines = self.database, self.knowledge, self.embedder, self.settings, build
        chat = ChatService(*engines, models=self.models, actions=self.actions)
        chat.start()
        return chat

    @cached_property
    def rights(self) -> Rights:
        """What people may do, by the database."""
        from assistant.people.rights import Rights

        return Rights(self.database)

    @cached_property
    def accounts(self) -> AccountService:
        """People, groups and spaces, as admins keep them."""
        from assistant.people.accounts import AccountService

        return AccountService(self.database, self.rights, self.settings)

    @cached_property
    def audit(self) -> AuditService:
        """What was done, and by whom."""
        from assistant.people.audit import AuditService

        return AuditService(self.database, self.rights)

    @cached_property
    def branding(self) -> BrandingService:
        """How the app looks as the company's own."""
        from assistant.people.branding import BrandingService

        return BrandingService(self.database, self.rights)

    @cached_property
    def tokens(self) -> TokenService:
        """Personal API tokens."""
        from assistant.people.tokens import TokenService

        return TokenService(self.database, self.rights)

    @cached_property
    def drafts(self) -> DraftService:
        """What was asked over sessions that had lapsed."""
        from assistant.people.drafts import DraftService

        return DraftService(self.database, self.rights)

    @cached_property
    def external(self) -> External:
        """Who comes in by an identity provider or a proxy."""
        from assistant.people.external import External

        return External(self.database, self.settings, self.accounts.rights_changed)

    @cached_property
    def sign_in(self) -> SignIn:
        """How people come in and what they came by."""
        from assistant.people.sign_in import SignIn

        return SignIn(self.database, self.rights, self.settings)

    @cached_property
    def findings(self) -> Findings:
        """What secrets and personal data stand in documents."""
        from assistant.knowledge.findings import Findings

        return Findings(self.database, self.rights)

    @cached_property
    def links_allowed(self) -> LinksAllowed:
        """To which hosts addresses in answers may be links."""
        from assistant.people.links_allowed import LinksAllowed

        return LinksAllowed(self.database, self.rights)

    @cached_property
    def view_as(self) -> ViewAs:
        """The knowledge base as somebody else sees it, for admins."""
        from assistant.people.view_as import ViewAs

        return ViewAs(self.database, self.rights, self.knowledge)

    @cached_property
    def telemetry(self) -> Telemetry | None:
        """Traces of model calls, from when this is first asked for on; None where the settings want none."""
        from assistant.providers import telemetry

        return telemetry.start(self.settings)

    @cached_property
    def models(self) -> ModelService:
        """Which models there are for people, and what admins set about it."""
        from assistant.models.service import ModelService

        return ModelService(self.database, self.settings)

    @cached_property
    def limits(self) -> LimitService:
        """What people may use up, and what they have."""
        from assistant.limits.service import LimitService

        return LimitService(self.database, self.rights)

    @cached_property
    def usage(self) -> UsageService:
        """What the models were used for."""
        from assistant.usage.service import UsageService

        return UsageService(self.database)

    @cached_property
    def upkeep(self) -> Upkeep:
        """What is done about models behind the pages; only a process that serves people starts it."""
        from assistant.models.upkeep import Upkeep

        return Upkeep(self.models.connections)

    def close(self) -> None:
        """End running work in order; running answers are stored."""
        if "upkeep" in vars(self):
            self.upkeep.close()
        if "chat" in vars(self):
            self.chat.close()
        if traces := vars(self).get("telemetry"):
            traces.stop()
        self.knowledge.close()
        self.database.close()


def build(
    settings: Settings,
    *,
    own_index: bool = True,
    serves: bool = True,
    build_model: ModelBuilder | None = None,
    actions: Sequence[Action] = (),
    embedder: MiniLM | None = None,
) -> Services:
    """Open the data folder, wire the services and take up what an earlier process left.

    With ``own_index`` this process owns the vector index; raises FolderInUse when another one does, StartError when
    the folder cannot be used. Without it search is exact over the stored vectors and jobs are only added. A command
    that only ingests ``serves`` nobody, and does the heavy work in its own process. ``actions`` are the chat's tools
    with an effect; ``embedder`` is one that is loaded already.
    """
    from assistant.knowledge.service import KnowledgeBase
    from assistant.storage.backup import need_whole
    from assistant.storage.database import Database
    from assistant.storage.migrate import prepare_folder, upgrade
    from assistant.storage.people import People

    prepare_folder(settings.data_dir)
    need_whole(settings.data_dir)
    upgrade(settings.sqlalchemy_url)
    database = Database(settings.sqlalchemy_url)
    embedder = embedder or embedder_for(settings)
    knowledge = KnowledgeBase(
        database=database, settings=settings, embedder=embedder, own_index=own_index, serves=serves
    )
    knowledge.start()
    return Services(settings, database, People(database), embedder, knowledge, own_index, build_model, tuple(actions))


def embedder_for(settings: Settings) -> MiniLM:
    """The embedding model of these settings; loaded when first used."""
    return MiniLM(settings.data_dir / "cache")


def attack_classifier_for(settings: Settings, embedder: MiniLM) -> AttackClassifier:
    """The guardrail over this embedder, with its examples' vectors kept in the data folder."""
    from assistant.providers.offline.attacks import AttackClassifier, kept_file

    return AttackClassifier(embedder, kept_file(settings.data_dir / "cache", embedder))


@contextmanager
def opened(settings: Settings, *, own_index: bool) -> Iterator[Services]:
    """Services for one command: with ``own_index`` they own the index if nobody else does."""
    try:
        services = build(settings, own_index=own_index, serves=False)
    except FolderInUse:
        services = build(settings, own_index=False)
    try:
        yield services
    finally:
        services.close()
