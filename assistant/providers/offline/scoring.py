"""How well each piece of the passages answers a question."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.providers.offline.columns import answers
from assistant.providers.offline.nearness import Nearness, nearness
from assistant.providers.offline.people import others
from assistant.providers.offline.question import Kind, Question, answer_fit, sets_condition
from assistant.providers.offline.ranges import amounts, covers
from assistant.providers.offline.spans import Seeker, Wanted
from assistant.providers.offline.terms import content, coverage, pairs_kept, weights
from assistant.providers.offline.units import ROWS, Unit, UnitKind
from assistant.providers.passages import PromptPassage

if TYPE_CHECKING:
    from assistant.providers.minilm import MiniLM

EMBEDDED = 8
"""Pieces compared by meaning for one question at most. Right passage cited first with 5 / 8 / 12 of them: in 94.8 /
95.2 / 95.2 % of the questions of three public sets (means of the sets, documents held out)."""

WITHIN = 3.0
"""A piece this far (log odds) behind the best by words does not win by its meaning: usually two or three compete.

With 2.0 / 3.0 / 4.5 the right passage of 1,000 encyclopedia questions was cited first in 88.0 / 88.8 / 88.5 %, of a
company's articles in 98.8 / 99.2 / 99.2 %."""

CLEAR = 0.5
"""Share of the question's words from which a piece without competitors needs no look at its meaning."""

TOLD = 0.7
"""Share of the question's words from which a piece and its titles are in the question's own words."""

OF_EACH = 2
"""Pieces of each passage that are compared at least where none is."""

EMBEDDED_CHARACTERS = 300
"""Of a longer sentence only the beginning is compared."""

BY_WORDS = (
    "own",
    "context",
    "names",
    "fit",
    "rank",
    "passage",
    "pairs",
    "figure",
    "date",
    "name",
)
"""What the weights are fitted for. ``figure``, ``date`` and ``name``: the question wants one, and the piece holds one
that the question does not. A piece's length is none of them: fitted on two sets, it misled the third."""

BY_MEANING = (*BY_WORDS, "similarity", "near", "passage_near")
"""With what reading the pieces tells (``nearness``: a piece's similarity, its words and those of its passage)."""

SET_BY_HAND = {
    "asked": 1.5,
    "range": 2.0,
    "audience": -3.0,
    "left_out": -2.0,
    "excepted": -2.0,
    "leaning": -1.0,
    "step": -2.0,
    "column": 3.0,
    "no_row": -3.0,
    "condition": -3.0,
}
"""Weights of what the question sets hold too seldom to fit: a question written into the document before the piece, a
range that holds the asked amount, a group of people that the question does not mean, one that it means and the piece
does not name, something asked about that the piece excepts from what it says ("all countries except"), words that point
at what was said before ("for this closure"), a step of instructions where none are asked for, a row
of a table that has the asked column beside the rest of the question, one that cannot say yes or no, and a number from
which on something holds where the question is how many."""

_EXCEPTION = re.compile(
    r"\b(?:except(?:ing)?(?: for)?|other than|apart from|aside from|excluding|with the exception of|not including)\s+"
    r"((?:(?!\b(?:is|are|was|were|has|have|may|must|can|will|shall|should|do|does|get|gets)\b)[^.;:()])+)",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(r"\w [^.]*\b(?:this|these|such) [a-z]+", re.IGNORECASE)
NO_STEPS = frozenset({Kind.YES_NO, Kind.AMOUNT, Kind.DURATION})

QUOTABLE = ROWS | {UnitKind.PROSE, UnitKind.ITEM}


@dataclass(frozen=True, slots=True)
class Scored:
    """A piece with its features by name and the score they give; higher is better, comparable within a question.

    ``about`` is the heading that it stands under, or the name of its document.
    """

    unit: Unit
    features: Mapping[str, float]
    score: float
    about: str


@cache
def fitted() -> Mapping[str, Mapping[str, float]]:
    """Weights of the features: ``words`` without, ``meaning`` with the similarity; fitted by bench/fit_sentences.py."""
    read: dict[str, dict[str, float]] = json.loads(Path(__file__).with_name("scoring.json").read_text(encoding="utf-8"))
    return read


def score_by_words(question: Question, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> list[Scored]:
    """Score the quotable pieces by their words alone, best first."""
    term_weights = weights(question.terms, [frozenset(piece.terms) for piece in pieces])
    around = _Surroundings(passages, pieces)
    sought = _Sought(question, term_weights, Seeker(question))
    scored = []
    for piece in pieces:
        if piece.kind in QUOTABLE:
            features = _features(sought, piece, around)
            about = passages[piece.passage].heading or passages[piece.passage].document
            scored.append(Scored(piece, features, _sum(fitted()["words"], features), about))
    return sorted(scored, key=lambda one: -one.score)


def score_by_meaning(question: Question, scored: Sequence[Scored], embedder: MiniLM) -> list[Scored]:
    """Score the first pieces anew by how near they come to the question, best first; the rest are dropped.

    The embedder is spared when the words leave no doubt.
    """
    near = [one for one in scored if scored[0].score - one.score <= WITHIN]
    best = near[:EMBEDDED] if any(one.features["context"] >= TOLD for one in near) else _spread(near)
    if len(best) < 2 and all(one.features["context"] >= CLEAR for one in best):
        return best
    return with_meaning(question, best, embedder)


def _spread(near: Sequence[Scored]) -> list[Scored]:
    """The best pieces, and the best few of each passage: where none has the question's words, any may mean it."""
    taken = Counter(one.unit.passage for one in near[:EMBEDDED])
    further: list[Scored] = []
    for one in near[EMBEDDED:]:
        taken[one.unit.passage] += 1
        if taken[one.unit.passage] <= OF_EACH:
            further.append(one)
    return [*near[:EMBEDDED], *further[:EMBEDDED]]


def with_meaning(question: Question, scored: Sequence[Scored], embedder: MiniLM) -> list[Scored]:
    """Read the pieces and score them by words and meaning together, best first.

    Those of one passage are read together under the heading they stand under: "It" and "the river" are nothing without.
    Read so, and with the nearness of words, the right passage of 1,000 encyclopedia questions was cited first in 88.8 %
    against 87.6 % where each was embedded alone, and the answer stood in the first 60 words in 86.4 % against 85.5 %.
    What did not add to that: the search's own score and cosine of the passage, the word that is worst off, rare words
    counting more, the second sentence of a passage, and the noun that "which" asks for.
    """
    passages: dict[int, list[Scored]] = {}
    for one in sorted(scored, key=lambda one: one.unit.at):
        passages.setdefault(one.unit.passage, []).append(one)
    again = []
    for some in passages.values():
        texts = [one.unit.text[:EMBEDDED_CHARACTERS] for one in some]
        for one, near in zip(some, nearness(question.text, some[0].about, texts, embedder), strict=True):
            features = {**one.features, **_meaning(near)}
            again.append(replace(one, features=features, score=_sum(fitted()["meaning"], features)))
    return sorted(again, key=lambda one: -one.score)


def _meaning(near: Nearness) -> dict[str, float]:
    return {"similarity": near.similarity, "near": near.words, "passage_near": near.passage}


class _Surroundings:
    """What stands around a piece: its passage's words, heading and document name, and the piece before."""

    def __init__(self, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> None:
        self.titles = [frozenset(content(f"{passage.document} {passage.heading}")) for passage in passages]
        self._pieces = {(piece.passage, piece.at): piece for piece in pieces}
        words: list[set[str]] = [set(title) for title in self.titles]
        for piece in pieces:
            words[piece.passage].update(piece.terms, piece.header)
        self.words = words

    def before(self, piece: Unit) -> Unit | None:
        return self._pieces.get((piece.passage, piece.at - 1))


@dataclass(frozen=True, slots=True)
class _Sought:
    """What a piece is measured against: the question, the weights of its terms, the words that would answer."""

    question: Question
    weights: Mapping[str, float]
    seeker: Seeker

    def found(self, piece: Unit, kind: Wanted) -> float:
        """1 when the question wants words of this kind and the piece holds some."""
        return 1.0 if self.seeker.wanted is kind and self.seeker.spans(piece.text) else 0.0


def _features(sought: _Sought, piece: Unit, around: _Surroundings) -> dict[str, float]:
    question, term_weights = sought.question, sought.weights
    own = piece.header.union(piece.terms)
    before = around.before(piece)
    context = own | around.titles[piece.passage] | set(before.terms if before else ())
    asked = before is not None and before.kind is UnitKind.ASKED
    fit = answer_fit(question, piece.text)
    return {
        "own": coverage(term_weights, own),
        "context": coverage(term_weights, context),
        "names": len(question.names & context) / len(question.names) if question.names else 1.0,
        "fit": fit,
        "rank": 1.0 / (1 + piece.passage),
        "passage": coverage(term_weights, around.words[piece.passage]),
        "pairs": pairs_kept(question.terms, piece.terms),
        "asked": coverage(term_weights, before.terms) if before and asked else 0.0,
        "range": 1.0 if any(covers(piece.text, amount) for amount in amounts(question.text)) else 0.0,
        "audience": 1.0 if others(own | around.titles[piece.passage]) - others(question.terms) else 0.0,
        "left_out": 1.0 if others(question.terms) - others(context) else 0.0,
        "excepted": 1.0 if _excepts(question, piece.text) else 0.0,
        "leaning": 1.0 if _POINTS_BACK.search(piece.text) else 0.0,
        "step": 1.0 if question.kind in NO_STEPS and piece.number is not None else 0.0,
        "column": 1.0 if answers(question, piece.cells, around.titles[piece.passage]) else 0.0,
        "no_row": 1.0 if question.kind is Kind.YES_NO and piece.kind in ROWS and fit < 1.0 else 0.0,
        "condition": 1.0 if sets_condition(question, piece.text) else 0.0,
        "figure": sought.found(piece, Wanted.FIGURE),
        "date": sought.found(piece, Wanted.DATE),
        "name": sought.found(piece, Wanted.NAME),
    }


def _excepts(question: Question, text: str) -> bool:
    """Whether a piece speaks of something asked about only to say that it does not hold for it.

    Which is a fair answer to a question whether it holds.
    """
    found = _EXCEPTION.findall(text)
    if not found or question.kind is Kind.YES_NO or _EXCEPTION.search(question.text):
        return False
    excepted = {term for part in found for term in content(part)} - set(content(_EXCEPTION.sub(" ", text)))
    return bool(excepted.intersection(question.terms))


def _sum(by_name: Mapping[str, float], features: Mapping[str, float]) -> float:
    weighted = {**by_name, **SET_BY_HAND}
    return sum(weighted[name] * value for name, value in features.items() if name in weighted)
