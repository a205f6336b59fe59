"""Measure how follow-up questions are read: where the right passages rank, and which words are put in.

    python -m bench.follow_ups SETS_FOLDER CACHE_FOLDER

For sets of conversations with passages (``history`` and qrels), nDCG@10 of the follow-up turns: the question alone, as
people rewrote it, and as the rules leave it at several bounds of nearness (that form alone, and both forms searched).
For canard, which has no passages, the token F1 with people's rewriting; of the words that people put in the share that
the rules do, and of the rules' words the share that people do.
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from assistant.chat.plan import NEAR_ENOUGH
from assistant.domain import Passage
from assistant.evaluation import json_rows
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.followup import stand_alone
from assistant.providers.offline.terms import content, words
from bench.evaluation_sets import Corpus

SETS = ("mtrag_fiqa", "mtrag_un")
BOUNDS = (0.0, 0.5, 0.55, NEAR_ENOUGH, 0.65, 1.1)
SHOWN = 10
DEEP = 50

Said = list[tuple[str, str]]


@dataclass(frozen=True)
class FollowUp:
    """A question with what was said before it, what people made of it and the documents that answer it."""

    text: str
    said: Said
    rewrite: str
    relevant: Mapping[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("cache", type=Path)
    given = parser.parse_args()
    embedder = MiniLM(given.cache)
    for name in SETS:
        _report_ranks(given.sets / name, Corpus(given.sets / name, given.cache, embedder))
    _report_words(given.sets / "canard")


def _report_ranks(folder: Path, corpus: Corpus) -> None:
    asked = _follow_ups(folder)
    near = {one.text: max(passage.similarity for passage in corpus.retrieve(one.text)) for one in asked}

    def mean(texts: Callable[[FollowUp], Sequence[str]]) -> float:
        return sum(_ndcg(_ranked(corpus, texts(one)), one.relevant) for one in asked) / len(asked)

    def read(one: FollowUp, bound: float) -> str:
        return stand_alone(one.text, one.said, lambda: near[one.text] < bound).question

    print(f"{folder.name}: {len(asked)} follow-ups, alone {mean(lambda one: [one.text]):.4f}")
    if asked[0].rewrite:
        print(f"  rewritten by people {mean(lambda one: [one.rewrite]):.4f}")
    for bound in BOUNDS:
        reading = {id(one): read(one, bound) for one in asked}
        alone = mean(partial(_alone, reading))
        both = mean(partial(_both, reading))
        print(f"  nothing nearer than {bound}: read {alone:.4f}, both forms searched {both:.4f}")


def _alone(reading: Mapping[int, str], one: FollowUp) -> list[str]:
    return [reading[id(one)]]


def _both(reading: Mapping[int, str], one: FollowUp) -> list[str]:
    return list(dict.fromkeys([reading[id(one)], one.text]))


def _follow_ups(folder: Path) -> list[FollowUp]:
    relevant: dict[str, dict[str, float]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        relevant[query][document] = float(score)
    rows = json_rows.read(folder / "queries.jsonl.gz")
    return [
        FollowUp(row["text"], _said(row), row.get("rewrite", ""), relevant[row["_id"]])
        for row in rows
        if row.get("history") and row.get("answerable", True) and relevant[row["_id"]]
    ]


def _said(row: Mapping[str, Any]) -> Said:
    """The earlier turns; where a set gives texts alone, they are the person's."""
    turns = [("user", turn) if isinstance(turn, str) else (turn["role"], turn["text"]) for turn in row["history"]]
    return [("user" if role == "user" else "assistant", text) for role, text in turns]


def _ranked(corpus: Corpus, texts: Sequence[str]) -> list[str]:
    """The documents of what is found for texts that mean the same, best first."""
    scores: dict[tuple[str, str], float] = defaultdict(float)
    for text in texts:
        for passage in _found(corpus, text):
            scores[passage.document_id, passage.chunk_id] += passage.score
    best = sorted(scores, key=lambda found: -scores[found])
    return list(dict.fromkeys(document for document, _ in best))[:SHOWN]


@cache
def _found(corpus: Corpus, text: str) -> list[Passage]:
    return corpus.retrieve(text, DEEP)


def _ndcg(ranked: Sequence[str], relevant: Mapping[str, float]) -> float:
    gained = sum(relevant.get(document, 0.0) / math.log2(place + 2) for place, document in enumerate(ranked))
    best = sorted(relevant.values(), reverse=True)[:SHOWN]
    return gained / sum(score / math.log2(place + 2) for place, score in enumerate(best))


def _report_words(folder: Path) -> None:
    """Questions and answers alternate in canard's history, and its first question is the subject."""
    shared, put_in, wanted, right, rows = 0.0, 0, 0, 0, 0
    for row in json_rows.read(folder / "queries.jsonl.gz"):
        said = [("assistant" if place % 2 else "user", text) for place, text in enumerate(row["history"])]
        read = stand_alone(row["text"], said).question
        own, people, ours = (set(content(text)) for text in (row["text"], row["rewrite"], read))
        put_in, wanted, right = put_in + len(ours - own), wanted + len(people - own), right + len((ours & people) - own)
        shared, rows = shared + _f1(words(read), words(row["rewrite"])), rows + 1
    print(f"{folder.name}: {rows} questions, token F1 {shared / rows:.3f}")
    print(f"  of people's words {right / wanted:.3f} put in, of those put in {right / put_in:.3f} people's")


def _f1(one: Sequence[str], other: Sequence[str]) -> float:
    same = sum(min(one.count(word), other.count(word)) for word in set(one))
    return 2 * same / max(1, len(one) + len(other))


if __name__ == "__main__":
    main()
