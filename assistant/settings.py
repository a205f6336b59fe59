"""Settings from environment variables ``ASSISTANT_*`` and ``.env``; provider keys by their usual names."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from assistant.errors import SettingsError

PREFIX = "ASSISTANT_"
ON = {"on", "true", "1", "yes"}
OFF = {"off", "false", "0", "no"}
PROJECT = Path(__file__).resolve().parents[1]


def _default_data_dir() -> Path:
    """``data/var`` of the checkout, or of the working directory when installed as a package."""
    root = PROJECT if (PROJECT / "app.py").exists() else Path.cwd()
    return root / "data" / "var"


class Settings(BaseSettings):
    """Every knob of the application. Each is documented in docs/settings.md (a test compares)."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    data_dir: Path = Field(default_factory=_default_data_dir)
    database_url: str | None = None
    chroma_url: str | None = None
    auth: Literal["demo", "password", "oidc", "proxy"] = "demo"
    public_url: str | None = None
    session_idle_minutes: float = Field(default=60.0, gt=0, le=10_080)
    session_hours: float = Field(default=12.0, gt=0, le=720)
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_scopes: str = "openid email profile"
    proxy_peers: str | None = None
    proxy_user_header: str = "X-Forwarded-Email"
    proxy_name_header: str = "X-Forwarded-Preferred-Username"
    proxy_groups_header: str = "X-Forwarded-Groups"
    proxy_logout_url: str | None = None
    groups_claim: str = "groups"
    admin_groups: str = ""
    kb_admin_groups: str = ""
    staff_groups: str = ""
    questions_per_minute: int = Field(default=20, ge=1, le=100_000)
    embeddings_per_minute: int = Field(default=20, ge=1, le=100_000)
    uploads_per_hour: int = Field(default=1000, ge=1, le=1_000_000)
    upload_mb_per_hour: int = Field(default=10_000, ge=1, le=10_000_000)
    moderation: Literal["off", "openai", "groq"] = "off"
    moderation_model: str | None = None
    moderation_fail: Literal["open", "closed"] = "open"
    moderation_seconds: float = Field(default=5.0, gt=0, le=60)
    samples: Annotated[bool, NoDecode] = True
    default_provider: str = "offline"
    default_model: str | None = None
    question_max_characters: int = Field(default=4000, ge=1, le=100_000)
    upload_max_mb: int = Field(default=200, ge=1, le=4096)
    running_per_person: int = Field(default=2, ge=1, le=100)
    history_messages: int = Field(default=10, ge=0, le=100)
    history_tokens: int = Field(default=3000, ge=0, le=100_000)
    first_token_seconds: float = Field(default=30.0, gt=0, le=600)
    worker_idle_seconds: float = Field(default=10.0, ge=0, le=3600)
    parse_seconds: float = Field(default=120.0, gt=0, le=3600)
    parse_memory_mb: int = Field(default=1000, ge=256, le=16_000)
    unpacked_max_mb: int = Field(default=500, ge=1, le=16_000)
    ocr: Annotated[bool, NoDecode] = False
    ocr_max_pages: int = Field(default=50, ge=1, le=10_000)
    index_check_seconds: float = Field(default=600.0, ge=1, le=86_400)
    watch_seconds: float = Field(default=60.0, ge=1, le=86_400)
    watch_below: Path | None = None
    fetch: Annotated[bool, NoDecode] = False
    telemetry: Annotated[bool, NoDecode] = False
    telemetry_content: Annotated[bool, NoDecode] = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    # Providers' own variables are taken as they are: a wrong one makes its provider unusable, never the app.
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, validation_alias="OPENAI_BASE_URL")
    groq_api_key: SecretStr | None = Field(default=None, validation_alias="GROQ_API_KEY")
    groq_base_url: str | None = Field(default=None, validation_alias="GROQ_BASE_URL")
    anthropic_api_key: SecretStr | None = Field(default=None, validation_alias="ANTHROPIC_API_KEY")
    anthropic_base_url: str | None = Field(default=None, validation_alias="ANTHROPIC_BASE_URL")
    aws_access_key_id: SecretStr | None = Field(default=None, validation_alias="AWS_ACCESS_KEY_ID")
    aws_secret_access_key: SecretStr | None = Field(default=None, validation_alias="AWS_SECRET_ACCESS_KEY")
    aws_session_token: SecretStr | None = Field(default=None, validation_alias="AWS_SESSION_TOKEN")
    aws_region: str | None = Field(default=None, validation_alias=AliasChoices("AWS_REGION", "AWS_DEFAULT_REGION"))
    aws_endpoint_url: str | None = Field(default=None, validation_alias="AWS_ENDPOINT_URL_BEDROCK_RUNTIME")
    aws_profile: str | None = Field(default=None, validation_alias="AWS_PROFILE")
    aws_bearer_token: SecretStr | None = Field(default=None, validation_alias="AWS_BEARER_TOKEN_BEDROCK")
    openrouter_api_key: SecretStr | None = Field(default=None, validation_alias="OPENROUTER_API_KEY")
    openrouter_base_url: str | None = Field(default=None, validation_alias="OPENROUTER_BASE_URL")
    portkey_api_key: SecretStr | None = Field(default=None, validation_alias="PORTKEY_API_KEY")
    portkey_base_url: str | None = Field(default=None, validation_alias="PORTKEY_BASE_URL")
    portkey_config: str | None = Field(default=None, validation_alias="PORTKEY_CONFIG")
    ollama_base_url: str | None = Field(default=None, validation_alias="OLLAMA_BASE_URL")
    local_base_url: str | None = Field(default=None, validation_alias="LOCAL_BASE_URL")
    local_api_key: SecretStr | None = Field(default=None, validation_alias="LOCAL_API_KEY")
    embeddings_base_url: str | None = Field(default=None, validation_alias="EMBEDDINGS_BASE_URL")
    embeddings_api_key: SecretStr | None = Field(default=None, validation_alias="EMBEDDINGS_API_KEY")
    embeddings_model: str | None = Field(default=None, validation_alias="EMBEDDINGS_MODEL")

    @field_validator("samples", "telemetry", "telemetry_content", "ocr", "fetch", mode="before")
    @classmethod
    def _on_or_off(cls, value: object) -> bool:
        word = str(value).lower()
        if word not in ON | OFF:
            raise ValueError("use on or off")
        return word in ON

    @field_validator("data_dir", "watch_below")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().resolve()

    @field_validator("database_url")
    @classmethod
    def _sqlite_only(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("sqlite:///"):
            raise ValueError("only sqlite:/// addresses are supported so far")
        return value

    @field_validator("chroma_url")
    @classmethod
    def _embedded_only(cls, value: str | None) -> str | None:
        if value is not None:
            raise ValueError("a Chroma server is not supported so far; leave it unset for the embedded index")
        return value

    @property
    def sqlalchemy_url(self) -> str:
        """Address of the database: the given one or a file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir / 'assistant.sqlite'}"

    @property
    def samples_dir(self) -> Path:
        """Folder of the sample knowledge base in a checkout."""
        return PROJECT / "data" / "samples"


def load(**overrides: object) -> Settings:
    """Read the settings; raise SettingsError with one sentence that names the variable."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates the overrides
    except ValidationError as error:
        raise SettingsError(_sentence(error)) from None
    except UnicodeDecodeError:
        raise SettingsError("The file .env is no UTF-8 text: save it as UTF-8.") from None


def unknown_variables() -> list[str]:
    """One warning sentence for each ``ASSISTANT_*`` variable that no setting reads."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    strangers = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)
    return [_stranger(name, known) for name in strangers]


def _stranger(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name} is not a setting" + (f"; did you mean {near[0]}?" if near else ".")


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    field = str(first["loc"][0])
    variable = field if field.isupper() else PREFIX + field.upper()
    reason = str(first["msg"]).removeprefix("Value error, ")
    return f"{variable} has a value that cannot be used: {reason}."
