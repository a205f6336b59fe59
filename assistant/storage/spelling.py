"""A question in the words of the documents that the person may read, where it has a word that no document has.

A word counts as misspelt that stands in no document and is no English word. Of those that begin alike the likest takes
its place: to look them up in the list of terms takes 2 to 30 ms among 60,000 chunks, all with the same first letter
alone would take 40 to 150. For a common word that stands nowhere another for the same is taken that does.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from assistant.storage.lexical import STOP_WORDS, best_row, has_word, stem_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from assistant.access import Readable

LIKE = 0.8
"""Likeness (difflib) from which a word may be meant: one letter of five left out, two of ten changed."""

AS_GOOD_AS = 0.88
"""The same for a word whose stem stands in the documents ("employes", "leav"): some are other words ("employer")."""

ENDINGS = ("", "s", "es", "d", "ed", "ing", "er", "ly")
"""What makes a form of a word another one of the same stem, both spelt right."""

SHORTEST = 3
LONGEST = 30
"""Letters of a word that may be misspelt: two-letter words are like too many others, longer than this are no words."""

MOST_LOOKED_UP = 3
"""Words of one question that are looked for: more are another language, or no words."""

_WORD = re.compile(r"(?<![\w.@/'\u2019-])[^\W\d_]+(?![\w@/-]|\.\w)")
_TERMS = text(
    "SELECT term FROM chunks_vocabulary WHERE term >= :first AND term < :behind"
    " AND length(term) BETWEEN :length - 2 AND :length + 2"
)
_TEXTS = text("SELECT title, heading, text FROM chunks WHERE id = :row")


def respelled(session: Session, question: str, readable: Readable, is_word: Callable[[str], bool]) -> str:
    """Return the question with its misspelt words as readable documents write them; no other document counts.

    ``is_word`` tells whether a word is an English one. Names stay: what is written large among small letters, or holds
    a digit.
    """
    doubtful = list(_doubtful(question, is_word))
    known = {word for match in doubtful if has_word(session, word := match.group().casefold(), readable)}
    if len(doubtful) - len(known) > MOST_LOOKED_UP:
        return question

    def meant(word: str) -> str | None:
        if word in known:
            written = _written(session, stem_of(word), word, readable, AS_GOOD_AS)
            return None if written and _is_form(word, written) else written
        return _meant(session, word, readable)

    return _replaced(question, doubtful, meant)


def _is_form(one: str, other: str) -> bool:
    """Whether one word is a plain form of the other, as "harbours" is of "harbour": then neither is misspelt."""
    shorter, longer = sorted((one, other), key=len)
    return longer.startswith(shorter) and longer[len(shorter) :] in ENDINGS


def in_other_words(session: Session, question: str, readable: Readable) -> str:
    """Return the question with words that no readable document has replaced by others for the same that one has."""
    known = (match for match in _WORD.finditer(question) if match.group().casefold() in _others())
    missing = [match for match in known if not has_word(session, match.group().casefold(), readable)]

    def other(word: str) -> str | None:
        return next((other for other in _others()[word] if has_word(session, other, readable)), None)

    return _replaced(question, missing, other)


def _replaced(question: str, words: Sequence[re.Match[str]], other: Callable[[str], str | None]) -> str:
    for match in reversed(words):
        meant = other(match.group().casefold())
        if meant and meant != match.group().casefold():
            question = f"{question[: match.start()]}{meant}{question[match.end() :]}"
    return question


@cache
def _others() -> dict[str, list[str]]:
    """For each word others for the same, the most usual in rules of companies first."""
    lists = tomllib.loads(Path(__file__).with_name("same_words.toml").read_text(encoding="utf-8"))
    return {
        word: [other for other in same if other != word] for same in lists["same"] for word in same if " " not in word
    }


def _doubtful(question: str, is_word: Callable[[str], bool]) -> Iterator[re.Match[str]]:
    for match in _WORD.finditer(question):
        word = match.group()
        name = word[0].isupper() and match.start() > 0 and not question.isupper()
        plain = word.casefold()
        if SHORTEST <= len(word) <= LONGEST and not name and plain not in STOP_WORDS and not is_word(plain):
            yield match


def _meant(session: Session, word: str, readable: Readable) -> str | None:
    """The word that is meant: one of those that carry no meaning, or the likest that stands in a readable document."""
    small = get_close_matches(word, STOP_WORDS, 1, LIKE)
    if small and len(small[0]) > len(word):
        return small[0]
    stem = stem_of(word)
    terms = {term for first in {stem[:2], stem[1::-1]} for term in _terms(session, first, len(stem))}
    # Terms of other documents take no place among the likest: what is meant must not tell that they are there.
    likest = get_close_matches(stem, terms, len(terms), LIKE) if terms else []
    written = (found for term in likest if (found := _written(session, term, word, readable, LIKE)))
    return next(iter(get_close_matches(word, list(islice(written, MOST_LOOKED_UP)), 1, LIKE)), None)


def _terms(session: Session, first: str, length: int) -> list[str]:
    behind = first[:-1] + chr(ord(first[-1]) + 1)
    found = session.execute(_TERMS, {"first": first, "behind": behind, "length": length})
    return [str(row.term) for row in found]


def _written(session: Session, term: str, word: str, readable: Readable, like: float) -> str | None:
    """How a document that may be read writes a term; None where it stands in others only."""
    row = best_row(session, term, readable)
    if row is None:
        return None
    words = {found.casefold() for part in session.execute(_TEXTS, {"row": row}).one() for found in _words(part)}
    return next(iter(get_close_matches(word, [one for one in words if stem_of(one) == term], 1, like)), None)


def _words(written: str) -> list[str]:
    return [match.group() for match in _WORD.finditer(written)]
