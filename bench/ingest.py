"""Ingest of twenty documents: processor time and peak memory of every process, ours and LangChain's in turn.

Then ours alone with many: whether memory stays flat, and how much of the processors it uses.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median

from bench.documents import Written, write_documents
from bench.measured import Cost, measure
from bench.places import BASELINE, BASELINE_BIN, PROJECT, baseline_environment, our_environment
from bench.results import Figure, Result

CPU_TARGET = 0.6
MEMORY_TARGET = 0.35
FLAT_TARGET = 1.1
"""Peak memory of many documents over that of few; the rest is what a run differs by from the next."""
CORES_TARGET = 0.85
NEAREST = 4
FEW, MANY = 20, 2_000
COPIES = 10
ONE_THREAD = {"OMP_NUM_THREADS": "1"}

NOTES = (
    "Each run starts with an empty data folder; ours builds the embedding model's graph anew each time.",
    "Processor time is user and system time of every process to the end of the last one (the worker idles before it "
    "leaves). Memory is the highest sum over the process tree: PSS counts a page that several processes share once, "
    "RSS once for each of them, and ours forks a child for each file that it reads.",
    "Both embed with the weights of all-MiniLM-L6-v2: LangChain in fp32 on one thread; ours with a thread a core "
    "and, as the app does it for documents, the largest products in 8 bits where the processor has VNNI instructions.",
    "hit@4 counts planted facts whose document is among the four best passages, out of twenty.",
    "Flat memory: notes of some 300 words, 2,000 of them against 20. Use of the cores: the twenty documents ten times "
    "over, less the twenty once, so that start and end of the command do not count; processor seconds over wall "
    "seconds and cores.",
)


def run(rounds: int) -> Result:
    """Ingest with both in turn, each time into an empty folder, and compare the medians."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        documents = write_documents(folder / "documents")
        warm_up(folder, documents[1].path)
        ours: list[Cost] = []
        baseline: list[Cost] = []
        for number in range(rounds):
            ours.append(ingest_ours(folder / "documents", fresh(folder / f"ours-{number}")))
            baseline.append(ingest_baseline(folder / "documents", fresh(folder / f"baseline-{number}")))
        hits = hits_ours(folder / "ours-0", documents), hits_baseline(folder / "baseline-0", documents)
        alone = {
            "few": ingest_ours(write_notes(folder / "few", FEW), fresh(folder / "ours-few")),
            "many": ingest_ours(write_notes(folder / "many", MANY), fresh(folder / "ours-many")),
            "copies": ingest_ours(_copied(folder / "copies", documents), fresh(folder / "ours-copies")),
        }
    return _result(ours, baseline, hits, alone)


def write_notes(folder: Path, count: int) -> Path:
    """Write that many short notes, no two alike."""
    fresh(folder)
    for note in range(count):
        rules = (
            f"Rule {note}-{line} says that locker {line} of hall {note} opens with code {note}{line}."
            for line in range(25)
        )
        (folder / f"note-{note}.md").write_text(f"# Hall {note}\n\n" + "\n\n".join(rules), encoding="utf-8")
    return folder


def _copied(folder: Path, documents: Sequence[Written]) -> Path:
    fresh(folder)
    for copy in range(COPIES):
        for document in documents:
            (folder / f"{copy}-{document.path.name}").write_bytes(document.path.read_bytes())
    return folder


def warm_up(folder: Path, document: Path) -> None:
    """Ingest one document with both, uncounted: the files are read and compiled once."""
    one = fresh(folder / "one")
    (one / document.name).write_bytes(document.read_bytes())
    ingest_ours(one, fresh(folder / "warm-ours"))
    ingest_baseline(one, fresh(folder / "warm-baseline"))


def fresh(folder: Path) -> Path:
    """An empty folder."""
    folder.mkdir()
    return folder


def ingest_ours(documents: Path, folder: Path) -> Cost:
    """`assistant ingest` into the empty data folder FOLDER/data; its output gives the chunks of each document."""
    command = [sys.executable, "-m", "assistant", "ingest", str(documents), "--wait", "--json"]
    cost = measure(command, env=our_environment(folder / "data"), cwd=folder)
    rows = [json.loads(line) for line in cost.output.splitlines()]
    unready = [row["name"] for row in rows if row["status"] != "ready"]
    if unready or not rows:
        raise SystemExit(f"Not every document was ingested: {unready or 'none given'}")
    cost.output = str(sum(row["chunks"] for row in rows))
    return cost


def ingest_baseline(documents: Path, folder: Path) -> Cost:
    """LangChain's ingest into FOLDER/store; its output is the number of chunks."""
    script = str(BASELINE / "langchain_ingest.py")
    command = [str(BASELINE_BIN / "python"), script, str(documents), str(folder / "store")]
    return measure(command, env=baseline_environment(ONE_THREAD), cwd=folder)


def hits_ours(folder: Path, documents: Sequence[Written]) -> int:
    """How many planted facts `assistant search` finds among its best passages."""
    batch = folder / "questions.jsonl"
    batch.write_text("".join(json.dumps({"id": str(n), "text": d.question}) + "\n" for n, d in enumerate(documents)))
    command = [sys.executable, "-m", "assistant", "search", "--batch", str(batch), "-k", str(NEAREST), "--json"]
    lines = _output(command, our_environment(folder / "data"), "")
    found = [[hit["document"] for hit in json.loads(line)["hits"]] for line in lines]
    return _hits(found, documents)


def hits_baseline(folder: Path, documents: Sequence[Written]) -> int:
    """How many planted facts LangChain's similarity search finds among its best passages."""
    script = str(BASELINE / "langchain_search.py")
    command = [str(BASELINE_BIN / "python"), script, str(folder / "store"), str(NEAREST)]
    questions = "".join(f"{document.question}\n" for document in documents)
    lines = _output(command, baseline_environment(), questions)
    return _hits([json.loads(line) for line in lines], documents)


def _output(command: list[str], env: dict[str, str], given: str) -> list[str]:
    done = subprocess.run(command, input=given, env=env, cwd=PROJECT, text=True, stdout=subprocess.PIPE, check=True)
    return done.stdout.splitlines()


def _hits(found: Sequence[Sequence[str]], documents: Sequence[Written]) -> int:
    return sum(document.path.name in names for names, document in zip(found, documents, strict=True))


def _result(ours: Sequence[Cost], baseline: Sequence[Cost], hits: tuple[int, int], alone: Mapping[str, Cost]) -> Result:
    cpu = median(cost.cpu for cost in ours), median(cost.cpu for cost in baseline)
    rss = median(cost.peak_rss_mb for cost in ours), median(cost.peak_rss_mb for cost in baseline)
    pss = median(cost.peak_pss_mb for cost in ours), median(cost.peak_pss_mb for cost in baseline)
    wall = median(cost.wall for cost in ours), median(cost.wall for cost in baseline)
    figures = (
        Figure("processor time, ours / LangChain", cpu[0] / cpu[1], "", CPU_TARGET),
        Figure("hit@4 of 20, ours against LangChain's", hits[0], "", hits[1], at_least=True),
        Figure("peak memory (RSS), ours / LangChain", rss[0] / rss[1], "", MEMORY_TARGET),
        Figure("peak memory (PSS), ours / LangChain", pss[0] / pss[1], "", MEMORY_TARGET),
        Figure("peak memory (RSS), 2,000 documents / 20", _flatness(alone, "peak_rss_mb"), "", FLAT_TARGET),
        Figure("peak memory (PSS), 2,000 documents / 20", _flatness(alone, "peak_pss_mb"), "", FLAT_TARGET),
        Figure("use of all cores while ingesting", _use(ours, alone["copies"]), "", CORES_TARGET, at_least=True),
        Figure("processor time, ours", cpu[0], "s"),
        Figure("processor time, LangChain", cpu[1], "s"),
        Figure("peak memory (RSS), ours", rss[0], "MB"),
        Figure("peak memory (RSS), LangChain", rss[1], "MB"),
        Figure("wall time until all is searchable, ours", wall[0], "s"),
        Figure("wall time, LangChain", wall[1], "s"),
        Figure("hit@4 of 20, LangChain", hits[1], ""),
    )
    samples = {
        "ours": [_sample(cost) for cost in ours],
        "langchain": [_sample(cost) for cost in baseline],
        "alone": {name: _sample(cost) for name, cost in alone.items()},
    }
    return Result("ingest", figures, samples, NOTES)


def _flatness(alone: Mapping[str, Cost], memory: str) -> float:
    return float(getattr(alone["many"], memory) / getattr(alone["few"], memory))


def _use(once: Sequence[Cost], copies: Cost) -> float:
    """Share of the processors' time that was used for the documents beyond the first twenty."""
    cpu = copies.cpu - median(cost.cpu for cost in once)
    wall = copies.wall_to_last_process - median(cost.wall_to_last_process for cost in once)
    return cpu / (wall * (os.cpu_count() or 1))


def _sample(cost: Cost) -> dict[str, object]:
    row = {name: round(value, 3) for name, value in asdict(cost).items() if isinstance(value, float)}
    return {**row, "chunks": int(cost.output)}
