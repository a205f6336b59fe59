"""Addresses of model servers: what is wrong with one, and whether it leads out of the house."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, urlsplit

LONGEST = 2000
"""Characters of an address; HTTP libraries refuse longer ones only when they are asked to go there."""
HOUSE_SUFFIXES = (".local", ".internal", ".localhost", ".home.arpa")
"""Names under these never stand in the public name system (RFC 6762, 6761, 8375; ICANN reserved ``.internal``)."""
NETWORKS = tuple(ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
"""The private networks of RFC 1918 and RFC 4193."""


def copying_problem(variable: str, value: str) -> str:
    """Return a sentence about what was copied along with a value and is no part of it; empty when nothing was."""
    if any(character.isspace() for character in value):
        return f"{variable} has white space in it; take it out."
    if any(mark in value[:1] + value[-1:] for mark in "\"'"):
        return f"{variable} has quotes around it; take them away."
    return ""


def address_problem(variable: str, address: str) -> str:
    """Return a sentence that names the variable when its address cannot be used, empty when it can.

    The address itself is not repeated: it may hold a password.
    """
    if copied := copying_problem(variable, address):
        return copied
    try:
        parts = urlsplit(address)
        _ = parts.port
        sound = len(address) <= LONGEST and address.isprintable() and _is_host(parts.hostname or "")
    except ValueError:
        sound = False
    if not sound:
        return f"{variable} is not an address; it should look like https://host/v1."
    return _part_problem(variable, parts)


def _is_host(host: str) -> bool:
    """Whether a host's name, where there is one, can be looked up; raises ValueError when it cannot be written so."""
    if ":" in host:
        return bool(ipaddress.ip_address(host))
    host.encode("idna")  # for its UnicodeError, which is a ValueError
    return all(sign.isalnum() or sign in "-._" for sign in host)


def _part_problem(variable: str, parts: SplitResult) -> str:
    if parts.scheme not in ("http", "https"):
        return f"{variable} must begin with http:// or https://."
    if not parts.hostname:
        return f"{variable} names no host; it should look like https://host/v1."
    if "@" in parts.netloc:
        return f"{variable} holds a user name or password; take it out, the key has a variable of its own."
    if parts.query or parts.fragment:
        return f"{variable} must end with the path, without ? or #."
    return ""


def is_private_address(address: str) -> bool:
    """Whether the host is in the house: this computer, a private network, or a name without public meaning.

    Decided by the address alone, without asking a name server; a name that could be public counts as public.
    """
    try:
        host = (urlsplit(address).hostname or "").rstrip(".")
    except ValueError:
        return False
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return bool(host) and (_without_dot(host) or host.endswith(HOUSE_SUFFIXES))
    number = getattr(number, "ipv4_mapped", None) or number
    here = number.is_loopback or number.is_unspecified  # connecting to 0.0.0.0 reaches this computer
    return here or number.is_link_local or any(number in network for network in NETWORKS)


def _without_dot(host: str) -> bool:
    """A single label (``gpu-box``); a bare number such as 134744072 is an IPv4 address in disguise."""
    return "." not in host and not host[0].isdigit()
