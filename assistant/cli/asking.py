"""``assistant search``, ``ask`` and ``classify``, one by one and in batches."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli import output
from assistant.cli.batch_file import Line, history, read_lines
from assistant.cli.turn_rows import badge, refused_row, turn_row
from assistant.domain import AUTO, Decision, ModelChoice, Parameters, PendingCall, Turn, TurnStatus
from assistant.errors import AssistantError, SettingsError, WrongUse
from assistant.events import Event, FellBack, TextDelta, TurnFinished, Waiting

if TYPE_CHECKING:
    from assistant.bootstrap import Services
    from assistant.chat.running import RunningTurn
    from assistant.domain import Person
    from assistant.library import Filters
    from assistant.settings import Settings

Said = list[tuple[str, str]]
FAILED = (TurnStatus.FAILED, TurnStatus.CUT, TurnStatus.REFUSED)
WAIT_SECONDS = 1.0
EMPTY = "The knowledge base is empty. Add documents with `assistant ingest FILE`, or on the page Knowledge base.\n"
APPROVALS = 8
"""Times that one question is said yes to: as often as a turn may ask its model."""


def choice_of(
    services: Services, provider: str | None, model: str | None, parameters: Parameters
) -> ModelChoice | None:
    """What was chosen on the command line; None when nothing was."""
    if provider is None and model is None and parameters == Parameters():
        return None
    if provider is not None:
        return ModelChoice(provider, model, parameters)
    default = services.models.resolve(None)
    return (
        replace(default, parameters=parameters) if model is None else ModelChoice(default.provider, model, parameters)
    )


def search_one(
    services: Services, person: Person, query: str, count: int, filters: Filters, *, limited: bool, as_json: bool
) -> None:
    """Print the passages of one query."""
    found = services.knowledge.search(person, query, count, filters, limited=limited)
    if not found and services.knowledge.progress(person).total == 0:
        sys.stderr.write(EMPTY)
    output.passages(found, as_json=as_json)


def search_batch(
    services: Services, person: Person, path: Path, count: int, filters: Filters, *, limited: bool
) -> None:
    """Print a line of hits for each line of the file, in its order."""
    for item in read_lines(path, "id", "text"):
        found = services.knowledge.search(person, item["text"], count, filters, limited=limited)
        hits = [{"document": hit.document, "page": hit.page, "score": round(hit.score, 6)} for hit in found]
        output.line({"id": item["id"], "hits": hits})


def checked_parameters(parameters: Parameters, provider: str | None, model: str | None) -> Parameters:
    """Return the parameters; raises WrongUse with a sentence that names what is out of range."""
    from assistant.models.policy import checked

    if provider == AUTO and model is not None:
        raise WrongUse("Auto picks the model by itself: leave out --model, or name its provider.")
    try:
        return checked(parameters)
    except SettingsError as error:
        raise WrongUse(error.message) from None


class Asker:
    """Asks questions as one person with one choice of model; ``approve`` says yes to all that waits for approval.

    ``limited`` as everyone in the app is, which the local operator at the command line is not.
    """

    def __init__(
        self, services: Services, person: Person, choice: ModelChoice | None, *, approve: bool, limited: bool
    ) -> None:
        self._chat = services.chat
        self._person = person
        self._choice = choice
        self._approve = approve
        self._limited = limited

    def one(self, question: str, conversation_id: str | None, *, as_json: bool) -> None:
        """Ask and print; AssistantError when the turn failed. People see the answer as it comes."""
        running = self._ask(conversation_id, question)
        turn = self._approved(_followed(running, silent=as_json), silent=as_json)
        row = turn_row(turn)
        if as_json:
            output.line(row)
        else:
            output.line("")
            output.sources(row["citations"])
            output.unsupported(row["support"])
            output.line(badge(turn))
            _tell_fixed(self._choice, turn)
            _tell_waiting(turn)
        if turn.status in FAILED:
            raise AssistantError(turn.error.message if turn.error else "The question was not answered.")

    def _approved(self, turn: Turn, *, silent: bool) -> Turn:
        """Say yes as often as the turn asks, within bounds; without ``approve`` it goes on waiting."""
        for _ in range(APPROVALS if self._approve else 0):
            if turn.status is not TurnStatus.AWAITING_APPROVAL:
                break
            yes = [Decision(call.id, approved=True) for call in turn.pending]
            running = self._chat.decide(self._person, turn.id, yes)
            turn = _followed(running, silent=silent, said=len(turn.answer))
        return turn

    def _ask(self, conversation_id: str | None, question: str, said: Said | None = None) -> RunningTurn:
        return self._chat.ask(self._person, conversation_id, question, self._choice, said, limited=self._limited)

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
        return turn_row(self._approved(_followed(running, silent=True), silent=True))


def _events(running: RunningTurn) -> Iterator[Event]:
    """All events of a turn, each as it happens, to the end."""
    seen = 0
    while True:
        fresh = running.wait(seen, WAIT_SECONDS)
        seen += len(fresh)
        yield from fresh
        if fresh and isinstance(fresh[-1], TurnFinished):
            return


def _followed(running: RunningTurn, *, silent: bool, said: int = 0) -> Turn:
    """The turn at its end; unless ``silent``, its text from character ``said`` on is printed as it comes."""
    heard = 0
    for event in _events(running):
        if isinstance(event, TurnFinished):
            return event.turn
        if not silent:
            heard = _show(event, heard, said)
    raise AssertionError("a turn ends with its last event")


def _show(event: Event, heard: int, said: int) -> int:
    match event:
        case TextDelta(text):
            output.piece(text[max(0, said - heard) :])
            return heard + len(text)
        case Waiting(reason=reason):
            sys.stderr.write(f"{reason}\n")
        case FellBack(fall_back=fall_back):
            sys.stderr.write(f"{fall_back.why}\n")
        case _:
            pass
    return heard


def _tell_fixed(wanted: ModelChoice | None, turn: Turn) -> None:
    """Say that a locked default answered in place of the model that was asked for."""
    given = turn.choice
    if wanted is None or turn.fell_back is not None or (wanted.provider == AUTO and given.auto):
        return
    if (wanted.provider, wanted.model or given.model) != (given.provider, given.model):
        sys.stderr.write("An admin has fixed the model for everyone: what you chose was not asked.\n")


def _tell_waiting(turn: Turn) -> None:
    if turn.status is TurnStatus.AWAITING_APPROVAL:
        asked = "; ".join(_in_words(call) for call in turn.pending)
        sys.stderr.write(f"Waiting for a yes: {asked}. Give it in the app, or ask with --approve.\n")


def _in_words(call: PendingCall) -> str:
    arguments = ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in call.arguments.items())
    return f"{call.title} ({arguments})"


def classify(settings: Settings, examples: Path, batch: Path, *, as_json: bool) -> None:
    """Print a label and its confidence for each line of the batch file."""
    from assistant.bootstrap import embedder_for
    from assistant.providers.offline.nearest import NearestLabels, with_names

    embedder = embedder_for(settings)
    labelled = [(item["text"], str(item["label"])) for item in read_lines(examples, "text", "label")]
    if not labelled:
        raise AssistantError(f"{examples.name} holds no example.")
    items = read_lines(batch, "id", "text")
    named = with_names(labelled)
    nearest = NearestLabels(named, embedder.embed([text for text, _ in named]))
    vectors = embedder.embed([item["text"] for item in items])
    for item, vector in zip(items, vectors, strict=True):
        label, confidence = nearest.classify(item["text"], vector)
        row = {"id": item["id"], "label": label, "confidence": round(float(confidence), 4)}
        output.line(row if as_json else f"{row['id']}: {label} ({row['confidence']})")
