"""Fit the weights by which the offline model picks the answering sentence.

    python -m bench.fit_sentences SETS_FOLDER CACHE_FOLDER [--questions N] [--write]

A conditional logit: among the pieces of the passages found for a question, those of the right passage that hold an
accepted answer should win. Prints the share of questions whose first piece does: of each set, with weights fitted to
the others (``unseen set``), of a half that was held out, and of all.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Passage
from assistant.evaluation import json_rows
from assistant.providers.minilm import MiniLM
from assistant.providers.offline import scoring
from assistant.providers.offline.question import understand
from assistant.providers.offline.units import units
from assistant.providers.passages import PromptPassage
from bench.evaluation_sets import Corpus, Query, queries

SETS = ("squad2", "workarena_kb", "clapnq")
PULLS = {"words": 2.0, "meaning": 10.0}
"""L2 pull of the weights to zero, each measured in the spread of its feature.

Right passage first on squad2, by meaning with weights fitted to the others: in 85.8 / 86.6 / 87.3 / 88.1 % of 1,000
questions at a pull of 2 / 5 / 10 / 20. Beyond 10 the first sentence of the company's articles answers less often."""
STEPS = 25

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Case:
    """The pieces of one question: a row of features each, and which of them hold the answer."""

    name: str
    rows: Numbers
    right: NDArray[np.bool_]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    embedder = MiniLM(given.cache)
    words, meaning = _cases(given.sets, given.cache, given.questions, embedder)
    found = {
        "words": _fit(words, scoring.BY_WORDS, PULLS["words"]),
        "meaning": _fit(meaning, scoring.BY_MEANING, PULLS["meaning"]),
    }
    print(json.dumps(found, indent=1))
    if given.write:
        Path(scoring.__file__).with_name("scoring.json").write_text(
            json.dumps(found, indent=1) + "\n", encoding="utf-8"
        )


def prompt_passages(passages: Sequence[Passage]) -> list[PromptPassage]:
    return [PromptPassage(n, p.document, p.page, " > ".join(p.heading_path), p.text) for n, p in enumerate(passages, 1)]


def holds(text: str, answers: Sequence[str]) -> bool:
    """True when a text holds an accepted answer, or most of a gold sentence."""
    plain = _plain(text)
    return any(_plain(answer) in plain or (len(plain) > 30 and plain in _plain(answer)) for answer in answers)


def _plain(text: str) -> str:
    return f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "


def _cases(sets: Path, cache: Path, limit: int, embedder: MiniLM) -> tuple[list[Case], list[Case]]:
    words: list[Case] = []
    meaning: list[Case] = []
    for name in SETS:
        corpus = Corpus(sets / name, cache, embedder)
        ids = [str(row["_id"]) for row in json_rows.read(sets / name / "corpus.jsonl.gz")]
        for query in queries(sets / name, 2 * limit):
            if query.answerable and query.answers and sum(case.name == name for case in words) < limit:
                _add(name, query, corpus, ids, embedder, words, meaning)
        kept = [case for case in words if case.name == name]
        print(f"{name}: {len(kept)} questions with a right piece among the passages")
    return words, meaning


def _add(
    name: str,
    query: Query,
    corpus: Corpus,
    ids: Sequence[str],
    embedder: MiniLM,
    words: list[Case],
    meaning: list[Case],
) -> None:
    """Note the pieces found for a question; ``ids`` are those of the documents, which are named by their place."""
    question = understand(query.text)
    passages = prompt_passages(corpus.retrieve(query.text))
    is_right = [ids[int(Path(passage.document).stem)] == query.about for passage in passages]
    pieces = [unit for place, passage in enumerate(passages) for unit in units(passage, place)]
    scored = scoring.score_by_words(question, passages, pieces)
    closer = scoring.with_meaning(question, scored[: scoring.EMBEDDED], embedder)
    for cases, ranked, features in ((words, scored, scoring.BY_WORDS), (meaning, closer, scoring.BY_MEANING)):
        right = np.array([is_right[one.unit.passage] and holds(one.unit.text, query.answers) for one in ranked])
        rows = np.array([[one.features[feature] for feature in features] for one in ranked])
        if right.any() or cases is meaning:
            cases.append(Case(name, rows, right))
        else:
            return


def _fit(cases: Sequence[Case], names: Sequence[str], pull: float) -> dict[str, float]:
    for name in SETS:
        others = _logit([case for case in cases if case.name != name], len(names), pull)
        _report("unseen set", [case for case in cases if case.name == name], others)
    rng = np.random.default_rng(5)
    held = rng.random(len(cases)) < 0.5
    half = _logit([case for case, out in zip(cases, held, strict=True) if not out], len(names), pull)
    _report("held-out", [case for case, out in zip(cases, held, strict=True) if out], half)
    full = _logit(cases, len(names), pull)
    _report("all", cases, full)
    return {name: round(float(weight), 2) for name, weight in zip(names, full, strict=True)}


def _logit(cases: Sequence[Case], width: int, pull: float) -> Numbers:
    """Maximise the chance that a right piece wins, each set weighing the same.

    Newton's steps with the spread of all pieces, which is never less than the true bend, so that each is upwards.
    """
    usable = [case for case in cases if case.right.any() and not case.right.all()]
    spread = np.vstack([case.rows for case in usable]).std(axis=0) + 1e-9
    counts = Counter(case.name for case in usable)
    weight = np.zeros(width)
    for _ in range(STEPS):
        slope = -pull * spread**2 * weight / len(usable)
        bend = pull * np.diag(spread**2) / len(usable)
        for case in usable:
            share = 1 / (counts[case.name] * len(counts))
            chances = _chances(case.rows @ weight)
            inside = np.where(case.right, chances, 0.0)
            mean = chances @ case.rows
            slope += share * (inside / inside.sum() @ case.rows - mean)
            bend += share * ((case.rows * chances[:, None]).T @ case.rows - np.outer(mean, mean))
        weight += np.linalg.solve(bend, slope)
    return weight


def _chances(scores: Numbers) -> Numbers:
    raised: Numbers = np.exp(scores - scores.max())
    chances: Numbers = raised / raised.sum() + 1e-12
    return chances


def _report(title: str, cases: Sequence[Case], weight: Numbers) -> None:
    for name in SETS:
        chosen = [case for case in cases if case.name == name]
        if not chosen:
            continue
        ranks = [np.flatnonzero(case.right[np.argsort(-(case.rows @ weight))]) for case in chosen]
        top = {k: np.mean([bool(len(found)) and found[0] < k for found in ranks]) for k in (1, 3, 8)}
        print(f"{title:10} {name:13} n={len(chosen)} " + " ".join(f"top{k}={share:.3f}" for k, share in top.items()))


if __name__ == "__main__":
    main()
