"""The second look, into a long document that the question names: there only the rest of the question counts.

"What was Acme's cash flow in Q3 2022?" is about one report, and within it each page is Acme's and of Q3 2022: these
words bring its cover, its exhibits and its table of contents. So what names the document is left out, all chunks of
the document are compared with what is left, and those that match its words are found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.knowledge.exact import decode
from assistant.knowledge.ranking import LONG, NEWEST, Candidate, Words, named, newest
from assistant.storage.lexical import proper_names, without_names
from assistant.storage.passages import Held, Snapshot

Matrix = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Matrix]

MOST = 3_000
"""Chunks that are compared at most: 10 ms; three reports of 300 pages each have so many."""
_FIGURE = re.compile(r"\d[\d.,]*")
_LATEST = re.compile(r"\b(?:latest|most recent|newest)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """What the searches brought for queries that mean the same: cosines and what is held by chunk row."""

    cosines: Mapping[int, Sequence[float]]
    held: Mapping[int, Held]
    candidates: Mapping[int, Candidate]
    asked: Sequence[Words]


def with_openings(now: Snapshot, queries: Sequence[str], found: Found) -> Found:
    """Return it with those of the queries' names that stand on the first page of each long document.

    "Latest" is a name of the newest of several editions.
    """
    names = frozenset().union(*(proper_names(query) for query in queries))
    titles = {found.held[row].version: found.held[row].title for row, one in found.candidates.items() if _is_long(one)}
    openings = now.openings(list(titles), names)
    last = newest(titles) if any(_LATEST.search(query) for query in queries) else set()
    also = {
        version: openings.get(version, frozenset()) | ({NEWEST} if version in last else set()) for version in titles
    }
    candidates = {
        row: replace(one, opening=also[held.version]) if (held := found.held[row]).version in also else one
        for row, one in found.candidates.items()
    }
    asked = [replace(words, names=words.names | {NEWEST}) for words in found.asked] if last else found.asked
    return replace(found, candidates=candidates, asked=asked)


def looked_into(
    now: Snapshot, queries: Sequence[str], vectors: Matrix, found: Found, embed: Embed, depth: int
) -> Found:
    """Return it with the nearest chunks and those that match of the documents that the queries name, if they do."""
    versions = [int(version) for version in named(found.candidates, found.asked)]
    known = frozenset().union(
        *(one.named | one.opening for one in found.candidates.values() if one.document in versions)
    )
    rests = [without_names(query, known) for query in queries]
    if not versions or not all(rests) or all(map(_same, rests, queries)):
        return found
    stored = now.rows_of(versions, MOST)
    matches = [_matches(now, rest, versions, depth) for rest in rests]
    rest_vectors = embed(rests)
    rows = _nearest(stored, rest_vectors, depth).union(*matches) & stored.keys()
    added = {row: stored[row] for row in rows if row not in found.candidates}
    stored = added | now.embeddings(list(found.candidates))
    within, cosines = cosines_of(stored, rest_vectors), {**found.cosines, **cosines_of(added, vectors)}
    held = {**found.held, **now.held(list(added), frozenset(), frozenset())}
    new = {row: Candidate(held[row].version, cosines[row], added=True) for row in added}
    candidates = {
        row: replace(one, within=within[row], figures=_figures(held[row].text) if one.document in versions else 0.0)
        for row, one in {**found.candidates, **new}.items()
    }
    asked = [replace(words, within=match) for words, match in zip(found.asked, matches, strict=True)]
    return Found(cosines, held, candidates, asked)


def cosines_of(embeddings: Mapping[int, bytes], vectors: Matrix) -> dict[int, list[float]]:
    """Return the cosine of each chunk row with each query."""
    if not embeddings:
        return {}
    matrix = decode(list(embeddings.values())) @ vectors.T
    return {row: [float(cosine) for cosine in of_row] for row, of_row in zip(embeddings, matrix, strict=True)}


def _is_long(candidate: Candidate) -> bool:
    return candidate.siblings >= LONG


def _figures(text: str) -> float:
    """Which share of the words are figures."""
    return len(_FIGURE.findall(text)) / max(len(text.split()), 1)


def _same(rest: str, query: str) -> bool:
    return rest == " ".join(query.split())


def _matches(now: Snapshot, rest: str, versions: Sequence[int], depth: int) -> dict[int, float]:
    return {row: score for version in versions for row, score in now.keywords_within(rest, version, depth).items()}


def _nearest(stored: Mapping[int, bytes], vectors: Matrix, depth: int) -> set[int]:
    cosines = decode(list(stored.values())) @ vectors.T
    rows = list(stored)
    return {rows[at] for of_query in cosines.T for at in np.argsort(-of_query)[:depth]}
