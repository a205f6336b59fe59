"""Turns a model's markers ``[k]`` (passage k) into citations ``[n]`` while the answer streams.

Read this before changing it: text already given out never changes, so a number once given stays; a citation's
quote may only grow; and what cannot be decided yet (half a marker, the blanks before it) is held back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.chat.quotes import Span, locate, on_one_page, quoted, whole
from assistant.domain import Citation, Passage

TOKEN = re.compile(
    r"(?P<ticks>`+)"
    r"|(?P<paragraph>\n[ \t]*\n)"
    r"|(?P<marker>[ \t]*(?<![\\!])(?:\[\s*\d{1,4}(?:\s*[,;]\s*\d{1,4})*\s*\](?!\()|【\d{1,4}[^】\n]{0,40}】))"
)
"""What decides: code begins or ends, a paragraph ends, or a marker. ``[1](…)`` is a link and ``![1]`` an image;
``【1†source】`` is how models of the gpt-oss family write a marker whatever they are told."""
UNDECIDED = re.compile(r"(?:[ \t]*[\\!]?(?:\[[\s\d,;]{0,40}\]?|【[^】\n]{0,44})?|`+|\n[ \t\n]*)\Z")
"""The end of a text that the next piece may turn into one of those."""
BETWEEN = re.compile(r"\s+|(?<=\s)(?:\(?(?:\d{1,3}|[a-zA-Z])[.)]|[-*+•◦▪·])(?=\s)")
"""What may stand between two sentences that are neighbours: blanks, and the next list item's mark."""
NUMBERS = re.compile(r"\d{1,4}")
FENCE = 3


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that is ready to be shown; ``changed`` when the citations grew or became more."""

    text: str
    changed: bool


class CitationResolver:
    """Reads an answer piece by piece. ``passages`` may grow meanwhile (a second search); k counts from 1 in it."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = passages
        self._citations: list[Citation] = []
        self._sources: list[int] = []  # for each citation its passage's index
        self._held = ""
        self._claim = ""
        self._claimed = ""
        self._fence = 0  # length of the run of backticks that opened the code we are in
        self._last_group: list[int] = []  # the numbers given in the marker group just written
        self.dropped = 0

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All citations so far, by ascending number."""
        return tuple(self._citations)

    def go_on_from(self, citations: Sequence[Citation]) -> None:
        """Take up the citations that the answer had before it was interrupted; their numbers stay."""
        places = {passage.chunk_id: place for place, passage in enumerate(self._passages)}
        self._citations = list(citations)
        self._sources = [places.get(citation.chunk_id, -1) for citation in citations]

    def passage_of(self, n: int) -> int:
        """Return the index of the passage that citation ``n`` quotes; -1 when it is not among the passages."""
        return self._sources[n - 1]

    def cite(self, index: int, start: int, end: int) -> int:
        """Return the number of a citation of ``passages[index].text[start:end]``, for a sentence without a marker."""
        passage = self._passages[index]
        span = on_one_page(passage, passage.start + start, passage.start + end)
        for place, source in enumerate(self._sources):
            citation = self._citations[place]
            if source == index and citation.page == span.page and _overlap(citation, span):
                return citation.n
        return self._numbered(index, span)

    def feed(self, text: str) -> Piece:
        """Take the next piece of the model's text and return what is ready."""
        text = self._held + text
        undecided = UNDECIDED.search(text)
        cut = undecided.start() if undecided else len(text)
        self._held = text[cut:]
        return self._resolve(text[:cut])

    def finish(self) -> Piece:
        """Return what was held back: the text is complete."""
        text, self._held = self._held, ""
        return self._resolve(text)

    def _resolve(self, text: str) -> Piece:
        before = self.citations
        shown = []
        place = 0
        for token in TOKEN.finditer(text):
            shown.append(self._plain(text[place : token.start()]))
            shown.append(self._token(token))
            place = token.end()
        shown.append(self._plain(text[place:]))
        return Piece("".join(shown), self.citations != before)

    def _plain(self, text: str) -> str:
        if text.strip():
            self._last_group = []
        self._claim += text
        return text

    def _token(self, token: re.Match[str]) -> str:
        if token["ticks"]:
            self._toggle_code(len(token["ticks"]))
        elif token["paragraph"]:
            self._end_paragraph()
        elif not self._fence:
            return self._marker(token["marker"])
        return self._plain(token.group())

    def _toggle_code(self, ticks: int) -> None:
        if not self._fence:
            self._fence = ticks
        elif ticks == self._fence or (self._fence >= FENCE and ticks > self._fence):
            self._fence = 0

    def _end_paragraph(self) -> None:
        if self._fence < FENCE:
            self._fence = 0  # a lone backtick opens nothing beyond its paragraph
            self._claim = ""

    def _marker(self, marker: str) -> str:
        """Return the marker with citation numbers, or nothing when it names no passage."""
        blanks = marker[: len(marker) - len(marker.lstrip(" \t"))]
        found = NUMBERS.findall(marker)
        named = found[:1] if "【" in marker else found
        known = [int(k) - 1 for k in named if 1 <= int(k) <= len(self._passages)]
        self.dropped += len(named) - len(known)
        self._claimed, self._claim = (self._claim if self._claim.strip(" \t\n.,;:") else self._claimed), ""
        fresh = [n for n in self._numbers(known) if n not in self._last_group]
        self._last_group += fresh
        return blanks + "".join(f"[{n}]" for n in fresh) if fresh else ""

    def _numbers(self, indexes: Sequence[int]) -> list[int]:
        return list(dict.fromkeys(self._cite(index) for index in indexes))

    def _cite(self, index: int) -> int:
        """Return the number of the citation that covers the claim in this passage, grown or made for it."""
        passage = self._passages[index]
        earlier = [place for place, source in enumerate(self._sources) if source == index]
        span = locate(self._claimed, passage)
        if span is None and earlier:
            return earlier[-1] + 1
        for place in earlier:
            joined = _joined(passage, self._citations[place], span)
            if joined is not None:
                self._citations[place] = joined
                return joined.n
        return self._numbered(index, span or whole(passage))

    def _numbered(self, index: int, span: Span) -> int:
        self._citations.append(_citation(len(self._citations) + 1, self._passages[index], span))
        self._sources.append(index)
        return len(self._citations)


def _overlap(citation: Citation, span: Span) -> bool:
    return citation.start < span.end and span.start < citation.end


def _joined(passage: Passage, citation: Citation, span: Span | None) -> Citation | None:
    """The citation grown by a span that touches it; None when other words or a page's end stand between them."""
    if span is None or citation.page != span.page:
        return None
    start, end = min(citation.start, span.start), max(citation.end, span.end)
    gap = passage.text[min(citation.end, span.end) - passage.start : max(citation.start, span.start) - passage.start]
    if BETWEEN.sub("", gap):
        return None
    quote = quoted(passage, Span(start, end, citation.page))
    return replace(citation, quote=quote, start=start, end=end)


def _citation(n: int, passage: Passage, span: Span) -> Citation:
    return Citation(
        n=n,
        document_id=passage.document_id,
        document=passage.document,
        version=passage.version,
        chunk_id=passage.chunk_id,
        page=span.page,
        quote=quoted(passage, span),
        start=span.start,
        end=span.end,
        heading_path=passage.heading_path,
        page_label=next((page.label for page in passage.spans if page.number == span.page), passage.page_label),
    )
