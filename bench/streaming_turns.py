"""Turns in a process of their own against the model's server, and bare calls of the SDK in turn with them.

``python -m bench.streaming_turns ADDRESS QUESTION…`` prints one JSON object, with a sample for each question but the
first; its data folder is ASSISTANT_DATA_DIR. Times are monotonic seconds, which the processes of a machine share.
"""

from __future__ import annotations

import gc
import json
import re
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from openai import OpenAI

from assistant.bootstrap import Services, build
from assistant.chat.running import RunningTurn
from assistant.domain import ModelChoice
from assistant.events import TextDelta
from assistant.settings import load
from bench.wire_peer import TOKENS, taken_log

MODEL = "gpt-4o-mini"
CHOICE = ModelChoice("openai", MODEL)
STOP_AFTER_TOKENS = 20
WAIT_SECONDS = 60.0
FOLLOW_UP = "And how long is it for them at the Linz site?"
TOKEN = re.compile(r"t\d{3}")


def main() -> None:
    """Measure and print."""
    url, *questions = sys.argv[1:]
    services = build(load())
    for step in (services.embedder.warm, services.models.warm_default, services.chat.warm):
        step()
    gc.collect()
    gc.freeze()  # as the app does once it is warm
    client = OpenAI()
    try:
        samples = [_round(services, client, url, question) for question in questions]
    finally:
        services.close()
    print(json.dumps(samples[1:]))


def _round(services: Services, client: OpenAI, url: str, question: str) -> dict[str, Any]:
    alone = _turn(services, url, None, question)
    return {
        "bare": _bare(client, url),
        "alone": alone,
        "planned": _turn(services, url, alone.pop("conversation"), FOLLOW_UP),
        "stop_s": _stopped(services, url, question),
    }


def _bare(client: OpenAI, url: str) -> dict[str, Any]:
    """One call of the SDK: time to its first token, processor time of this process to the end."""
    cpu, began = time.process_time(), time.monotonic()
    first = None
    for chunk in client.chat.completions.create(
        model=MODEL, stream=True, messages=[{"role": "user", "content": "Say many words."}]
    ):
        if first is None and chunk.choices and chunk.choices[0].delta.content:
            first = time.monotonic() - began
    taken_log(url)
    return {"first_s": first, "cpu_s": time.process_time() - cpu}


def _turn(services: Services, url: str, conversation: str | None, question: str) -> dict[str, Any]:
    """One turn of ours: when its first text came, how late each token was, how often the model was asked."""
    cpu, began = time.process_time(), time.monotonic()
    running = services.chat.ask(services.people.local(), conversation, question, CHOICE, limited=False)
    came = _followed(running)
    turn = running.result(WAIT_SECONDS).turn
    used = time.process_time() - cpu
    log = taken_log(url)
    if len(came) != TOKENS:
        raise SystemExit(f"the turn ended {turn.status} after {len(came)} tokens: {turn.error}")
    return {
        "first_s": next(iter(came.values())) - began,
        "lag_s": lags(came, log[-1].sent),
        "cpu_s": used,
        "calls": len(log),
        "conversation": running.conversation_id,
    }


def _followed(running: RunningTurn) -> dict[int, float]:
    """For each token the time at which the event with it came to a follower."""
    came: dict[int, float] = {}
    seen, text = 0, ""
    while not running.finished or seen < len(running.wait(0, 0)):
        events = running.wait(seen, 1.0)
        now = time.monotonic()
        seen += len(events)
        text += "".join(event.text for event in events if isinstance(event, TextDelta))
        for number in range(len(came), len(TOKEN.findall(text))):
            came[number] = now
    return came


def _stopped(services: Services, url: str, question: str) -> float:
    """Seconds from the stop of a streaming turn until the server saw the connection closed."""
    person = services.people.local()
    running = services.chat.ask(person, None, question, CHOICE, limited=False)
    seen, text = 0, ""
    while len(TOKEN.findall(text)) < STOP_AFTER_TOKENS:
        events = running.wait(seen, 1.0)
        seen += len(events)
        text += "".join(event.text for event in events if isinstance(event, TextDelta))
    began = time.monotonic()
    services.chat.stop(person, running.turn_id)
    running.result(WAIT_SECONDS)
    deadline = began + WAIT_SECONDS
    while time.monotonic() < deadline:
        for asked in taken_log(url):
            if asked.hung_up is not None:
                return asked.hung_up - began
    raise SystemExit("the server never saw the stopped turn hang up")


def lags(came: Mapping[int, float], sent: Sequence[float]) -> list[float]:
    """For each token the seconds from its sending until it came."""
    return [came[number] - moment for number, moment in enumerate(sent) if number in came]


if __name__ == "__main__":
    main()
