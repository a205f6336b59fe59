"""Fit the weights and thresholds by which a text counts as an attack on the assistant.

    python -m bench.fit_guardrail GUARDRAIL_ITEMS CACHE_FOLDER [--write]

A logistic over 18 features. It is fitted to the items and, as one source among theirs, to texts put together from our
own examples (attacks and tasks buried in documents), whose votes come from the examples of other folds. Each source
weighs by the root of its size. The weights of what speaks for an attack are never negative. Prints recall at 1 % of
harmless texts flagged: fitted, over five folds, and with each source left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.providers.minilm import MiniLM
from assistant.providers.offline import attacks
from assistant.providers.offline.kept_vectors import KeptVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
PULL = 0.01  # L2 pull of the weights to zero
STEPS = 1500
RATE = 0.5
FREE = ("whole",)  # may speak against an attack
HARMLESS_FLAGGED = 0.01
BEYOND_DOUBT = 1.0  # on the scale of logits, above the highest score of a harmless text
OURS = "ours"
PLAIN_DOCUMENTS = 40  # harmless ones put together in a fold
BURIED = 25  # takeovers buried in one


@dataclass(frozen=True)
class Item:
    """A text that is an attack or not, of which source and kind; in which fold its examples are, if it is ours."""

    text: str
    attack: bool
    source: str
    kind: str
    fold: int = -1


@dataclass(frozen=True)
class Table:
    """A row of features for each item."""

    items: Sequence[Item]
    names: Sequence[str]
    rows: NDArray[np.float64]

    @property
    def attack(self) -> NDArray[np.bool_]:
        return np.array([item.attack for item in self.items])

    @property
    def sources(self) -> NDArray[np.str_]:
        return np.array([item.source for item in self.items])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("items", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args()
    table = _table([*_items(given.items), *_ours()], _Embedding(given.cache))
    theirs = table.sources != OURS
    weights, constant = _fit(table, np.ones(len(table.items), bool))
    scores = table.rows @ weights + constant
    folds = np.random.default_rng(0).integers(0, FOLDS, len(table.items))
    for name, found in (
        ("fitted", scores),
        ("five folds", _held_out(table, folds)),
        ("a source left out", _held_out(table, table.sources)),
    ):
        print(f"{name:18} {_report(table, found, theirs)}")
    harmless = scores[theirs & ~table.attack]
    values = _written(table.names, weights, constant, harmless)
    print(json.dumps(values, indent=1))
    if given.write:
        Path(attacks.__file__).with_name("attacks.json").write_text(json.dumps(values, indent=1) + "\n", "utf-8")


class _Embedding:
    """Vectors of texts, kept in a file."""

    def __init__(self, cache: Path) -> None:
        self._embedder = MiniLM(cache)
        self._kept = KeptVectors(cache / "guardrail.npz")
        self.known: dict[str, NDArray[np.float32]] = {}

    def prepare(self, texts: Sequence[str]) -> None:
        different = list(dict.fromkeys(texts))
        self.known = dict(zip(different, self._kept.of(different, self._embedder.embed), strict=True))

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.known[text] for text in texts])


def _items(path: Path) -> list[Item]:
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return [
        Item(row["text"], row["label"] == "attack", row["source"].split("/")[0].split()[0], row["kind"]) for row in rows
    ]


def _ours() -> list[Item]:
    """Texts put together from our own examples, fold by fold."""
    chance = random.Random(0)  # noqa: S311  # a sample, no secret
    examples = list(enumerate(_examples()))
    items: list[Item] = []
    for fold in range(FOLDS):
        mine = [one for number, one in examples if number % FOLDS == fold]
        items += _put_together({label: [t for t, of in mine if of == label] for label in attacks.LABELS}, fold, chance)
    return items


def _put_together(by: Mapping[str, Sequence[str]], fold: int, chance: random.Random) -> list[Item]:
    takeovers, tasks, prompts, lines = (by[label] for label in attacks.LABELS)
    sample = chance.sample(takeovers, min(BURIED, len(takeovers)))
    plain = ["\n".join(chance.choices(lines, k=chance.randint(2, 8))) for _ in range(PLAIN_DOCUMENTS)]
    return [
        *(Item(text, True, OURS, "takeover", fold) for text in takeovers),
        *(Item(text, False, OURS, "prompt", fold) for text in prompts),
        *(Item(_buried(text, lines, chance), True, OURS, "buried task", fold) for text in tasks),
        *(Item(_buried(text, lines, chance), True, OURS, "buried takeover", fold) for text in sample),
        *(Item(text, False, OURS, "document", fold) for text in plain),
    ]


def _buried(text: str, lines: Sequence[str], chance: random.Random) -> str:
    """Return a made-up document that a text stands in: first, in the middle or last."""
    chosen = chance.choices(lines, k=chance.randint(3, 7))
    chosen.insert(chance.choice([0, len(chosen) // 2, len(chosen)]), text)
    return "\n".join(chosen)


def _examples() -> list[tuple[str, str]]:
    examples = attacks.read_examples(attacks.EXAMPLES)
    random.Random(1).shuffle(examples)  # noqa: S311  # an order, no secret
    return examples


def _table(items: Sequence[Item], embedding: _Embedding) -> Table:
    examples = _examples()
    embedding.prepare([*(text for text, _ in examples), *_asked_for(items)])
    voters = {fold: _neighbours(examples, embedding, fold) for fold in range(-1, FOLDS)}
    found = [attacks.features(item.text, voters[item.fold], embedding) for item in items]
    names = list(found[0])
    return Table(items, names, np.array([[one[name] for name in names] for one in found]))


def _asked_for(items: Sequence[Item]) -> list[str]:
    """All texts whose vectors the features need: found by asking for the features with vectors of nothing."""
    texts: list[str] = []

    def note(asked: Sequence[str]) -> NDArray[np.float32]:
        texts.extend(asked)
        return np.zeros((len(asked), 1), np.float32)

    nobody = attacks.Neighbours([attacks.PROMPT], np.zeros((1, 1), np.float32))
    for item in items:
        attacks.features(item.text, nobody, note)
    return texts


def _neighbours(examples: Sequence[tuple[str, str]], embedding: _Embedding, without: int) -> attacks.Neighbours:
    kept = [one for number, one in enumerate(examples) if without < 0 or number % FOLDS != without]
    return attacks.Neighbours([label for _, label in kept], embedding([text for text, _ in kept]))


def _fit(table: Table, taken: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    """Return weights for the features as they are, and the constant, by projected gradient descent."""
    rows, attack = table.rows[taken], table.attack[taken].astype(float)
    mean, spread = rows.mean(0), rows.std(0) + 1e-6
    scaled = (rows - mean) / spread
    counts = _importance(table.sources[taken], attack)
    only_for = np.array([name not in FREE for name in table.names])
    weights, constant = np.zeros(rows.shape[1]), 0.0
    for _ in range(STEPS):
        missed = (1 / (1 + np.exp(-(scaled @ weights + constant))) - attack) * counts
        weights -= RATE * (scaled.T @ missed + PULL * weights)
        weights[only_for] = np.maximum(0, weights[only_for])
        constant -= RATE * float(missed.sum())
    return weights / spread, constant - float(mean / spread @ weights)


def _importance(sources: NDArray[np.str_], attack: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights that sum to 1, half of it for attacks; each source by the root of its size."""
    counts = np.zeros(len(sources))
    for source in set(sources):
        for side in (0.0, 1.0):
            members = (sources == source) & (attack == side)
            counts[members] = max(1, members.sum()) ** -0.5
    for side in (0.0, 1.0):
        counts[attack == side] /= 2 * counts[attack == side].sum()
    return counts


def _held_out(table: Table, groups: NDArray[np.str_] | NDArray[np.int64]) -> NDArray[np.float64]:
    """Score each item by weights fitted without its group; our own texts are never scored, always fitted to."""
    scores = np.zeros(len(table.items))
    ours = table.sources == OURS
    for group in np.unique(groups):
        out = (groups == group) & ~ours
        weights, constant = _fit(table, ~out)
        scores[out] = table.rows[out] @ weights + constant
    return scores


def _report(table: Table, scores: NDArray[np.float64], theirs: NDArray[np.bool_]) -> str:
    bound = _bound(scores[theirs & ~table.attack], HARMLESS_FLAGGED)
    kinds = np.array([item.kind for item in table.items])
    attacked = theirs & table.attack
    parts = [
        f"{kind} {(scores[attacked & (kinds == kind)] > bound).mean():.2f}" for kind in sorted(set(kinds[attacked]))
    ]
    return f"all {(scores[attacked] > bound).mean():.3f}; {', '.join(parts)}"


def _bound(harmless: NDArray[np.float64], share: float) -> float:
    return float(np.sort(harmless)[::-1][int(share * len(harmless))])


def _written(
    names: Sequence[str], weights: NDArray[np.float64], constant: float, harmless: NDArray[np.float64]
) -> dict[str, object]:
    """What is kept: from the bound at 1 % a text is flagged, beyond the highest harmless score it is refused."""
    return {
        "flagged_from": _probability(_bound(harmless, HARMLESS_FLAGGED)),
        "refused_from": _probability(float(harmless.max()) + BEYOND_DOUBT),
        "constant": round(constant, 3),
        "weights": {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)},
    }


def _probability(total: float) -> float:
    return round(float(1 / (1 + np.exp(-total))), 4)


if __name__ == "__main__":
    main()
