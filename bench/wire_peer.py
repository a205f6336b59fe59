"""A model's server as a process of its own: a fixed time to the first token, then tokens at a fixed pace.

``python -m bench.wire_peer`` prints its address. It speaks the chat completions wire and keeps, for each request, the
monotonic times at which it came, each token was sent and the client hung up; ``GET /log`` takes them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.places import PROJECT

FIRST_TOKEN_SECONDS = 0.3
TOKENS = 200
GAP_SECONDS = 0.01
PARAGRAPH_TOKENS = 40
HANG_UP_SECONDS = 10.0
PLAN = {
    "standalone_question": "Within how many days must the thermal camera be signed back in at the Linz site?",
    "search_queries": ["thermal camera signed back in Linz"],
    "route": "knowledge",
    "confidence": 0.9,
    "reason": "a rule of the documents",
}
USAGE = {"prompt_tokens": 2000, "completion_tokens": TOKENS, "total_tokens": 2000 + TOKENS}


@dataclass
class Asked:
    """One request: monotonic seconds of its arrival, of each token and of the client's hanging up before the end."""

    at: float
    streamed: bool
    sent: list[float] = field(default_factory=list)
    hung_up: float | None = None


def token(number: int) -> str:
    """The text of a token: its number, so that a reader knows which have come; paragraphs end with a source."""
    end = " [1]\n\n" if number % PARAGRAPH_TOKENS == PARAGRAPH_TOKENS - 1 else " "
    return f"t{number:03d}{end}"


class Peer:
    """Answers requests; ``log`` is what has been since it was last taken."""

    def __init__(self) -> None:
        self.log: list[Asked] = []

    async def serve(self) -> None:
        """Print the address and answer until the process ends."""
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._request(reader, writer):
                pass
        writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        if head.startswith("get"):
            _whole(writer, [vars(asked) for asked in self.log])
            self.log.clear()
            return True
        length = next(int(line.partition(":")[2]) for line in head.splitlines() if line.startswith("content-length"))
        body = json.loads(await reader.readexactly(length))
        asked = Asked(time.monotonic(), bool(body.get("stream")))
        self.log.append(asked)
        if asked.streamed:
            return await self._stream(asked, body["model"], reader, writer)
        await asyncio.sleep(FIRST_TOKEN_SECONDS)
        _whole(writer, _planned(body))
        return True

    async def _stream(
        self, asked: Asked, model: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        gone = asyncio.ensure_future(_until_gone(reader))
        answer = asyncio.ensure_future(self._tokens(asked, model, writer))
        await asyncio.wait((gone, answer), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            asked.hung_up = time.monotonic()
            answer.cancel()
            return False
        gone.cancel()
        return False

    async def _tokens(self, asked: Asked, model: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        for number in range(TOKENS):
            due = asked.at + FIRST_TOKEN_SECONDS + number * GAP_SECONDS
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            _frame(writer, model, [{"index": 0, "delta": {"content": token(number)}, "finish_reason": None}])
            asked.sent.append(time.monotonic())
        _frame(writer, model, [{"index": 0, "delta": {}, "finish_reason": "stop"}])
        _frame(writer, model, [], usage=USAGE)
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()


async def _until_gone(reader: asyncio.StreamReader) -> None:
    """Nothing follows a request but its connection's end."""
    with contextlib.suppress(ConnectionError):
        await reader.read(1)


def _planned(body: dict[str, Any]) -> dict[str, Any]:
    function = {"name": body["tools"][0]["function"]["name"], "arguments": json.dumps(PLAN)}
    message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "1", "type": "function", "function": function}],
    }
    choices = [{"index": 0, "message": message, "finish_reason": "tool_calls"}]
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": body["model"]}
    return {**head, "choices": choices, "usage": USAGE}


def _frame(writer: asyncio.StreamWriter, model: str, choices: list[dict[str, Any]], **more: object) -> None:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": model}
    writer.write(f"data: {json.dumps({**head, 'choices': choices, **more})}\n\n".encode())


def _whole(writer: asyncio.StreamWriter, value: object) -> None:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


@contextmanager
def wire_peer() -> Iterator[str]:
    """The server's address while it runs."""
    command = [sys.executable, "-m", "bench.wire_peer"]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def taken_log(url: str) -> list[Asked]:
    """What the server saw since the last time."""
    with urllib.request.urlopen(f"{url}/log", timeout=HANG_UP_SECONDS) as answer:  # noqa: S310 - loopback
        return [Asked(**row) for row in json.load(answer)]


if __name__ == "__main__":
    asyncio.run(Peer().serve())
