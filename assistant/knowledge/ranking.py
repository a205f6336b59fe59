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

A chunk of a long document, a filing say, does not tell whose it is or of which year: its title and file name do, and
its first page, which has the company's name where the title has its ticker symbol. So the more of what was found is of
long documents, the more it counts whether the title has the question's words, or the first page its names; and where a
question says "latest", the newest of several editions counts as named. Within the documents that are named best only
what is left of the question counts (``looking_into.py``). On twelve quarterly reports (nDCG@10 by page of 49 questions
with a figure for an answer; of 116 by report) the title's words raised 0.248 to 0.305 and 0.793 to 0.858; first page,
"latest" and the look into the document together 0.285 to 0.510 and 0.880 to 0.969 (without "latest" to 0.424 and
0.908), and figures at 0.1 to 0.517; at 0.2 to 0.538, which is not taken since these pages were told by their
figures. On the seven sets, most of them of short documents, all this changes nothing.

The weights are for the embedded model's cosines; for others, whose cosines spread otherwise, nothing was fitted anew.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from math import log
from typing import TypeVar

Key = TypeVar("Key")

LONG = 30
"""Chunks from which on a document is a long one: some ten pages."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each part counts beside the chunk's cosine, which counts 1.

    ``bm25`` is that of the chunk, ``document_words`` and ``document_cosine`` are for its document, whose nearest
    ``best_chunks`` stand for it; ``title`` counts where documents are long, ``whole_title`` everywhere, by the share of
    the title's words to the power ``sharpness``; ``figures`` where a named document is looked into: who asks a report,
    asks for what stands in its tables. How good search is with each of them left out, halved and doubled
    stands in ``bench/results/ranking.json``.
    """

    bm25: float = 0.25
    document_words: float = 0.175
    document_cosine: float = 0.5
    best_chunks: int = 3
    title: float = 0.3
    whole_title: float = 0.2
    sharpness: int = 3
    figures: float = 0.1


WEIGHTS = Weights()


NEWEST = "the newest"
"""Among a document's names: what "latest" names, where there are older editions. With a blank, so it is no stem."""
LOOKED_INTO = 3
"""Documents that are looked into at most, where a question names several alike."""
MOSTLY = 0.5
"""Share of the candidates that must be of long documents: without it a handbook's pages lost 0.004."""
AS_MUCH = 0.9
"""How much of the best named document's weight another must have to be looked into as well."""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A chunk that a search brought.

    ``cosines`` has one for each query; of the queries' stems ``stems`` are in its title, headings or text, ``named`` in
    the title, which has ``title_words`` words, stop words aside, and ``opening`` those names on the first page of a
    long document or what else names it; ``document`` is the same for chunks of one document, which has ``siblings``
    chunks, this one among them. ``within`` are the cosines with what is asked of the document that the question names,
    where it names one, and ``figures`` the share of figures among its words; ``added`` says that only the look into it
    brought the chunk.
    """

    document: int | str
    cosines: Sequence[float]
    stems: Set[str] = frozenset()
    siblings: int = 1
    named: Set[str] = frozenset()
    title_words: int = 0
    opening: Set[str] = frozenset()
    within: Sequence[float] = ()
    figures: float = 0.0
    added: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What the keyword side knows of a query: bm25 by chunk row, and what each of its stems weighs (0 or more).

    ``names`` are the stems that a title may have, those of two words written as one among them ("bestbuy"). ``within``
    is the bm25 of what is asked of the document that the query names; None where it names none.
    """

    matches: Mapping[int, float]
    weights: Mapping[str, float]
    names: Set[str] = frozenset()
    within: Mapping[int, float] | None = None


def ranked(
    candidates: Mapping[int, Candidate], asked: Sequence[Words], depth: int, weights: Weights = WEIGHTS
) -> dict[int, float]:
    """Return each candidate's score by chunk row, summed over queries that mean the same.

    ``asked`` has one for each query; ``depth`` is how many nearest chunks each of them was given, so that no other
    chunk is nearer than the last of these.
    """
    found = {row: candidate for row, candidate in candidates.items() if not candidate.added}
    scores = dict.fromkeys(candidates, 0.0)
    for place, words in enumerate(asked):
        documents = _of_documents(found, place, words, depth, weights)
        matched = _shares(words.matches if words.within is None else words.within)
        for row, candidate in candidates.items():
            near = candidate.cosines if words.within is None else candidate.within
            scores[row] += near[place] + weights.bm25 * matched.get(row, 0.0) + documents[candidate.document]
            scores[row] += weights.figures * candidate.figures
    return scores


def named(candidates: Mapping[int, Candidate], asked: Sequence[Words]) -> list[int | str]:
    """Return the long documents that the queries name best, by title or opening.

    None where nothing names one, or where most of what was found is of short documents.
    """
    if _long_share(candidates) < MOSTLY:
        return []
    documents = _by_document(candidates)
    names = frozenset().union(*(words.names for words in asked))
    weighed = _named(names, {document: _names(candidates[rows[0]]) for document, rows in documents.items()})
    best = max(weighed.values(), default=0.0)
    near = {document: max(max(candidates[row].cosines) for row in rows) for document, rows in documents.items()}
    alike = [document for document, weight in weighed.items() if best > 0 and weight >= AS_MUCH * best]
    long = [document for document in alike if candidates[documents[document][0]].siblings >= LONG]
    return sorted(long, key=lambda document: -near[document])[:LOOKED_INTO]


def newest(titles: Mapping[Key, str]) -> set[Key]:
    """Return which of these is the newest of several whose titles differ in numbers alone."""
    editions: dict[str, list[Key]] = {}
    for key, title in titles.items():
        editions.setdefault(_NUMBER.sub("", title).casefold(), []).append(key)
    several = [keys for keys in editions.values() if len({tuple(_numbers(titles[key])) for key in keys}) > 1]
    return {max(keys, key=lambda key: _numbers(titles[key])) for keys in several}


def _numbers(title: str) -> list[int]:
    return [int(number) for number in _NUMBER.findall(title)]


def _names(candidate: Candidate) -> Set[str]:
    return candidate.named | candidate.opening


def _of_documents(
    candidates: Mapping[int, Candidate], place: int, words: Words, depth: int, weights: Weights
) -> dict[int | str, float]:
    """What each document's chunks have in common: its meaning, words and names."""
    documents = _by_document(candidates)
    cosines = {row: candidate.cosines[place] for row, candidate in candidates.items()}
    about = _about(documents, candidates, cosines, depth, weights.best_chunks)
    held = _shares({document: _held(words.weights, candidates, rows) for document, rows in documents.items()})
    firsts = {document: candidates[rows[0]] for document, rows in documents.items()}
    called = _shares(_named(words.names, {document: _names(first) for document, first in firsts.items()}))
    title_weight = weights.title * _long_share(candidates)
    return {
        document: weights.document_words * held[document]
        + weights.document_cosine * about[document]
        + title_weight * called[document]
        + weights.whole_title * _title_said(first, words.names) ** weights.sharpness
        for document, first in firsts.items()
    }


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
    best_chunks: int,
) -> dict[int | str, float]:
    """Mean cosine of each document's best chunks; those that no search brought count as near as they may be."""
    last = min(sorted(cosines.values(), reverse=True)[:depth], default=0.0)
    means: dict[int | str, float] = {}
    for document, rows in documents.items():
        best = sorted((cosines[row] for row in rows), reverse=True)[:best_chunks]
        lacking = min(best_chunks, candidates[rows[0]].siblings) - len(best)
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
