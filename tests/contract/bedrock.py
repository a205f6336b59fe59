"""A server that speaks Bedrock's streamed converse wire; aimock's event stream cannot be read by botocore.

A frame of an event stream: total length, length of the headers, CRC32 of those two; the headers; the payload; CRC32 of
all of it. Lengths and sums are big-endian 32-bit numbers; a header is the length of its name in one byte, the name, 7
for a text, and its value with a length of two bytes (AWS event stream encoding).
"""

from __future__ import annotations

import json
from binascii import crc32
from collections.abc import Mapping
from struct import pack
from typing import Any

from contract.peers import INPUT_TOKENS, OUTPUT_TOKENS, PLANNER, Calls, Refuses, Says, Step
from wire_server import Behaviour, Exchange, WireServer

MEDIA_TYPE = "application/vnd.amazon.eventstream"
TEXT_VALUE = 7
PIECE_CHARACTERS = 20
USAGE = {"inputTokens": INPUT_TOKENS, "outputTokens": OUTPUT_TOKENS, "totalTokens": INPUT_TOKENS + OUTPUT_TOKENS}
PIECE_SECONDS = 0.045
EXCEPTIONS = {429: "ThrottlingException", 401: "UnrecognizedClientException", 400: "ValidationException"}


class BedrockPeer:
    """Plays steps on a raw server."""

    def __init__(self) -> None:
        self.wire = WireServer()
        self.url = self.wire.url

    def plays(self, *steps: Step, plan: Mapping[str, Any] | None = None) -> None:
        """See ``Peer``."""
        waiting = list(steps)

        def behave(exchange: Exchange) -> None:
            if plan is not None and exchange.received.body["system"][0]["text"].startswith(PLANNER):
                _plans(exchange, plan)
                return
            step = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            _played(step)(exchange)

        self.wire.requests.clear()
        self.wire.answers(behave)

    def seen(self) -> list[Mapping[str, Any]]:
        """See ``Peer``."""
        return [received.body for received in self.wire.requests]

    def close(self) -> None:
        """End the server."""
        self.wire.close()


def event(kind: str, payload: Mapping[str, Any]) -> bytes:
    """One frame of an event stream."""
    head = {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(_header(name, value) for name, value in head.items())
    body = json.dumps(payload).encode()
    prelude = pack("!II", 12 + len(headers) + len(body) + 4, len(headers))
    begun = prelude + pack("!I", crc32(prelude)) + headers + body
    return begun + pack("!I", crc32(begun))


def begins(exchange: Exchange) -> None:
    """Begin the stream of an answer."""
    exchange.begin(MEDIA_TYPE)
    exchange.block(event("messageStart", {"role": "assistant"}))


def delta(exchange: Exchange, values: Mapping[str, Any], block: int = 0) -> None:
    """Send a piece of a content block."""
    exchange.block(event("contentBlockDelta", {"contentBlockIndex": block, "delta": values}))


def _header(name: str, value: str) -> bytes:
    return pack("!B", len(name)) + name.encode() + pack("!BH", TEXT_VALUE, len(value)) + value.encode()


def _played(step: Step) -> Behaviour:
    match step:
        case Says(text, reasoning):
            return lambda exchange: _says(exchange, text, reasoning)
        case Calls(tool, arguments):
            return lambda exchange: _calls(exchange, tool, arguments)
        case Refuses(status, _, message):
            kind = EXCEPTIONS.get(status, "InternalServerException")
            headers = {"x-amzn-ErrorType": kind}
            return lambda exchange: exchange.document(status, json.dumps({"message": message}), **headers)


def _says(exchange: Exchange, text: str, reasoning: str) -> None:
    begins(exchange)
    if reasoning:
        delta(exchange, {"reasoningContent": {"text": reasoning}})
        delta(exchange, {"reasoningContent": {"signature": "c2lnbmVk"}})
        exchange.block(event("contentBlockStop", {"contentBlockIndex": 0}))
    for start in range(0, len(text), PIECE_CHARACTERS):
        delta(exchange, {"text": text[start : start + PIECE_CHARACTERS]}, block=1 if reasoning else 0)
        exchange.pause(PIECE_SECONDS)
    _ends(exchange, "end_turn", 1 if reasoning else 0)


def _calls(exchange: Exchange, tool: str, arguments: Mapping[str, Any]) -> None:
    begins(exchange)
    start = {"toolUse": {"toolUseId": "call_1", "name": tool}}
    exchange.block(event("contentBlockStart", {"contentBlockIndex": 0, "start": start}))
    delta(exchange, {"toolUse": {"input": json.dumps(arguments)}})
    _ends(exchange, "tool_use", 0)


def _ends(exchange: Exchange, reason: str, block: int) -> None:
    exchange.block(event("contentBlockStop", {"contentBlockIndex": block}))
    exchange.block(event("messageStop", {"stopReason": reason}))
    exchange.block(event("metadata", {"usage": USAGE, "metrics": {"latencyMs": 1}}))
    exchange.end()


def _plans(exchange: Exchange, plan: Mapping[str, Any]) -> None:
    tools = exchange.received.body.get("toolConfig", {}).get("tools", [])
    if tools:
        _calls(exchange, tools[0]["toolSpec"]["name"], plan)
    else:
        _says(exchange, json.dumps(plan), "")
