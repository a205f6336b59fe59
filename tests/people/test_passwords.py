"""Which passwords may be set, and how a try is held against what is kept."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher, extract_parameters

from assistant.errors import PasswordRefused
from assistant.people import passwords

GOOD = "heather on 3 hills"
EMAIL = "ann.smith@example.com"


@pytest.mark.parametrize(
    "password", [GOOD, "Grün ist die Heide", "8f3k2-qq1m-zz7p", "x" * 6 + "yzabc1", "é" * 8 + "abcd"]
)
def test_a_long_password_that_nobody_guesses_first_is_taken(password: str) -> None:
    passwords.need_good(password, EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        *("", "short", "sevench", "x" * 201),
        *("ann.smith@example.com", "Ann.Smith@Example.com", "my ann.smith@example.com!"),
        *("password1234", "Password1234!", "1234567890123", "qwertyuiopasdf", "passwordpassword", "aaaaaaaaaaaa"),
        *("aabbaabbaabbaabb", "Welcome-2026!", "abcdefghijklm"),
    ],
)
def test_a_short_a_common_or_an_addresss_password_is_refused(password: str) -> None:
    with pytest.raises(PasswordRefused):
        passwords.need_good(password, EMAIL)


def test_the_name_before_the_at_sign_is_refused() -> None:
    with pytest.raises(PasswordRefused):
        passwords.need_good("maximilian.mustermann", "maximilian.mustermann@example.com")


def test_only_the_password_itself_is_verified() -> None:
    kept = passwords.hashed(GOOD)
    assert GOOD not in kept
    assert passwords.verified(kept, GOOD)
    assert not passwords.verified(kept, GOOD + " ")
    assert not passwords.verified(kept, "")


def test_the_same_letters_composed_otherwise_are_the_same_password() -> None:
    assert passwords.verified(passwords.hashed("Gru\u0308n ist die Heide"), "Gr\u00fcn ist die Heide")


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$broken"])
def test_what_is_no_hash_verifies_nothing(kept: str | None) -> None:
    assert not passwords.verified(kept, GOOD)
    assert not passwords.verified(kept, "")


def test_a_password_that_is_too_long_is_wrong_even_if_it_begins_right() -> None:
    assert not passwords.verified(passwords.hashed(GOOD), GOOD + "x" * 10_000_000)


def test_who_has_no_password_costs_the_work_of_one() -> None:
    assert not passwords.is_outdated(passwords.NOBODYS)
    assert extract_parameters(passwords.NOBODYS) == extract_parameters(passwords.hashed(GOOD))


def test_a_hash_of_other_parameters_is_outdated() -> None:
    assert not passwords.is_outdated(passwords.hashed(GOOD))
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD))
