"""Text as an attack on an assistant means it: signs that nobody sees taken out, disguises undone, cut into windows."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Sequence

from assistant.sentences import sentences

MOST_WINDOWS = 40
"""Windows of one text whose meaning is looked at: 4,000 characters of prose have about 30 sentences."""
WINDOW_CHARACTERS = 600
"""The longest window: what the embedding model reads of a text is 256 tokens, about twice as much."""
WHOLE_CHARACTERS = 1_200
"""Of the beginning of a text, when it is looked at as one: about as much as the embedding model reads."""
FEWEST_SHIFTED_WORDS = 5
FEWEST_COMMON = 2
LETTERS = 26

# Zero-width signs, marks that turn the direction of writing, soft hyphens, and the invisible copies of ASCII (Unicode
# tag characters), which carry text that a model reads and a person does not see.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_ENCODED = re.compile(r"(?<![\w+/=])[A-Za-z0-9+/]{24,}={0,2}(?![\w+/=])")
_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_][ .\-_*]){4,}[^\W\d_](?!\w)")
_LEET = re.compile(r"(?<!\w)(?=\w*[a-z@$])(?=\w*[013457@$])[a-z013457@$]{3,}(?!\w)", re.IGNORECASE)
_LEET_LETTERS = str.maketrans("013457@$", "oieastas")
_LOOKALIKES = str.maketrans("аеорсухіАЕОРСХВНКМТ\u03bf\u03b1", "aeopcyxiAEOPCXBHKMToa")  # noqa: RUF001 - that is the point
_MIXED = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0370-\u04ff])\w+\b")
_COMMON = re.compile(r"\b(?:the|and|to|of|is|in|that|this|you|your|all|not|with|previous|instructions)\b")
_WORDS = re.compile(r"[a-z]+")


def normalised(text: str) -> str:
    """Return the text as its reader is to understand it: one form for each sign, none unseen, no look-alikes."""
    seen = _TAGS.sub(lambda tags: f" {''.join(chr(ord(sign) - 0xE0000) for sign in tags.group())} ", text)
    seen = unicodedata.normalize("NFKC", _UNSEEN.sub("", seen))
    return _MIXED.sub(lambda word: word.group().translate(_LOOKALIKES), seen).strip()


def undisguised(text: str) -> list[str]:
    """Return what a normalised text says in disguise: base64, spaced-out or shifted letters, digits for letters."""
    found = [_decoded(piece) for piece in _ENCODED.findall(text)]
    found += [re.sub(r"[^\w]|_", "", piece) for piece in _SPACED.findall(text)]
    if len(leet := [word for word in _LEET.findall(text) if not word.isdigit()]) > 1:
        plain = " ".join(word.translate(_LEET_LETTERS) if word in leet else word for word in text.split())
        found += [plain[:WINDOW_CHARACTERS]] if len(leet) * 3 > len(text.split()) else []
    found += [_unshifted(window) for window in windows(text)]
    return [piece for piece in found if piece]


def windows(text: str) -> list[str]:
    """Return the sentences of a text on one line each, in order, cut to ``WINDOW_CHARACTERS``."""
    cut = (" ".join(text[start:end].split())[:WINDOW_CHARACTERS] for start, end in sentences(text))
    return [window for window in cut if len(window) > 2]


def chosen(every: Sequence[str], cues: Sequence[int]) -> list[int]:
    """Return which windows are looked at, in order: all up to a bound, else those with most cues and an even sample."""
    if len(every) <= MOST_WINDOWS:
        return list(range(len(every)))
    step = 2 * len(every) / MOST_WINDOWS
    spread = {0, len(every) - 1, *(int(number * step) for number in range(MOST_WINDOWS // 2))}
    loud = sorted(range(len(every)), key=lambda number: -cues[number])
    room = MOST_WINDOWS - len(spread)
    return sorted(spread.union([number for number in loud if number not in spread][:room]))


def _decoded(piece: str) -> str:
    try:
        text = base64.b64decode(piece + "=" * (-len(piece) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text if text.isprintable() and " " in text else ""


def _unshifted(window: str) -> str:
    """Return a window whose letters were shifted along the alphabet as it was; empty for any other."""
    lower = window.lower()
    if len(_WORDS.findall(lower)) < FEWEST_SHIFTED_WORDS or not lower.isascii() or _COMMON.search(lower):
        return ""
    for shift in range(1, LETTERS):
        moved = "".join(chr((ord(c) - 97 - shift) % LETTERS + 97) if "a" <= c <= "z" else c for c in lower)
        if len(_COMMON.findall(moved)) >= FEWEST_COMMON:
            return moved
    return ""
