"""Questions that lean on what was said before: what is searched for, and how a stand-alone form reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.chat.plan import look
from assistant.domain import Route
from assistant.evaluation import measures
from assistant.evaluation.figures import Figure, of_mean
from assistant.evaluation.library import Library
from assistant.evaluation.progress import Progress
from assistant.evaluation.queries import Query
from assistant.evaluation.question_sets import QuestionSet
from assistant.evaluation.retrieval import Wordings, judged_of, rankings
from assistant.providers.offline.routing import RouteGuess

SUITE = "follow-ups"
NO_GUESS = RouteGuess(Route.KNOWLEDGE, 1.0, "", sure=True)
"""The route does not matter here: all of them are searched."""


def searched(one: QuestionSet, asked: Sequence[Query]) -> list[Query]:
    """Return the judged questions that something was said before."""
    return [query for query in judged_of(one, asked) if query.history]


def rewritten(asked: Sequence[Query]) -> list[Query]:
    """Return the questions that something was said before and that a person rewrote."""
    return [query for query in asked if query.history and query.rewrite]


def measure_search(one: QuestionSet, asked: Sequence[Query], library: Library, progress: Progress) -> list[Figure]:
    """Return nDCG@10 of the question alone, as the chat searches it, by its stand-alone form and by a person's."""
    forms: dict[str, Wordings] = {
        "the question alone": lambda query: [query.text],
        "as the chat searches": _queries,
        "our stand-alone form": lambda query: _queries(query)[:1],
    }
    if all(query.rewrite for query in asked):
        forms["a person's stand-alone form"] = lambda query: [query.rewrite or ""]
    return [_ndcg(one, asked, library, progress, name, wordings) for name, wordings in forms.items()]


def _ndcg(
    one: QuestionSet, asked: Sequence[Query], library: Library, progress: Progress, name: str, wordings: Wordings
) -> Figure:
    ranked = rankings(one, asked, library, progress, wordings)
    gains = [measures.ndcg(found, one.qrels[query.id]) for query, found in zip(asked, ranked, strict=True)]
    return of_mean(SUITE, one.name, f"nDCG@10, {name}", gains)


def measure_words(one: QuestionSet, asked: Sequence[Query], progress: Progress) -> list[Figure]:
    """Return how much our stand-alone forms share with people's, and how often one was made where none was due."""
    forms = {query.id: _queries(query)[0] for query in progress.over(asked, f"{one.name}: rewriting")}
    due = [query for query in asked if not _same(query.text, query.rewrite)]
    alone = [query for query in asked if _same(query.text, query.rewrite)]
    return [
        of_mean(SUITE, one.name, "F1, the question alone", [_f1(query.text, query) for query in asked]),
        of_mean(SUITE, one.name, "F1, our stand-alone form", [_f1(forms[query.id], query) for query in asked]),
        _changed(one, "changed where people did", due, forms),
        _changed(one, "changed where people did not", alone, forms),
    ]


def _queries(query: Query) -> Sequence[str]:
    """What the chat searches for by its rules, the stand-alone form first."""
    return look(query.text, query.history, lambda _: NO_GUESS, alone=True).queries


def _changed(one: QuestionSet, name: str, asked: Sequence[Query], forms: Mapping[str, str]) -> Figure:
    return of_mean(SUITE, one.name, name, [float(not _same(query.text, forms[query.id])) for query in asked])


def _f1(form: str, query: Query) -> float:
    return measures.token_f1(form, [query.rewrite or ""])


def _same(left: str, right: str | None) -> bool:
    return measures.tokens(left) == measures.tokens(right or "")
