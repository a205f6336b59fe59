"""Each wrong thing about a provider's variables has a sentence that names the variable; none holds the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.providers import catalogue, keys
from assistant.providers.keys import KeyState, state_of
from assistant.settings import Settings, load

GOOD = "gsk_0123456789abcd"
AMAZON = {"AWS_ACCESS_KEY_ID": "AKIA0123456789", "AWS_SECRET_ACCESS_KEY": "secret-0123456789"}


def state(provider: str, **values: str) -> KeyState:
    return state_of(catalogue.provider(provider), load(_env_file=None, **values))


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, field in Settings.model_fields.items():
        for variable in (str(field.validation_alias), name.upper(), *keys.AMAZON_CHAIN, "AWS_REGION"):
            monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    ("provider", "sentence"),
    [
        ("openai", "Set OPENAI_API_KEY."),
        ("openai-responses", "Set OPENAI_API_KEY."),
        ("groq", "Set GROQ_API_KEY."),
        ("anthropic", "Set ANTHROPIC_API_KEY."),
        ("aws-claude", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."),
        ("openrouter", "Set OPENROUTER_API_KEY."),
        ("portkey", "Set PORTKEY_API_KEY."),
        ("ollama", "Set OLLAMA_BASE_URL."),
        ("local", "Set LOCAL_BASE_URL."),
        ("offline", ""),
    ],
)
def test_what_is_missing_is_named(provider: str, sentence: str) -> None:
    found = state(provider)
    assert (found.problem, found.source, found.tail) == (sentence, None, None)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (f" {GOOD}", "white space"),
        (f"{GOOD}\n", "white space"),
        ("gsk_01234 56789abcd", "white space"),
        (f'"{GOOD}"', "quotes"),
        (f"'{GOOD}'", "quotes"),
        ("gsk_…abcdefgh", "no key has"),
        ("gsk_\x0089abcdefgh", "no key has"),
    ],
)
def test_a_key_that_cannot_be_one_is_told_and_not_repeated(key: str, words: str) -> None:
    problem = state("groq", GROQ_API_KEY=key).problem
    assert problem.startswith("GROQ_API_KEY ")
    assert words in problem
    assert key.strip(" \n\"'") not in problem


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("api.example.com/v1", "http:// or https://"),
        ("ftp://api.example.com", "http:// or https://"),
        ("https://", "names no host"),
        ("https:///v1", "names no host"),
        ("https://api.example.com:port/v1", "not an address"),
        ("http://[::1/v1", "not an address"),
        ("http://[::1::2]/v1", "not an address"),
        ("http://models..corp/v1", "not an address"),
        ("http://mod\0els/v1", "not an address"),
        ("http://\u202emodels/v1", "not an address"),
        ("http://models\u3002example/v1", "not an address"),
        ("http://\uff0541.example/v1", "not an address"),
        (f"http://models/{'v' * 2000}", "not an address"),
        ("https://ann:hunter2@api.example.com/v1", "user name or password"),
        ("https://api.example .com/v1", "white space"),
        ("https://api.example.com/v1 ", "white space"),
        ('"https://api.example.com/v1"', "quotes"),
        ("https://api.example.com/v1?key=hunter2", "without ? or #"),
    ],
)
def test_an_address_that_cannot_be_one_is_told_and_not_repeated(address: str, words: str) -> None:
    problem = state("openai", OPENAI_API_KEY="sk-0123456789", OPENAI_BASE_URL=address).problem
    assert problem.startswith("OPENAI_BASE_URL ")
    assert words in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize(
    "address",
    ["http://gpu_box:1/v1", "http://[fe80::1%25eth0]:8080/v1", "http://münchen.example/v1", "http://10.0.0.5"],
)
def test_odd_addresses_that_can_be_asked_are_let_through(address: str) -> None:
    assert not state("openai", OPENAI_API_KEY="sk-0123456789", OPENAI_BASE_URL=address).problem


def test_the_path_that_an_sdk_adds_may_stand_in_the_address() -> None:
    found = state("groq", GROQ_API_KEY=GOOD, GROQ_BASE_URL="https://api.groq.com/openai/v1/")
    assert (found.problem, found.address) == ("", "https://api.groq.com")


def test_a_key_of_a_server_for_tests_may_be_short() -> None:
    assert state("openai", OPENAI_API_KEY="x").problem == ""


@pytest.mark.parametrize(
    ("set_up", "address"),
    [
        ("http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/", "http://127.0.0.1:11434/v1"),
        ("http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1"),
        ("http://box/ollama/v1", "http://box/ollama/v1"),
    ],
)
def test_an_address_without_a_path_is_completed(set_up: str, address: str) -> None:
    found = state("ollama", OLLAMA_BASE_URL=set_up)
    assert (found.problem, found.address) == ("", address)


def test_a_wrong_variable_leaves_the_other_providers_alone() -> None:
    values = {"GROQ_API_KEY": "a b", "OPENAI_API_KEY": "sk-0123456789"}
    states = {state.id: state for state in catalogue.providers(load(_env_file=None, **values))}
    assert not states["groq"].configured
    assert states["openai"].configured
    assert states["offline"].configured


def test_the_source_is_the_environment_or_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text(f"GROQ_API_KEY={GOOD}\nOPENAI_API_KEY=sk-0123456789abcd\n")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-9876543210wxyz")
    found = {state.id: state for state in catalogue.providers(load(data_dir=tmp_path))}
    assert (found["groq"].key_source, found["groq"].key_tail) == (".env", "abcd")
    assert (found["openai"].key_source, found["openai"].key_tail) == ("environment", "wxyz")


def test_of_a_short_key_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_0123456")
    found = state_of(catalogue.provider("groq"), load())
    assert (found.problem, found.source, found.tail) == ("", "environment", None)


def test_no_key_is_in_the_text_of_a_state() -> None:
    assert GOOD not in repr(state("groq", GROQ_API_KEY=GOOD))


def test_a_local_server_takes_any_key_or_none() -> None:
    assert state("local", LOCAL_BASE_URL="http://127.0.0.1:8080/v1").problem == ""
    assert state("local", LOCAL_BASE_URL="http://127.0.0.1:8080/v1", LOCAL_API_KEY="k").problem == ""
    assert "LOCAL_API_KEY" in state("local", LOCAL_BASE_URL="http://127.0.0.1:8080/v1", LOCAL_API_KEY="k k").problem


def test_one_half_of_amazons_pair_names_the_other() -> None:
    assert state("aws-claude", AWS_ACCESS_KEY_ID="AKIA0123456789").problem == "Set AWS_SECRET_ACCESS_KEY."
    assert state("aws-claude", **AMAZON).problem == ""


@pytest.mark.parametrize("values", [{"AWS_PROFILE": "staff"}, {"AWS_BEARER_TOKEN_BEDROCK": "bedrock-0123456789"}])
def test_bedrock_is_set_up_by_a_named_profile_or_its_own_key(values: dict[str, str]) -> None:
    assert state("aws-claude", **values).problem == ""


@pytest.mark.parametrize("variable", keys.AMAZON_CHAIN)
def test_bedrock_is_set_up_where_aws_gives_its_machines_a_role(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "/var/run/token")
    assert state("aws-claude").problem == ""


def test_the_shown_key_of_bedrock_is_the_one_that_is_used() -> None:
    both = state("aws-claude", AWS_BEARER_TOKEN_BEDROCK="bedrock-0123456789", **AMAZON)
    assert both.tail == "6789"
    row = catalogue.provider("aws-claude")
    configured = load(_env_file=None, AWS_PROFILE="staff", **AMAZON)
    assert keys.key_variable(row, configured) == "AWS_ACCESS_KEY_ID"
    assert state("aws-claude", AWS_PROFILE="staff").tail is None


@pytest.mark.parametrize(
    ("address", "private"),
    [
        ("http://127.0.0.1:11434", True),
        ("http://gpu-box:11434", True),
        ("http://192.168.1.20:11434/v1", True),
        ("https://ollama.example.com", False),
        ("http://[::1", False),
    ],
)
def test_a_local_provider_at_a_public_address_is_not_private(address: str, private: bool) -> None:
    configured = load(_env_file=None, OLLAMA_BASE_URL=address)
    found = next(state for state in catalogue.providers(configured) if state.id == "ollama")
    assert found.private is private
