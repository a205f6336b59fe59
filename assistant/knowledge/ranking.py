"""The order of what the searches bring: meaning and words of each chunk, and of its document as a whole.

A chunk's score is a sum of five parts, each between about 0 and 1: its cosine; bm25 as a share of the best bm25; the
mean cosine of the best three chunks of its document; how much of the question's words stand anywhere in the chunks that
were found of its document, rare words counting more; and whether the question has the words of its title. Over seven
public sets (2,400 questions, means of nDCG@10) these gave 0.841; cosine and bm25 alone, summed or by reciprocal rank
fusion, 0.833. With the weights fitted to six sets each and measured on the seventh it was 0.840. What was tried beside
them (nearness of the words to each other, words of headings, neighbouring chunks, pseudo relevance feedback) added less
than 0.001.

Who asks with all the words of a title means that document, while some of them tell nothing, least of all in the long
titles of papers: hence the third power of the share of a title's words that the question has. It raised the mean to
0.844, a handbook's pages from 0.746 to 0.759 and a company's articles from 0.986 to 0.994, and lost nothing elsewhere;
the share itself gained half of that and lost 0.012 on the papers. Any weight from 0.1 to 0.4 gains 0.003.

A chunk of a long document, a filing say, does not tell whose it is or of which year: its title and file name do. So the
more of what was found is of long documents, the more it counts whether the title has the question's words. On twelve
quarterly reports (page-level nDCG@10 of 39 questions with a figure for an answer; of 116 by report) this raised 0.248
to 0.305, and 0.793 to 0.858; on the seven sets, most of them of short documents, it changes nothing.

The weights are for the embedded model's cosines; for others, whose cosines spread otherwise, nothing was fitted anew.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from math import log
from typing import TypeVar

Key = TypeVar("Key")

BM25_WEIGHT = 0.25
DOCUMENT_WORDS_WEIGHT = 0.175
DOCUMENT_COSINE_WEIGHT = 0.5
TITLE_WEIGHT = 0.3
WHOLE_TITLE_WEIGHT = 0.2
LONG = 30
"""Chunks from which on a document is a long one: some ten pages."""
BEST_CHUNKS = 3
"""Chunks whose mean cosine stands for their document: two or five did as well within 0.001."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that a search brought.

    ``cosines`` has one for each query; of the queries' stems ``stems`` are in its title, headings or text, ``named`` in
    the title, which has ``title_words`` words, stop words aside; ``document`` is the same for chunks of one document,
    which has ``siblings`` chunks, this one among them.
    """

    document: int | str
    cosines: Sequence[float]
    stems: Set[str] = frozenset()
    siblings: int = 1
    named: Set[str] = frozenset()
    title_words: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """What the keyword side knows of a query: bm25 by chunk row, and what each of its stems weighs (0 or more).

    ``names`` are the stems that a title may have, those of two words written as one among them ("bestbuy").
    """

    matches: Mapping[int, float]
    weights: Mapping[str, float]
    names: Set[str] = frozenset()


def ranked(candidates: Mapping[int, Candidate], asked: Sequence[Words], depth: int) -> dict[int, float]:
    """Return each candidate's score by chunk row, summed over queries that mean the same.

    ``asked`` has one for each query; ``depth`` is how many nearest chunks each of them was given, so that no other
    chunk is nearer than the last of these.
    """
    documents = _by_document(candidates)
    title_weight = TITLE_WEIGHT * _long_share(candidates)
    scores = dict.fromkeys(candidates, 0.0)
    for place, words in enumerate(asked):
        cosines = {row: candidate.cosines[place] for row, candidate in candidates.items()}
        about = _about(documents, candidates, cosines, depth)
        held = _shares({document: _held(words.weights, candidates, rows) for document, rows in documents.items()})
        named = _shares(
            _named(words.names, {document: candidates[rows[0]].named for document, rows in documents.items()})
        )
        matched = _shares({row: words.matches.get(row, 0.0) for row in candidates})
        for row, candidate in candidates.items():
            scores[row] += (
                cosines[row]
                + BM25_WEIGHT * matched[row]
                + DOCUMENT_WORDS_WEIGHT * held[candidate.document]
                + DOCUMENT_COSINE_WEIGHT * about[candidate.document]
                + title_weight * named[candidate.document]
                + WHOLE_TITLE_WEIGHT * _title_said(candidate, words.names) ** 3
            )
    return scores


def _by_document(candidates: Mapping[int, Candidate]) -> dict[int | str, list[int]]:
    documents: dict[int | str, list[int]] = {}
    for row, candidate in candidates.items():
        documents.setdefault(candidate.document, []).append(row)
    return documents


def _about(
    documents: Mapping[int | str, Sequence[int]],
    candidates: Mapping[int, Candidate],
    cosines: Mapping[int, float],
    depth: int,
) -> dict[int | str, float]:
    """Mean cosine of each document's best chunks; those that no search brought count as near as they may be."""
    last = min(sorted(cosines.values(), reverse=True)[:depth], default=0.0)
    means: dict[int | str, float] = {}
    for document, rows in documents.items():
        best = sorted((cosines[row] for row in rows), reverse=True)[:BEST_CHUNKS]
        lacking = min(BEST_CHUNKS, candidates[rows[0]].siblings) - len(best)
        best += [min(last, best[-1])] * lacking
        means[document] = sum(best) / len(best)
    return means


def _held(weights: Mapping[str, float], candidates: Mapping[int, Candidate], rows: Collection[int]) -> float:
    """What those of the query's words weigh that stand in any of these chunks."""
    return sum(weight for stem, weight in weights.items() if any(stem in candidates[row].stems for row in rows))


def _long_share(candidates: Mapping[int, Candidate]) -> float:
    """How many of the candidates are of long documents, from 0 to 1."""
    return sum(candidate.siblings >= LONG for candidate in candidates.values()) / max(len(candidates), 1)


def _named(names: Set[str], titles: Mapping[int | str, Set[str]]) -> dict[int | str, float]:
    """What those of the query's words weigh that each document's title has: the fewer titles have it, the more."""
    having = {name: sum(name in title for title in titles.values()) for name in names}
    weights = {name: log((len(titles) + 1) / (count + 0.5)) for name, count in having.items() if count}
    return {document: sum(weights.get(name, 0.0) for name in title) for document, title in titles.items()}


def _title_said(candidate: Candidate, names: Set[str]) -> float:
    """Which share of the words of its title the question has, from 0 to 1."""
    return min(1.0, len(names & candidate.named) / candidate.title_words) if candidate.title_words else 0.0


def _shares(values: Mapping[Key, float]) -> dict[Key, float]:
    """Values as shares of the greatest."""
    top = max(values.values(), default=0.0) or 1.0
    return {key: value / top for key, value in values.items()}
