"""Bytes to text and text to clean text: what a reader sees stays, what only a machine sees goes."""

from __future__ import annotations

import re
import unicodedata

# Plain NFKC would also turn 10² into 102, which is another fact; only these kinds are folded.
_FOLDED = ("<noBreak>", "<wide>", "<narrow>", "<font>", "<initial>", "<medial>", "<final>", "<isolated>")
_LIGATURES = range(0xFB00, 0xFB07)
_LINE_ENDS = frozenset("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
_JOINERS = frozenset("\u200c\u200d")
_BLANKS = re.compile(r"[ \t]+")
_SAMPLE_BYTES = 100_000


class _Clean(dict[int, str]):
    """Translation table that works out each character once."""

    def __missing__(self, code: int) -> str:
        self[code] = _cleaned(chr(code))
        return self[code]


def _cleaned(char: str) -> str:
    kind = unicodedata.category(char)
    if char in "\n\t" or char in _JOINERS:
        return char
    if char in _LINE_ENDS:
        return "\n"
    if kind == "Zs":
        return " "
    if kind in ("Cc", "Cf") or ord(char) & 0xFFFE == 0xFFFE:
        return ""
    if kind == "Cs":
        return "\ufffd"
    folds = ord(char) in _LIGATURES or unicodedata.decomposition(char).startswith(_FOLDED)
    return unicodedata.normalize("NFKC", char) if folds else char


_CLEAN = _Clean()


def clean(text: str) -> str:
    """Compose accents, split ligatures, turn all blanks into spaces and drop control and hidden characters."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text.translate(_CLEAN))


def one_line(text: str) -> str:
    """Clean a text and bring it to one line with single blanks."""
    return " ".join(clean(text).split())


def clean_lines(text: str) -> str:
    """Clean a text and keep its lines, each without blanks around it and with single blanks inside."""
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in clean(text).split("\n")).strip("\n")


def decode(data: bytes) -> str:
    """Return the text of a text file: by its byte order mark, as UTF-8, or by the best guess."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_guessed_encoding(data[:_SAMPLE_BYTES]), errors="replace")


def _guessed_encoding(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best else "cp1252"
