"""Figures are told with their targets, and nothing of a result names the machine."""

from __future__ import annotations

import platform

from bench.results import Figure, Result, machine, table


def test_a_figure_within_its_target_is_ok_and_one_above_is_missed() -> None:
    shown = table(Result("x", (Figure("a", 0.5, "", 0.7), Figure("b", 0.9, "", 0.7), Figure("c", 9.0, "s")), {}))
    marks = [line.split()[-1] for line in shown.splitlines()[1:]]
    assert marks == ["ok", "MISSED", "s"]


def test_machine_facts_do_not_name_the_machine() -> None:
    assert platform.node() not in machine().values()


def test_a_figure_that_is_to_be_high_is_missed_below_its_target() -> None:
    assert Figure("rate", 900, "/s", 800, at_least=True).ok
    assert not Figure("rate", 700, "/s", 800, at_least=True).ok
    assert ">= 800" in table(Result("x", (Figure("rate", 900, "/s", 800, at_least=True),), {}))
