"""Search, held against the documents or pages that are known to answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.domain import Passage
from assistant.evaluation import measures
from assistant.evaluation.figures import Figure, of_mean
from assistant.evaluation.library import Library
from assistant.evaluation.progress import Progress
from assistant.evaluation.queries import Query
from assistant.evaluation.question_sets import QuestionSet

SUITE = "retrieval"
PASSAGES = 50
"""Passages that are asked for, so that ten different documents are among them."""
Wordings = Callable[[Query], Sequence[str]]
"""What a question is searched by: texts that mean the same."""


def measure(one: QuestionSet, asked: Sequence[Query], library: Library, progress: Progress) -> list[Figure]:
    """Return nDCG@10, recall@5 and hit@1 over the different documents (or pages) in the order of their passages.

    Questions that nothing answers are left out; where people wrote stand-alone forms they are searched for as well.
    """
    judged = judged_of(one, asked)
    figures = _of_all(one, judged, library, progress, "", lambda query: [query.text])
    if any(query.rewrite for query in judged):
        by_people = [query for query in judged if query.rewrite]
        figures += _of_all(one, by_people, library, progress, ", stand-alone", lambda query: [query.rewrite or ""])
    return figures


def judged_of(one: QuestionSet, asked: Sequence[Query]) -> list[Query]:
    """Return the questions that something is known to answer."""
    return [query for query in asked if query.answerable is not False and one.qrels.get(query.id)]


def _of_all(
    one: QuestionSet, asked: Sequence[Query], library: Library, progress: Progress, form: str, wordings: Wordings
) -> list[Figure]:
    ranked = rankings(one, asked, library, progress, wordings)
    pairs = [(found, one.qrels[query.id]) for query, found in zip(asked, ranked, strict=True)]
    return [
        of_mean(SUITE, one.name, f"nDCG@10{form}", [measures.ndcg(found, gains) for found, gains in pairs]),
        of_mean(SUITE, one.name, f"recall@5{form}", [measures.recall(found, gains) for found, gains in pairs]),
        of_mean(SUITE, one.name, f"hit@1{form}", [measures.hit(found, gains) for found, gains in pairs]),
    ]


def rankings(
    one: QuestionSet, asked: Sequence[Query], library: Library, progress: Progress, wordings: Wordings
) -> list[list[str]]:
    """Return for each question the ids of the documents (or pages) that its search finds, best first."""
    return [
        _distinct(
            library,
            library.stack.knowledge.retrieve(library.stack.person, list(wordings(query)), PASSAGES),
            by_page=one.by_page,
        )
        for query in progress.over(asked, f"{one.name}: searching")
    ]


def _distinct(library: Library, passages: Sequence[Passage], *, by_page: bool) -> list[str]:
    return list(dict.fromkeys(library.id_of(passage, by_page=by_page) for passage in passages))
