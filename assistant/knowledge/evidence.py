"""Whether the retrieved passages carry an answer: a calibrated estimate from cheap features."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.domain import Passage
from assistant.knowledge.closeness import closeness
from assistant.providers.offline.editions import matter
from assistant.providers.offline.people import people_in
from assistant.providers.offline.question import Kind, Question, answer_fit, understand
from assistant.providers.offline.rows import has_rows
from assistant.providers.offline.terms import content, coverage, pairs_kept, weights
from assistant.providers.offline.wording import without_comparing
from assistant.sentences import sentences
from assistant.table_rows import table_rows

if TYPE_CHECKING:
    from assistant.providers.minilm import MiniLM

WEIGHTS = Path(__file__).with_name("evidence.json")
"""Fitted by bench/fit_evidence.py on question sets that others wrote, half of them without an answer."""

WORDS = ("similarity", "sentence", "passage", "figures_missing")
"""What is at hand once passages were found; costs a millisecond or two."""
MEANING = (
    "similarity",
    "sentence",
    "names_missing",
    "figures_missing",
    "together",
    "second",
    "whole_in_prose",
    "lowest_under_title",
    "passage_among_alike",
    "pairs_if_yes_or_no",
    "form_if_how",
)
"""With the closeness of the best sentences, for which the embedding model reads them.

Chosen one by one out of 300, most of them products with what kind of passages and question it is, by the AUROC over
five sets, both by other questions of all sets and by the other sets alone. The products let one estimate serve them
all: sentences bear out a question as a whole and rows of a table do not; every word counts where the title is met
already; words that are there say more where all that was found is alike; what is asked with yes or no needs its words
side by side; what is asked with "how" needs a sentence of the right form. With six features that are no products the
four public sets came to 0.831 on average by other questions and 0.816 by the other sets, so to 0.856 and 0.846; trees
(100 of depth 3) to 0.832 and 0.732. The rarity of words among all documents adds nothing to these."""
SET_BY_HAND = {"names_unknown": -1.0, "people_missing": -1.5, "row": 2.0}
"""Weights (log odds) of what the question sets hold too seldom to fit: a place, thing or code that no passage names
(fitted on the few there are: -0.7), a group of people of which no passage speaks in this matter, and rows of a table
that are within a figure which the question names ("room for 12 people"), or hold the asked column and all the rest."""

_NAMED = re.compile(
    r"\b(?:in|at|from|to|for|of|near|with|by|about) (?:the )?([A-Z][a-z][\w-]*)\b(?! [A-Z])"
    r"|^(?:[Ii]s|[Aa]re) there (?:a |an |any )?([a-z-]+)\b(?! (?:and|or|to|of)\b)"
    r"|\b((?=[\w-]*\d)[A-Z][\w-]*[\w])"
)
_HOW = re.compile(r"\bhow", re.IGNORECASE)
_ENDS = (".", "!", "?", ":", ";")
ALIKE = 0.82
"""Likeness from which a name counts as a misspelt one: "Sigimund" for "Sigismund"."""

HALF = 0.5
# About where the measures lie on average, so that a product tells more and less from usual.
USUAL_WHOLE = 0.8
USUAL_LOWEST = 0.6
USUAL_PASSAGE = 0.6
USUAL_PAIRS = 0.3
USUAL_FORM = 0.45
READ = 5
"""Passages that are looked into, best first."""


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What a wanted ``rate`` of false answers comes to, as measured on question sets.

    ``rate`` is the share of unanswerable questions that are answered, ``threshold`` the probability below which the
    assistant abstains for it, ``kept`` the share of the answerable questions that are then still answered.
    """

    rate: float
    threshold: float
    kept: float


@dataclass(frozen=True, slots=True)
class _Fitted:
    words: Mapping[str, float]
    meaning: Mapping[str, float]
    hopeless_below: float
    curve: tuple[CurvePoint, ...]


@cache
def _fitted() -> _Fitted:
    read = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return _Fitted(
        read["words"], read["meaning"], read["hopeless_below"], tuple(CurvePoint(*point) for point in read["curve"])
    )


def curve() -> tuple[CurvePoint, ...]:
    """Return what each rate of false answers that can be wanted comes to, from the lowest."""
    return _fitted().curve


def threshold_for(rate: float) -> float:
    """Return the probability below which the assistant abstains so that ``rate`` of such answers are false."""
    return min(_fitted().curve, key=lambda point: abs(point.rate - rate)).threshold


def hopeless(question: str, passages: Sequence[Passage]) -> bool:
    """Whether passages are so far from the question that no model need be asked; a matter of 2 ms.

    By words and similarities alone, with a bound that loses one in a thousand answerable questions: what a paid model
    makes of thin evidence is better than what sentence-level features know of it.
    """
    if not passages:
        return True
    return _chance(_fitted().words, features(question, passages)) < _fitted().hopeless_below


def answerable(question: str, passages: Sequence[Passage], embedder: MiniLM) -> float:
    """Return the calibrated probability (0 to 1) that ``passages``, best first, carry an answer; some 40 ms."""
    if not passages:
        return 0.0
    return _chance(_fitted().meaning, features(question, passages, embedder))


def _chance(fitted: Mapping[str, float], found: Mapping[str, float]) -> float:
    by_name = {**fitted, **SET_BY_HAND}
    logit = sum(weight * found.get(name, 1.0) for name, weight in by_name.items())  # the constant is no feature
    return 1.0 / (1.0 + exp(-logit))


def features(question: str, passages: Sequence[Passage], embedder: MiniLM | None = None) -> dict[str, float]:
    """Return what the estimate rests on, by name; needs at least one passage. Without ``embedder`` by words alone."""
    asked = understand(without_comparing(matter(question, [passage.document for passage in passages])))
    read = [_cut(passage) for passage in passages[:READ]]
    term_weights = weights(asked.terms, [frozenset(one.terms) for cut in read for one in cut])
    found = {"similarity": passages[0].similarity, **_by_words(asked, term_weights, passages, read)}
    if embedder is None:
        return found
    near = closeness(asked, term_weights, passages, embedder)
    return {
        **found,
        "together": near["together"],
        "second": near["second"],
        **_by_passages(term_weights, passages, read, {**found, **near}),
        **_by_question(asked, term_weights, passages, read),
    }


def _by_passages(
    term_weights: Mapping[str, float],
    passages: Sequence[Passage],
    read: Sequence[Sequence[_Sentence]],
    found: Mapping[str, float],
) -> dict[str, float]:
    """Measures that count as far as the passages are of a kind: prose, under a title of the matter, all alike."""
    best = max((one for cut in read for one in cut), key=lambda one: coverage(term_weights, one.terms), default=None)
    titled = max(coverage(term_weights, title) for title in _titles(passages))
    alike = sum(passage.similarity for passage in passages) / len(passages)
    return {
        "whole_in_prose": found["whole"] - USUAL_WHOLE if best and best.text.endswith(_ENDS) else 0.0,
        "lowest_under_title": titled * (found["lowest"] - USUAL_LOWEST),
        "passage_among_alike": alike * (found["passage"] - USUAL_PASSAGE),
    }


def _by_question(
    asked: Question, term_weights: Mapping[str, float], passages: Sequence[Passage], read: Sequence[Sequence[_Sentence]]
) -> dict[str, float]:
    """Measures that count for questions of one kind only."""
    every = [(one, title) for cut, title in zip(read, _titles(passages), strict=True) for one in cut]
    pairs = form = 0.0
    if yes_or_no := asked.kind is Kind.YES_NO:
        pairs = max((pairs_kept(asked.terms, one.terms) for one, _ in every), default=0.0)
    if how := _HOW.search(asked.text) is not None:
        covered = ((coverage(term_weights, title.union(one.terms)), one.text) for one, title in every)
        form = max((share * answer_fit(asked, text) for share, text in covered), default=0.0)
    return {
        "pairs_if_yes_or_no": pairs - USUAL_PAIRS if yes_or_no else 0.0,
        "form_if_how": form - USUAL_FORM if how else 0.0,
    }


def _titles(passages: Sequence[Passage]) -> list[set[str]]:
    return [set(content(f"{passage.title} {' '.join(passage.heading_path)}")) for passage in passages[:READ]]


def _by_words(
    asked: Question, term_weights: Mapping[str, float], passages: Sequence[Passage], read: Sequence[Sequence[_Sentence]]
) -> dict[str, float]:
    titles = _titles(passages)
    whole = [{term for one in cut for term in one.terms} | title for cut, title in zip(read, titles, strict=True)]
    found = set().union(*whole)
    return {
        "sentence": max((coverage(term_weights, one.terms) for cut in read for one in cut), default=0.0),
        "passage": max((coverage(term_weights, words) for words in whole), default=0.0),
        "names_missing": _missing(asked, whole),
        "names_unknown": 1.0 if any(_unknown(name, found) for name in _named(asked.text)) else 0.0,
        "figures_missing": 1.0 if asked.figures - found else 0.0,
        "people_missing": _people_missing(asked, term_weights, read, titles),
        "row": 1.0 if has_rows(asked, passages) else 0.0,
    }


def _cut(passage: Passage) -> list[_Sentence]:
    """The sentences of a passage; a row of a table with the names of its columns, which stand above it."""
    rows = {row.start: row.written() for row in table_rows(passage.text)}
    texts = [rows.get(start) or passage.text[start:end] for start, end in sentences(passage.text)]
    return [_Sentence(text, tuple(content(text))) for text in texts]


def _named(text: str) -> set[str]:
    """Stems of the places and things that a question is about: "in Oslo", "is there a gym", and of codes."""
    return {term for found in _NAMED.findall(text) for term in content(" ".join(found))}


def _unknown(name: str, found: Set[str]) -> bool:
    """Whether no passage holds a name, not even misspelt."""
    return name not in found and not get_close_matches(name, found, 1, ALIKE)


def _people_missing(
    asked: Question,
    term_weights: Mapping[str, float],
    read: Sequence[Sequence[_Sentence]],
    titles: Sequence[set[str]],
) -> float:
    """1 when the question is for a group of people and nowhere do three sentences name it with the matter."""
    people = people_in(asked.terms)
    matter = {term: weight for term, weight in term_weights.items() if term not in people}
    if not people or not matter:
        return 0.0
    together = (here | title for cut, title in zip(read, titles, strict=True) for here in _together(cut))
    return 0.0 if any(people <= here and coverage(matter, here) > HALF for here in together) else 1.0


def _together(cut: Sequence[_Sentence]) -> Iterator[set[str]]:
    """Words of three sentences in a row; a row of a table or a heading stands for itself."""
    for at, one in enumerate(cut):
        near = (
            [other for other in cut[at : at + 3] if other.text.endswith(_ENDS)] if one.text.endswith(_ENDS) else [one]
        )
        yield {term for other in near for term in other.terms}


def _missing(asked: Question, whole: Sequence[Set[str]]) -> float:
    """Share of the question's names and numbers that the best passage does not hold."""
    if not asked.names:
        return 0.0
    return min((len(asked.names - found) / len(asked.names) for found in whole), default=1.0)
