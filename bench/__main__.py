"""Run the benchmarks, all or by name: ``python -m bench [NAME…] [--rounds N]``, once before ``--prepare``."""

from __future__ import annotations

import argparse
import importlib

from bench.places import BASELINE_BIN
from bench.prepare import prepare
from bench.results import Result, table, write

COMPARED = ("first_token", "ingest", "start")
"""Those that need the typical app's environment."""
NAMES = (*COMPARED, "gate", "streaming", "large_library", "search_beside_ingest", "rebuild", "pdf_parsing")


def main() -> None:
    """Run all benchmarks or the named ones, print each table and write bench/results/NAME.json."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}; all when none is given")
    parser.add_argument("--prepare", action="store_true", help="install the baseline's environment and end")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each system, in turn (default 3)")
    parser.add_argument("--dry", action="store_true", help="print only, do not write results")
    options = parser.parse_args()
    unknown = set(options.names) - set(NAMES)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    names = tuple(options.names) or NAMES
    if options.prepare or (not BASELINE_BIN.exists() and set(names) & set(COMPARED)):
        prepare()
    if not options.prepare:
        _run(names, options.rounds, dry=options.dry)


def _run(names: tuple[str, ...], rounds: int, *, dry: bool) -> None:
    for name in names:
        result: Result = importlib.import_module(f"bench.{name}").run(rounds)
        print(table(result), flush=True)
        if not dry:
            write(result)


if __name__ == "__main__":
    main()
