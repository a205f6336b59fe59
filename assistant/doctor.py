"""Floor 5: looks at everything the app stands on and says in a sentence each how it is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant import bootstrap, log
from assistant import settings as settings_module
from assistant.bootstrap import Services
from assistant.errors import AssistantError
from assistant.knowledge.parsing import limits, ocr
from assistant.providers.catalogue import ProviderState
from assistant.settings import Settings
from assistant.storage import audit
from assistant.storage.database import DatabaseDamage
from assistant.storage.rows import EMBEDDED

if TYPE_CHECKING:
    from assistant.knowledge.embedder_state import EmbedderState

logger = logging.getLogger(__name__)

INDEX_SECONDS = 60.0
# Two wordings of one question are nearer to each other than to another question; a broken model tells no difference.
PROBES = ("How many days of leave do I get?", "How much holiday am I entitled to?", "Which printer is on floor two?")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is well, and a sentence about it."""

    name: str
    ok: bool
    detail: str


def check_all(settings: Settings) -> list[Check]:
    """Run every check; one that fails says so and the others go on."""
    strangers = settings_module.unknown_variables()
    checks = [Check("settings", not strangers, " ".join(strangers) or "All variables are known.")]
    try:
        with bootstrap.opened(settings, own_index=True) as services:
            checks += [_run(name, check, services) for name, check in _checks()]
    except AssistantError as error:
        checks.append(Check("data folder", False, error.message))
    except DatabaseDamage as error:
        reference = log.record(logger, error)
        checks.append(Check("database", False, f"The database cannot be used (reference {reference} in the log)."))
    return checks


def _checks() -> Iterator[tuple[str, Callable[[Services], tuple[bool, str]]]]:
    yield "data folder", _data_folder
    yield "database", _database
    yield "embedding model", _embedding_model
    yield "originals", _originals
    yield "documents", _documents
    yield "index", _index
    yield "readers of files", _readers
    yield "folders", _folders
    yield "audit log", _audit_log
    yield "providers", _providers


def _run(name: str, check: Callable[[Services], tuple[bool, str]], services: Services) -> Check:
    try:
        ok, detail = check(services)
    except AssistantError as error:
        return Check(name, False, error.message)
    except Exception as error:
        return Check(name, False, f"The check itself failed (reference {log.record(logger, error)} in the log).")
    return Check(name, ok, detail)


def _data_folder(services: Services) -> tuple[bool, str]:
    return True, f"{services.settings.data_dir} can be written to."


def _database(services: Services) -> tuple[bool, str]:
    problem = services.database.problem()
    return problem is None, problem or "The database is at the newest schema and without damage."


def _embedding_model(services: Services) -> tuple[bool, str]:
    first, second, other = services.embedder.embed(PROBES)
    ok = bool(np.dot(first, second) > np.dot(first, other))
    verdict = "tells questions apart." if ok else "does not tell questions apart; remove the cache folder."
    person = services.people.local()
    services.knowledge.search(
        person, PROBES[0], 1, limited=False
    )  # finds out whether the server of another model answers
    state = services.knowledge.embedders(person)
    return ok and not state.notice, " ".join([f"{services.embedder.model_id} {verdict}", *_other_embedder(state)])


def _other_embedder(state: EmbedderState) -> Iterator[str]:
    if state.serving != EMBEDDED:
        yield state.notice or f"Searches go by {state.serving}."
    if state.wanted is not None:
        yield f"{state.wanted} takes its place once all is embedded: {state.done} of {state.total} chunks are."
    if state.error:
        yield f"Embedding is held up: {state.error}"


def _originals(services: Services) -> tuple[bool, str]:
    damaged = services.knowledge.damaged_originals(services.people.local())
    if damaged:
        return False, f"{len(damaged)} uploaded files are missing or changed on disk: {', '.join(damaged[:5])}."
    return True, "Every uploaded file is on disk with its checksum."


def _documents(services: Services) -> tuple[bool, str]:
    progress = services.knowledge.progress(services.people.local())
    detail = f"{progress.ready} ready, {progress.pending} on their way, {progress.failed} failed."
    return True, detail


def _index(services: Services) -> tuple[bool, str]:
    if not services.owns_index:
        return True, "The index belongs to the running app, which checks it by itself."
    whole = services.knowledge.wait_until_indexed(INDEX_SECONDS)
    health = services.knowledge.index_health(services.people.local())
    if health.state in ("damaged", "disk_full"):
        return False, health.sentence
    return whole, "The index agrees with the database." if whole else "The index is still being built."


def _readers(services: Services) -> tuple[bool, str]:
    """Tell which walls around the readers this machine does not give: a fact of the machine, no fault."""
    if services.settings.ocr and not ocr.is_installed():
        return False, "Text recognition is switched on (ASSISTANT_OCR) but not installed: install the extra 'ocr'."
    recognition = "Scans are read by text recognition." if services.settings.ocr else "Scans are not read."
    return True, " ".join([*(limits.missing_walls() or ["Files are read inside all walls."]), recognition])


def _folders(services: Services) -> tuple[bool, str]:
    watched = services.knowledge.folders.watched(services.people.local())
    wrong = [f"{folder.path}: {folder.problem}" for folder in watched if folder.problem]
    return not wrong, " ".join(wrong) or f"{len(watched)} folders are watched."


def _audit_log(services: Services) -> tuple[bool, str]:
    line = audit.verify(services.database)
    if line is not None:
        return False, f"Line {line} of the audit log is not as it was written: the database was changed by hand."
    return True, "Every line of the audit log is as it was written."


def _providers(services: Services) -> tuple[bool, str]:
    """Tell of each provider that is set up where its key is from, and of those set up wrongly what is wrong.

    A provider for which nothing is set is no fault.
    """
    person = services.people.local()
    found = services.models.overview(person)
    notices = services.models.notices(person)
    wrong = [f"{each.state.label}: {each.state.problem}" for each in found if each.state.problem and each.begun]
    ready = ", ".join(_ready(each.state) for each in found if each.state.configured)
    return not wrong and not notices, " ".join([f"Set up: {ready}.", *wrong, *notices])


def _ready(state: ProviderState) -> str:
    if state.key_source is None:
        return state.label
    tail = f" ending in {state.key_tail}" if state.key_tail else ""
    return f"{state.label} (key from {state.key_source}{tail})"
