"""Answers, held against accepted words, the passage that is known to answer, and the pages they quote."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.domain import Citation, Turn
from assistant.evaluation import measures
from assistant.evaluation.asking import Asker
from assistant.evaluation.figures import Figure, of_mean
from assistant.evaluation.library import Library
from assistant.evaluation.queries import Query
from assistant.evaluation.question_sets import QuestionSet

SUITE = "answers"
FIRST_WORDS = 60
"""What somebody reads at a glance: an answer that needs more to come to the point does not count."""
_MARKER = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class _Given:
    """What came back for one question; no text and no citation where it was refused or not known."""

    query: Query
    text: str
    citations: Sequence[Citation]


def measured(asked: Sequence[Query]) -> list[Query]:
    """Return the questions whose answers can be held against something."""
    return [query for query in asked if query.answerable is not False and (query.has_answers or query.passage)]


def measure(one: QuestionSet, asked: Sequence[Query], asker: Asker) -> list[Figure]:
    """Return how often the accepted words come early and the right passage is cited, F1, quotes and length.

    A question without an answer counts as wrong.
    """
    turns = asker.turns(asked)
    given = [_given(query, turns[query.id]) for query in asked]
    checked = [is_on_its_page(asker.library, citation) for each in given for citation in each.citations]
    lengths = [len(each.text.split()) for each in given if each.text]
    return [
        *_words(one.name, given),
        *_citations(one, given, asker.library),
        of_mean(SUITE, one.name, "quotes verbatim on their page", [float(true) for true in checked]),
        Figure(SUITE, one.name, "words (median)", float(statistics.median(lengths)) if lengths else 0.0, len(lengths)),
    ]


def plain(answer: str) -> str:
    """Return an answer without its citation marks."""
    return _MARKER.sub("", answer)


def _given(query: Query, turn: Turn | None) -> _Given:
    if turn is None or turn.abstained:
        return _Given(query, "", ())
    return _Given(query, plain(turn.answer), turn.citations)


def _words(name: str, given: Sequence[_Given]) -> list[Figure]:
    """The accepted words are looked for among the first; F1 is with whole reference texts where there are some."""
    short = [one for one in given if one.query.answers]
    early = [float(measures.holds(first_words(one.text), one.query.answers)) for one in short]
    against = [(one.text, one.query.references or one.query.answers or one.query.gold_sentences) for one in given]
    alike = [measures.token_f1(text, references) for text, references in against if references]
    found = [of_mean(SUITE, name, f"accepted words in the first {FIRST_WORDS}", early)] if short else []
    return [*found, of_mean(SUITE, name, "F1", alike)] if alike else found


def first_words(text: str) -> str:
    """Return the first FIRST_WORDS words of a text, as blanks part them."""
    return " ".join(text.split()[:FIRST_WORDS])


def _citations(one: QuestionSet, given: Sequence[_Given], library: Library) -> list[Figure]:
    golden = [(each, gold) for each in given if (gold := _gold(one.qrels, each.query))]
    if not golden:
        return []
    by_page = one.by_page or any("#p" in name for _, gold in golden for name in gold)
    cited = [
        ([_place(library, citation, by_page=by_page) for citation in each.citations], gold) for each, gold in golden
    ]
    return [
        of_mean(
            SUITE,
            one.name,
            "cites the right passage first",
            [float(bool(gold & set(hits[:1]))) for hits, gold in cited],
        ),
        of_mean(SUITE, one.name, "cites the right passage", [float(bool(gold & set(hits))) for hits, gold in cited]),
    ]


def _gold(qrels: Mapping[str, Mapping[str, float]], query: Query) -> set[str]:
    judged = {name for name, gain in qrels.get(query.id, {}).items() if gain > 0}
    return judged or ({query.passage} if query.passage else set())


def _place(library: Library, citation: Citation, *, by_page: bool) -> str:
    return library.place(citation.document_id, citation.page if by_page else None)


def is_on_its_page(library: Library, citation: Citation) -> bool:
    """Whether the words of a citation stand, character by character, on the page that it names."""
    stack = library.stack
    text, pages = stack.knowledge.document_text(stack.person, citation.document_id, citation.version)
    if citation.page is not None:
        text = next((text[span.start : span.end] for span in pages if span.number == citation.page), "")
    return bool(citation.quote) and citation.quote in text
