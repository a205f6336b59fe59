"""How well each piece of the passages answers a question."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.providers.offline.question import Question, answer_fit
from assistant.providers.offline.terms import content, coverage, pairs_kept, weights
from assistant.providers.offline.units import Unit, UnitKind
from assistant.providers.passages import PromptPassage

if TYPE_CHECKING:
    from assistant.providers.minilm import MiniLM

EMBEDDED = 8
"""Pieces compared by meaning for one question: about 3 ms each, within a budget of 30 ms."""

FEATURES = ("own", "context", "names", "fit", "rank", "passage", "pairs", "asked", "length", "similarity")
QUOTABLE = frozenset({UnitKind.PROSE, UnitKind.ITEM, UnitKind.ROW, UnitKind.CELLS})


@dataclass(frozen=True, slots=True)
class Scored:
    """A piece with its features by name and the score they give; higher is better, comparable within a question."""

    unit: Unit
    features: Mapping[str, float]
    score: float


@cache
def fitted() -> Mapping[str, Mapping[str, float]]:
    """Weights of the features: ``words`` without, ``meaning`` with the similarity; fitted by bench/fit_sentences.py."""
    read: dict[str, dict[str, float]] = json.loads(Path(__file__).with_name("scoring.json").read_text(encoding="utf-8"))
    return read


def score_by_words(question: Question, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> list[Scored]:
    """Score the quotable pieces by their words alone, best first."""
    term_weights = weights(question.terms, [frozenset(piece.terms) for piece in pieces])
    around = _Surroundings(passages, pieces)
    scored = []
    for piece in pieces:
        if piece.kind in QUOTABLE:
            features = _features(question, term_weights, piece, around)
            scored.append(Scored(piece, features, _sum(fitted()["words"], features)))
    return sorted(scored, key=lambda one: -one.score)


def score_by_meaning(question: Question, scored: Sequence[Scored], embedder: MiniLM) -> list[Scored]:
    """Score the first pieces anew with their similarity to the question, best first; the rest are dropped."""
    best = list(scored[:EMBEDDED])
    if not best:
        return []
    vectors = embedder.embed([question.text, *(one.unit.text for one in best)])
    similarities = vectors[1:] @ vectors[0]
    again = []
    for one, similarity in zip(best, similarities.tolist(), strict=True):
        features = {**one.features, "similarity": similarity}
        again.append(Scored(one.unit, features, _sum(fitted()["meaning"], features)))
    return sorted(again, key=lambda one: -one.score)


class _Surroundings:
    """What stands around a piece: its passage's words, heading and document name, and the piece before."""

    def __init__(self, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> None:
        self.titles = [frozenset(content(f"{passage.document} {passage.heading}")) for passage in passages]
        self._pieces = {(piece.passage, piece.at): piece for piece in pieces}
        words: list[set[str]] = [set(title) for title in self.titles]
        for piece in pieces:
            words[piece.passage].update(piece.terms)
        self.words = words

    def before(self, piece: Unit) -> Unit | None:
        return self._pieces.get((piece.passage, piece.at - 1))


def _features(
    question: Question, term_weights: Mapping[str, float], piece: Unit, around: _Surroundings
) -> dict[str, float]:
    own = set(piece.terms)
    before = around.before(piece)
    context = own | around.titles[piece.passage] | set(before.terms if before else ())
    asked = before is not None and before.kind is UnitKind.ASKED
    return {
        "own": coverage(term_weights, own),
        "context": coverage(term_weights, context),
        "names": len(question.names & context) / len(question.names) if question.names else 1.0,
        "fit": answer_fit(question, piece.text),
        "rank": 1.0 / (1 + piece.passage),
        "passage": coverage(term_weights, around.words[piece.passage]),
        "pairs": pairs_kept(question.terms, piece.terms),
        "asked": coverage(term_weights, before.terms) if before and asked else 0.0,
        "length": min(1.0, log(1 + len(piece.text.split())) / 4),
    }


def _sum(by_name: Mapping[str, float], features: Mapping[str, float]) -> float:
    return sum(by_name[name] * value for name, value in features.items() if name in by_name)
