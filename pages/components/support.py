"""How far the sources bear out each sentence of an answer: marks in its text, and the scores behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from assistant.chat.checking import NOTE
from assistant.chat.claims import words_of
from assistant.domain import Support, Turn
from pages.components.safe_markdown import MARKER, escape

NOT_FOUND = "not found in the sources"
MARK = f":orange-badge[{NOT_FOUND}]"
SENTENCE_WIDTH = 160
"""Characters of a sentence beside its score: enough to know it again."""
MEANING = (
    "The score is the share of a sentence's words that the sources hold in one place. A sentence whose figures, names "
    "or negation differ is never found, whatever it shares."
)


def notes(answer: str, support: Sequence[Support]) -> dict[int, str]:
    """Return what stands behind the sentences, by their ends: a mark, or the source of one that names none itself."""
    found: dict[int, str] = {}
    for one in support:
        if not one.found and answer[one.start : one.end] != NOTE:  # which says so itself
            found[one.end] = MARK
        elif one.found and one.n is not None and str(one.n) not in MARKER.findall(answer[one.start : one.end]):
            found[one.end] = f":blue-badge[{one.n}]"
    return dict(sorted(found.items()))


def draw_scores(turn: Turn) -> None:
    """Draw how many sentences were found, and one line for each with its score and source."""
    if not turn.support:
        return
    found = sum(one.found for one in turn.support)
    of = len(turn.support)
    sentences = "sentence" if of == 1 else "sentences"
    st.markdown(f"Looked up in the sources: {found} of {of} {sentences} found", help=MEANING)
    st.markdown("\n".join(_lines(turn)))


def supporting(turn: Turn, n: int) -> list[str]:
    """Return safe markdown for each sentence that a citation bears out, with its score."""
    return [f"{_sentence(turn, one)} :gray[{_score(one)}]" for one in turn.support if one.n == n]


def _lines(turn: Turn) -> Iterator[str]:
    for one in turn.support:
        place = f":blue-badge[{one.n}]" if one.n is not None else MARK
        yield f"- :small[{place} {_score(one)} · {_sentence(turn, one)}]"


def _sentence(turn: Turn, one: Support) -> str:
    words = words_of(turn.answer, one.start, one.end)
    short = words if len(words) <= SENTENCE_WIDTH else words[:SENTENCE_WIDTH].rsplit(maxsplit=1)[0] + " …"
    return f"“{escape(short)}”"


def _score(one: Support) -> str:
    return "word for word" if one.verbatim and one.found else f"score {one.score:.2f}"
