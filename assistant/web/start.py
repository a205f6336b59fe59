"""The life of the services in a running app: checked, built behind the open port, closed with it."""

from __future__ import annotations

import ipaddress
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

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


def lifespan(
    address: Callable[[], str | None],
    allow_host: Callable[[str], None] | None = None,
    build: Build | None = None,
    home: Callable[[], str] | None = None,
) -> Lifespan:
    """Return the app's lifespan. ``address`` gives the configured listening address, ``build`` started services.

    ``allow_host`` is told the name of the public address, which the app may be asked under as well; ``home`` gives the
    address under which it answers on this machine.
    """

    @asynccontextmanager
    async def living(_app: Any) -> AsyncIterator[None]:
        try:
            settings = _checked_settings(address())
        except AssistantError as error:
            _stop_the_start(error.message)
        HOLDER.settings = settings
        if allow_host is not None and settings.public_url:
            allow_host(_host_of(settings.public_url))
        HOLDER.begin(lambda: _built(settings, build or _services, home), on_failure=_stop_the_start)
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
    if settings.public_url is not None:
        _host_of(settings.public_url)
    _need_way(settings, address)
    return settings


def _need_way(settings: Settings, address: str | None) -> None:
    """Raise SettingsError when the way of signing in lacks what it needs."""
    from assistant.web import oidc, peers, proxy

    peers.networks(settings.proxy_peers)
    if settings.auth == "oidc":
        oidc.need_settings(settings, address)
    if settings.auth == "proxy":
        proxy.need_settings(settings)


def _host_of(public_url: str) -> str:
    """Return the host's name of the public address; raises StartError for what is none."""
    try:
        parts = urlsplit(public_url)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.path in ("", "/")
    except ValueError:
        is_address = False
    if not is_address or parts.hostname is None or parts.query or parts.fragment or parts.username:
        raise StartError("ASSISTANT_PUBLIC_URL is not an address like https://knowledge.example.org.")
    return parts.hostname


def named_proxies() -> str | None:
    """Return the proxies that the settings name, as written there; None before the settings are read."""
    return None if HOLDER.settings is None else HOLDER.settings.proxy_peers


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


def _built(settings: Settings, build: Build, home: Callable[[], str] | None) -> Services:
    services = build(settings)
    if settings.auth == "password":
        _tell_the_first_link(services, settings.public_url or (home() if home else ""))
    return services


def _tell_the_first_link(services: Services, home: str) -> None:
    """Print how the first admin comes in; to the terminal alone, since the log is kept and read by others."""
    link = services.sign_in.set_up_link()
    if link is not None:
        where = home.rstrip("/") + link.path
        sys.stderr.write(f"Nobody can sign in yet. Create the first administrator within 24 hours at\n  {where}\n")
        sys.stderr.flush()


def _stop_the_start(sentence: str) -> NoReturn:
    """End the process with one sentence; the server would print a trace and keep its port instead."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
    os._exit(1)
