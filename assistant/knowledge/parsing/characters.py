"""Bytes to text and text to clean text: what a reader sees stays, what only a machine sees goes."""

from __future__ import annotations

import codecs
import re
import unicodedata

# Plain NFKC would also turn 10² into 102, which is another fact; only these kinds are folded.
_FOLDED = ("<noBreak>", "<wide>", "<narrow>", "<font>", "<initial>", "<medial>", "<final>", "<isolated>")
_LIGATURES = range(0xFB00, 0xFB07)
_LINE_ENDS = frozenset("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
_JOINERS = frozenset("\u200c\u200d")
_BLANKS = re.compile(r"[ \t]+")
_SAMPLE_BYTES = 100_000
_WIDE_SAMPLE = 4_096
_WIDE_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
# Python's own ways to write text in other text; some take the square of its length to be read.
_NO_ENCODINGS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"})
# Of the units of two bytes in UTF-16 text of European languages most have a null in one place and none in the other.
_MANY_NULLS = 0.4
_FEW_NULLS = 0.02


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


def clean_lines(text: str, *, tabs: bool = False) -> str:
    """Clean a text and keep its lines, each without blanks around it and with single blanks inside.

    With ``tabs`` these stay, without the blanks around them.
    """
    blank = _tab_or_space if tabs else " "
    return "\n".join(_BLANKS.sub(blank, line).strip() for line in clean(text).split("\n")).strip("\n")


def _tab_or_space(blanks: re.Match[str]) -> str:
    return "\t" * blanks.group().count("\t") or " "


def decode(data: bytes) -> str:
    """Return the text of a text file: by its byte order mark, as UTF-16 or UTF-8, or by the best guess."""
    wide = wide_encoding(data)
    if wide:
        return data.decode(wide, errors="replace").removeprefix("\ufeff")
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return data.decode(_guessed_encoding(data[:_SAMPLE_BYTES]), errors="replace")


def decoded(data: bytes, encoding: str) -> str:
    """Return text in the encoding that it is said to have, or where that is none for text, in the one it looks like."""
    try:
        known = codecs.lookup(encoding).name if encoding else ""
        return data.decode(known) if known and known not in _NO_ENCODINGS else decode(data)
    except (LookupError, ValueError):
        return decode(data)


def wide_encoding(data: bytes) -> str | None:
    """The encoding of text in units of two or four bytes: by its mark, or by where its null bytes stand."""
    marked = next((encoding for mark, encoding in _WIDE_MARKS if data.startswith(mark)), None)
    if marked:
        return marked
    sample = data[:_WIDE_SAMPLE]
    units = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if min(even, odd) > units * _FEW_NULLS or max(even, odd) < max(1, units * _MANY_NULLS):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _guessed_encoding(sample: bytes) -> str:
    if b"\x00" in sample:
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample).best()
    return best.encoding if best else "cp1252"
