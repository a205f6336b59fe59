"""Asks a provider for its list of models, through its own SDK.

Blocking and over the network: never while a page is drawn, and nothing depends on it.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.domain import Parameters
from assistant.errors import AssistantError, ProviderUnavailable
from assistant.providers import builders, listed_models, parameters
from assistant.providers.clients import Access
from assistant.providers.model_info import ModelInfo, OutputMode, ProviderRow
from assistant.providers.model_lists import keep
from assistant.settings import Settings

if TYPE_CHECKING:
    from types import ModuleType

SECONDS = 10.0
"""For the whole list, from connecting to its last byte."""
LARGEST_LIST = 8_000_000
"""Bytes. OpenRouter's list, the longest, has about one million."""

RESPONSES_ONLY = re.compile(r"(gpt-|o\d|codex).*(-pro\b|codex)|codex")
"""OpenAI's models that its chat completions refuse."""

log = logging.getLogger(__name__)


def discover(row: ProviderRow, settings: Settings) -> list[ModelInfo]:
    """Ask the provider which models it has, keep the answer for the picker and return it; takes at most SECONDS.

    Raises ProviderUnavailable with a sentence when the provider is not set up, cannot be reached, refuses the key or
    answers with something else than a list. Not to be called on an event loop.
    """
    if row.kind == "offline":
        return list(row.models)
    access = builders.access_of(row, settings)
    home = importlib.import_module(f"assistant.providers.{builders.HOMES[row.kind]}")
    try:
        body = asyncio.run(asyncio.wait_for(_body(home, access), SECONDS))
        models = [_able(home, row, model) for model in listed_models.read(body) if _speaks(row, model)]
    except AssistantError:
        raise
    except Exception as error:
        log.info("no list of models from %s: %s", row.id, type(error).__name__)
        raise ProviderUnavailable(_sentence(row, error)) from error
    _keep(row, settings, models)
    return models


async def _body(home: ModuleType, access: Access) -> object:
    """The list as it came over the wire, bounded: an address may lead to anything."""
    if access.kind == "bedrock":
        return await asyncio.to_thread(home.listed, access, SECONDS)
    client = home.client(access)
    try:
        options: dict[str, Any] = {"limit": 1000} if access.kind == "anthropic" else {}
        async with client.models.with_streaming_response.list(timeout=SECONDS, **options) as response:
            got = bytearray()
            async for piece in response.iter_bytes():
                got += piece
                if len(got) > LARGEST_LIST:
                    raise ValueError("too long for a list of models")
            return json.loads(got)
    finally:
        await client.close()


def _speaks(row: ProviderRow, model: ModelInfo) -> bool:
    return row.kind != "openai" or not RESPONSES_ONLY.match(model.id)


def _able(home: ModuleType, row: ProviderRow, model: ModelInfo) -> ModelInfo:
    """Add what the installed library knows of a model whose list says nothing of what it takes."""
    if row.kind == "openrouter":
        return model
    profile = home.profile(row.kind, model.id)
    asked = Parameters(effort="low"), Parameters(temperature=0.5)
    thinking, sampling = (parameters.model_settings(each, model.id, None, profile) for each in asked)
    graded = "thinking" in thinking and profile.get("groq_supports_graded_reasoning_effort", True)
    return replace(
        model,
        efforts=listed_models.EFFORTS if graded else (),
        sampling="temperature" in sampling,
        output=_output(profile),
    )


def _output(profile: Mapping[str, Any]) -> OutputMode:
    """By a tool where the model can be made to call one."""
    if profile.get("supports_forced_tool_choice") is not False:
        return "tool"
    return "native" if profile.get("supports_json_schema_output") else "prompted"


def _keep(row: ProviderRow, settings: Settings, models: list[ModelInfo]) -> None:
    try:
        keep(row, settings, models)
    except OSError as error:
        log.warning("the list of models of %s could not be kept: %s", row.id, type(error).__name__)


def _sentence(row: ProviderRow, error: Exception) -> str:
    """What happened and what to do; the provider's own words stay out."""
    status = getattr(error, "status_code", None) or _status_of_amazon(error)
    if status == 403 and row.kind == "bedrock":
        return f"{row.label} does not let this key list models (bedrock:ListInferenceProfiles); they may still answer."
    if status in (401, 403):
        return f"{row.label} refused the key: check {row.needs[0]}."
    if status == 429:
        return f"{row.label} asks to wait: it was asked too often, or the account's credit is used up."
    if status is not None:
        return f"{row.label} gave no list of models (status {status}); type the model's id instead."
    if isinstance(error, ValueError | RecursionError):
        return f"{row.label} answered with something that is no list of models: check {row.base_url or 'its address'}."
    return f"{row.label} cannot be reached: check {row.base_url or 'the network'} and that it is running."


def _status_of_amazon(error: Exception) -> int | None:
    response = getattr(error, "response", None)
    return response.get("ResponseMetadata", {}).get("HTTPStatusCode") if isinstance(response, dict) else None
