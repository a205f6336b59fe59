"""The policy's bounds when it is set, and how a stored one is read that names what is gone."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, get_args

import pytest

from assistant.domain import AUTO, Effort, ModelChoice, Parameters
from assistant.errors import SettingsError
from assistant.models.policy import COST_LIMIT, ModelPolicy, check, checked, read, stored

KNOWN = frozenset({"offline", "groq", "openai"})


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        (Parameters(temperature=-0.1), "Temperature"),
        (Parameters(temperature=2.1), "Temperature"),
        (Parameters(temperature=math.nan), "Temperature"),
        (Parameters(top_p=0.0), "Top-p"),
        (Parameters(top_p=1.01), "Top-p"),
        (Parameters(max_tokens=0), "max tokens"),
        (Parameters(max_tokens=-5), "max tokens"),
        (Parameters(max_tokens=10**9), "max tokens"),
        (Parameters(effort="extreme"), "Effort"),  # type: ignore[arg-type]
    ],
)
def test_a_parameter_out_of_range_is_named(parameters: Parameters, field: str) -> None:
    with pytest.raises(SettingsError, match=field):
        checked(parameters)


@pytest.mark.parametrize(
    "parameters",
    [
        Parameters(),
        Parameters(temperature=0.0, top_p=1.0, max_tokens=1),
        Parameters(temperature=2.0),
        *(Parameters(effort=effort) for effort in get_args(Effort)),
    ],
)
def test_parameters_at_their_bounds_pass(parameters: Parameters) -> None:
    assert checked(parameters) is parameters


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (ModelPolicy(cost_limit=Decimal("-1")), "cost limit"),
        (ModelPolicy(cost_limit=Decimal(0)), "cost limit"),
        (ModelPolicy(cost_limit=Decimal("NaN")), "cost limit"),
        (ModelPolicy(default=ModelChoice("nowhere")), "Default.*'nowhere'"),
        (ModelPolicy(allowed=("nowhere/model",)), "Allowed models.*'nowhere'"),
        (ModelPolicy(allowed=()), "at least one"),
        (ModelPolicy(auto_order=("groq", "nowhere")), "Order of Auto.*'nowhere'"),
        (ModelPolicy(auto_order=(AUTO,)), "Order of Auto.*'auto'"),
        (ModelPolicy(fallbacks=(ModelChoice(AUTO),)), "Fallbacks.*'auto'"),
        (ModelPolicy(default=ModelChoice("groq", "fast"), allowed=("offline",)), "Default: groq/fast is not"),
        (ModelPolicy(fallbacks=(ModelChoice("groq"),), allowed=("offline",)), "Fallbacks: groq is not"),
        (ModelPolicy(parameters=Parameters(temperature=3)), "Temperature"),
        (ModelPolicy(allowed=("offline", "groq/")), "Allowed models: groq/ names no model"),
        (ModelPolicy(unsupported="hide"), "Unsupported sentences: .*'hide'"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_field_is_named_in_one_sentence(policy: ModelPolicy, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        check(policy, KNOWN)


def test_a_policy_is_read_as_it_was_stored() -> None:
    policy = ModelPolicy(
        default=ModelChoice("groq", "openai/gpt-oss-20b"),
        locked=True,
        allowed=("offline", "groq/openai/gpt-oss-20b"),
        auto_order=("groq", "offline"),
        fallbacks=(ModelChoice("offline"),),
        cost_limit=Decimal("0.25"),
        parameters=Parameters("low", 0.3, 0.9, 500),
        unsupported="withhold",
        revision=7,
    )
    check(policy, KNOWN)
    assert read(stored(policy), 7, KNOWN) == (policy, ())


def test_no_cost_limit_stays_none() -> None:
    assert read(stored(ModelPolicy(cost_limit=None)), 0, KNOWN)[0].cost_limit is None


def test_what_is_gone_is_left_out_and_told_and_the_rest_holds() -> None:
    value = stored(
        ModelPolicy(
            default=ModelChoice("gone"),
            allowed=("groq", "gone/model"),
            auto_order=("gone", "groq"),
            fallbacks=(ModelChoice("gone"), ModelChoice("groq")),
            cost_limit=Decimal(2),
        )
    )
    policy, notices = read(value, 3, KNOWN)
    assert policy == ModelPolicy(None, False, ("groq",), ("groq",), (ModelChoice("groq"),), Decimal(2), revision=3)
    assert len(notices) == 4
    assert all("'gone'" in notice for notice in notices)


def test_an_allow_list_with_nothing_left_never_becomes_all() -> None:
    policy, notices = read(stored(ModelPolicy(allowed=("gone",))), 1, KNOWN)
    assert policy.allowed == ("offline",)
    assert notices


@pytest.mark.parametrize("entries", ["offline", {"groq": 1}, 7, []])
def test_an_allow_list_that_cannot_be_read_never_becomes_all(entries: object) -> None:
    policy, notices = read({"allowed": entries}, 1, KNOWN)
    assert policy.allowed == ("offline",)
    assert len(notices) == 1


def test_a_lock_that_cannot_be_read_is_a_lock() -> None:
    policy, notices = read({"locked": "yes"}, 1, KNOWN)
    assert policy.locked
    assert "lock" in notices[0]


def test_a_rule_for_unsupported_sentences_that_cannot_be_read_leaves_them_out() -> None:
    policy, notices = read({"unsupported": 7}, 1, KNOWN)
    assert policy.unsupported == "withhold"
    assert "unsupported sentences" in notices[0]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"default": "groq", "allowed": None, "auto_order": 3, "fallbacks": {"a": 1}, "locked": None},
        {"default": {"provider": 7}, "fallbacks": [None, 3, {"model": "m"}], "auto_order": [1, None]},
        {"cost_limit": "much", "parameters": {"heat": 1}},
        {"cost_limit": [], "parameters": {"temperature": "hot"}},
        {"cost_limit": "-1", "parameters": {"max_tokens": 1.5}},
    ],
)
def test_a_damaged_policy_is_read_as_far_as_it_can_be(value: dict[str, Any]) -> None:
    assert read(value, 1, KNOWN)[0] == ModelPolicy(cost_limit=COST_LIMIT, revision=1)


def test_the_allow_list_takes_providers_and_models_whose_ids_hold_slashes() -> None:
    policy = ModelPolicy(allowed=("openai", "groq/openai/gpt-oss-20b"))
    assert policy.allows("openai", "anything")
    assert policy.allows("groq", "openai/gpt-oss-20b")
    assert policy.allows("groq", None)
    assert not policy.allows("groq", "openai/gpt-oss-120b")
    assert not policy.allows("offline", None)
    assert ModelPolicy().allows("offline", None)
