"""``assistant search``, ``ask`` and ``classify``, one by one and in batches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli import output
from assistant.cli.batch_file import Line, history, read_lines
from assistant.domain import Citation, ModelChoice, Turn, TurnStatus, Usage
from assistant.errors import AssistantError
from assistant.events import Event, TextDelta, TurnFinished
from assistant.storage.people import LOCAL

if TYPE_CHECKING:
    from assistant.bootstrap import Services
    from assistant.chat.running import RunningTurn
    from assistant.domain import Person
    from assistant.settings import Settings

Said = list[tuple[str, str]]
FAILED = (TurnStatus.FAILED, TurnStatus.CUT, TurnStatus.REFUSED)
WAIT_SECONDS = 1.0


def search_one(services: Services, person: Person, query: str, count: int, *, as_json: bool) -> None:
    """Print the passages of one query."""
    output.passages(services.knowledge.search(person, query, count), as_json=as_json)


def search_batch(services: Services, person: Person, path: Path, count: int) -> None:
    """Print a line of hits for each line of the file, in its order."""
    for item in read_lines(path, "id", "text"):
        found = services.knowledge.search(person, item["text"], count)
        hits = [{"document": hit.document, "page": hit.page, "score": round(hit.score, 6)} for hit in found]
        output.line({"id": item["id"], "hits": hits})


class Asker:
    """Asks questions as one person with one choice of model."""

    def __init__(self, services: Services, person: Person, provider: str | None, model: str | None) -> None:
        self._chat = services.chat
        self._person = person
        self._choice = ModelChoice(provider or services.settings.default_provider, model) if provider or model else None

    def one(self, question: str, conversation_id: str | None, *, as_json: bool) -> None:
        """Ask and print; AssistantError when the turn failed. People see the answer as it comes."""
        running = self._ask(conversation_id, question)
        turn = _last(_shown(_events(running), silent=as_json))
        row = turn_row(turn)
        if as_json:
            output.line(row)
        else:
            output.line("")
            output.sources(row["citations"])
        if turn.status in FAILED:
            raise AssistantError(turn.error.message if turn.error else "The question was not answered.")

    def _ask(self, conversation_id: str | None, question: str, said: Said | None = None) -> RunningTurn:
        limited = self._person != LOCAL
        return self._chat.ask(self._person, conversation_id, question, self._choice, said, limited=limited)

    def batch(self, path: Path) -> None:
        """Ask every line of the file and print each row as it ends; AssistantError when some failed."""
        conversations: dict[str, str] = {}
        failed = 0
        for item, said in [(item, history(item)) for item in read_lines(path, "id", "text")]:
            row = self._batch_row(item, said, conversations)
            failed += row["status"] in FAILED
            output.line({"id": item["id"], **row})
        if failed:
            raise AssistantError(f"{failed} of the questions were not answered in full; the error in a row says why.")

    def _batch_row(self, item: Line, said: Said | None, conversations: dict[str, str]) -> dict[str, Any]:
        wanted = item.get("conversation_id")
        try:
            running = self._ask(conversations.get(str(wanted)), item["text"], said)
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
    labelled = [(item["text"], str(item["label"])) for item in read_lines(examples, "text", "label")]
    if not labelled:
        raise AssistantError(f"{examples.name} holds no example.")
    items = read_lines(batch, "id", "text")
    nearest = NearestLabels(labelled, embedder.embed([text for text, _ in labelled]))
    vectors = embedder.embed([item["text"] for item in items])
    for item, vector in zip(items, vectors, strict=True):
        label, confidence = nearest.classify(vector)
        row = {"id": item["id"], "label": label, "confidence": round(float(confidence), 4)}
        output.line(row if as_json else f"{row['id']}: {label} ({row['confidence']})")
