"""Fit the estimate whether retrieved passages carry an answer.

    python -m bench.fit_evidence SETS_FOLDER CACHE_FOLDER [--questions N] [--write]

Logistic regression (Newton) on the features of assistant.knowledge.evidence over sets with unanswerable questions,
each set weighing the same; beside a set's own unanswerable questions, questions of one set asked in another. Documents
are ingested and searched by the application, each set in a data folder of its own under CACHE_FOLDER.

The sample documents are one more set: files as companies have them, with tables, codes and short names. They are
ingested as a person would, by ``python -m assistant ingest``.

Prints for each set the AUROC by weights of other questions of all sets (five parts, questions about the same passage
in one part) and by weights of the other sets alone, and the curve: what share of a company's unanswerable questions is
answered at a threshold, and what share of its answerable ones.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.knowledge import evidence
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.followup import stand_alone
from bench.evaluation_sets import Corpus, Query, queries

DATA = Path(__file__).resolve().parents[1] / "data"
SAMPLES = "samples"
SETS = ("squad2", "clapnq", "workarena_kb", "mtrag_un", SAMPLES)
COLUMNS = tuple(dict.fromkeys((*evidence.WORDS, *evidence.MEANING)))
COMPANY = "workarena_kb"
"""The set that the curve is measured on: what staff ask of a company's own articles, some of which are missing."""
STRANGERS = 60  # questions of each other set, asked where nothing answers them
PULL = 3.0  # L2 pull of the weights of standardised features to zero
PARTS = 5
RATES = tuple(rate / 100 for rate in range(1, 31))
LOST_TO_THE_GATE = 0.001
"""Share of the answerable questions of each set that may be withheld from a model unasked."""

Numbers = NDArray[np.float64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """One question a row: features, whether it is answerable, its set ("squad2<-" for strangers' questions), part.

    ``by_hand`` are the log odds by the weights that are set by hand.
    """

    features: Numbers
    by_hand: Numbers
    truth: Truths
    names: NDArray[np.str_]
    parts: NDArray[np.int64]

    def part(self, chosen: Truths) -> Rows:
        return Rows(
            self.features[chosen], self.by_hand[chosen], self.truth[chosen], self.names[chosen], self.parts[chosen]
        )

    def only(self, names: Sequence[str]) -> Rows:
        columns = [COLUMNS.index(name) for name in names]
        return Rows(self.features[:, columns], self.by_hand, self.truth, self.names, self.parts)

    def own(self, name: str) -> Truths:
        found: Truths = self.names == name
        return found

    def of(self, name: str) -> Truths:
        found: Truths = np.char.startswith(self.names, name)
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--questions", type=int, default=1200)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = collect(given.sets, given.cache, given.questions)
    written = fitted(rows)
    print(json.dumps({name: value for name, value in written.items() if name != "curve"}, indent=1))
    for rate, threshold, kept in written["curve"]:
        print(f"wanted {rate:.2f}: threshold {threshold:.3f}, answerable kept {kept:.3f}")
    if given.write:
        evidence.WEIGHTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def fitted(rows: Rows) -> dict[str, Any]:
    """Fit both estimates and measure them; returns what evidence.json holds."""
    words, meaning = rows.only(evidence.WORDS), rows.only(evidence.MEANING)
    by_words, crossed = _crossed(words), _crossed(meaning)
    _report("by words", words, by_words)
    _report("with closeness", meaning, crossed)
    return {
        "words": _named(fit(words), evidence.WORDS),
        "meaning": _named(fit(meaning), evidence.MEANING),
        "hopeless_below": round(_gate(rows, by_words), 4),
        "curve": curve(rows, crossed),
    }


def collect(sets: Path, cache: Path, limit: int) -> Rows:
    """Search every question in its own set, and some in the other sets."""
    embedder, reader = MiniLM(cache), MiniLM(cache, int8=True)
    _ingest_samples(cache / SAMPLES)
    folders = {name: DATA / "evaluation" / name if name == SAMPLES else sets / name for name in SETS}
    asked = {name: queries(folders[name], limit) for name in SETS}
    measured: list[dict[str, float]] = []
    found: list[tuple[bool, str, int]] = []
    for name in SETS:
        corpus = Corpus(folders[name], cache, embedder, reader)
        for query, label in _asked_in(name, asked):
            measured.append(_features(query, corpus, embedder))
            found.append((query.answerable and label == name, label, zlib.crc32(query.about.encode()) % PARTS))
        corpus.close()
        print(f"{name}: asked", flush=True)
    return as_rows(measured, found)


def as_rows(measured: Sequence[Mapping[str, float]], found: Sequence[tuple[bool, str, int]]) -> Rows:
    """Make rows of the measures of each question, and of (whether it is answerable, its set, its part)."""
    features = np.array([[one[name] for name in COLUMNS] for one in measured])
    by_hand = np.array([sum(weight * one[name] for name, weight in evidence.SET_BY_HAND.items()) for one in measured])
    truth, names, parts = zip(*found, strict=True)
    return Rows(features, by_hand, np.array(truth), np.array(names), np.array(parts))


def _ingest_samples(folder: Path) -> None:
    """Let the application ingest the sample documents into a data folder of their own, where there is none yet."""
    if not folder.exists():
        known = {**os.environ, "ASSISTANT_DATA_DIR": str(folder), "ASSISTANT_SAMPLES": "off"}
        command = [sys.executable, "-m", "assistant", "ingest", str(DATA / "samples"), "--wait"]
        subprocess.run(command, env=known, check=True)


def _asked_in(name: str, asked: dict[str, list[Query]]) -> Iterator[tuple[Query, str]]:
    yield from ((query, name) for query in asked[name])
    yield from ((query, f"{name}<-") for other in SETS if other != name for query in asked[other][:STRANGERS])


def _features(query: Query, corpus: Corpus, embedder: MiniLM) -> dict[str, float]:
    """As a turn of the offline model has them: by the question that stands alone, searched beside the raw one."""
    standalone = stand_alone(query.text, query.history)
    also = (query.text,) if standalone.changed else ()
    return evidence.features(standalone.question, corpus.retrieve(standalone.question, also=also), embedder)


def fit(rows: Rows) -> Numbers:
    """Newton's method on standardised features, beside what is set by hand.

    Returns weights of the plain features, the constant (unpulled) first.
    """
    mean, spread = rows.features.mean(axis=0), rows.features.std(axis=0) + 1e-9
    x = np.hstack([np.ones((len(rows.truth), 1)), (rows.features - mean) / spread])
    weight = _weights(rows)
    pull = PULL * np.diag([0.0, *np.ones(rows.features.shape[1])])
    solution = np.zeros(x.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-(x @ solution + rows.by_hand)))
        slope = x.T @ (weight * (rows.truth - chance)) - pull @ solution
        bend = (x * (weight * chance * (1 - chance))[:, None]).T @ x + pull
        solution += np.linalg.solve(bend, slope)
    slopes = solution[1:] / spread
    plain: Numbers = np.array([solution[0] - slopes @ mean, *slopes])
    return plain


def _weights(rows: Rows) -> Numbers:
    """Each set weighs the same, and within it answerable and unanswerable; strangers weigh half a set."""
    weight = np.zeros(len(rows.truth))
    for name in np.unique(rows.names):
        for truth in (True, False):
            chosen = (rows.names == name) & (rows.truth == truth)
            if chosen.any():
                weight[chosen] = (0.5 if name.endswith("<-") else 1.0) / chosen.sum()
    scaled: Numbers = weight * len(weight) / weight.sum()
    return scaled


def _chances(rows: Rows, solution: Numbers) -> Numbers:
    chances: Numbers = 1 / (1 + np.exp(-(solution[0] + rows.features @ solution[1:] + rows.by_hand)))
    return chances


def _held_out(rows: Rows, parts: Sequence[Truths]) -> Numbers:
    """Each row's chance by weights fitted without its part."""
    chance = np.zeros(len(rows.truth))
    for part in parts:
        chance[part] = _chances(rows.part(part), fit(rows.part(~part)))
    return chance


def _crossed(rows: Rows) -> Numbers:
    return _held_out(rows, [rows.parts == part for part in range(PARTS)])


def _report(title: str, rows: Rows, crossed: Numbers) -> None:
    foreign = _held_out(rows, [rows.of(name) for name in SETS])
    print(title)
    means = []
    for name in SETS:
        own, strange = rows.own(name), rows.of(name) & (rows.truth | ~rows.own(name))
        found = [auroc(crossed, rows.truth, own), auroc(foreign, rows.truth, own), auroc(crossed, rows.truth, strange)]
        means.append(found)
        yes, no = crossed[own & rows.truth], crossed[own & ~rows.truth]
        false = np.mean(no >= np.quantile(yes, 0.1))
        print(
            f"  {name:14} n={len(yes)}+{len(no)} AUROC={found[0]:.3f} by the other sets={found[1]:.3f} "
            f"strangers={found[2]:.3f} false answers at 90% kept={false:.3f} "
            f"mean chance {yes.mean():.2f}/{no.mean():.2f}"
        )
    print("  mean AUROC {:.4f}, by the other sets {:.4f}, strangers {:.4f}".format(*np.mean(means, axis=0)))
    for low in np.arange(0, 1, 0.2):
        inside = (crossed >= low) & (crossed < low + 0.2)
        weight = _weights(rows)[inside]
        if inside.any():
            share = np.average(rows.truth[inside], weights=weight)
            print(f"  chance {low:.1f} to {low + 0.2:.1f}: {share:.2f} answerable")


def auroc(chance: Numbers, truth: Truths, chosen: Truths) -> float:
    """Chance that an answerable question of the chosen ones scores above an unanswerable one."""
    yes, no = chance[chosen & truth], chance[chosen & ~truth]
    return float(np.mean(yes[:, None] > no[None, :]) + 0.5 * np.mean(yes[:, None] == no[None, :]))


def curve(rows: Rows, chance: Numbers) -> list[tuple[float, float, float]]:
    """For each wanted rate of false answers: the threshold, and the share of answerable questions that is kept."""
    own = rows.own(COMPANY)
    yes, no = chance[own & rows.truth], chance[own & ~rows.truth]
    cuts = [round(float(np.quantile(no, 1 - rate)), 3) for rate in RATES]
    return [(rate, cut, round(float(np.mean(yes >= cut)), 3)) for rate, cut in zip(RATES, cuts, strict=True)]


def _gate(rows: Rows, chance: Numbers) -> float:
    """The chance below which one in a thousand answerable questions lies, in the set where it is lowest."""
    lost = [float(np.quantile(chance[rows.own(name) & rows.truth], LOST_TO_THE_GATE)) for name in SETS]
    return min(lost)


def _named(solution: Numbers, names: Sequence[str]) -> dict[str, float]:
    return dict(zip(("constant", *names), np.round(solution, 3).tolist(), strict=True))


if __name__ == "__main__":
    main()
