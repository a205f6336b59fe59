"""Durable jobs: each ingest is a dbos workflow of two steps; after a crash only the step in flight runs again.

SQL says what is to be done; this only remembers how far each attempt came. The one place that knows dbos, which only
the worker process imports (it takes 60 MB and a second).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID

from assistant.storage.database import Database, DatabaseDamage, DatabaseTrouble
from assistant.storage.ingestion import Job

logger = logging.getLogger(__name__)

QUEUE = "ingest"
# One worker per data folder: the id is fixed so that its next run takes up what the last one left.
EXECUTOR = "worker"
# Changes only when steps change their meaning; dbos recovers workflows of its own version only.
VERSION = "ingest-1"
POLL_SECONDS = 0.2
# Above this the record of attempts is begun anew: it is of use for the last few, and nothing else makes it smaller.
RECORD_BYTES = 50_000_000
ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})

Step = Callable[[Job], bool]


class JsonSerializer(Serializer):
    """Plain JSON: dbos's default is pickle, which runs code from whatever it reads."""

    def serialize(self, data: Any) -> str:
        """Return JSON; exceptions become their text."""
        return json.dumps(data, default=str)

    def deserialize(self, serialized_data: str) -> Any:
        """Return what the JSON says."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """Return the name that rows are marked with."""
        return "json"


class Jobs:
    """The workflows of this worker run. dbos allows one instance a process."""

    def __init__(self, file: Path, read: Step, embed: Step, at_once: int) -> None:
        self._at_once = at_once
        discard_unusable(file)
        config: DBOSConfig = {
            "name": "assistant",
            "system_database_url": f"sqlite:///{file}",
            "application_version": VERSION,
            "executor_id": EXECUTOR,
            "serializer": JsonSerializer(),
            "log_level": "ERROR",
        }
        DBOS(config=config)
        read_step, embed_step = _step("read", read), _step("embed", embed)

        @DBOS.workflow(name="ingest")
        def ingest(version_id: int, attempt: int) -> bool:
            return read_step(version_id, attempt) and embed_step(version_id, attempt)

        self._ingest = ingest

    def start(self) -> None:
        """Take up what the last run left and begin to work."""
        DBOS.launch()
        DBOS.register_queue(QUEUE, worker_concurrency=self._at_once, polling_interval_sec=POLL_SECONDS)

    def submit(self, job: Job) -> None:
        """Have the job done; one that is known already is not done twice."""
        with SetWorkflowID(_id(job)):
            DBOS.enqueue_workflow(QUEUE, self._ingest, job.version_id, job.attempt)

    def has_ended(self, job: Job) -> bool:
        """Return whether the workflow of this attempt is over, whatever came of it."""
        status = DBOS.get_workflow_status(_id(job))
        return status is not None and status.status in ENDED

    def close(self) -> None:
        """Stop; what runs is taken up by the next start."""
        # A step still under way fails in there once its store is closed, which is as it should be.
        logging.getLogger("dbos").setLevel(logging.CRITICAL)
        DBOS.destroy()


def discard_unusable(file: Path) -> None:
    """Remove the record of attempts when it is damaged or has grown too large.

    SQL says what is due, and dbos would try for ever to read a damaged one. Call with the worker's lock held.
    """
    if not file.exists():
        return
    if _is_damaged(file) or file.stat().st_size > RECORD_BYTES:
        logger.warning("%s is begun anew", file.name)
        for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
            file.with_name(name).unlink(missing_ok=True)


def _is_damaged(file: Path) -> bool:
    database = Database(f"sqlite:///{file}")
    try:
        return database.problem() is not None
    except DatabaseTrouble:  # busy, or a full disk
        return False
    except DatabaseDamage:
        return True
    finally:
        database.close()


def _step(name: str, run: Step) -> Callable[[int, int], bool]:
    @DBOS.step(name=name)
    def step(version_id: int, attempt: int) -> bool:
        return run(Job(version_id, attempt))

    return step


def _id(job: Job) -> str:
    return f"ingest-{job.version_id}-{job.attempt}"
