"""Reads a provider's list of models: what to take from it, and what to leave because it cannot chat.

The lists differ: all name ids; OpenRouter adds prices and abilities, Groq and vLLM the context, Anthropic and OpenAI
the end. Everything in them is data of a stranger: bounded, checked by type, and only ever shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from assistant.domain import Effort
from assistant.providers.model_info import MOST_TOKENS, ModelInfo, OutputMode

MOST_MODELS = 2000
"""Four times what the longest list (OpenRouter's) has."""
LONGEST_ID = 200
LONGEST_LABEL = 100
MOST_DOLLARS = 1_000_000
"""Per million tokens. Above it a price is a mistake."""
EFFORTS: tuple[Effort, ...] = ("low", "medium", "high")
NO_CHAT = re.compile(
    r"(?<![a-z])(embed(ding)?s?|e5|bge|gte|minilm|rerank(er)?|whisper|transcri(be|ption)|translate|asr|tts|speech|orpheus"
    r"|audio|voice|realtime|live|dall-e|images?|imagen|sora|video|flux|diffusion|moderation|guard|safeguard"
    r"|babbage|davinci|turbo-instruct|search-api|deep-research|computer-use|ocr|batch)(?![a-z])",
    re.IGNORECASE,
)
"""Words in ids of models that turn text into vectors, sounds or pictures or judge it, or that take no chat."""


def read(body: object, today: date | None = None) -> list[ModelInfo]:
    """Return the list's chat models, each id once, at most MOST_MODELS; raises ValueError when it is no list."""
    day = today or datetime.now(UTC).date()
    found: dict[str, ModelInfo] = {}
    for entry in _entries(body):
        if len(found) == MOST_MODELS:
            break
        if _chats(entry):
            found.setdefault(entry["id"], _model(entry, day))
    return list(found.values())


def _entries(body: object) -> Iterator[Mapping[str, Any]]:
    listed = body.get("data", ()) if isinstance(body, Mapping) and "data" in body else body
    if listed is None:  # Ollama's way to say that it has none
        return iter(())
    if not isinstance(listed, list):
        raise ValueError("no list of models")
    return (cast("Mapping[str, Any]", entry) for entry in listed if isinstance(entry, Mapping))


def _chats(entry: Mapping[str, Any]) -> bool:
    name = entry.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_ID or not name.isprintable() or " " in name:
        return False
    if entry.get("active") is False or entry.get("lifecycle") == "retired" or NO_CHAT.search(name):
        return False
    speaks = _part(entry, "architecture").get("output_modalities")
    return not isinstance(speaks, list) or "text" in speaks


def _model(entry: Mapping[str, Any], today: date) -> ModelInfo:
    able = entry.get("supported_parameters")
    abilities = set(map(str, able)) if isinstance(able, list) else None
    price = _part(entry, "pricing")
    return ModelInfo(
        entry["id"],
        _label(entry),
        context=_tokens(entry, "context_length", "context_window", "max_model_len", "max_input_tokens"),
        max_output=_tokens(_part(entry, "top_provider"), "max_completion_tokens")
        or _tokens(entry, "max_completion_tokens", "max_tokens"),
        tools=abilities is None or "tools" in abilities,
        output=_output(abilities),
        efforts=EFFORTS if abilities and "reasoning" in abilities else (),
        sampling=abilities is None or "temperature" in abilities,
        retires=_end(entry, today),
        input_price=_price(price.get("prompt")),
        output_price=_price(price.get("completion")),
        discovered=True,
    )


def _output(abilities: set[str] | None) -> OutputMode:
    if abilities is None or "tools" in abilities:
        return "tool"
    return "native" if "structured_outputs" in abilities else "prompted"


def _part(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, Mapping) else {}


def _label(entry: Mapping[str, Any]) -> str:
    for name in (entry.get("display_name"), entry.get("name")):
        if isinstance(name, str) and name.strip() and name.isprintable():
            return name.strip()[:LONGEST_LABEL]
    return _last_part(str(entry["id"]))


def _last_part(model_id: str) -> str:
    """The file's name where the id is the path of a file, as llama.cpp has it; other ids stay."""
    return re.split(r"[/\\]", model_id)[-1] if model_id.lower().endswith(".gguf") else model_id


def _tokens(entry: Mapping[str, Any], *names: str) -> int | None:
    values = (entry.get(name) for name in names)
    return next((value for value in values if type(value) is int and 0 < value <= MOST_TOKENS), None)


def _price(per_token: object) -> Decimal | None:
    """Dollars per million tokens. A negative price is OpenRouter's word for: depends on the model it picks."""
    try:
        dollars = Decimal(str(per_token)) * 1_000_000 if isinstance(per_token, str | int | float) else None
    except InvalidOperation:
        return None
    return dollars if dollars is not None and dollars.is_finite() and 0 <= dollars <= MOST_DOLLARS else None


def _end(entry: Mapping[str, Any], today: date) -> date | None:
    """The day of its end. Where the list also gives a stage (Anthropic), a date gone by is one that was put off."""
    named = next((entry[name] for name in ("shutdown_date", "retires_at", "expiration_date") if entry.get(name)), None)
    try:
        day = date.fromisoformat(named[:10]) if isinstance(named, str) else None
    except ValueError:
        return None
    return None if day and day <= today and "lifecycle" in entry else day
