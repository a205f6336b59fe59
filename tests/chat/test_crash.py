"""A process that is killed in mid-answer loses at most what it had not saved; the next start says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from chatting import SCRIPT, Chatting

from assistant.domain import TurnStatus
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier

ANSWERING = """
import sys, threading
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from chatting import SCRIPT, Chatting
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier
from assistant.providers.scripted import Gate, Reply

embedder = MiniLM(Path(sys.argv[3]))
chat = Chatting(Path(sys.argv[2]), embedder, RouteClassifier(embedder, Path(sys.argv[3])))
chat.put("Handbook.pdf", "Full-time employees receive 27 days of annual leave.")
chat.plays(Reply(["Full-time employees receive 27 days of annual leave. [1] And", Gate(), "never"]))
running = chat.service.ask(chat.bob, None, "How many days of annual leave do employees receive?", SCRIPT)
while not chat.service.turn(chat.bob, running.turn_id).answer:
    if running.finished:
        sys.exit(f"ended early: {running.wait(0, 0)[-1]}")
    running.wait(1_000, 0.05)
print(running.turn_id, flush=True)
threading.Event().wait()
"""


def test_a_killed_process_leaves_its_turn_cut_and_the_conversation_usable(
    data_dir: Path, embedder: MiniLM, classifier: RouteClassifier
) -> None:
    cache = embedder._cache_dir  # building the graph anew would cost ten seconds
    arguments = [str(Path(__file__).parents[1]), str(data_dir), str(cache)]
    with subprocess.Popen([sys.executable, "-c", ANSWERING, *arguments], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        turn_id = child.stdout.readline().strip()
        child.kill()

    chat = Chatting(data_dir, embedder, classifier)
    running = chat.service.turn(chat.bob, turn_id)
    assert running.status is TurnStatus.RUNNING
    assert chat.service.start() == 1
    turn = chat.service.turn(chat.bob, turn_id)
    assert turn.status is TurnStatus.CUT
    assert turn.answer == "Full-time employees receive 27 days of annual leave. [1] And"
    assert turn.citations[0].quote == "Full-time employees receive 27 days of annual leave."
    assert turn.error is not None
    assert turn.error.retryable
    assert chat.service.start() == 0
    chat.plays()
    assert chat.ask("Hello", turn.conversation_id, choice=SCRIPT).seq == 2
    chat.close()
