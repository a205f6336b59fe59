"""docs/settings.md names every setting and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.settings import PREFIX, Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"


def test_every_setting_is_documented_and_none_besides() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)`", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    known = {str(field.validation_alias or PREFIX + name.upper()) for name, field in Settings.model_fields.items()}
    assert documented == known
