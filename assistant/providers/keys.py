"""Keys and addresses of the providers: what these settings have, where it came from, and what is wrong with it."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import AliasChoices, SecretStr

from assistant.providers.addresses import address_problem, copying_problem, is_private_address
from assistant.settings import Settings

if TYPE_CHECKING:
    from assistant.providers.model_info import ProviderRow

SHORTEST_KEY_WITH_TAIL = 12
"""Characters. Of a shorter key four would be too much to show."""
ADDED_PATHS = {"groq": "/openai/v1", "anthropic": "/v1"}
"""By kind, what the SDK adds to the address by itself; an address that ends with it is taken without."""
DEFAULT_PATHS = {"ollama": "/v1", "compatible": "/v1"}
"""By kind, where servers have OpenAI's interface when the address names the host only."""
AMAZON_CHAIN = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
"""Set by AWS itself where it runs the application; only Amazon's SDK reads them."""


@dataclass(frozen=True, slots=True)
class KeyState:
    """What the settings have for a provider. ``problem`` is a sentence, empty when the provider can be used.

    ``source`` is "environment" or ".env" and ``tail`` the key's last four characters, both None without a key (and
    ``tail`` for a short one). ``address`` is where its requests go; None is the SDK's own.
    """

    problem: str = ""
    source: str | None = None
    tail: str | None = None
    address: str | None = None


def state_of(row: ProviderRow, settings: Settings) -> KeyState:
    """Look at what the settings have for the provider; nothing is asked over the network, no SDK is imported."""
    variable = key_variable(row, settings)
    key = value_of(variable, settings) if variable else None
    secret = key if variable and _is_secret(variable, settings) else None
    return KeyState(
        problem=_problem(row, settings),
        source=_source(variable, key) if variable and key else None,
        tail=secret[-4:] if secret and len(secret) >= SHORTEST_KEY_WITH_TAIL else None,
        address=address_of(row, settings),
    )


def is_private(row: ProviderRow, settings: Settings) -> bool:
    """Whether text given to the provider stays in the house: said by its row, and by the address it has here."""
    address = address_of(row, settings)
    return row.private and (address is None or is_private_address(address))


def address_of(row: ProviderRow, settings: Settings) -> str | None:
    """Where the provider's requests go: the address set, else the usual one; None is the SDK's own."""
    address = value_of(row.base_url, settings) if row.base_url else None
    if not address:
        return row.address
    path = DEFAULT_PATHS.get(row.kind)
    plain = address.rstrip("/").removesuffix(ADDED_PATHS.get(row.kind, ""))
    return plain + path if path and _names_host_only(address) else plain


def key_of(row: ProviderRow, settings: Settings) -> SecretStr | None:
    """The provider's key, None when it has none."""
    variable = key_variable(row, settings)
    value = getattr(settings, _fields()[variable]) if variable else None
    return value if isinstance(value, SecretStr) and value.get_secret_value() else None


def key_variable(row: ProviderRow, settings: Settings) -> str | None:
    """The variable that holds the provider's key or stands for it; None where there is none."""
    if row.kind == "bedrock":
        several = ("AWS_BEARER_TOKEN_BEDROCK", row.needs[0], "AWS_PROFILE")
        return next((name for name in several if value_of(name, settings)), row.needs[0])
    if row.kind == "compatible":
        return "LOCAL_API_KEY"
    return row.needs[0] if row.needs and row.needs[0] != row.base_url else None


def value_of(variable: str, settings: Settings) -> str | None:
    """The value of a variable, from the environment or ``.env``."""
    value = getattr(settings, _fields()[variable])
    return (value.get_secret_value() if isinstance(value, SecretStr) else value) or None


def key_problem(variable: str, key: str) -> str:
    """Return a sentence that names the variable when no key can look like this, empty when one can."""
    copied = copying_problem(variable, key)
    if copied or (key.isascii() and key.isprintable()):
        return copied
    return f"{variable} has characters that no key has; copy it again."


def _problem(row: ProviderRow, settings: Settings) -> str:
    found = _missing(row, settings) or _key_problem(row, settings) or _address_problem(row, settings)
    return found or _not_installed(row)


def _missing(row: ProviderRow, settings: Settings) -> str:
    if row.kind == "bedrock" and _amazon_otherwise(settings):
        return ""
    absent = [name for name in row.needs if not value_of(name, settings)]
    return f"Set {' and '.join(absent)}." if absent else ""


def _amazon_otherwise(settings: Settings) -> bool:
    """Credentials other than a pair of keys: a token, a named profile, or what AWS gives its own machines."""
    named = value_of("AWS_BEARER_TOKEN_BEDROCK", settings) or value_of("AWS_PROFILE", settings)
    return bool(named) or any(os.environ.get(name) for name in AMAZON_CHAIN)


def _key_problem(row: ProviderRow, settings: Settings) -> str:
    variables = [*row.needs, key_variable(row, settings)]
    secrets = dict.fromkeys(name for name in variables if name and _is_secret(name, settings))
    found = ((name, value_of(name, settings)) for name in secrets)
    return next(filter(None, (key_problem(name, key) for name, key in found if key)), "")


def _address_problem(row: ProviderRow, settings: Settings) -> str:
    address = value_of(row.base_url, settings) if row.base_url else None
    return address_problem(row.base_url, address) if row.base_url and address else ""


def _not_installed(row: ProviderRow) -> str:
    if row.module is None or importlib.util.find_spec(row.module) is not None:
        return ""
    return f"{row.label} is not part of this installation: run `make extras` and start again."


def _names_host_only(address: str) -> bool:
    try:
        return urlsplit(address).path in ("", "/")
    except ValueError:
        return False


def _is_secret(variable: str, settings: Settings) -> bool:
    return isinstance(getattr(settings, _fields()[variable]), SecretStr)


def _source(variable: str, value: str) -> str:
    """There are two sources; what is not in the environment stands in the file."""
    return "environment" if any(os.environ.get(name) == value for name in _spellings(variable)) else ".env"


def _spellings(variable: str) -> list[str]:
    """Settings are read without regard to case."""
    return [name for name in os.environ if name.upper() == variable]


@cache
def _fields() -> dict[str, str]:
    """The settings' fields by the variable that fills them; of several names for one field each counts."""
    fields: dict[str, str] = {}
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        names = alias.choices if isinstance(alias, AliasChoices) else [alias] if alias else []
        fields |= {str(variable): name for variable in names}
    return fields
