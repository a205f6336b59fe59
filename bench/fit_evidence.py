"""Fit the estimate whether retrieved passages carry an answer.

    python -m bench.fit_evidence SETS_FOLDER CACHE_FOLDER [--questions N] [--write]

Logistic regression (Newton) on the features of assistant.knowledge.evidence over sets with unanswerable questions,
each set weighing the same; beside a set's own unanswerable questions, questions of one set asked in another. Prints
AUROC and the share of answerable questions answered when 5% of the unanswerable ones are, by two-fold crossing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.knowledge import evidence
from assistant.providers.minilm import MiniLM
from bench.evaluation_sets import Corpus, queries

SETS = ("squad2", "clapnq", "workarena_kb")
STRANGERS = 60  # questions of each other set, asked where nothing answers them
PULL = 1.0  # L2 pull of the weights to zero
FALSE_ANSWERS = 0.05

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """One question a row: features, whether it is answerable, its set and how much it weighs."""

    features: Numbers
    truth: NDArray[np.bool_]
    names: NDArray[np.str_]

    def part(self, chosen: NDArray[np.bool_]) -> Rows:
        return Rows(self.features[chosen], self.truth[chosen], self.names[chosen])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    rows = collect(given.sets, given.cache, given.questions)
    crossed = _crossed(rows)
    _report(rows, crossed)
    weights = fit(rows)
    threshold = _threshold(rows, crossed)
    written = {
        "weights": dict(zip(("constant", *evidence.FEATURES), np.round(weights, 3).tolist(), strict=True)),
        "abstain_below": round(threshold, 3),
    }
    print(json.dumps(written, indent=1))
    if given.write:
        evidence.WEIGHTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def collect(sets: Path, cache: Path, limit: int) -> Rows:
    """Search every question in its own set, and some in the other sets."""
    embedder = MiniLM(cache)
    asked = {name: queries(sets / name, limit) for name in SETS}
    features: list[list[float]] = []
    truth: list[bool] = []
    names: list[str] = []
    for name in SETS:
        corpus = Corpus(sets / name, cache, embedder)
        own = [(query.text, query.answerable, name) for query in asked[name]]
        strange = [(q.text, False, f"{name}<-") for other in SETS if other != name for q in asked[other][:STRANGERS]]
        for text, answerable, label in [*own, *strange]:
            found = evidence.features(text, corpus.retrieve(text))
            features.append([found[feature] for feature in evidence.FEATURES])
            truth.append(answerable)
            names.append(label)
    return Rows(np.array(features), np.array(truth), np.array(names))


def fit(rows: Rows) -> Numbers:
    """Newton's method; the constant is not pulled."""
    x = np.hstack([np.ones((len(rows.truth), 1)), rows.features])
    weight = _weights(rows)
    pull = PULL * np.diag([0.0, *np.ones(rows.features.shape[1])])
    solution = np.zeros(x.shape[1])
    for _ in range(25):
        chance = 1 / (1 + np.exp(-x @ solution))
        slope = x.T @ (weight * (rows.truth - chance)) - pull @ solution
        bend = (x * (weight * chance * (1 - chance))[:, None]).T @ x + pull
        solution += np.linalg.solve(bend, slope)
    return solution


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


def _crossed(rows: Rows) -> Numbers:
    """Each row's chance by weights fitted on the other half."""
    side = np.random.default_rng(11).random(len(rows.truth)) < 0.5
    chance = np.zeros(len(rows.truth))
    for half in (side, ~side):
        solution = fit(rows.part(~half))
        chance[half] = 1 / (1 + np.exp(-(solution[0] + rows.features[half] @ solution[1:])))
    return chance


def _report(rows: Rows, chance: Numbers) -> None:
    for name in SETS:
        own = rows.names == name
        strange = np.array([label.startswith(name) for label in rows.names]) & (own & rows.truth | ~own)
        for title, chosen in (("", own), (" strangers", strange)):
            yes, no = chance[chosen & rows.truth], chance[chosen & ~rows.truth]
            print(
                f"{name + title:24} n={len(yes)}+{len(no)} AUROC={auroc(yes, no):.3f} "
                f"answered at 5% false={np.mean(yes > np.quantile(no, 1 - FALSE_ANSWERS)):.3f} "
                f"mean chance {yes.mean():.2f}/{no.mean():.2f}"
            )
    for cut in (0.2, 0.3, 0.4, 0.5, 0.6):
        shares = [
            f"{name} {np.mean(chance[(rows.names == name) & rows.truth] >= cut):.2f}"
            f"/{np.mean(chance[(rows.names == name) & ~rows.truth] >= cut):.2f}"
            f"/{np.mean(chance[rows.names == name + '<-'] >= cut):.2f}"
            for name in SETS
        ]
        print(f"bound {cut}: answered of answerable/unanswerable/strangers: " + ", ".join(shares))


def auroc(yes: Numbers, no: Numbers) -> float:
    """Chance that an answerable question scores above an unanswerable one."""
    return float(np.mean(yes[:, None] > no[None, :]) + 0.5 * np.mean(yes[:, None] == no[None, :]))


def _threshold(rows: Rows, chance: Numbers) -> float:
    """Where the mean over the sets of (answered answerable - answered unanswerable), strangers included, is best."""
    cuts = np.linspace(0.05, 0.95, 91)
    gains = [np.mean([_gain(rows, chance, name, cut) for name in SETS]) for cut in cuts]
    return float(cuts[int(np.argmax(gains))])


def _gain(rows: Rows, chance: Numbers, name: str, cut: float) -> float:
    own = rows.names == name
    groups: Sequence[NDArray[np.bool_]] = (own & ~rows.truth, rows.names == f"{name}<-")
    false = np.mean([np.mean(chance[group] >= cut) for group in groups])
    return float(np.mean(chance[own & rows.truth] >= cut) - false)


if __name__ == "__main__":
    main()
