"""A person's parameters as the settings of a model request, without what the model does not take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from assistant.domain import Effort, Parameters
from assistant.providers.model_info import ModelInfo

if TYPE_CHECKING:
    from pydantic_ai.settings import ModelSettings


def model_settings(
    parameters: Parameters, model_id: str, info: ModelInfo | None, profile: Mapping[str, Any]
) -> ModelSettings:
    """Return the settings of the parameters that this model takes.

    ``info`` is the catalogue's row, None for an id it does not know; ``profile`` is what pydantic-ai knows of it. A
    parameter that either of them denies is left out: providers answer it with an error.
    """
    effort = _effort(parameters.effort, info, profile)
    chosen: ModelSettings = {"thinking": effort} if effort else {}
    if parameters.max_tokens is not None:
        longest = info.max_output if info else None
        chosen["max_tokens"] = min(parameters.max_tokens, longest or parameters.max_tokens)
    if _samples(model_id, effort, info, profile):
        _add_sampling(chosen, parameters, model_id)
    return chosen


def _effort(effort: Effort | None, info: ModelInfo | None, profile: Mapping[str, Any]) -> Effort | None:
    thinks = profile.get("supports_thinking") or profile.get("thinking_always_enabled")
    if info is not None and not info.discovered:  # a provider's own list seldom says which efforts there are
        thinks = thinks and effort in info.efforts
    return effort if thinks else None


def _samples(model_id: str, effort: Effort | None, info: ModelInfo | None, profile: Mapping[str, Any]) -> bool:
    """Whether the model takes temperature and top-p in this request.

    OpenAI's reasoning models take them only while they do not reason, Claude only while it does not think.
    """
    if info is not None and not info.sampling:
        return False
    if any(profile.get(f"{family}_disallows_sampling_settings") for family in ("anthropic", "bedrock")):
        return False
    if profile.get("openai_supports_reasoning"):
        return effort is None and _rests_by_itself(profile)
    return not (effort and _is_claude(model_id))


def _rests_by_itself(profile: Mapping[str, Any]) -> bool:
    """Whether an OpenAI model that can reason does not, as long as nobody asks for it."""
    pinned = profile.get("openai_reasoning_efforts")
    can_rest = "none" in pinned if pinned is not None else profile.get("openai_supports_reasoning_effort_none")
    return bool(can_rest) and not profile.get("thinking_enabled_by_default")


def _add_sampling(chosen: ModelSettings, parameters: Parameters, model_id: str) -> None:
    if parameters.temperature is not None:
        # Claude refuses a temperature above 1, which other models take.
        most = 1.0 if _is_claude(model_id) else parameters.temperature
        chosen["temperature"] = min(parameters.temperature, most)
    # Claude takes one of the two, not both.
    if parameters.top_p is not None and not ("temperature" in chosen and _is_claude(model_id)):
        chosen["top_p"] = parameters.top_p


def _is_claude(model_id: str) -> bool:
    return "claude" in model_id.lower()
