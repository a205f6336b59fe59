from __future__ import annotations

import json
import multiprocessing
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pypdf
import pytest
from hostile import pdf_with
from scanned import write_scan
from waiting import until

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import parse
from assistant.knowledge.parsing.limits import missing_walls
from assistant.knowledge.parsing.pages import MAX_CHARACTERS
from assistant.knowledge.parsing.sandbox import DEEPEST_LEVEL, LABEL_MAX, Answer, ParserDied, ParserSandbox, Watch
from assistant.library import Heading, PageOrigin
from assistant.storage.ingestion import LostClaim

Make = Callable[..., Path]
Write = Callable[[str, str | bytes], Path]
PROSE = "Every employee receives twenty-seven days of paid annual leave in a calendar year."


def ignore(_done: int, _total: int) -> None:
    return


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ParserSandbox]:
    box = ParserSandbox(seconds=30, memory_mb=1000)
    yield box
    box.close()


def the_server() -> psutil.Process:
    living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    (server,) = [child for child in living if "forkserver" in " ".join(child.cmdline())]
    return server


def children_of_the_server() -> list[psutil.Process]:
    return the_server().children()


def test_a_child_reads_as_this_process_does(sandbox: ParserSandbox, make_pdf: Make) -> None:
    path = make_pdf([["Leave", PROSE], [PROSE]], outline=[("Leave", 0, 0)])
    heard: list[tuple[int, int]] = []
    document = sandbox.parse(path, "made.pdf", lambda done, total: heard.append((done, total)))
    assert document == parse(path, "made.pdf", ignore)
    assert heard[-1] == (2, 2)


def test_a_refusal_is_the_same_sentence(sandbox: ParserSandbox, write: Write) -> None:
    with pytest.raises(UnreadableDocument, match="cannot be read"):
        sandbox.parse(write("a.exe", bytes(range(256)) * 8), "a.exe", ignore)


def test_a_bomb_is_stopped_by_the_memory_limit_and_the_next_file_is_read(write: Write, make_pdf: Make) -> None:
    sandbox = ParserSandbox(seconds=30, memory_mb=400)
    once = zlib.compress(bytes(256 * 1024 * 1024), 1)
    bomb = write("bomb.pdf", pdf_with(zlib.compress(once, 9), "/FlateDecode/FlateDecode"))
    with pytest.raises(UnreadableDocument, match="damaged"):
        sandbox.parse(bomb, "bomb.pdf", ignore)
    assert sandbox.parse(make_pdf([[PROSE]]), "made.pdf", ignore).text == PROSE


def test_a_slow_file_is_given_up_in_time(write: Write) -> None:
    box = ParserSandbox(seconds=0.3, memory_mb=2000)
    slow = write("slow.csv", "a,b\n" + "1,2\n" * 3_000_000)
    started = time.monotonic()
    with pytest.raises(UnreadableDocument, match="too long"):
        box.parse(slow, "slow.csv", ignore)
    assert time.monotonic() - started < 5
    box.close()


def test_a_file_that_is_no_longer_wanted_is_dropped_while_it_is_read(write: Write) -> None:
    box = ParserSandbox(seconds=60, memory_mb=2000)
    slow = write("slow.csv", "a,b\n" + "1,2\n" * 3_000_000)
    started = time.monotonic()

    def unwanted() -> None:
        raise LostClaim

    with pytest.raises(LostClaim):
        box.parse(slow, "slow.csv", ignore, alive=unwanted)
    assert time.monotonic() - started < 10
    assert children_of_the_server() == []
    box.close()


def test_a_protected_pdf_is_read_with_its_password(sandbox: ParserSandbox, make_pdf: Make, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=make_pdf([[PROSE]]))
    writer.encrypt("open sesame", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    assert sandbox.parse(tmp_path / "locked.pdf", "locked.pdf", ignore, password="open sesame").text == PROSE


def test_a_scan_comes_back_with_its_empty_pages(sandbox: ParserSandbox, tmp_path: Path) -> None:
    scan = sandbox.parse(write_scan(tmp_path / "scan.pdf", [["a picture"], ["another"]]), "scan.pdf", ignore)
    assert [page.origin for page in scan.pages] == [PageOrigin.EMPTY, PageOrigin.EMPTY]


def test_a_page_larger_than_a_message_comes_back_whole(sandbox: ParserSandbox, write: Write) -> None:
    words = "".join(f"Rule {n} says yes.\n" for n in range(200_000))
    assert sandbox.parse(write("long.txt", words), "long.txt", ignore).text.split() == words.split()


def test_a_closed_one_leaves_no_process_and_may_be_used_again(sandbox: ParserSandbox, write: Write) -> None:
    path = write("a.txt", PROSE)
    sandbox.parse(path, "a.txt", ignore)
    server = the_server()
    sandbox.close()
    assert not server.is_running()
    assert sandbox.parse(path, "a.txt", ignore).pages[0].text == PROSE


def test_the_server_that_forks_parsers_may_be_killed(sandbox: ParserSandbox, write: Write) -> None:
    note = write("a.txt", "words of a note")
    sandbox.parse(note, "a.txt", ignore)
    server = the_server()
    server.kill()
    until(lambda: server.status() == psutil.STATUS_ZOMBIE)
    assert sandbox.parse(note, "a.txt", ignore).text == "words of a note"


@pytest.mark.parametrize(
    "message",
    [
        b"no json",
        b"[1, 2]",
        b'{"text": 7, "more": false, "number": 1, "label": null, "origin": "text"}',
        b'{"text": "x", "more": false, "number": 1, "label": null, "origin": "elsewhere"}',
        b'{"headings": [[1, 2]]}',
        b'{"title": null, "note": ""}',
        b'{"text": "x", "more": false, "number": 99999999999999999999, "label": null, "origin": "text"}',
        b'{"headings": [["1", 2, "x"]]}',
        b"[" * 20_000,
    ],
)
def test_nothing_that_a_child_says_is_trusted(message: bytes) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    theirs.send_bytes(message)
    with pytest.raises(ParserDied, match=r"no answer|nonsense"):
        Answer(ours, Watch(ignore, lambda: None), time.monotonic() + 5).document()


def test_headings_that_stand_nowhere_are_dropped_and_depth_is_bounded() -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    headings = [[6, 10**9, "late"], [-1, 1, "before"], [0, -3, "first"], [10**12, 1, "beyond"]]
    page = {"text": "0123456789", "more": False, "number": 1, "label": "x" * 10_000, "origin": "text"}
    for message in (page, {"headings": headings}, {"title": "T", "note": ""}):
        theirs.send_bytes(json.dumps(message).encode())
    document = Answer(ours, Watch(ignore, lambda: None), time.monotonic() + 5).document()
    assert document.headings == (Heading(0, 1, "first"), Heading(6, DEEPEST_LEVEL, "late"))
    assert len(document.pages[0].label or "") == LABEL_MAX


def test_labels_and_headings_count_as_text() -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    labelled = {"text": "", "more": False, "number": 1, "label": "x" * 60_000, "origin": "text"}
    message = json.dumps(labelled).encode()

    def talk() -> None:
        for _ in range(2 * MAX_CHARACTERS // 60_000):
            theirs.send_bytes(message)

    threading.Thread(target=talk, daemon=True).start()
    with pytest.raises(ParserDied, match="output"):
        Answer(ours, Watch(ignore, lambda: None), time.monotonic() + 30).document()
    while ours.poll(0.1):
        ours.recv_bytes()


def test_a_child_that_says_too_much_is_cut_off() -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    pages = b'{"text": "' + b"x" * 60_000 + b'", "more": true, "number": 1, "label": null, "origin": "text"}'

    def talk() -> None:
        for _ in range(2 * MAX_CHARACTERS // 60_000):
            theirs.send_bytes(pages)

    threading.Thread(target=talk, daemon=True).start()
    with pytest.raises(ParserDied, match="output"):
        Answer(ours, Watch(ignore, lambda: None), time.monotonic() + 30).document()
    while ours.poll(0.1):
        ours.recv_bytes()


def test_a_missing_file_is_told_and_leaves_no_process(sandbox: ParserSandbox, tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="no longer there"):
        sandbox.parse(tmp_path / "gone.txt", "gone.txt", ignore)
    assert children_of_the_server() == []


def test_a_child_starts_in_milliseconds(sandbox: ParserSandbox, write: Write) -> None:
    note = write("a.txt", "words")
    sandbox.parse(note, "a.txt", ignore)
    started = time.monotonic()
    for _ in range(10):
        sandbox.parse(note, "a.txt", ignore)
    assert (time.monotonic() - started) / 10 < 0.2


def test_a_child_can_neither_write_nor_outgrow_its_memory_nor_reach_network_or_processes(tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("words")
    with socket.create_server(("127.0.0.1", 0)) as door:
        assert _failures_behind_walls("files", str(tmp_path), str(door.getsockname()[1])) == 12
    assert [path.name for path in tmp_path.iterdir()] == ["victim.txt"]
    assert victim.read_text() == "words"


def test_a_child_that_runs_models_may_have_threads_and_nothing_else() -> None:
    assert _failures_behind_walls("threads") == 1


def _failures_behind_walls(*arguments: str) -> int:
    program = Path(__file__).with_name("walled.py")
    return int(subprocess.check_output([sys.executable, str(program), *arguments], timeout=60))


def test_walls_that_are_missing_are_told_in_sentences() -> None:
    assert all(sentence.endswith(".") for sentence in missing_walls())


def test_this_suite_has_no_network() -> None:
    with pytest.raises(pytest.fail.Exception, match="tried to reach"), socket.socket() as door:
        door.connect(("192.0.2.1", 80))
