"""Whose word on a request's origin is taken: that of named proxies, known by the machine that opened the connection."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from assistant.errors import SettingsError
from assistant.web.peers import PEER, Peers, is_named, networks

PROXIES = "10.0.0.5, 10.1.0.0/16,fd00::/8"


def _passed(client: tuple[str, int] | None, named: str | None = PROXIES, **headers: str) -> dict[str, Any]:
    """The scope that the app sees."""
    seen: list[dict[str, Any]] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope)

    pairs = [(name.replace("_", "-"), part) for name, value in headers.items() for part in value.split("|")]
    raw = [(name.encode(), part.encode()) for name, part in pairs]
    scope: Any = {"type": "http", "scheme": "http", "client": client, "headers": raw}
    nothing: Any = None
    anyio.run(Peers(app, lambda: named).__call__, scope, nothing, nothing)
    return seen[0]


def test_a_named_proxy_says_who_the_browser_is() -> None:
    scope = _passed(("10.0.0.5", 4000), x_forwarded_for="203.0.113.9", x_forwarded_proto="https")
    assert (scope["client"][0], scope["scheme"], scope[PEER]) == ("203.0.113.9", "https", "10.0.0.5")


@pytest.mark.parametrize("client", [("127.0.0.1", 4000), ("10.0.0.6", 4000), ("testclient", 4000), None])
def test_nobody_else_is_believed(client: tuple[str, int] | None) -> None:
    scope = _passed(client, x_forwarded_for="10.0.0.5", x_forwarded_proto="https")
    assert (scope["client"], scope["scheme"]) == (client, "http")
    assert not is_named(scope[PEER], PROXIES)


def test_without_names_no_proxy_is_believed() -> None:
    assert _passed(("127.0.0.1", 1), named=None, x_forwarded_for="203.0.113.9")["client"] == ("127.0.0.1", 1)


@pytest.mark.parametrize(
    ("passed", "browser"),
    [
        ("6.6.6.6, 203.0.113.9", "203.0.113.9"),
        ("6.6.6.6, 203.0.113.9, 10.1.2.3", "203.0.113.9"),
        ("6.6.6.6|203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "10.1.2.3"),
        ("203.0.113.9, nonsense", "10.0.0.5"),
        ("", "10.0.0.5"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_what_a_browser_made_up_stands_before_what_the_proxy_added(passed: str, browser: str) -> None:
    assert _passed(("10.0.0.5", 1), x_forwarded_for=passed)["client"][0] == browser


@pytest.mark.parametrize("said", ["http", "https, http", "https|https", "ftp", ""])
def test_only_one_plain_word_makes_a_connection_secure(said: str) -> None:
    assert _passed(("10.0.0.5", 1), x_forwarded_proto=said)["scheme"] == "http"


@pytest.mark.parametrize(
    ("peer", "named"),
    [
        ("10.1.255.255", True),
        ("::ffff:10.0.0.5", True),
        ("fd12::1", True),
        ("10.2.0.0", False),
        ("10.0.0.5%eth0", False),
    ],
)
def test_networks_hold_their_addresses(peer: str, named: object) -> None:
    assert is_named(peer, PROXIES) is named


@pytest.mark.parametrize("wrong", ["10.0.0.5/8", "proxy.example.org", "10.0.0.256", "10.0.0.5;10.0.0.6"])
def test_what_is_no_network_is_said_with_the_variable(wrong: str) -> None:
    with pytest.raises(SettingsError, match="ASSISTANT_PROXY_PEERS"):
        networks(wrong)
