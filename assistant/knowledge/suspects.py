"""Finds sentences of a document that give orders to whatever assistant reads it.

Looking at the meaning of every sentence would double the cost of an ingest, so words come first: a chunk in which none
of ``STEMS`` stands is done after a microsecond each, and only sentences that speak to an assistant are embedded. That
is 1 in 200 sentences of a company handbook, and under 2 % of an ingest's time. What has no such words (a request for a
recipe in the middle of a mail, say) is not found here; that no tool follows from any text of a document holds anyway.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.library import Chunk, Suspect
from assistant.providers.offline.attack_text import WINDOW_CHARACTERS, normalised
from assistant.providers.offline.attacks import CUES, AttackClassifier
from assistant.sentences import sentences

SPEAKING = ("override", "secrecy", "markup", "foreign", "free", "form", "machine")
"""The ways of speaking of which one must be there: to an assistant, of its rules, or of its answer. On 4,000 chunks of
eight public collections 3 sentences were then suspected, all of them in the manual of a chat bot."""
STEMS = tuple(tomllib.loads(Path(__file__).with_name("suspect_stems.toml").read_text(encoding="utf-8"))["stems"])
"""In lower case; one of them stands in nearly all that the ways of speaking find."""
TO_PEOPLE = re.compile(r"(?:anyone|person|them)$", re.IGNORECASE)
OF_READING = re.compile(r"\b(?:user|reader|instruction|note|message|prompt|assistant|answer)s?\b", re.IGNORECASE)
"""Handbooks too bid their readers to "never tell your password to anyone": a call for silence is an assistant's only
where it is about who reads or what is read."""
TAGS = range(0xE0000, 0xE0080)
"""Invisible copies of ASCII: nobody but who hides something from people writes them."""


class Suspects:
    """Looks through chunks with the guardrail's classifier."""

    def __init__(self, attacks: AttackClassifier) -> None:
        self._attacks = attacks

    def among(self, chunks: Sequence[Chunk]) -> list[Suspect]:
        """Return the suspected sentences in order; their spans count in the document's text."""
        found = [suspect for chunk in chunks for suspect in self._in(chunk)]
        return sorted({suspect.start: suspect for suspect in found}.values(), key=lambda suspect: suspect.start)

    def _in(self, chunk: Chunk) -> Iterator[Suspect]:
        for start, end in speaking(chunk.text):
            sentence = chunk.text[start:end]
            verdict = self._attacks.judge(sentence[: 2 * WINDOW_CHARACTERS])
            if verdict.flagged:
                yield Suspect(chunk.start + start, chunk.start + end, sentence, verdict.score)


def speaking(text: str) -> list[tuple[int, int]]:
    """Return the spans of the sentences that may speak to an assistant."""
    lower = text.lower()
    hidden = any(ord(sign) in TAGS for sign in text) if not text.isascii() else False
    plain = text if text.isascii() else normalised(text).lower()
    if not hidden and not any(stem in lower or stem in plain for stem in STEMS):
        return []
    return [(start, end) for start, end in sentences(text) if _speaks(text[start:end])]


def _speaks(sentence: str) -> bool:
    plain = normalised(sentence)
    if any(ord(sign) in TAGS for sign in sentence):
        return True
    said = {cue: match.group() for cue in SPEAKING if (match := CUES[cue].search(plain))}
    if set(said) == {"secrecy"} and TO_PEOPLE.search(said["secrecy"]):
        return OF_READING.search(plain) is not None
    return bool(said)
