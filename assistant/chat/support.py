"""How far passages bear out a sentence of an answer: the share of its words that a few of their sentences hold.

Figures, names and negation are strict: where they differ, no number of shared words makes a sentence supported.

::

    "Full-time staff get 27 days of leave."  against "Full-time employees receive 27 days of annual leave."   found
    "Full-time staff get 30 days of leave."  the figure is another one                                        not found
    "Full-time staff get no leave."          it denies what the passage says                                  not found
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from assistant.chat.quotes import EMPHASIS, LEADING, find_verbatim
from assistant.domain import Passage
from assistant.providers.offline.terms import base_weight, content, is_stop, stem
from assistant.sentences import is_list_item, is_table_row, sentences
from assistant.table_rows import TableRow, table_rows

FOUND_FROM = 0.6
"""Score from which a sentence counts as found. By ``python -m bench.fit_support`` (its figures stand in
``bench/results/support.json``): where the mean of precision and recall over written and public sentences is best."""
DIFFERS = 0.4
"""What the score is multiplied by where a figure, a name or a negation differs: below FOUND_FROM whatever is shared."""
WINDOW = 3
"""Sentences in a row that may bear out one sentence of an answer together."""
NAME_WEIGHT = 1.3
"""Of a name against a common word, as figures have it."""
JOIN_COST = 0.02
"""A window of one sentence more must hold this much more, so that the shortest place that will do is taken."""

SHORTEST_STEM = 3
"""A longer stem's last letter may be another one in the word: "compani" of "company"."""
BOUND = 0.5
"""Share of what a figure is said of that must stand in the same sentence as the figure."""

_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(r"(?<!\w)[^\W\d_]{1,6}\d\w*|\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['\u2019][^\W\d_]+)?|[%€$£]")
_LISTED = tomllib.loads(Path(__file__).with_name("support.toml").read_text(encoding="utf-8"))
_DENIALS = frozenset(_LISTED["denials"].split())
_EXCLUDING = frozenset(stem(word) for word in _LISTED["excluding"].split())
_UNITS = frozenset(stem(word) for word in _LISTED["units"].split())
_NUMBER_WORDS = {word: str(value) for word, value in _LISTED["numbers"].items()}
_BEFORE_CAPITALS = '.:!?"(|;-\u201c\u201e\u2013\u2014'
_CLAUSE = re.compile(
    r"[,;:()\u2013\u2014]|\b(?:but|while|whereas|although|though|because|unless|if|when)\b", re.IGNORECASE
)
_ORDINAL_ENDS = frozenset(("st", "nd", "rd", "th"))
_MONEY = frozenset(("euro", "dollar", "pound"))
_SIGNS = {"%": "percent", "€": "euro", "$": "dollar", "£": "pound", "eur": "euro", "usd": "dollar", "gbp": "pound"}


@dataclass(frozen=True, slots=True)
class Clause:
    """``denied`` are the first words with a meaning after each negation; ``excludes``: it denies in other words."""

    terms: frozenset[str]
    denied: frozenset[str]
    denials: int
    excludes: bool


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence as it is compared. ``figures`` are numbers with their unit, ``names`` stems of what is written large.

    ``clauses`` are its parts between commas: a negation bears on its own. ``start`` and ``end`` are its place.
    """

    start: int
    end: int
    terms: frozenset[str]
    figures: frozenset[tuple[str, str]]
    names: frozenset[str]
    clauses: tuple[Clause, ...]
    alone: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The place that bears a sentence out best: characters ``[start, end)`` of the text of ``passages[index]``.

    ``score`` runs from 0 to 1 (all its words, or the sentence itself: ``verbatim``).
    """

    score: float
    index: int
    start: int
    end: int
    verbatim: bool = False

    @property
    def enough(self) -> bool:
        """Whether the sentence counts as found."""
        return self.score >= FOUND_FROM


NOWHERE = Found(0.0, -1, 0, 0)


def support(sentence: str, passages: Sequence[Passage], cited: Sequence[int] = ()) -> Found:
    """Return what bears ``sentence`` out best: in the passages ``cited`` (by index) when that is enough, else in any.

    The sentence carries no markers. A sentence in another language than the passages shares few words with them, so
    it is found only by what both write alike.
    """
    claim = LEADING.sub("", EMPHASIS.sub("", sentence)).strip()
    parts = [part for part in claim.split(";") if has_content(part)]
    if len(parts) > 1 and not is_table_row(claim):
        return min((_best(part.strip(), passages, cited) for part in parts), key=lambda found: found.score)
    return _best(claim, passages, cited)


def _best(claim: str, passages: Sequence[Passage], cited: Sequence[int]) -> Found:
    said = statement(claim, 0, len(claim))
    best, denied = NOWHERE, 0.0
    others = [index for index in range(len(passages)) if index not in cited]
    for group in (cited, others):
        for index in group:
            found, denied_here = _in_passage(claim, said, passages[index], index, best.score)
            best, denied = max(best, found, key=lambda one: one.score), max(denied, denied_here)
        if best.enough and denied < best.score:
            return best
    # What is said here may stand there denied, or the other way about, in a sentence that is nearer to it.
    return replace(best, score=best.score * DIFFERS) if best.enough else best


def has_content(sentence: str) -> bool:
    """Whether a sentence says anything that could be looked up."""
    return bool(content(sentence)) or any(char.isdigit() for char in sentence)


def figures(text: str) -> frozenset[str]:
    """Return the numbers of a text in one form each: "1,680.0" and "1680" are one."""
    return frozenset(_number(token) for token in _TOKEN.findall(text) if token[0].isdigit())


def statement(text: str, start: int, end: int) -> Statement:
    """Read ``text[start:end]``."""
    said = text[start:end]
    places, found = [], []
    for match in _TOKEN.finditer(said):
        places.append(match.start())
        found.append(_word(match.group()))
    names = [word.term for word in found if word.code]
    large = [at for at, word in enumerate(found) if word.large]
    if len(large) < sum(1 for word in found if word.term):  # where all words are large it is a title, and tells nothing
        names += [found[at].term for at in large if at and _goes_on(said, places[at])]
    return Statement(
        start=start,
        end=end,
        terms=frozenset(word.term for word in found if word.term),
        figures=frozenset(_figures(found)),
        names=frozenset(names),
        clauses=tuple(_clauses(said, places, found)),
        alone=is_table_row(said) or (is_list_item(said) and _DIGIT.search(said, 3) is not None),
    )


class _Word(NamedTuple):
    """A token: its stem where it carries meaning, its one form as a number, the unit that it names."""

    term: str
    number: str
    unit: str
    large: bool
    code: bool
    denies: bool
    excludes: bool


@lru_cache(maxsize=20_000)
def _word(token: str) -> _Word:
    low = token.lower().replace("'", "").replace("\u2019", "")
    low = _SIGNS.get(low, low)
    number = _number(token) if token[0].isdigit() else _NUMBER_WORDS.get(low, "")
    stemmed = stem(low)
    empty = low == "one" or low in _ORDINAL_ENDS or low in _DENIALS or (is_stop(low) and not _is_code(token))
    term = "" if empty else number or stemmed
    return _Word(
        term=term,
        number=number,
        unit=stemmed if stemmed in _UNITS else "",
        large=bool(term) and token[0].isupper(),
        code=bool(term) and _is_code(token),
        denies=low in _DENIALS,
        excludes=low in _EXCLUDING or stemmed in _EXCLUDING,
    )


def _is_code(token: str) -> bool:
    """Whether a token is a name whatever stands around it: HR, S4."""
    return len(token) > 1 and token[0].isalpha() and (token.isupper() or any(char.isdigit() for char in token))


def _number(token: str) -> str:
    plain = token.replace(",", "").removesuffix(":00")
    if plain.count(".") == 1:
        plain = plain.rstrip("0").rstrip(".")
    return plain.lstrip("0") or "0"


def _figures(found: Sequence[_Word]) -> Iterator[tuple[str, str]]:
    """Each number with the unit that stands beside it, if one does."""
    for at, word in enumerate(found):
        if word.number:
            before = found[at - 1].unit if at else ""
            after = (other.unit for other in found[at + 1 : at + 3] if other.unit)
            yield word.number, before if before in _MONEY else next(after, "")


def _goes_on(text: str, at: int) -> bool:
    """Whether a word written large stands within a sentence, where only names are."""
    before = text[:at].rstrip(" *_")
    return bool(before) and before[-1] not in _BEFORE_CAPITALS and not before.endswith("•")


def _clauses(text: str, places: Sequence[int], found: Sequence[_Word]) -> Iterator[Clause]:
    """The parts of a sentence between commas and the like, those that say anything."""
    begins = at = 0
    for border in (*(match.start() for match in _CLAUSE.finditer(text)), len(text) + 1):
        while at < len(places) and places[at] < border:
            at += 1
        if at > begins:
            yield _clause(found[begins:at])
        begins = at


def _clause(found: Sequence[_Word]) -> Clause:
    denials = [at for at, word in enumerate(found) if word.denies and not _is_numero(found, at)]
    return Clause(
        terms=frozenset(word.term for word in found if word.term),
        denied=frozenset(filter(None, (_bears_on(found, at) for at in denials))),
        denials=len(denials),
        excludes=any(word.excludes for word in found),
    )


def _bears_on(found: Sequence[_Word], at: int) -> str:
    """What a negation denies: the next word with a meaning, one that tells something before one that tells little."""
    after = [word.term for word in found[at + 1 : at + 5] if word.term]
    return next((term for term in after if base_weight(term) >= 1), after[0] if after else "")


def _is_numero(found: Sequence[_Word], at: int) -> bool:
    """Whether "no" stands for "number": "No. 5"."""
    return at + 1 < len(found) and bool(found[at + 1].number) and found[at + 1].number == found[at + 1].term


@lru_cache(maxsize=256)  # the passages of the turns that run; an answer's sentences are looked up in the same few
def _statements(text: str) -> tuple[Statement, ...]:
    rows = {row.start: row for row in table_rows(text)}
    return tuple(
        _row_statement(rows[start]) if start in rows else statement(text, start, end) for start, end in sentences(text)
    )


def _row_statement(row: TableRow) -> Statement:
    """Read a row with the names of its columns, which stand above it."""
    written = row.written()
    return replace(statement(written, 0, len(written)), start=row.start, end=row.end, alone=True)


@lru_cache(maxsize=256)
def _headings(title: str, path: tuple[str, ...], document: str) -> frozenset[str]:
    return frozenset(content(" ".join((title, *path, document))))


def _in_passage(claim: str, said: Statement, passage: Passage, index: int, floor: float) -> tuple[Found, float]:
    """The best window of a passage, and how near to it the nearest sentence is that says the opposite (0 to 1).

    A passage that cannot come above ``floor`` is not read.
    """
    place = find_verbatim(claim, passage.text)
    if place is not None:
        held = [one for one in _statements(passage.text) if one.start < place[1] and place[0] < one.end]
        return Found(DIFFERS if _denial_differs(said, held) else 1.0, index, *place, verbatim=True), 0.0
    around = _headings(passage.title, passage.heading_path, passage.document)
    weights = _weights(said)
    total = sum(weights.values())
    if not total or _at_most(weights, passage.text, around) <= max(floor, DIFFERS) * total:
        return NOWHERE, 0.0
    read = _statements(passage.text)
    strange = _strangers(said, read, around)
    best, best_rank, denied = NOWHERE, 0.0, 0.0
    for window in _windows(said, read):
        held_terms = around.union(*(one.terms for one in window))
        share = sum(weight for term, weight in weights.items() if term in held_terms) / total
        contradicted = _denial_differs(said, window)
        if contradicted and len(window) == 1:
            denied = max(denied, share)
        differs = strange or contradicted or _figures_differ(said, window, around, weights)
        differs = differs or _names_differ(said, window, around)
        score = share * (DIFFERS if differs else 1.0)
        rank = score - JOIN_COST * (len(window) - 1)
        if rank > best_rank:
            best, best_rank = Found(score, index, window[0].start, window[-1].end), rank
    return best, denied


def _at_most(weights: Mapping[str, float], text: str, around: frozenset[str]) -> float:
    """Weight of the words that may stand in a text: a quick look that leaves out none."""
    low = text.lower()
    return sum(
        weight
        for term, weight in weights.items()
        if term[:1].isdigit() or (term[:-1] if len(term) > SHORTEST_STEM else term) in low or term in around
    )


def _strangers(said: Statement, read: Sequence[Statement], around: frozenset[str]) -> bool:
    """Whether the sentence names what the passage does not name at all."""
    everything = around.union(*(one.terms for one in read))
    return bool(said.names - everything)


def _weights(said: Statement) -> dict[str, float]:
    return {term: max(base_weight(term), NAME_WEIGHT if term in said.names else 0.0) for term in said.terms}


def _windows(said: Statement, read: Sequence[Statement]) -> Iterator[Sequence[Statement]]:
    """Up to WINDOW sentences in a row that begin and end with a shared word; a row of a table stands for itself."""
    shares = [bool(said.terms & one.terms) for one in read]
    for at, one in enumerate(read):
        if not shares[at]:
            continue
        yield (one,)
        for end in range(at + 1, min(at + WINDOW, len(read))):
            if one.alone or read[end].alone:
                break
            if shares[end]:
                yield read[at : end + 1]


def _figures_differ(
    said: Statement, window: Sequence[Statement], around: frozenset[str], weights: Mapping[str, float]
) -> bool:
    """Whether a figure stands in no sentence that is about the same, with the same unit."""
    for number, unit in said.figures:
        if number in around:
            continue
        about = next((clause.terms for clause in said.clauses if number in clause.terms), said.terms) - {number}
        whole = sum(weights[term] for term in about)
        if not any(
            _same_figure(number, unit, one)
            and sum(weights[term] for term in about if term in one.terms or term in around) >= BOUND * whole
            for one in window
        ):
            return True
    return False


def _same_figure(number: str, unit: str, one: Statement) -> bool:
    units = {own for other, own in one.figures if other == number}
    return bool(units) and (not unit or unit in units or "" in units)


def _denial_differs(said: Statement, window: Sequence[Statement]) -> bool:
    """Whether one says what the other denies, clause by clause."""
    held = [clause for one in window for clause in one.clauses]
    return any(_gainsaid(clause, held) for clause in said.clauses) or any(
        _gainsaid(clause, said.clauses) for clause in held if clause.denied & said.terms
    )


def _gainsaid(denial: Clause, others: Sequence[Clause]) -> bool:
    """Whether the others say what this clause denies; where they do not speak of it, whether they deny nothing."""
    if not denial.denials:
        return False
    near = [clause for clause in others if denial.denied & clause.terms] or others
    most = max((len(clause.terms & denial.terms) for clause in near), default=0)
    nearest = [clause for clause in near if len(clause.terms & denial.terms) == most]
    return not any(_denies_as_well(denial, clause) for clause in nearest)


def _denies_as_well(denial: Clause, other: Clause) -> bool:
    if other.excludes:
        return True
    says = denial.denied & other.terms - other.denied
    return bool(other.denials) and not (says and other.denials < denial.denials)


def _names_differ(said: Statement, window: Sequence[Statement], around: frozenset[str]) -> bool:
    """Whether the sentence that says it is about somebody or something else."""
    if not said.names:
        return False
    nearest = max(window, key=lambda one: len(one.terms & said.terms))
    missing = said.names - nearest.terms - around
    return bool(missing) and (nearest.alone or bool(nearest.names - said.terms))
