"""Measure what each weight of the order of search results is worth (``assistant/knowledge/ranking.py``).

    python -m bench.ranking SETS_FOLDER CACHE_FOLDER [--write]

Documents are cut, stored and embedded as the application does it, and each question is searched for once. What the
searches brought is then put in order with the weights as they are, with each of them left out, halved and doubled, and
by what others use: cosine alone, bm25 alone, both by reciprocal rank fusion. Given is nDCG@10 over the different
documents. A set of PDFs whose questions name reports is also measured by page: for questions that name one report and
whose written answer has figures, those of its pages count on which one of them stands.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path

from assistant.access import Readable
from assistant.domain import Passage
from assistant.evaluation import json_rows
from assistant.evaluation.measures import mean, ndcg
from assistant.evaluation.question_sets import QuestionSet
from assistant.evaluation.retrieval import PASSAGES, judged_of
from assistant.evaluation.sampling import sample
from assistant.knowledge.exact import ExactSearches
from assistant.knowledge.ranking import WEIGHTS, Candidate, Weights, Words, ranked
from assistant.knowledge.retrieval import Order, QueryVectors, Retrieval
from assistant.providers.minilm import MiniLM
from assistant.storage.passages import snapshot
from assistant.storage.vectors import Vectors
from bench.evaluation_sets import SPACE, Corpus
from bench.places import RESULTS

SETS = ("scifact", "mtrag_fiqa", "sec10q_pdf", "handbook_18f", "squad2", "clapnq", "mtrag_un", "workarena_kb")
"""The largest first, so that two processes end at about the same time."""
QUESTIONS = 300
FUSED = 60
"""The constant of reciprocal rank fusion in the paper that made it known (Cormack et al., SIGIR 2009)."""
FACTORS = {"left out": 0.0, "half": 0.5, "double": 2.0}
AS_THEY_ARE = "as they are"
FIGURE = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?![\d,])|(?<![\d.,])\d+\.\d+(?=%| ?percent| [bm]illion)")

Gains = Mapping[str, float]
Judged = Mapping[str, Gains]
"""Judgements by the id of the question."""


@dataclass(frozen=True)
class Brought:
    """What the searches brought for a question, and the passages in the application's order; ids by chunk row."""

    candidates: Mapping[int, Candidate]
    asked: Sequence[Words]
    depth: int
    passages: Sequence[str]
    places: Mapping[int, str]

    def by(self, order: Order) -> list[str]:
        """Return the different places in another order."""
        scores = order(self.candidates, self.asked, self.depth)
        rows = sorted(scores, key=lambda row: -scores[row])
        return list(dict.fromkeys(self.places[row] for row in rows))


class Searched(Corpus):
    """A set whose searches tell what they brought."""

    def __init__(self, folder: Path, cache: Path) -> None:
        super().__init__(folder, cache, MiniLM(cache), MiniLM(cache, int8=True))
        self._seen: list[tuple[Mapping[int, Candidate], Sequence[Words], int]] = []
        exact = ExactSearches(Vectors(self._database))
        self._retrieval = Retrieval(self._database, exact, None, order=self._order, embed=self._embedder.embed)

    def brought(self, question: str, *, by_page: bool) -> Brought:
        """Search for a question once."""
        vectors = QueryVectors(self._embedder.embed([question]))
        passages = self._retrieval.passages([question], vectors, Readable((SPACE,)), PASSAGES)
        seen = self._seen.pop()
        with snapshot(self._database, Readable((SPACE,))) as now:
            loaded = now.load(list(seen[0]))
        places = {row: self._place(passage, by_page=by_page) for row, passage in loaded.items()}
        found = list(dict.fromkeys(self._place(passage, by_page=by_page) for passage in passages))
        return Brought(*seen, found, places)

    def _order(self, candidates: Mapping[int, Candidate], asked: Sequence[Words], depth: int) -> dict[int, float]:
        self._seen.append((candidates, asked, depth))
        return ranked(candidates, asked, depth)

    def _place(self, passage: Passage, *, by_page: bool) -> str:
        id_ = self.ids[passage.document]
        return f"{id_}#p{passage.page - 1}" if by_page and passage.page else id_


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    begun = time.monotonic()
    folders = [given.sets / name for name in SETS if (given.sets / name).is_dir()]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        measured = [row for rows in pool.imap(partial(measure, cache=given.cache.resolve()), folders) for row in rows]
    print(f"{(time.monotonic() - begun) / 60:.1f} minutes")
    table = _table(dict(measured))
    _show(table, [name for name, _ in measured])
    if given.write:
        _write(dict(measured), table)


def measure(folder: Path, cache: Path) -> list[tuple[str, dict[str, float]]]:
    """Return nDCG@10 of each order, by the name of the set; two of them where pages are judged beside documents."""
    one = QuestionSet(folder)
    corpus = Searched(folder, cache)
    judgements: dict[str, Judged] = {one.name: one.qrels}
    if (folder / "pdfs").is_dir():
        judgements[f"{one.name}, pages"] = dict(pages_with_figures(folder))
    measured = [(name, _figures(one, corpus, judged, by_page=name != one.name)) for name, judged in judgements.items()]
    corpus.close()
    return measured


def _figures(one: QuestionSet, corpus: Searched, judged: Judged, *, by_page: bool) -> dict[str, float]:
    asked = sample([query for query in judged_of(one, one.queries) if query.id in judged], QUESTIONS)
    brought = [corpus.brought(query.rewrite or query.text, by_page=by_page) for query in asked]
    gains = [judged[query.id] for query in asked]
    figures = {"questions": float(len(asked)), AS_THEY_ARE: _mean_ndcg([each.passages for each in brought], gains)}
    return figures | {name: _mean_ndcg([each.by(order) for each in brought], gains) for name, order in orders().items()}


def _mean_ndcg(found: Sequence[Sequence[str]], gains: Sequence[Gains]) -> float:
    return mean([ndcg(ranking, gain) for ranking, gain in zip(found, gains, strict=True)])


def pages_with_figures(folder: Path) -> Iterator[tuple[str, Gains]]:
    """For each question about one report those of its pages on which a figure of the written answer stands."""
    one = QuestionSet(folder)
    pages = {str(row["_id"]): str(row["text"]) for row in json_rows.read(folder / "corpus.jsonl.gz")}
    for query in (query for query in judged_of(one, one.queries) if len(one.qrels[query.id]) == 1):
        figures = set(FIGURE.findall(" ".join(query.references)))
        reports = one.qrels[query.id]
        found = {page: 1.0 for page, text in pages.items() if page.partition("#")[0] in reports and _has(text, figures)}
        if found:
            yield query.id, found


def _has(text: str, figures: set[str]) -> bool:
    return any(re.search(rf"(?<![\d.,]){re.escape(figure)}(?![\d,])", text) for figure in figures)


def orders() -> dict[str, Order]:
    """The orders that are compared, by name."""
    found: dict[str, Order] = {"chunks one by one": ranked}
    for field in fields(Weights):
        for said, factor in FACTORS.items():
            weight = getattr(WEIGHTS, field.name) * factor
            changed = int(weight) if field.type == "int" else weight
            if field.type != "int" or changed:
                found[f"{field.name} {said}"] = partial(ranked, weights=replace(WEIGHTS, **{field.name: changed}))
    return found | {"cosine alone": _cosines, "bm25 alone": _bm25, "reciprocal rank fusion": _fused}


def _cosines(candidates: Mapping[int, Candidate], _asked: Sequence[Words], depth: int) -> dict[int, float]:
    scores = {row: candidate.cosines[0] for row, candidate in candidates.items()}
    return dict(sorted(scores.items(), key=lambda pair: -pair[1])[:depth])


def _bm25(_candidates: Mapping[int, Candidate], asked: Sequence[Words], _depth: int) -> dict[int, float]:
    return dict(asked[0].matches)


def _fused(candidates: Mapping[int, Candidate], asked: Sequence[Words], depth: int) -> dict[int, float]:
    fused: dict[int, float] = {}
    for scores in (_cosines(candidates, asked, depth), _bm25(candidates, asked, depth)):
        for place, row in enumerate(sorted(scores, key=lambda row: -scores[row])):
            fused[row] = fused.get(row, 0.0) + 1 / (FUSED + place + 1)
    return fused


Table = dict[str, dict[str, float]]
"""By order and set; ``mean`` is that of the sets by document."""


def _table(measured: Mapping[str, Mapping[str, float]]) -> Table:
    by_document = [name for name in measured if name in SETS]
    table = {}
    for order in (AS_THEY_ARE, *orders()):
        row = {name: round(figures[order], 4) for name, figures in measured.items()}
        table[order] = {"mean": round(mean([row[name] for name in by_document]), 4)} | row
    return table


def _show(table: Table, names: Sequence[str]) -> None:
    columns = ["mean", *names]
    print(f"{'':<26}" + "".join(f"{name:>19}" for name in columns))
    for order, row in table.items():
        print(f"{order:<26}" + "".join(f"{row[name]:>19.4f}" for name in columns))


def _write(measured: Mapping[str, Mapping[str, float]], table: Table) -> None:
    found = {
        "weights": asdict(WEIGHTS),
        "questions": {name: int(figures["questions"]) for name, figures in measured.items()},
        "nDCG@10": table,
    }
    lines = json.dumps(found, indent=1)
    (RESULTS / "ranking.json").write_text(lines + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
