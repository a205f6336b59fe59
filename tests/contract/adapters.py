"""Every provider's adapter as the contract tests drive it: its model and how its variables point to a peer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assistant.domain import ModelChoice


@dataclass(frozen=True)
class Adapter:
    """``variables`` hold ``{url}`` for the peer's root and ``{key}`` for a key that no other test has.

    ``counted`` says whether the peer counts tokens the way this wire does, ``priced`` whether the model has a price
    and ``thinks`` whether the peer can send what a model thinks on this wire.
    """

    provider: str
    model: str
    variables: Mapping[str, str] = field(default_factory=dict)
    counted: bool = True
    priced: bool = True
    thinks: bool = True

    @property
    def choice(self) -> ModelChoice:
        """The choice of a person who picked this model."""
        return ModelChoice(self.provider, self.model)

    def settings(self, url: str, key: str) -> dict[str, Any]:
        """The provider's variables for a peer at this address."""
        return {name: value.format(url=url, key=key) for name, value in self.variables.items()}


OPENAI = {"OPENAI_API_KEY": "{key}", "OPENAI_BASE_URL": "{url}/v1"}

ADAPTERS = (
    Adapter("openai", "gpt-6-luna", OPENAI),
    Adapter("openai-responses", "gpt-6-luna", OPENAI),
    # Groq counts in x_groq.usage and thinks in `reasoning`, which aimock does not know; the raw server does.
    Adapter(
        "groq", "openai/gpt-oss-20b", {"GROQ_API_KEY": "{key}", "GROQ_BASE_URL": "{url}"}, counted=False, thinks=False
    ),
    Adapter("anthropic", "claude-haiku-5-5", {"ANTHROPIC_API_KEY": "{key}", "ANTHROPIC_BASE_URL": "{url}"}),
    Adapter(
        "openrouter",
        "openai/gpt-5-mini",
        {"OPENROUTER_API_KEY": "{key}", "OPENROUTER_BASE_URL": "{url}/api/v1"},
    ),
    Adapter("portkey", "@openai/gpt-4o-mini", {"PORTKEY_API_KEY": "{key}", "PORTKEY_BASE_URL": "{url}/v1"}),
    Adapter("ollama", "qwen3:8b", {"OLLAMA_BASE_URL": "{url}/v1"}, priced=False),
    Adapter("local", "a-model", {"LOCAL_BASE_URL": "{url}/v1", "LOCAL_API_KEY": "{key}"}, priced=False),
    Adapter(
        "aws-claude",
        "global.anthropic.claude-haiku-5-5",
        {
            "AWS_ACCESS_KEY_ID": "{key}",
            "AWS_SECRET_ACCESS_KEY": "secret-{key}",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "{url}",
        },
    ),
)
BEDROCK = "aws-claude"
