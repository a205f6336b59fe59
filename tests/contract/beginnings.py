"""The first words of an answer on each wire, for answers that are cut or never end."""

from __future__ import annotations

import json
from typing import Any

from contract import bedrock
from wire_server import Exchange


def begins(exchange: Exchange, text: str) -> None:
    """Begin a streamed answer on the wire that was asked, with this text."""
    path = exchange.received.path
    if path.endswith("/converse-stream"):
        bedrock.begins(exchange)
        bedrock.delta(exchange, {"text": text})
    elif path.endswith("/messages"):
        exchange.begin()
        _messages(exchange, text)
    elif path.endswith("/responses"):
        exchange.begin()
        _responses(exchange, text)
    else:
        exchange.begin()
        exchange.delta(content=text)


def begins_and_ends(exchange: Exchange, text: str) -> None:
    """End the stream cleanly after some words, as a gateway does whose upstream died."""
    begins(exchange, text)
    exchange.end()


def begins_and_waits(exchange: Exchange, text: str) -> None:
    """Say nothing more after some words, until the client hangs up."""
    begins(exchange, text)
    exchange.hold()


def _messages(exchange: Exchange, text: str) -> None:
    usage = {"input_tokens": 1, "output_tokens": 1}
    head = {"id": "m1", "type": "message", "role": "assistant", "content": [], "model": "m", "usage": usage}
    _event(exchange, type="message_start", message={**head, "stop_reason": None, "stop_sequence": None})
    _event(exchange, type="content_block_start", index=0, content_block={"type": "text", "text": ""})
    _event(exchange, type="content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def _responses(exchange: Exchange, text: str) -> None:
    response = {"id": "r1", "object": "response", "created_at": 1, "model": "m", "status": "in_progress", "output": []}
    settings = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    item = {"type": "message", "id": "m1", "status": "in_progress", "role": "assistant", "content": []}
    place = {"item_id": "m1", "output_index": 0, "content_index": 0}
    _event(exchange, type="response.created", sequence_number=0, response={**response, **settings})
    _event(exchange, type="response.output_item.added", sequence_number=1, output_index=0, item=item)
    part = {"type": "output_text", "text": "", "annotations": []}
    _event(exchange, type="response.content_part.added", sequence_number=2, **place, part=part)
    _event(exchange, type="response.output_text.delta", sequence_number=3, **place, delta=text, logprobs=[])


def _event(exchange: Exchange, **values: Any) -> None:
    exchange.line(f"event: {values['type']}\ndata: {json.dumps(values)}")
