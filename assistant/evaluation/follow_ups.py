"""Questions that lean on what was said before: what the chat searches for, and how its stand-alone form reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.domain import Plan
from assistant.evaluation import measures
from assistant.evaluation.asking import Asker
from assistant.evaluation.figures import Figure, of_mean
from assistant.evaluation.queries import Query
from assistant.evaluation.question_sets import QuestionSet
from assistant.evaluation.retrieval import Wordings, judged_of, rankings

SUITE = "follow-ups"

Plans = Mapping[str, Plan]
"""What the chat made of each question, by the question's id."""


def measured(one: QuestionSet, asked: Sequence[Query]) -> list[Query]:
    """Return the questions that something was said before and of which it is known how they are meant."""
    judged = {query.id for query in judged_of(one, asked)}
    return [query for query in asked if query.history and (query.rewrite or query.id in judged)]


def measure(one: QuestionSet, asked: Sequence[Query], asker: Asker) -> list[Figure]:
    """Return what is found by the chat's reading of the questions, and how near that is to a person's."""
    turns = asker.turns(asked)
    plans = {id_: turn.plan for id_, turn in turns.items() if turn is not None and turn.plan is not None}
    planned = [query for query in asked if query.id in plans]
    searched = judged_of(one, planned)
    rewritten = [query for query in planned if query.rewrite]
    return [
        *(_found(one, searched, plans, asker) if searched else []),
        *(_words(one, rewritten, plans) if rewritten else []),
    ]


def _found(one: QuestionSet, asked: Sequence[Query], plans: Plans, asker: Asker) -> list[Figure]:
    """nDCG@10 of the question alone, as the chat searches it, by its stand-alone form and by a person's."""
    forms: dict[str, Wordings] = {
        "the question alone": lambda query: [query.text],
        "as the chat searches": lambda query: plans[query.id].search_queries,
        "our stand-alone form": lambda query: [plans[query.id].standalone_question],
    }
    if all(query.rewrite for query in asked):
        forms["a person's stand-alone form"] = lambda query: [query.rewrite or ""]
    return [_ndcg(one, asked, asker, name, wordings) for name, wordings in forms.items()]


def _ndcg(one: QuestionSet, asked: Sequence[Query], asker: Asker, name: str, wordings: Wordings) -> Figure:
    ranked = rankings(one, asked, asker.library, asker.progress, wordings)
    gains = [measures.ndcg(found, one.qrels[query.id]) for query, found in zip(asked, ranked, strict=True)]
    return of_mean(SUITE, one.name, f"nDCG@10, {name}", gains)


def _words(one: QuestionSet, asked: Sequence[Query], plans: Plans) -> list[Figure]:
    """How much our stand-alone forms share with people's, and how often one was made where none was due."""
    forms = {query.id: plans[query.id].standalone_question for query in asked}
    due = [query for query in asked if not _same(query.text, query.rewrite)]
    alone = [query for query in asked if _same(query.text, query.rewrite)]
    return [
        of_mean(SUITE, one.name, "F1, the question alone", [_f1(query.text, query) for query in asked]),
        of_mean(SUITE, one.name, "F1, our stand-alone form", [_f1(forms[query.id], query) for query in asked]),
        _changed(one, "changed where people did", due, forms),
        _changed(one, "changed where people did not", alone, forms),
    ]


def _changed(one: QuestionSet, name: str, asked: Sequence[Query], forms: Mapping[str, str]) -> Figure:
    return of_mean(SUITE, one.name, name, [float(not _same(query.text, forms[query.id])) for query in asked])


def _f1(form: str, query: Query) -> float:
    return measures.token_f1(form, [query.rewrite or ""])


def _same(left: str, right: str | None) -> bool:
    return measures.tokens(left) == measures.tokens(right or "")
