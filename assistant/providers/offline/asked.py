"""What a request to the offline model asks: the question, its passages, and what tools have returned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolReturnPart,
    UserPromptPart,
)

from assistant.domain import Route
from assistant.providers.passages import PromptPassage, read, read_agent, read_history

CALCULATE = "calculate"
"""Name of the tool that calculates an expression."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, read. ``calculated`` is the calculator's answer when it was called for this question."""

    question: str
    passages: Sequence[PromptPassage]
    history: Sequence[tuple[str, str]]
    route: Route | None
    calculated: str | None


def read_request(messages: Sequence[ModelMessage]) -> Asked:
    """Read the newest question out of a conversation with a model."""
    last = _last_prompt(messages)
    prompt = "\n".join(_texts(messages[last])) if last is not None else ""
    question, passages = read(prompt)
    after = messages[last:] if last is not None else []
    found = Asked(
        question=question,
        passages=passages,
        history=read_history(prompt) or _said(messages[: last or 0]),
        route=read_agent("\n".join(_instructions(messages))),
        calculated=_returned(after, CALCULATE),
    )
    return _with_later_passages(found, after)


def _last_prompt(messages: Sequence[ModelMessage]) -> int | None:
    numbers = [at for at, message in enumerate(messages) if _texts(message)]
    return numbers[-1] if numbers else None


def _texts(message: ModelMessage) -> list[str]:
    """Texts that the person's side put into a message."""
    if not isinstance(message, ModelRequest):
        return []
    parts = [part.content for part in message.parts if isinstance(part, UserPromptPart)]
    return [
        text
        for content in parts
        for text in ([content] if isinstance(content, str) else [item for item in content if isinstance(item, str)])
    ]


def _instructions(messages: Sequence[ModelMessage]) -> list[str]:
    requests = [message for message in messages if isinstance(message, ModelRequest)]
    newest = [request.instructions for request in requests[-1:] if request.instructions]
    system = [part.content for request in requests for part in request.parts if isinstance(part, SystemPromptPart)]
    return [*newest, *system]


def _said(messages: Sequence[ModelMessage]) -> list[tuple[str, str]]:
    """Earlier turns as (role, text)."""
    said: list[tuple[str, str]] = []
    for message in messages:
        if isinstance(message, ModelResponse):
            said += [("assistant", part.content) for part in message.parts if isinstance(part, TextPart)]
        else:
            said += [("user", read(text)[0]) for text in _texts(message)]
    return said


def _returned(messages: Sequence[ModelMessage], tool: str) -> str | None:
    returns = [
        part.model_response_str()
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, ToolReturnPart) and part.tool_name == tool
    ]
    return returns[-1] if returns else None


def _with_later_passages(asked: Asked, messages: Sequence[ModelMessage]) -> Asked:
    """Add passages that a search tool returned; they are numbered on from the first ones."""
    returned = [
        passage
        for message in messages
        if isinstance(message, ModelRequest)
        for part in message.parts
        if isinstance(part, ToolReturnPart)
        for passage in read(part.model_response_str())[1]
    ]
    return replace(asked, passages=[*asked.passages, *returned])
