"""Words of questions and passages as stems, and how much each counts."""

from __future__ import annotations

import re
import threading
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any

GENERIC_WEIGHT = 0.3
"""Weight of a generic word against a specific one: "company" in a company's documents tells little."""

NEAR = 2
"""Places between two words that still belong together ("leave of absence")."""

_APOSTROPHE = "['\u2019]"
_WORD = re.compile(rf"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:{_APOSTROPHE}[^\W\d_]+)?")
_POSSESSIVE = re.compile(rf"{_APOSTROPHE}s?$")
_MARKS = re.compile(_APOSTROPHE)
_stemmer_lock = threading.Lock()


@cache
def _stemmer() -> Any:
    import snowballstemmer

    return snowballstemmer.stemmer("english")


@cache
def listed_words(name: str) -> frozenset[str]:
    """Return the words of a list of words.toml."""
    lists = tomllib.loads(Path(__file__).with_name("words.toml").read_text(encoding="utf-8"))
    return frozenset(lists[name].split())


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return the Snowball English stem of a lower-case word, without a possessive ending; numbers stay."""
    if word[:1].isdigit():
        return word.replace(",", "")
    bare = _MARKS.sub("", _POSSESSIVE.sub("", word))
    with _stemmer_lock:  # the stemmer keeps the word it works on in itself
        return str(_stemmer().stemWord(bare))


def words(text: str) -> list[str]:
    """Return the lower-case words and numbers of a text in order."""
    return [match.group().lower() for match in _WORD.finditer(text)]


def content(text: str) -> list[str]:
    """Return the stems of a text's words that carry meaning, in order, with repetitions.

    Short names in capitals count although they look like function words: IT, US.
    """
    found = [match.group() for match in _WORD.finditer(text)]
    return [stem(word.lower()) for word in found if _is_acronym(word) or not is_stop(word)]


def is_stop(word: str) -> bool:
    """Return True for function words in any case."""
    return _MARKS.sub("", word.lower()) in listed_words("stop")


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isupper()


@cache
def listed_stems(name: str) -> frozenset[str]:
    """Return the stems of a list of words.toml."""
    return frozenset(stem(word) for word in listed_words(name))


def base_weight(term: str) -> float:
    """Weight of a stem before its rarity is known: generic words count less, numbers more."""
    if term in listed_stems("generic"):
        return GENERIC_WEIGHT
    return 1.3 if term[:1].isdigit() else 1.0


def weights(question_terms: Iterable[str], units: Sequence[frozenset[str]]) -> dict[str, float]:
    """Weight each question term by its kind and its rarity among the units (sentences) searched.

    The rarity factor runs from 1 (in no other unit) down to about 0.35 (in every unit): within the passages
    of one search the common words are the topic that all sentences share.
    """
    counts = Counter(term for unit in units for term in unit)
    top = log(1 + len(units)) or 1.0
    return {term: base_weight(term) * (0.35 + 0.65 * _rarity(counts, term, len(units), top)) for term in question_terms}


def _rarity(counts: Mapping[str, int], term: str, units: int, top: float) -> float:
    return log((1 + units) / max(1, counts[term])) / top


def coverage(term_weights: Mapping[str, float], found: Iterable[str]) -> float:
    """Return the weighted share (0 to 1) of the question's terms that are found."""
    total = sum(term_weights.values())
    present = set(found)
    return sum(weight for term, weight in term_weights.items() if term in present) / total if total else 0.0


def pairs_kept(terms: Sequence[str], found: Sequence[str]) -> float:
    """Return the share of the question's neighbouring terms that stand near each other in a sentence."""
    pairs = list(pairwise(terms))
    places = {term: at for at, term in enumerate(found)}
    near = sum(1 for a, b in pairs if a in places and b in places and abs(places[a] - places[b]) <= NEAR)
    return near / len(pairs) if pairs else 0.0
