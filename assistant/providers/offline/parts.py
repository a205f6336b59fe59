"""Questions of two parts: each is answered by itself, and the part that no passage covers is named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.providers.offline.question import core
from assistant.providers.offline.terms import base_weight, content
from assistant.providers.passages import NOTHING_ABOUT, PromptPassage

if TYPE_CHECKING:
    from assistant.providers.minilm import MiniLM

MOST_PARTS = 3

NEARBY = 300
"""Characters of a passage that are compared with a thing whose name it does not have."""

_ASKS = (
    r"(?:who|whom|whose|what|when|where|which|how|why|is|are|was|were|do|does|did|can|could|may|must|should|will|would)"
)
_JOINED = re.compile(
    rf"(?:[,;] ?| )(?:and|or) (?:also )?(?={_ASKS}\b)|\?\s+(?:and |also )*(?={_ASKS}\b)", re.IGNORECASE
)
_BEGINS = re.compile(rf"(?:(?:hello|hi|hey|please|can you|could you|tell me|and|so)[, ]+)*{_ASKS}\b", re.IGNORECASE)
_LEANS = re.compile(
    r"\b(?:it|its|they|them|their|he|him|his|she|her|this|that|these|those|there|one|ones|so|same|else|other|now|today)\b",
    re.IGNORECASE,
)
_LAST = re.compile(
    r"\b(?:and|or) ((?:(?:the|a|an|our|my|for|of|in|at) )*[\w'\u2019-]+(?: [\w'\u2019-]+)?)\W*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Missing:
    """What a question asks about and no word of the passages is for."""

    words: str

    def sentence(self) -> str:
        """Return the assistant's own sentence on the gap; it begins with ``NOTHING_ABOUT``."""
        return f"{NOTHING_ABOUT} {self.words}."


def parts(asked: str) -> list[str]:
    """Return the questions that stand joined in one; a later one that leans on the first leaves them together."""
    found = [part.strip(" ,;?") for part in _JOINED.split(core(asked))]
    whole = _BEGINS.match(found[0]) is not None and all(content(part) for part in found)
    alone = whole and not any(_LEANS.search(part) for part in found[1:])
    return [f"{part}?" for part in found] if 1 < len(found) <= MOST_PARTS and alone else [asked]


def unanswered(part: str) -> Missing:
    """Return a part of a question as what is missing."""
    return Missing(f"\u201c{part.rstrip('?')}\u201d")


def lacking(asked: str, document: str) -> Missing:
    """Return what a document that was asked for says nothing about."""
    return Missing(f"\u201c{asked.rstrip('?')}\u201d in {document}")


def missing_thing(asked: str, passages: Sequence[PromptPassage], embedder: MiniLM, unlike: float) -> Missing | None:
    """Return the second of two things asked about ("... for the canteen and the pool?") where no passage knows it.

    None of its words stands in a passage, and no passage is as near to it as ``unlike`` (cosine): it may have another
    name there.
    """
    last = _LAST.search(core(asked))
    words = last.group(1) if last and not _LEANS.search(last.group(1)) else ""
    stems = {stem for stem in content(words) if base_weight(stem) >= 1.0}
    if not stems or stems & {stem for one in passages for stem in content(f"{one.document} {one.heading} {one.text}")}:
        return None
    vectors = embedder.embed([words, *(one.text[:NEARBY] for one in passages)])
    return None if float((vectors[1:] @ vectors[0]).max()) >= unlike else Missing(words)
