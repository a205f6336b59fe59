"""Keyword search over chunks by SQLite FTS5. What a person types never reaches FTS5 unquoted.

FTS5 ranks every match, at 0.7 µs each: an OR of common words takes 66 ms at 100k chunks. So stop words go, the rarest
terms stay, AND comes first, an OR is led by its rare terms, and of more matches than ``RANKED`` only those in titles
and headings and the newest are ranked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence, Set
from functools import cache, lru_cache
from itertools import accumulate, pairwise
from math import log
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import bindparam, text

from assistant.storage.readable import READABLE, values_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from assistant.access import Readable

# A question has some 10 words; what stands beyond this is not a question.
QUERY_CHARACTERS = 2_000
TERMS_LOOKED_UP = 48
TERMS_KEPT = 8
# Matches that one query ranks. Over seven public sets, 16,000 chunks together, searches found the same with this bound
# as without one (right document first in 74.7 %, among eight in 92.2 %); with 800 it came first in 73.9 %.
RANKED = 1_500
# Terms that score those matches stand in so many chunks at most: each of these is counted for a term's weight.
SCORED = 15_000
# Where that gives too few rows that may be seen, as for a person with few documents among many, this many times more.
MORE = 4
# Words joined by such signs stay together when a digit is among them: codes, versions, dates, amounts.
TERM = re.compile(r"[^\W_]+(?:[-./_:@',§#]+[^\W_]+)*")
WORD = re.compile(r"[^\W_]+")
NOT_ASCII = re.compile(r"[^\x00-\x7f]")
# A word as people write it, with what may follow its apostrophe ("Acme's").
_WRITTEN = re.compile(r"[^\W_]+(?:[-.&'\u2019][^\W_]+)*")
FISCAL_YEAR = re.compile(r"(?:fy|cy)'?(?:((?:19|20)\d\d)|(\d\d))")

STOP_WORDS = frozenset((Path(__file__).parent / "stop_words.txt").read_text().split())

_DOCUMENT_FREQUENCY = text("SELECT term, doc FROM chunks_vocabulary WHERE term IN :terms").bindparams(
    bindparam("terms", expanding=True)
)
# Chunks that are gone are counted as well, which makes all terms rarer alike; to count takes 2 ms at 100,000.
_CHUNKS = text("SELECT coalesce(max(id), 0) FROM chunks")
_ANY = text("SELECT 1 FROM chunks_fts WHERE chunks_fts MATCH :query LIMIT 1")
_ANY_READABLE = text(
    f"""
    SELECT 1 FROM chunks_fts
    CROSS JOIN chunks ON chunks.id = chunks_fts.rowid
    CROSS JOIN documents ON documents.live_version_id = chunks.version_id
    WHERE chunks_fts MATCH :query AND {READABLE} LIMIT 1
    """  # noqa: S608 - a constant of this package
)
# Which documents a search is for; ``every_document`` has the values with which none is left out.
WANTED = """
    (documents.valid_until IS NULL OR documents.valid_until >= :today)
    AND (:tags = '[]' OR NOT EXISTS (
        SELECT 1 FROM json_each(:tags) AS asked WHERE asked.value NOT IN (
            SELECT tag FROM document_tags WHERE document_tags.document_id = documents.id)))
    AND (:ending || :since = '' OR EXISTS (
        SELECT 1 FROM document_versions AS live WHERE live.id = documents.live_version_id
        AND (:ending = '' OR lower(substr(live.name, -length(:ending))) = :ending) AND live.uploaded_at >= :since))
"""
_SEARCH = text(
    f"""
    SELECT chunks.id AS row, -chunks_fts.rank AS score FROM chunks_fts
    CROSS JOIN chunks ON chunks.id = chunks_fts.rowid
    CROSS JOIN documents ON documents.live_version_id = chunks.version_id
    WHERE chunks_fts MATCH :query AND chunks_fts.rowid >= :oldest AND {READABLE} AND {WANTED}
    ORDER BY chunks_fts.rank LIMIT :limit
    """  # noqa: S608 - constants of this package
)
# Of one document all matches are ranked; its rows stand together, so FTS5 reads no others.
_SEARCH_WITHIN = text(
    """
    SELECT chunks.id AS row, -chunks_fts.rank AS score FROM chunks_fts
    CROSS JOIN chunks ON chunks.id = chunks_fts.rowid
    WHERE chunks_fts MATCH :query AND chunks.version_id = :version
      AND chunks_fts.rowid BETWEEN (SELECT min(id) FROM chunks WHERE version_id = :version)
      AND (SELECT max(id) FROM chunks WHERE version_id = :version)
    ORDER BY chunks_fts.rank LIMIT :limit
    """
)
_OLDEST = text("SELECT rowid FROM chunks_fts WHERE chunks_fts MATCH :query ORDER BY rowid DESC LIMIT 1 OFFSET :ranked")


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - the library's name


def every_document() -> dict[str, str]:
    """Return the values of ``WANTED`` that leave no document out."""
    return {"today": "", "tags": "[]", "ending": "", "since": ""}


def search(
    session: Session, query: str, readable: Readable, limit: int, wanted: Mapping[str, str] | None = None
) -> dict[int, float]:
    """Return live chunk rows that match with their bm25 (higher is better): those with all terms, then with any.

    Only of documents that are ``readable``. ``wanted`` are the values of ``WANTED``; without them none of those is
    left out.
    """
    terms = _rarest(session, terms_of(query))
    if not terms or not readable.spaces:
        return {}
    look = _Look(session, readable, limit, wanted or every_document())
    found = look.best(" AND ".join(_quoted(term) for term, _ in terms))
    if len(found) < limit and len(terms) > 1:
        found = _with_any(look, terms) | found
    best = sorted(found.items(), key=lambda pair: -pair[1])
    return dict(best[:limit])


def has_word(session: Session, word: str, readable: Readable) -> bool:
    """Return whether a word stands in a readable document, in one of its forms."""
    values = {"query": _quoted(word), **values_of(readable)}
    return session.execute(_ANY_READABLE, values).first() is not None


def best_row(session: Session, phrase: str, readable: Readable) -> int | None:
    """Return the live chunk row of a readable document that matches a phrase best, its words in their order."""
    found = _Look(session, readable, 1, every_document()).best(_quoted(phrase)) if readable.spaces else {}
    return max(found, key=lambda row: found[row], default=None)


def stem_of(word: str) -> str:
    """Return the stem of a word in small letters, as the list of terms has it."""
    return _stem(word)


def search_within(session: Session, query: str, version: int, limit: int) -> dict[int, float]:
    """Return the rows of one version that match any of the query's terms, with their bm25."""
    terms = _rarest(session, terms_of(query))
    if not terms:
        return {}
    values = {"query": " OR ".join(_quoted(term) for term, _ in terms), "version": version, "limit": limit}
    return {match.row: match.score for match in session.execute(_SEARCH_WITHIN, values)}


def weights_of(session: Session, query: str) -> dict[str, float]:
    """Return the stems of the query's terms that stand somewhere, each with its inverse document frequency."""
    stems = stems_of(query)
    if not stems:
        return {}
    chunks = session.execute(_CHUNKS).scalar_one()
    found = session.execute(_DOCUMENT_FREQUENCY, {"terms": stems})
    return {row.term: inverse_frequency(row.doc, chunks) for row in found}


def stems_of(query: str) -> list[str]:
    """Return the distinct stems of the query's terms; those of a code one by one."""
    return list(dict.fromkeys(_stem(word) for term in terms_of(query) for word in WORD.findall(term)))


def names_of(query: str) -> frozenset[str]:
    """Return what a title may have of a query: its stems, and those of two words in a row written as one."""
    words = [word for term in terms_of(query) for word in WORD.findall(term)]
    return frozenset(_stem(word) for word in [*words, *map("".join, pairwise(words))])


def proper_names(query: str) -> frozenset[str]:
    """Return the stems of the query's names and numbers: "Acme's report for FY2023" has those of Acme and FY2023."""
    return frozenset(stem for stems in _named_stems(query).values() for stem in stems)


def without_names(query: str, known: Set[str]) -> str:
    """Return the query without those names and numbers of which every stem is known."""
    named = _named_stems(query)

    def kept(match: re.Match[str]) -> str:
        stems = named.get(match.span(), frozenset())
        return "" if stems and stems <= known else match.group()

    return " ".join(_WRITTEN.sub(kept, query[:QUERY_CHARACTERS]).split())


def _named_stems(query: str) -> dict[tuple[int, int], frozenset[str]]:
    """Stems of the words with a digit or a capital, by where they stand; a first letter of a query says nothing.

    In a query without small letters capitals do not either.
    """
    query = query[:QUERY_CHARACTERS]
    shouted = not any(letter.islower() for letter in query)
    found = {}
    for match in _WRITTEN.finditer(query):
        letters = match.group()[0 if match.start() else 1 :]
        if any(map(str.isdigit, match.group())) or (not shouted and any(map(str.isupper, letters))):
            words = WORD.findall(match.group().casefold())
            found[match.span()] = frozenset(_stem(word) for word in words if word not in STOP_WORDS and word != "s")
    return found


def counted_words(name: str) -> int:
    """Return how many distinct words a title or name has, stop words aside."""
    return len({word for word in WORD.findall(name.casefold()) if word not in STOP_WORDS})


def inverse_frequency(holding: int, chunks: int) -> float:
    """Return what a term weighs that ``holding`` of so many chunks hold: as in bm25, and 0 from half of them on."""
    return max(0.0, log((chunks - holding + 0.5) / (holding + 0.5)))


def stems_in(content: str, wanted: Set[str]) -> frozenset[str]:
    """Return which of the wanted stems the words of a text have, as the keyword index stems them.

    Porter's rules change no more of what they leave of a word than its last letter: "polici" of "policy".
    """
    if not wanted:
        return frozenset()
    folded = content.casefold()
    if not folded.isascii():
        folded = NOT_ASCII.sub(_bare, unicodedata.normalize("NFKD", folded))
    # To stem a word takes 100 microseconds, so only those are that begin as a wanted stem does.
    return frozenset(map(_stem, set(_beginning_as(frozenset(wanted)).findall(folded)))) & wanted


@lru_cache(maxsize=256)
def _beginning_as(stems: frozenset[str]) -> re.Pattern[str]:
    """Finds the words that begin as these stems do: some three times as fast as to look at every word."""
    beginnings = "|".join(re.escape(stem[:-1] or stem) for stem in stems)
    return re.compile(rf"(?<![^\W_])(?:{beginnings})[^\W_]*")


def _bare(sign: re.Match[str]) -> str:
    """The sign itself, or nothing where it is an accent of the letter before."""
    return "" if unicodedata.combining(sign.group()) else sign.group()


def terms_of(query: str) -> list[str]:
    """Return the query's distinct terms without stop words; codes and numbers stay whole."""
    terms: dict[str, None] = {}
    for match in TERM.finditer(unicodedata.normalize("NFKC", query[:QUERY_CHARACTERS]).casefold()):
        term = match.group()
        if any(character.isdigit() for character in term):
            terms[term] = None
            terms.update(dict.fromkeys(_year(term)))
        else:
            terms.update(dict.fromkeys(word for word in WORD.findall(term) if word not in STOP_WORDS))
    return list(terms)[:TERMS_LOOKED_UP]


def _year(term: str) -> list[str]:
    """The year of "FY2018" or "FY18", which documents write as 2018."""
    found = FISCAL_YEAR.fullmatch(term)
    return [found.group(1) or f"20{found.group(2)}"] if found else []


def _rarest(session: Session, terms: Sequence[str]) -> list[tuple[str, int]]:
    """The rarest terms with the number of chunks they stand in, in the order of the query."""
    if not terms:
        return []
    stems = {term: [_stem(word) for word in WORD.findall(term)] for term in terms}
    wanted = sorted({stem for group in stems.values() for stem in group})
    frequency = {row.term: row.doc for row in session.execute(_DOCUMENT_FREQUENCY, {"terms": wanted})}
    counted = {term: min((frequency.get(stem, 0) for stem in group), default=0) for term, group in stems.items()}
    # A term that no chunk holds would empty the AND and adds nothing to the OR. FTS5's stems differ from ours for
    # some words ("possibly"), so it has the last word.
    present = [term for term in terms if counted[term] > 0 or _stands_somewhere(session, term)]
    kept = set(sorted(present, key=lambda term: counted[term])[:TERMS_KEPT])
    return [(term, counted[term]) for term in present if term in kept]


def _stands_somewhere(session: Session, term: str) -> bool:
    return session.execute(_ANY, {"query": _quoted(term)}).first() is not None


def _with_any(look: _Look, terms: Sequence[tuple[str, int]]) -> dict[int, float]:
    """Rows with any of the terms; where that are too many to rank, with any of the rare ones, scored by more."""
    rare = _rarest_within(RANKED, terms)
    if len(rare) == len(terms):
        return look.best(" OR ".join(rare))
    # Each term stands in the expression twice, so the scores are twice those of a plain OR and alike among themselves.
    scored = _rarest_within(SCORED, terms)
    found = look.best(f"({' OR '.join(rare)}) AND ({' OR '.join([*scored, *scored[len(rare) :]])})")
    return {row: score / 2 for row, score in found.items()}


def _rarest_within(chunks: int, terms: Sequence[tuple[str, int]]) -> list[str]:
    """The rarest terms, quoted, rarest first, that together stand in no more than so many chunks; one at least."""
    by_rarity = sorted(terms, key=lambda pair: pair[1])
    so_far = accumulate(count for _, count in by_rarity)
    within = sum(count <= chunks for count in so_far)
    return [_quoted(term) for term, _ in by_rarity[: max(within, 1)]]


class _Look:
    """Looks expressions up in one session, for the best rows of readable documents."""

    def __init__(self, session: Session, readable: Readable, limit: int, wanted: Mapping[str, str]) -> None:
        self._session = session
        self._wanted: dict[str, Any] = {**wanted, **values_of(readable)}
        self._limit = limit

    def best(self, expression: str) -> dict[int, float]:
        """The best matches with their bm25; of too many those in titles and headings, and the newest."""
        found, more = self._newest(expression, RANKED)
        if not more:
            return found
        told, _ = self._newest(f"{{title heading}} : ({expression})", RANKED)
        ranked = RANKED
        while more and len(found) < self._limit:
            ranked *= MORE
            found, more = self._newest(expression, ranked)
        return told | found

    def _newest(self, expression: str, ranked: int) -> tuple[dict[int, float], bool]:
        """The best of the newest matches, and whether there are older ones."""
        oldest = self._session.execute(_OLDEST, {"query": expression, "ranked": ranked}).scalar()
        values = {"query": expression, "oldest": oldest or 0, "limit": self._limit}
        found = self._session.execute(_SEARCH, values | self._wanted)
        return {match.row: match.score for match in found}, oldest is not None


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    plain = "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))
    return str(_stemmer().stemWord(plain))


@cache
def _stemmer() -> _Stemmer:
    import snowballstemmer

    # The algorithm of FTS5's `porter` tokenizer; its terms are the stems that the vocabulary lists.
    stemmer: _Stemmer = snowballstemmer.stemmer("porter")
    return stemmer
