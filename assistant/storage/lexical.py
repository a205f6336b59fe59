"""Keyword search over chunks by SQLite FTS5. What a person types never reaches FTS5 unquoted.

An OR of common words costs 94 to 440 ms at 100k chunks, so stop words go, the rarest terms stay, AND comes first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import bindparam, text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# A question has some 10 words; what stands beyond this is not a question.
QUERY_CHARACTERS = 2_000
TERMS_LOOKED_UP = 48
TERMS_KEPT = 8
# A term in more chunks than this is left out of an OR when rarer ones are there: it bounds the ranking's work.
COMMON_CHUNKS = 5_000

# Words joined by such signs stay together when a digit is among them: codes, versions, dates, amounts.
TERM = re.compile(r"[^\W_]+(?:[-./_:@',§#]+[^\W_]+)*")
WORD = re.compile(r"[^\W_]+")

STOP_WORDS = frozenset((Path(__file__).parent / "stop_words.txt").read_text().split())

_DOCUMENT_FREQUENCY = text("SELECT term, doc FROM chunks_vocabulary WHERE term IN :terms").bindparams(
    bindparam("terms", expanding=True)
)
_ANY = text("SELECT 1 FROM chunks_fts WHERE chunks_fts MATCH :query LIMIT 1")
_SEARCH = text(
    """
    SELECT chunks.id AS row, -chunks_fts.rank AS score FROM chunks_fts
    CROSS JOIN chunks ON chunks.id = chunks_fts.rowid
    CROSS JOIN documents ON documents.live_version_id = chunks.version_id
    WHERE chunks_fts MATCH :query AND documents.space_id IN :spaces
    ORDER BY chunks_fts.rank LIMIT :limit
    """
).bindparams(bindparam("spaces", expanding=True))


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 - the library's name


def search(session: Session, query: str, spaces: Sequence[str], limit: int) -> dict[int, float]:
    """Return live chunk rows that match with their bm25 (higher is better): those with all terms, then with any."""
    terms = _rarest(session, terms_of(query))
    if not terms or not spaces:
        return {}
    found = _match(session, " AND ".join(_quoted(term) for term, _ in terms), spaces, limit)
    if len(found) < limit and len(terms) > 1:
        found = _match(session, " OR ".join(_selective(terms)), spaces, limit) | found
    best = sorted(found.items(), key=lambda pair: -pair[1])
    return dict(best[:limit])


def terms_of(query: str) -> list[str]:
    """Return the query's distinct terms without stop words; codes and numbers stay whole."""
    terms: dict[str, None] = {}
    for match in TERM.finditer(unicodedata.normalize("NFKC", query[:QUERY_CHARACTERS]).casefold()):
        term = match.group()
        if any(character.isdigit() for character in term):
            terms[term] = None
        else:
            terms.update(dict.fromkeys(word for word in WORD.findall(term) if word not in STOP_WORDS))
    return list(terms)[:TERMS_LOOKED_UP]


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


def _selective(terms: Sequence[tuple[str, int]]) -> list[str]:
    selective = [term for term, chunks in terms if chunks <= COMMON_CHUNKS]
    return [_quoted(term) for term in selective or [min(terms, key=lambda pair: pair[1])[0]]]


def _match(session: Session, expression: str, spaces: Sequence[str], limit: int) -> dict[int, float]:
    values = {"query": expression, "spaces": list(spaces), "limit": limit}
    return {match.row: match.score for match in session.execute(_SEARCH, values)}


def _quoted(term: str) -> str:
    return '"' + term.replace('"', '""') + '"'


def _stem(word: str) -> str:
    plain = "".join(sign for sign in unicodedata.normalize("NFD", word) if not unicodedata.combining(sign))
    return str(_stemmer().stemWord(plain))


@cache
def _stemmer() -> _Stemmer:
    import snowballstemmer

    # The algorithm of FTS5's `porter` tokenizer; its terms are the stems that the vocabulary lists.
    stemmer: _Stemmer = snowballstemmer.stemmer("porter")
    return stemmer
