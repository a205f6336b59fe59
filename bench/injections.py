"""Attack texts of a public set as answers: what a browser that shows them asks of other hosts, and what leads there.

    python -m bench.injections FOLDER

``FOLDER`` has ``items.jsonl.gz``, of which each line has a ``text`` and a ``label`` ("attack" or another). A model that
obeys says each attack as its answer. The pages are opened twice: as they are shipped, and with the content security
policy taken away, so that the filter of the text is measured by itself. Only counts are written, no texts.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bench.apps import ours, serving
from bench.obeying import A_PAGE, Sink, browser_into, conversations, shown, watched
from bench.results import Figure, Result, table, write

FILE = "items.jsonl.gz"
ATTACK = "attack"


def run(folder: Path, limit: int | None = None) -> Result:
    """Show all attacks of the set, or the first ones, and count."""
    texts = attacks(folder / FILE)[:limit]
    with tempfile.TemporaryDirectory(prefix="bench-injections-") as scratch:
        data_dir = Path(scratch) / "data"
        ids = conversations(data_dir, texts)
        with serving(ours(data_dir), Path(scratch)) as server:
            server.wait_until_healthy()
            policy, plain = (_counted(server.address, ids, len(texts), bypass_csp=bypass) for bypass in (False, True))
    figures = (
        Figure("attack texts said as answers", len(texts), ""),
        Figure("requests to other hosts", policy[0], "", 0),
        Figure("requests to other hosts, policy taken away", plain[0], "", 0),
        Figure("addresses in the page that lead or load from elsewhere", sum(plain[1].values()), "", 0),
    )
    samples = {"conversations": len(ids), "elsewhere": dict(plain[1]), "of_them_with_an_address": _addressed(texts)}
    return Result("injections", figures, samples, ("Every host but the app's address was mapped to a counting sink.",))


def attacks(path: Path) -> list[str]:
    """The texts of the set's attacks."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["text"] for row in rows if row["label"] == ATTACK and row["text"].strip()]


def _addressed(texts: Sequence[str]) -> int:
    return sum("://" in text or "www." in text or "](" in text for text in texts)


def _counted(address: str, ids: Sequence[str], turns: int, *, bypass_csp: bool) -> tuple[int, Counter[str]]:
    elsewhere: Counter[str] = Counter()
    requests: list[str] = []
    with closing(Sink()) as sink, browser_into(sink) as browser:
        page = watched(browser, requests, bypass_csp=bypass_csp)
        for number, conversation in enumerate(ids):
            of_this = min(A_PAGE, turns - number * A_PAGE)
            found = shown(page, f"{address}/?conversation={conversation}", 2 * of_this)
            elsewhere.update(one.partition("=")[0] for one in found)
        return len(sink.calls) + len(requests), elsewhere


def main() -> None:
    """Measure, print the table and write bench/results/injections.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.injections", description=__doc__)
    parser.add_argument("folder", type=Path, help=f"a folder with {FILE}")
    parser.add_argument("--limit", type=int, default=None, help="the first so many attacks only; nothing is written")
    options = parser.parse_args()
    result = run(options.folder, options.limit)
    print(table(result), flush=True)
    if options.limit is None:
        write(result)


if __name__ == "__main__":
    main()
