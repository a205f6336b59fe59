"""The life of the services in a running app: checked, built behind the open port, closed with it."""

from __future__ import annotations

import ipaddress
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import anyio

from assistant import log
from assistant import settings as settings_module
from assistant.errors import AssistantError, StartError
from assistant.settings import Settings
from assistant.web.state import HOLDER

if TYPE_CHECKING:
    from assistant.bootstrap import Services

# The samples take about 10 s; a machine on which they take longer than this is called well all the same.
FIRST_LOAD_SECONDS = 180.0

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]
Build = Callable[[Settings], "Services"]


def lifespan(address: Callable[[], str | None], build: Build | None = None) -> Lifespan:
    """Return the app's lifespan. ``address`` gives the configured listening address, ``build`` started services."""

    @asynccontextmanager
    async def living(_app: Any) -> AsyncIterator[None]:
        try:
            settings = _checked_settings(address())
        except AssistantError as error:
            _stop_the_start(error.message)
        HOLDER.begin(lambda: (build or _services)(settings), on_failure=_stop_the_start)
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(HOLDER.close)

    return living


def _checked_settings(address: str | None) -> Settings:
    settings = settings_module.load()
    for warning in settings_module.unknown_variables():
        sys.stderr.write(f"{warning}\n")
    if settings.auth == "demo" and not is_loopback(address):
        raise StartError(
            f"The demo mode has no sign-in and listens on this machine only, not on {address or 'all addresses'}; "
            "start it with --server.address 127.0.0.1."
        )
    return settings


def is_loopback(address: str | None) -> bool:
    """Say whether only this machine can reach a server on ``address``; None stands for all addresses."""
    if address is None:
        return False
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _services(settings: Settings) -> Services:
    from assistant import bootstrap
    from assistant.storage.migrate import prepare_folder

    prepare_folder(settings.data_dir)
    log.set_up(settings.log_level, settings.data_dir, rotates=True, hide=log.secrets(settings))
    services = bootstrap.build(settings, own_index=True)
    services.chat  # noqa: B018  # built here, before pages of several sessions ask for it at once
    if settings.samples and services.knowledge.load_samples(settings.samples_dir):
        HOLDER.first_load_until = time.monotonic() + FIRST_LOAD_SECONDS
    return services


def _stop_the_start(sentence: str) -> NoReturn:
    """End the process with one sentence; the server would print a trace and keep its port instead."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
    os._exit(1)
