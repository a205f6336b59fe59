"""The address alone decides whether a server is in the house."""

from __future__ import annotations

import pytest

from assistant.providers.addresses import is_private_address


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "127.8.8.8",
        "[::1]",
        "0.0.0.0",  # noqa: S104  # an address to connect to, not to listen on
        "[::ffff:127.0.0.1]",
        "10.0.0.5",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.178.2",
        "169.254.1.1",
        "[fe80::1%25eth0]",
        "[fd12:3456::1]",
        "gpu-box",
        "gpu-box.local",
        "models.corp.internal",
        "models.localhost.",
        "printer.home.arpa",
    ],
)
def test_a_host_in_the_house_is_private(host: str) -> None:
    assert is_private_address(f"http://{host}:8080/v1")


@pytest.mark.parametrize(
    "host",
    [
        "api.openai.com",
        "8.8.8.8",
        "172.32.0.1",
        "192.169.0.1",
        "100.64.0.1",
        "[2001:db8::1]",
        "[2600::1]",
        "ollama.example.com",
        "internal.example.com",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "134744072",
        "0x08080808",
        "[::ffff:8.8.8.8]",
    ],
)
def test_any_other_host_is_public(host: str) -> None:
    assert not is_private_address(f"http://{host}:8080/v1")


@pytest.mark.parametrize("address", ["", "nonsense/without", "http://", "http://[::1"])
def test_what_is_no_address_is_not_private(address: str) -> None:
    assert not is_private_address(address)
