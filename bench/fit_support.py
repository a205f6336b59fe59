"""Measure how well sentences are told to be found in their sources, and where the bound should lie.

    python -m bench.fit_support [SETS_FOLDER] [--write]

Over the written paraphrases of the sample documents (``support_cases.json``: supported ones, and altered ones with
another figure, name, negation, or invented), each looked up in all of their passages. With a folder of question sets
also over ``clapnq``: the sentences of its long answers against their own passage and against a foreign one, altered
by rule; and ``squad2``: sentences of one passage against another of the same article. The bound is the lowest at which
of altered sentences at most 2 of 100 pass in every set.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from assistant.chat.claims import states
from assistant.chat.support import FOUND_FROM, support
from assistant.domain import Passage
from assistant.evaluation import json_rows
from assistant.sentences import sentences

CHUNK_CHARACTERS = 1000
CASES = Path(__file__).with_name("support_cases.json")
RESULTS = Path(__file__).with_name("results") / "support.json"
CUTS = tuple(round(cut, 2) for cut in np.arange(0.4, 0.81, 0.05).tolist())
FALSE = 0.02
STRANGE_NAMES = ("Boris", "Lisbon", "Karlsson", "Marlow", "Quentin")

Scores = dict[str, list[float]]
_chance = random.Random(3)  # noqa: S311 - the same sample in each run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", type=Path, nargs="?")
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    measured = {"written": written()}
    if given.sets is not None:
        measured |= {"clapnq": answers(given.sets / "clapnq"), "squad2": neighbours(given.sets / "squad2")}
    told = {name: _at(scores, FOUND_FROM) for name, scores in measured.items()}
    for name, scores in measured.items():
        for cut in CUTS:
            print(name, cut, json.dumps(_at(scores, cut)))
    print("lowest bound:", next((cut for cut in CUTS if all(_false(s, cut) <= FALSE for s in measured.values())), None))
    if given.write:
        RESULTS.write_text(json.dumps({"found_from": FOUND_FROM, "sets": told}, indent=1) + "\n", encoding="utf-8")


def written() -> Scores:
    """The paraphrases and altered sentences of the sample documents, each in all passages."""
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    passages = [next(_chunks({"_id": str(n), "title": case["heading"], **case})) for n, case in enumerate(cases)]
    kinds = ("supported", "number", "name", "negation", "invented")
    return {kind: [support(text, passages).score for case in cases for text in case[kind]] for kind in kinds}


def answers(folder: Path) -> Scores:
    """Sentences of long answers in their own passage, altered in it, and as they are in a foreign one."""
    corpus = {str(row["_id"]): list(_chunks(row)) for row in json_rows.read(folder / "corpus.jsonl.gz")}
    scores: Scores = defaultdict(list)
    for query in json_rows.read(folder / "queries.jsonl.gz"):
        for text in _stated(query["answers_long"][0] if query.get("answerable") else ""):
            own = corpus[query["passage"]]
            foreign = corpus[_chance.choice([name for name in corpus if name != query["passage"]])]
            scores["supported"].append(support(text, own).score)
            scores["foreign"].append(support(text, foreign).score)
            for kind, altered in _altered(text):
                scores[kind].append(support(altered, own).score)
    return scores


def neighbours(folder: Path) -> Scores:
    """First sentences of a passage in another passage of the same article: on the matter, but not said there."""
    articles: dict[str, list[Sequence[Passage]]] = defaultdict(list)
    for row in json_rows.read(folder / "corpus.jsonl.gz"):
        articles[row["title"]].append(list(_chunks(row)))
    pairs = [(one, _chance.choice(of)) for of in articles.values() for one in of]
    return {
        "neighbour": [
            support(text, other).score for own, other in pairs if own is not other for text in _stated(own[0].text)[:2]
        ]
    }


def _stated(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text) if states(text[start:end])]


def _altered(text: str) -> Iterator[tuple[str, str]]:
    changes: dict[str, tuple[str, Callable[[str], str]]] = {
        "number": (r"\d+", lambda number: str(int(number) + _chance.choice((1, 2, 3, 10)))),
        "name": (r"(?<=[a-z,] )[A-Z][a-z]+", lambda _name: _chance.choice(STRANGE_NAMES)),
        "negation": (r"\b(?:is|are|was|were|can|may|must|will|has|have|had)\b", lambda verb: f"{verb} not"),
    }
    for kind, (pattern, change) in changes.items():
        found = list(re.finditer(pattern, text))
        if found and not (kind == "negation" and re.search(r"\b(?:not|no|never)\b|n't", text)):
            at = found[0] if kind == "negation" else _chance.choice(found)
            yield kind, text[: at.start()] + change(at.group()) + text[at.end() :]


def _at(scores: Scores, cut: float) -> dict[str, float | int]:
    """Recall, the share of each altered kind that passes, and how many of those that pass are right."""
    passed = {kind: sum(score >= cut for score in found) for kind, found in scores.items()}
    told: dict[str, float | int] = {
        kind: round(passed[kind] / len(found), 3) for kind, found in scores.items() if found
    }
    if "supported" in scores:
        told["precision"] = round(passed["supported"] / max(sum(passed.values()), 1), 3)
    return told | {"sentences": sum(map(len, scores.values()))}


def _false(scores: Scores, cut: float) -> float:
    altered = [score for kind, found in scores.items() if kind != "supported" for score in found]
    return sum(score >= cut for score in altered) / len(altered)


def _chunks(row: json_rows.Row) -> Iterator[Passage]:
    """The passages of a document; what counts here is their words, so nothing is stored or embedded."""
    title, text = str(row.get("title", "")), str(row["text"])
    for number, (start, end) in enumerate(_spans(text)):
        yield Passage(
            chunk_id=f"{row['_id']}:1:{number}",
            document_id=str(row["_id"]),
            document=title or str(row["_id"]),
            title=title,
            version=1,
            space="general",
            start=start,
            end=end,
            page=None,
            heading_path=(title,) if title else (),
            text=text[start:end],
            score=0.0,
            similarity=0.0,
        )


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Cut at sentences into stretches of about CHUNK_CHARACTERS."""
    begin: int | None = None
    last = 0
    for start, end in sentences(text):
        if begin is not None and end - begin > CHUNK_CHARACTERS:
            yield begin, last
            begin = None
        begin = start if begin is None else begin
        last = end
    if begin is not None:
        yield begin, last


if __name__ == "__main__":
    main()
