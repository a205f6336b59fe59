"""Clean text of PDF pages: words broken at line ends are whole again, all else stands as on the page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from assistant.knowledge.parsing.characters import clean_lines

# pdfium puts one of the first two in place of a hyphen and line end, pypdf leaves both.
_BROKEN_WORD = re.compile(r"(?<!\w)([^\W\d_]+)(?:\ufffe|\x02|-\r?\n)([^\W\d_]+)")
_OTHER_BREAK = re.compile(r"[\ufffe\x02]")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def clean_pages(pages: Sequence[str]) -> list[str]:
    """Return the pages with broken words mended and lines cleaned; a tab, which sets cells apart, stays one."""
    known = Counter(word.lower() for page in pages for word in _WORD.findall(_BROKEN_WORD.sub(" ", page)))
    return [clean_lines(_OTHER_BREAK.sub("-", _mended(page, known)), tabs=True) for page in pages]


def _mended(page: str, known: Counter[str]) -> str:
    return _BROKEN_WORD.sub(lambda match: _whole(match.group(1), match.group(2), known), page)


def _whole(first: str, second: str, known: Counter[str]) -> str:
    """Join the halves as the document writes the word elsewhere; ``multi-factor`` must not lose its hyphen."""
    joined, hyphenated = f"{first}{second}", f"{first}-{second}"
    if known[joined.lower()]:
        return joined
    if known[hyphenated.lower()] or second[0].isupper():
        return hyphenated
    both_are_words = known[first.lower()] and known[second.lower()]
    return hyphenated if both_are_words else joined
