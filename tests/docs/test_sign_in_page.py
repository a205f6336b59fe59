"""docs/sign-in.md and its example for nginx name what there is: settings, headers, addresses, commands, files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.cli import people_commands
from assistant.settings import PREFIX, Settings
from assistant.web import oidc

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "sign-in.md").read_text(encoding="utf-8")
NGINX = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}


def test_each_setting_that_is_named_is_one() -> None:
    assert set(re.findall(r"ASSISTANT_[A-Z_]+", PAGE + NGINX)) <= SETTINGS


def test_every_setting_of_signing_in_is_named() -> None:
    about = re.compile(r"ASSISTANT_(AUTH|PUBLIC|SESSION|OIDC|PROXY|GROUPS|\w+_GROUPS$)")
    assert {name for name in SETTINGS if about.match(name)} <= set(re.findall(r"ASSISTANT_[A-Z_]+", PAGE))


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", PAGE))
def test_each_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / "docs" / link).exists()


def test_the_addresses_for_providers_are_those_of_the_app() -> None:
    assert set(re.findall(r"https://assist\.example\.org(/auth/[a-z/]+)", PAGE)) == {oidc.BACK, oidc.ENDED}


def test_the_headers_are_those_of_the_settings() -> None:
    defaults = {name: str(Settings.model_fields[name].default) for name in ("proxy_user_header", "proxy_name_header")}
    defaults["proxy_groups_header"] = str(Settings.model_fields["proxy_groups_header"].default)
    assert all(f"`{value}`" in PAGE and f"proxy_set_header {value} " in NGINX for value in defaults.values())


def test_the_commands_that_are_named_are_there() -> None:
    users = {command.name for command in people_commands.users.registered_commands}
    named = set(re.findall(r"assistant users\s+([a-z-]+)", PAGE))
    assert named
    assert named <= users
