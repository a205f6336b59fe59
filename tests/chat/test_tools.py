"""The calculator is a sandbox, and every mishap is a sentence for the model."""

from __future__ import annotations

import pytest

from assistant.chat.tools import CODE_CHARACTERS, evaluate


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("27 / 12 * 8", "18"),
        ("0.1 + 0.2", "0.3"),
        ("2 ** 64", "18446744073709551616"),
        ("prices = [3, 4]\nsum(prices)", "7"),
        ("print('seen')\n5", "seen\n5"),
        ("round(1234.5678, 2)", "1234.57"),
    ],
)
def test_sums_are_calculated(code: str, result: str) -> None:
    assert evaluate(code) == result


@pytest.mark.parametrize(
    "code",
    [
        "1 / 0",
        "sum(",
        "unknown + 1",
        "open('/etc/passwd').read()",
        "import os\nos.listdir('/')",
        "import subprocess",
        "().__class__.__subclasses__()",
        "'a' * 10**10",
        "def f(): return f()\nf()",
        "10 ** 5000",
    ],
)
def test_what_cannot_or_may_not_be_calculated_is_said(code: str) -> None:
    assert evaluate(code).startswith("That cannot be calculated: ")


def test_an_endless_loop_is_ended() -> None:
    assert "limit" in evaluate("while True: pass")


def test_over_long_code_is_not_run() -> None:
    assert "too long" in evaluate("1" * (CODE_CHARACTERS + 1))


def test_code_without_a_value_says_so() -> None:
    assert "no result" in evaluate("x = 3")
