"""Passwords: which ones may be set, how they are kept, how a try is held against what is kept.

A hash takes 32 MiB and some 50 ms. Who verifies many at once must bound how many (``SignIn`` lets two run).
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from assistant.errors import PasswordRefused

LEAST_CHARACTERS, MOST_CHARACTERS = 8, 200
"""The least that OWASP's ASVS 5.0 allows (6.2.1), with the commonest ones refused (6.2.4)."""
LEAST_DISTINCT = 5
"""Fewer different characters than these are a pattern, however long."""
# Above what OWASP's cheat sheet on password storage asks at least (19 MiB, 2 rounds, one lane).
MEMORY_KIB, ROUNDS, LANES = 32 * 1024, 3, 1
_WORDS = (
    "password passwort passw0rd p@ssword p@ssw0rd welcome willkommen letmein administrator changeme changeit",
    "qwerty qwertyuiop qwertyuiopasdfghjkl qwertz qwertzuiop asdfghjkl iloveyou ichliebedich abcdef abcdefgh",
    "abcdefghijkl monkey dragon football baseball sunshine princess superman trustno master hello hallo hellohello",
    "secret geheim summer sommer winter spring autumn herbst login company firma test testtest default guest",
)
_COMMON = frozenset(" ".join(_WORDS).split())
"""What stands in the lists of the commonest passwords, without the digits and signs people put around it."""
_RUNS = ("01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
NOBODYS = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p={LANES}"
    "$c29tZWJvZHkncyBzYWx0IQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""What a try is held against where nothing is kept: no password has this hash."""

_hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)


def need_good(password: str, email: str) -> None:
    """Refuse a password that is short, too long, among the commonest, or the address; raises PasswordRefused."""
    plain = _plain(password)
    if len(plain) < LEAST_CHARACTERS:
        raise PasswordRefused(f"This password is too short: take at least {LEAST_CHARACTERS} characters.")
    if len(plain) > MOST_CHARACTERS:
        raise PasswordRefused(f"This password is too long: take at most {MOST_CHARACTERS} characters.")
    if _is_address(plain.casefold(), email.strip().casefold()):
        raise PasswordRefused("This password is taken from the mail address: take another one.")
    if _is_common(plain.casefold()):
        raise PasswordRefused("This password is among those that are guessed first: take another one.")


def hashed(password: str) -> str:
    """Return what is kept of a password."""
    return _hasher.hash(_plain(password))


def verified(kept: str | None, password: str) -> bool:
    """Say whether this is the password; without one that is kept the same work is done, in vain."""
    if len(password) > MOST_CHARACTERS:
        kept, password = None, ""
    try:
        return _hasher.verify(kept or NOBODYS, _plain(password)) and bool(kept)
    except (Argon2Error, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Say whether a hash was made with other parameters than today's and should be made anew."""
    return _hasher.check_needs_rehash(kept)


def _plain(password: str) -> str:
    """One way of writing each character: keyboards of different systems compose accents differently."""
    return unicodedata.normalize("NFKC", password)


def _is_address(password: str, email: str) -> bool:
    local = email.partition("@")[0]
    return password in (email, local, local * 2) or (bool(email) and email in password)


def _is_common(password: str) -> bool:
    letters = password.strip("0123456789 !?.,-_#$%&*+@/()=")
    if len(set(password)) < LEAST_DISTINCT or letters in _COMMON or password in _COMMON:
        return True
    halves = password[: len(password) // 2], password[len(password) // 2 :]
    repeated = halves[0] == halves[1] and halves[0].strip("0123456789!") in _COMMON
    return repeated or any(password in run for run in _RUNS)
