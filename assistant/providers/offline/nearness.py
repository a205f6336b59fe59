"""How near pieces of a passage come to a question, word by word, by the embedding model.

Each token as it is meant where it stands (as in ColBERT's late interaction, Khattab and Zaharia, SIGIR 2020) tells
which words of the question find nothing like them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from assistant.providers.offline.terms import is_stop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.providers.minilm import MiniLM, TokenVectors

READ_CHARACTERS = 900
"""Characters of pieces that are read at once: about 200 of the 256 tokens that the model reads."""

Span = tuple[int, int]
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near one piece comes: cosines, 1 at best.

    ``similarity`` is that of the piece as a whole; ``words`` how near the words of the question find one in the piece
    or in the heading above it, on average; ``passage`` how near they find one in any of the pieces read of its passage.
    """

    similarity: float
    words: float
    passage: float


def nearness(question: str, heading: str, pieces: Sequence[str], embedder: MiniLM) -> list[Nearness]:
    """Read the pieces of one passage together under their heading; some 0.2 ms for each token on one core."""
    asked = embedder.embed_tokens(question)
    told = content_tokens(question, asked)
    cosines: list[float] = []
    found: list[NDArray[np.float64]] = []
    for some in _at_once(pieces):
        text, spans = _joined(heading, some)
        read = embedder.embed_tokens(text)
        near = asked.vectors @ read.vectors.T
        above = within(read, (0, len(heading)))
        for span in spans:
            own = within(read, span)
            cosines.append(cosine(asked.vectors, read.vectors[own]) if own else 0.0)
            found.append(_best(near, own + above, told))
    anywhere = float(np.max(found, axis=0).mean())
    return [Nearness(one, float(best.mean()), anywhere) for one, best in zip(cosines, found, strict=True)]


def content_tokens(text: str, question: TokenVectors) -> list[list[int]]:
    """Return the tokens of each word that carries meaning; of all words where none does."""
    words_at = [(match.start(), match.end(), match.group()) for match in _WORD.finditer(text)]
    tokens = [
        (word, [n for n, (a, b) in enumerate(question.spans) if a >= start and b <= end and b > a])
        for start, end, word in words_at
    ]
    known = [(word, at) for word, at in tokens if at]
    return [at for word, at in known if not is_stop(word)] or [at for _, at in known] or [[0]]


def within(read: TokenVectors, span: Span) -> list[int]:
    """Return the tokens that stand between two characters."""
    return [n for n, (start, end) in enumerate(read.spans) if start >= span[0] and end <= span[1] and end > start]


def of_words(best: NDArray[np.float32], told: Sequence[Sequence[int]]) -> list[float]:
    """Return how near each word of the question finds something: of its tokens the nearest counts."""
    return [float(best[list(tokens)].max()) for tokens in told]


def cosine(left: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    """Return the cosine of the means of two texts' tokens."""
    one, other = left.mean(axis=0), right.mean(axis=0)
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))


def _best(near: NDArray[np.float32], tokens: Sequence[int], told: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    if not tokens:
        return np.zeros(len(told))
    return np.array(of_words(near[:, tokens].max(axis=1), told))


def _at_once(pieces: Sequence[str]) -> Iterator[list[str]]:
    """Give as many pieces together as are read at once, one at least."""
    some: list[str] = []
    for piece in pieces:
        if some and sum(map(len, some)) + len(piece) > READ_CHARACTERS:
            yield some
            some = []
        some.append(piece)
    yield some


def _joined(heading: str, pieces: Sequence[str]) -> tuple[str, list[Span]]:
    """The text that is read, and where in it each of the pieces stands."""
    text = f"{heading}\n"
    spans: list[Span] = []
    for piece in pieces:
        spans.append((len(text), len(text) + len(piece)))
        text += f"{piece} "
    return text, spans
