"""docs/settings.md names every setting and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import AliasChoices

from assistant.providers.keys import AMAZON_CHAIN
from assistant.providers.telemetry import PROTOCOL_VARIABLES
from assistant.settings import PREFIX, Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
OURS, OF_LIBRARIES = PAGE.read_text(encoding="utf-8").split("## Read by the libraries themselves")


def named(text: str) -> set[str]:
    """The variables in the first column of a table."""
    cells = re.findall(r"^\| ([^|]+)\|", text, flags=re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)}


def variables() -> set[str]:
    """All names that a setting is read from."""
    found: set[str] = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias or PREFIX + name.upper()
        found |= {str(choice) for choice in (alias.choices if isinstance(alias, AliasChoices) else [alias])}
    return found


def test_every_setting_is_documented_and_none_besides() -> None:
    assert named(OURS) == variables()


def test_the_variables_of_libraries_that_this_code_looks_at_are_documented() -> None:
    assert {*AMAZON_CHAIN, *PROTOCOL_VARIABLES} <= named(OF_LIBRARIES)
    assert named(OF_LIBRARIES).isdisjoint(variables())
