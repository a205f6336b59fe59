"""How near the passages' best sentences come to a question, word by word, by the embedding model.

One cosine of whole passages says that they are about the same thing; what is asked of it may still be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.domain import Passage
from assistant.providers.offline.nearness import Span, content_tokens, cosine, of_words, within
from assistant.providers.offline.question import Question, answer_fit
from assistant.providers.offline.terms import content, coverage
from assistant.sentences import sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.providers.minilm import MiniLM

LOOKED_INTO = 2
"""Passages whose sentences are compared: the first and the most similar one; five were no better."""
READ_CHARACTERS = 1000
"""Characters of sentences that are compared at the most: about 200 tokens."""
READ_AT_LEAST = 500
PROMISING = 0.5
"""Once so many characters are chosen, only sentences are that are worth this share of the best one's worth.

Half of the questions are then judged by some 600 characters instead of 950, with the same mean AUROC over five sets
(0.873); 0.7 of the processor time is left. With 700 characters for every question two of three sets lost 0.005 and
0.011, with 300 for all and a share of 0.6 one of them 0.007. Tokens of the third or fourth layer, which would save
half or a third, lost 0.009 on average, and 0.038 to 0.043 by weights of the other sets."""
SENTENCE_CHARACTERS = 400
HEADING_CHARACTERS = 60
# How sentences are chosen: coverage by the sentence counts 1, the following less. Rough, since some three are taken.
WITH_HEADING = 0.3
FORM = 0.2
FIRST = 0.15


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of a passage with its stems and how promising it is."""

    place: int
    span: Span
    worth: float


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where a sentence and the heading of its passage stand in the text that is read."""

    sentence: Span
    heading: Span


def pieces(asked: Question, term_weights: Mapping[str, float], passages: Sequence[Passage]) -> list[Piece]:
    """Return the sentences of some passages, in order, with their worth by words alone."""
    found = []
    for place, passage in enumerate(passages):
        heading = set(content(f"{passage.title} {' '.join(passage.heading_path)}"))
        for start, end in sentences(passage.text):
            text = passage.text[start:end]
            own = set(content(text))
            worth = coverage(term_weights, own) + WITH_HEADING * coverage(term_weights, own | heading)
            worth += FORM * answer_fit(asked, text) + (0.0 if place else FIRST)
            found.append(Piece(place, (start, min(end, start + SENTENCE_CHARACTERS)), worth))
    return found


def closeness(
    asked: Question, term_weights: Mapping[str, float], passages: Sequence[Passage], embedder: MiniLM
) -> dict[str, float]:
    """Return cosines by name; some 30 ms on one core, however many passages there are.

    The question costs no time where it was embedded before, as it was to search.

    ``together`` is how near the words of the question find a token in one and the same sentence or in the heading that
    it stands under, on average; ``lowest`` how near the word that is worst off finds one anywhere; ``whole`` how near
    the question as a whole finds one. ``second`` is the question's cosine to the second nearest sentence: where much
    is said of a matter there is more than one.
    """
    read = list(dict.fromkeys([passages[0], max(passages, key=lambda one: one.similarity), *passages]))[:LOOKED_INTO]
    text, placed = _joined(read, _chosen(pieces(asked, term_weights, read)))
    question, found = embedder.embed_tokens(asked.text), embedder.embed_tokens(text)
    near = question.vectors @ found.vectors.T
    told = content_tokens(asked.text, question)
    inside = [(within(found, one.sentence), within(found, one.heading)) for one in placed]
    inside = [(tokens, heading) for tokens, heading in inside if tokens]
    cosines = sorted(cosine(question.vectors, found.vectors[tokens]) for tokens, _ in inside)
    return {
        "together": max((_mean(near[:, here + above].max(axis=1), told) for here, above in inside), default=0.0),
        "lowest": min(of_words(near.max(axis=1), told)),
        "whole": float(near[0].max()),
        "second": cosines[-2:][0] if cosines else 0.0,
    }


def _chosen(found: Sequence[Piece]) -> list[Piece]:
    """The most promising sentences that fit into what is read, in reading order; one at least."""
    chosen: list[Piece] = []
    read = 0
    for piece in sorted(found, key=lambda one: -one.worth):
        if read >= READ_AT_LEAST and piece.worth < PROMISING * chosen[0].worth:
            break
        length = piece.span[1] - piece.span[0]
        if read + length <= READ_CHARACTERS or not chosen:
            chosen.append(piece)
            read += length
    return sorted(chosen, key=lambda one: (one.place, one.span))


def _joined(passages: Sequence[Passage], chosen: Sequence[Piece]) -> tuple[str, list[_Placed]]:
    """One text of the sentences, each passage's under its heading, and where in it each of them stands."""
    text = ""
    placed: list[_Placed] = []
    last, headed = -1, (0, 0)
    for piece in chosen:
        passage = passages[piece.place]
        if piece.place != last:
            heading = (passage.heading_path[-1] if passage.heading_path else passage.title)[:HEADING_CHARACTERS]
            last, headed = piece.place, (len(text), len(text) + len(heading))
            text += f"{heading}\n"
        start, end = piece.span
        placed.append(_Placed((len(text), len(text) + end - start), headed))
        text += f"{passage.text[start:end]} "
    return text, placed


def _mean(best: NDArray[np.float32], told: Sequence[Sequence[int]]) -> float:
    """How near the words of the question find something, on average."""
    return float(np.mean(of_words(best, told)))
