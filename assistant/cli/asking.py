"""``assistant search``, ``ask`` and ``classify``, one by one and in batches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli import output
from assistant.domain import Citation, ModelChoice, Turn, TurnStatus, Usage
from assistant.errors import AssistantError
from assistant.events import Event, TextDelta, TurnFinished

if TYPE_CHECKING:
    from assistant.bootstrap import Services
    from assistant.chat.running import RunningTurn
    from assistant.domain import Person
    from assistant.settings import Settings

Line = Mapping[str, Any]
FAILED = (TurnStatus.FAILED, TurnStatus.CUT, TurnStatus.REFUSED)
WAIT_SECONDS = 1.0


def read_lines(path: Path, *needed: str) -> list[Line]:
    """The JSON objects of a file, one a line; AssistantError naming the first line that is not such an object."""
    found = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if text.strip():
            found.append(_object(text, number, needed))
    return found


def _object(text: str, number: int, needed: Sequence[str]) -> Line:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict) or any(key not in value for key in needed):
        raise AssistantError(f"Line {number} of the batch file is not a JSON object with {', '.join(needed)}.")
    return value


def search_one(services: Services, person: Person, query: str, count: int, *, as_json: bool) -> None:
    """Print the passages of one query."""
    output.passages(services.knowledge.search(person, query, count), as_json=as_json)


def search_batch(services: Services, person: Person, path: Path, count: int) -> None:
    """Print a line of hits for each line of the file, in its order."""
    for item in read_lines(path, "id", "text"):
        found = services.knowledge.search(person, str(item["text"]), count)
        hits = [{"document": hit.document, "page": hit.page, "score": round(hit.score, 6)} for hit in found]
        output.line({"id": item["id"], "hits": hits})


class Asker:
    """Asks questions as one person with one choice of model."""

    def __init__(self, services: Services, person: Person, provider: str | None, model: str | None) -> None:
        self._chat = services.chat
        self._person = person
        self._choice = ModelChoice(provider or services.settings.default_provider, model) if provider or model else None

    def one(self, question: str, conversation_id: str | None, *, as_json: bool) -> bool:
        """Ask and print; true when the turn failed. People see the answer as it comes."""
        running = self._chat.ask(self._person, conversation_id, question, self._choice)
        turn = _last(_shown(_events(running), silent=as_json))
        row = turn_row(turn)
        if as_json:
            output.line(row)
        else:
            output.line("")
            output.sources(row["citations"])
        if turn.error and not as_json:
            raise AssistantError(turn.error.message)
        return turn.status in FAILED

    def batch(self, path: Path) -> bool:
        """Ask every line of the file, print each row as it ends; true when one of them failed."""
        conversations: dict[str, str] = {}
        failed = False
        for item in read_lines(path, "id", "text"):
            row = self._batch_row(item, conversations)
            failed = failed or row["status"] in FAILED
            output.line({"id": item["id"], **row})
        return failed

    def _batch_row(self, item: Line, conversations: dict[str, str]) -> dict[str, Any]:
        wanted = item.get("conversation_id")
        history = [(str(role), str(text)) for role, text in item["history"]] if item.get("history") else None
        try:
            running = self._chat.ask(
                self._person, conversations.get(str(wanted)), str(item["text"]), self._choice, history=history
            )
        except AssistantError as error:
            return refused_row(error)
        if wanted is not None:
            conversations[str(wanted)] = running.conversation_id
        return turn_row(_last(_events(running)))


def _events(running: RunningTurn) -> Iterator[Event]:
    """All events of a turn, each as it happens, to the end."""
    seen = 0
    while True:
        fresh = running.wait(seen, WAIT_SECONDS)
        seen += len(fresh)
        yield from fresh
        if fresh and isinstance(fresh[-1], TurnFinished):
            return


def _shown(events: Iterator[Event], *, silent: bool) -> Iterator[Event]:
    for event in events:
        if isinstance(event, TextDelta) and not silent:
            output.piece(event.text)
        yield event


def _last(events: Iterator[Event]) -> Turn:
    finished = [event.turn for event in events if isinstance(event, TurnFinished)]
    return finished[-1]


def turn_row(turn: Turn) -> dict[str, Any]:
    """The JSON object of an ended turn."""
    plan = turn.plan
    return {
        "conversation_id": turn.conversation_id,
        "turn_id": turn.id,
        "status": str(turn.status),
        "route": str(plan.route) if plan else None,
        "confidence": round(plan.confidence, 4) if plan else None,
        "standalone_question": plan.standalone_question if plan else turn.question,
        "answer": turn.answer,
        "citations": [_citation_row(citation) for citation in turn.citations],
        "abstained": turn.abstained,
        "answerable": None if turn.answerable is None else round(turn.answerable, 4),
        "nearest": list(turn.nearest),
        "provider": turn.choice.provider,
        "model": turn.choice.model,
        "usage": _usage_row(turn.usage),
        "cost": None if turn.usage.cost is None else float(turn.usage.cost),
        "timings_ms": _timings_row(turn),
        "pending": [],
        "error": _error_row(turn),
    }


def refused_row(error: AssistantError) -> dict[str, Any]:
    """The JSON object of a question that was refused before any cost."""
    return {
        "conversation_id": None,
        "turn_id": None,
        "status": str(TurnStatus.REFUSED),
        "route": None,
        "confidence": None,
        "standalone_question": None,
        "answer": "",
        "citations": [],
        "abstained": False,
        "answerable": None,
        "nearest": [],
        "provider": None,
        "model": None,
        "usage": _usage_row(Usage()),
        "cost": None,
        "timings_ms": {"plan": None, "retrieve": None, "first_token": None, "total": None},
        "pending": [],
        "error": {"category": error.category, "message": error.message, "reference": error.reference},
    }


def _citation_row(citation: Citation) -> dict[str, object]:
    return {
        "n": citation.n,
        "document_id": citation.document_id,
        "document": citation.document,
        "page": citation.page,
        "quote": citation.quote,
    }


def _usage_row(usage: Usage) -> dict[str, object]:
    return {
        "requests": usage.requests,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "tool_calls": usage.tool_calls,
        "estimated": usage.estimated,
    }


def _timings_row(turn: Turn) -> dict[str, float | None]:
    times = turn.timings
    named = {
        "plan": times.plan,
        "retrieve": times.retrieve,
        "first_token": times.first_token,
        "total": times.total,
    }
    return {name: None if value is None else round(value, 1) for name, value in named.items()}


def _error_row(turn: Turn) -> dict[str, str] | None:
    if turn.error is None:
        return None
    return {"category": turn.error.category, "message": turn.error.message, "reference": turn.error.reference}


def classify(settings: Settings, examples: Path, batch: Path, *, as_json: bool) -> None:
    """Print a label and its confidence for each line of the batch file."""
    from assistant.bootstrap import embedder_for
    from assistant.providers.offline.routing import NearestLabels

    embedder = embedder_for(settings)
    labelled = [(str(item["text"]), str(item["label"])) for item in read_lines(examples, "text", "label")]
    items = read_lines(batch, "id", "text")
    nearest = NearestLabels(labelled, embedder.embed([text for text, _ in labelled]))
    vectors = embedder.embed([str(item["text"]) for item in items])
    for item, vector in zip(items, vectors, strict=True):
        label, confidence = nearest.classify(vector)
        row = {"id": item["id"], "label": label, "confidence": round(float(confidence), 4)}
        output.line(row if as_json else f"{row['id']}: {label} ({row['confidence']})")
