"""Which editions of a document a question is about, and what it asks about them.

Editions are documents whose names differ in a year or a version alone ("Travel policy 2024", "Travel policy 2026").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from assistant.providers.offline.terms import content, is_stop, listed_stems, listed_words
from assistant.providers.offline.wording import without_offers, without_source

Edition = tuple[int, float]
"""The latest year and the version in a document's name, 0 where it has none; the greater, the newer."""

MOST = 3
"""Editions shown side by side: more would be a table."""

LEAST = 2
"""Words with a meaning of their own that a question keeps: of "When did the policy of 2024 end?" one would be left."""

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_VERSION = re.compile(
    r"(?<![^\W_])(?:v|version|rev|revision|edition)[ ._-]?(\d{1,3}(?:\.\d+)?)(?![^\W_])", re.IGNORECASE
)
_ENDING = re.compile(r"\.\w{1,5}$")
_IN_YEAR = (
    r"(?:(?:in|of|under|with|from|to|since|the|those|that|it|was|were|is|what|our|old|policy|rules?) ){0,4}20\d\d"
)
_MORE = r"(?:higher|lower|longer|shorter|cheaper|stricter|more|less|larger|smaller|the same)"
_ALSO_NOW = re.compile(
    r"\b(?:since|after|now|today|current(?:ly)?|nowadays|presently|still|newest|latest|this year)\b"
    r"|\b(?:chang(?:ed?|es)|risen|rise|rose|gone (?:up|down)|go (?:up|down)|went (?:up|down)|increased?|decreased?"
    r"|raised?|reduced|lowered)\b"
    rf"|\b(?:compar\w+|differ\w*|than|versus|vs|{_MORE})\b {_IN_YEAR}",
    re.IGNORECASE,
)
_PRESENT = re.compile(r"\b(?:is|are|do|does|must|may|can)\b", re.IGNORECASE)
_PAST = re.compile(r"\b(?:was|were|did|had)\b", re.IGNORECASE)
_HAS_CHANGED = re.compile(
    r"^(?:(?:how|what|by how much)\b.*?)?\b(?:has|have|had|did|was|were|is|are)\b.*"
    r"\b(?:changed?|risen|rise|gone (?:up|down)|go (?:up|down)|increased?|decreased?|raised|reduced|lowered)"
    r"(?: (?:recently|lately|at all|over time|over the years|this year))?\W*$",
    re.IGNORECASE,
)
_OLDER = re.compile(
    r"\b(?:old|older|previous|former|earlier|last|superseded|replaced) (?:\w+ )?(?:polic(?:y|ies)|editions?|versions?"
    r"|rules?|caps?|limits?|rates?|prices?|fees?|amounts?|values?|ones?|handbook|guide|list|year)\b|\bused to\b"
    r"|\b(?:was|were) (?:the|our|my) (?:old|previous|former|earlier)\b",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\b(?:before|prior to) (?:the year )?((?:19|20)\d\d)\b", re.IGNORECASE)
_SAYS_CHANGE = re.compile(
    r"\b(?:recently|lately|at all|over time|over the years|this year|by how much|chang(?:ed?|es|ing)"
    r"|differ(?:s|ed|ent|ences?)?|compar(?:ed?|es|ing|isons?)|risen|rises?|rose"
    r"|(?:go|goes|gone|went) (?:up|down)|increased?s?|decreased?s?|raised?|reduced|lowered"
    rf"|{_MORE}(?= (?:as|than)\b| in (?:19|20)\d\d)|side by side"
    r"|used to be)\b",
    re.IGNORECASE,
)
_DETERMINERS = frozenset(("the", "my", "our", "a", "an"))
_AGED = re.compile(r"(?:old|older|previous|former|earlier|superseded|new|current|newest|latest)", re.IGNORECASE)
_TOKEN = re.compile(r"[^\W_]+(?:['\u2019.][^\W_]+)*")
_NOW = re.compile(r",?\s+(?:now(?:adays)?|today|currently|presently|at present|these days)\b", re.IGNORECASE)
_LATER_CLAUSE = re.compile(r"[,;]?\s+(?:and|or|but)\s+([^,;]*)$", re.IGNORECASE)


def edition(document: str) -> tuple[str, Edition]:
    """Return a document's name without year, version and file ending, and which edition it is."""
    version = _VERSION.search(document)
    years = [int(year) for year in _YEAR.findall(document)]
    bare = _ENDING.sub("", _VERSION.sub(" ", _YEAR.sub(" ", document)))
    family = " ".join(re.findall(r"[^\W\d_]+", bare.casefold()))
    return family, (max(years, default=0), float(version.group(1)) if version else 0.0)


def asked_editions(question: str, documents: Iterable[str]) -> dict[str, tuple[Edition, ...]]:
    """Return which editions a question is about, the newest first, by family; for families with several alone.

    That is those it names; the newest beside them where it asks what has changed since, or how things are now; the one
    before the newest where it asks for what was before; else the newest.
    """
    families: dict[str, set[Edition]] = {}
    for document in documents:
        family, one = edition(document)
        families.setdefault(family, set()).add(one)
    return {
        family: tuple(_asked(question, sorted(found, reverse=True)))[:MOST]
        for family, found in families.items()
        if len(found) > 1
    }


def tells_editions(question: str, documents: Iterable[str]) -> bool:
    """Whether a question names editions of these documents, asks for what an older one says or for what has changed."""
    older = _OLDER.search(question) is not None or _HAS_CHANGED.search(question) is not None
    return older or names_edition(question, documents)


def names_edition(question: str, documents: Iterable[str]) -> bool:
    """Whether a question has the year or the version of one of these documents."""
    return bool(_named(question, {edition(document)[1] for document in documents}))


def asks_what_changed(question: str) -> bool:
    """Whether a question asks for the changes themselves, not for one thing before and after them."""
    return _SAYS_CHANGE.search(question) is not None


def matter(question: str, documents: Sequence[str]) -> str:
    """Return what a question asks about any edition of the documents: "What is the fee?" of "Has the fee changed?".

    ``documents`` are those that were found, best first. Figures that the question offers for an answer are left out as
    well. The question itself where it tells no edition of the best document or of one that was found in several.
    """
    plain = without_source(without_offers(question), documents)
    asked = asked_editions(plain, documents)
    best = [edition(document) for document in documents[:1]]
    if not (asked and tells_editions(plain, documents)) and not _named(plain, (one for _, one in best)):
        return plain
    change = any(len(ones) > 1 for ones in asked.values()) and asks_what_changed(plain)
    families = [frozenset(content(family)) for family in {**asked, **dict(best)}]
    titles = listed_stems("generic").union(*families)
    for known in (families, []):
        left = _worded(_without(plain, known, change=change), change=change)
        telling = set(content(left)) - (titles if change or known else listed_stems("generic"))
        if len(telling) >= (1 if change else LEAST):
            return left
    return plain


def _asked(question: str, found: Sequence[Edition]) -> Sequence[Edition]:
    """Of the editions of one document, newest first, those that a question is about."""
    named = _named(question, found)
    if _BEFORE.search(question):
        return named[:1] or found
    if named:
        also = _also_now(question) and found[0] not in named
        return [found[0], *named] if also else named
    if _HAS_CHANGED.search(question):
        return found[:2]
    if _OLDER.search(question):
        return found[:2] if _SAYS_CHANGE.search(question) else found[1:2]
    return found if _YEAR.search(question) or _PAST.search(question) else found[:1]


def _named(question: str, found: Iterable[Edition]) -> list[Edition]:
    before = _BEFORE.search(question)
    if before:
        return [one for one in found if 0 < one[0] < int(before.group(1))]
    years = {int(year) for year in _YEAR.findall(question)}
    versions = {float(version) for version in _VERSION.findall(question)}
    return [one for one in found if one[0] in years or (one[1] and one[1] in versions)]


def _also_now(question: str) -> bool:
    """Whether a question that names an older edition asks for the newest too."""
    both_tenses = _PRESENT.search(question) is not None and _PAST.search(question) is not None
    return _ALSO_NOW.search(question) is not None or both_tenses


def _without(question: str, families: Sequence[frozenset[str]], *, change: bool) -> str:
    """The question without years, versions and the names of these documents, and what leads to them."""
    question = _SAYS_CHANGE.sub(" ", question) if change else question
    cut = _VERSION.sub(lambda found: " " * len(found.group()), question)
    tokens = [(found.start(), found.end(), found.group()) for found in _TOKEN.finditer(cut)]
    aged = change or _OLDER.search(question) is not None
    gone = {at for at, (_, _, word) in enumerate(tokens) if _YEAR.fullmatch(word) or (aged and _AGED.fullmatch(word))}
    gone |= {at + 1 for at in gone if at + 1 < len(tokens) and tokens[at + 1][2].lower() in listed_words("editions")}
    gone |= set(_named_runs([word for _, _, word in tokens], families))
    for at in sorted(gone):
        back = at - 1
        while back >= 0 and back not in gone and tokens[back][2].lower() in listed_words("links"):
            gone.add(back)
            back -= 1
    for at in sorted(gone, reverse=True):
        cut = cut[: tokens[at][0]] + cut[tokens[at][1] :]
    return cut


def _named_runs(said: Sequence[str], families: Sequence[frozenset[str]]) -> Iterator[int]:
    """Places of words in a row that name a document: all words of its name."""
    for family in families:
        run: list[int] = []
        for at, word in enumerate([*said, ""]):
            if word and (set(content(word)) & family or word.lower() in listed_words("links")):
                run.append(at)
                continue
            if family and family <= {term for place in run for term in content(said[place])}:
                yield from run
            run = []


def _worded(left: str, *, change: bool) -> str:
    """What is left as a question: "What is the fee?" where it was whether the fee has changed."""
    plain = _NOW.sub(" ", " ".join(left.split()))
    later = _LATER_CLAUSE.search(plain.rstrip("?. "))
    if later and all(is_stop(word) or word.lower() in listed_words("links") for word in _TOKEN.findall(later.group(1))):
        plain = plain.rstrip("?. ")[: later.start()]
    if not change:
        return re.sub(r"\s+([?,.;])", r"\1", f"{plain.rstrip('?., ')}?")
    words = plain.strip("?., ").split(" ")
    while words and is_stop(words[0].strip(",")) and words[0].lower() not in _DETERMINERS:
        words.pop(0)
    while words and is_stop(words[-1].strip(",")):
        words.pop()
    return f"What is {' '.join(words)}?" if words else ""
