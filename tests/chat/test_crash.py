"""A process that is killed in mid-answer loses at most what it had not saved; the next start says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from acting import ARGUMENTS, DONE, ORDER, Tickets
from chatting import SCRIPT, Chatting, ended
from sqlalchemy import text

from assistant.domain import Decision, TurnStatus
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier

SETTING_UP = """
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
"""
ANSWERING = f"""{SETTING_UP}
chat.plays(Reply(["Full-time employees receive 27 days of annual leave. [1] And", Gate(), "never"]))
running = chat.service.ask(chat.bob, None, "How many days of annual leave do employees receive?", SCRIPT)
while not chat.service.turn(chat.bob, running.turn_id).answer:
    if running.finished:
        sys.exit(str(running.wait(0, 0)[-1]))
    running.wait(1_000, 0.05)
print(running.turn_id, flush=True)
threading.Event().wait()
"""

WAITING = f"""{SETTING_UP}
from acting import ASKS, ORDER, Tickets
tickets = Tickets()
chat.acts(tickets.actions)
chat.plays(ASKS)
turn = chat.ask(ORDER)
print(turn.id, flush=True)
threading.Event().wait()
"""
ACTING = f"""{SETTING_UP}
from acting import ASKS, DONE, ORDER, Tickets
from assistant.domain import Decision
tickets = Tickets()
chat.acts(tickets.actions)
after = Gate()
chat.plays(ASKS, Reply(["It is", after]))
turn = chat.ask(ORDER)
chat.service.decide(chat.bob, turn.id, [Decision(call.id, True) for call in turn.pending])
after.reached.wait(60)
print(turn.id, tickets.titles, flush=True)
threading.Event().wait()
"""


def killed(script: str, data_dir: Path, embedder: MiniLM) -> str:
    """What the script printed before it was killed."""
    cache = embedder._cache_dir  # building the graph anew would cost ten seconds
    arguments = [str(Path(__file__).parents[1]), str(data_dir), str(cache)]
    with subprocess.Popen([sys.executable, "-c", script, *arguments], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        line = child.stdout.readline().strip()
        child.kill()
    return line


@pytest.mark.parametrize("approved", [True, False])
def test_a_turn_that_waits_when_its_process_is_killed_is_decided_in_the_next(
    data_dir: Path, embedder: MiniLM, classifier: RouteClassifier, approved: bool
) -> None:
    turn_id = killed(WAITING, data_dir, embedder)
    chat, tickets = Chatting(data_dir, embedder, classifier), Tickets()
    chat.acts(tickets.actions)
    assert chat.service.start() == 0
    turn = chat.service.turn(chat.bob, turn_id)
    assert (turn.status, turn.answer) == (TurnStatus.AWAITING_APPROVAL, "I will open a ticket.")
    assert dict(turn.pending[0].arguments) == ARGUMENTS
    model = chat.plays(DONE)
    done = ended(chat.service.decide(chat.bob, turn_id, [Decision(turn.pending[0].id, approved)]))
    assert (done.status, done.answer) == (TurnStatus.COMPLETE, "I will open a ticket.\n\nIt is done.")
    assert tickets.titles == (["Headset is silent"] if approved else [])
    assert ORDER in str(model.calls[0].messages)
    chat.close()


def test_a_process_killed_after_the_effect_says_that_it_may_have_been_done(
    data_dir: Path, embedder: MiniLM, classifier: RouteClassifier
) -> None:
    turn_id, _, made = killed(ACTING, data_dir, embedder).partition(" ")
    assert made == "['Headset is silent']"
    chat = Chatting(data_dir, embedder, classifier)
    assert chat.service.start() == 1
    turn = chat.service.turn(chat.bob, turn_id)
    assert (turn.status, turn.pending) == (TurnStatus.CUT, ())
    assert turn.error is not None
    assert "carried out what you approved (Create a ticket)" in turn.error.message
    assert not turn.error.retryable
    chat.close()


def test_what_a_killed_answer_had_cost_is_estimated_into_the_ledger(
    data_dir: Path, embedder: MiniLM, classifier: RouteClassifier
) -> None:
    turn_id = killed(ANSWERING, data_dir, embedder)
    chat = Chatting(data_dir, embedder, classifier)
    chat.service.start()
    with chat.database.read() as session:
        lines = session.execute(text("SELECT turn_id, estimated, output_tokens FROM usage_records")).all()
    turn = chat.service.turn(chat.bob, turn_id)
    assert [tuple(line) for line in lines] == [(turn_id, 1, turn.usage.output_tokens)]
    assert turn.usage.estimated
    assert turn.usage.output_tokens == -(-len(turn.answer) // 4)
    chat.close()


def test_a_killed_process_leaves_its_turn_cut_and_the_conversation_usable(
    data_dir: Path, embedder: MiniLM, classifier: RouteClassifier
) -> None:
    turn_id = killed(ANSWERING, data_dir, embedder)
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
