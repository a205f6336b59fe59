"""Cuts a document into the spans that are embedded and found.

A chunk never crosses a heading, ends at a sentence, and is never longer than the embedder reads, since what a model
cuts off silently can never be found. Numbered lists stay whole with the line that leads to them where they fit.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from assistant.domain import PageSpan
from assistant.library import Chunk, Heading, ParsedDocument
from assistant.sentences import is_list_item, sentences

TokenCounts = Callable[[Sequence[str]], list[int]]
Span = tuple[int, int]

# Characters. About 1,000 is what MiniLM reads (256 tokens) of most English text.
TARGET_CHARACTERS = 1000
MAX_CHARACTERS = 1250
MAX_TOKENS = 256
SPECIAL_TOKENS = 2
# The line of title and headings before an embedded text may take this many characters of its 256 tokens.
CONTEXT_CHARACTERS = 200
# Characters within which the next word of a heading is looked for; blanks and line ends lie between.
HEADING_REACH = 1000
# A section's sentences are all held while it is packed; some thirty pages of prose are worked on at once.
SECTION_CHARACTERS = 100_000
# A rest shorter than this is added to the chunk before rather than left alone, where it fits.
SMALL_REST = 200


@dataclass(frozen=True, slots=True)
class _Unit:
    """Sentences that belong together, with their tokens (without special ones)."""

    start: int
    end: int
    tokens: int


@dataclass(frozen=True, slots=True)
class _Section:
    """From one heading to the next; ``body`` is where the text after the heading begins."""

    start: int
    body: int
    end: int
    path: tuple[str, ...]


def chunk(
    parsed: ParsedDocument, token_counts: TokenCounts, title: str, alive: Callable[[], None] = lambda: None
) -> list[Chunk]:
    """Return the chunks in reading order; ``chunk.text`` is exactly ``parsed.text[start:end]``.

    ``token_counts`` counts as the embedder does, special tokens included; ``title`` is that of the embedded context.
    ``alive`` is called at every section, or every hundred thousand characters of a long one; what it raises ends this.
    """
    text = parsed.text
    pages = page_spans(parsed)
    page_starts = [page.start for page in pages]
    chunks: list[Chunk] = []
    sections = _sections(text, parsed.headings, pages)
    for section in (window for whole in sections for window in _windows(text, whole)):
        alive()
        for start, end in _section_spans(text, section, token_counts, title):
            first, last = (bisect_right(page_starts, at) - 1 for at in (start, end - 1))
            pages_of = pages[first].number, pages[last].number
            chunks.append(Chunk(len(chunks), start, end, *pages_of, section.path, text[start:end]))
    return chunks


def contextual_text(title: str, heading_path: Sequence[str], text: str) -> str:
    """Return the text as it is embedded: a line ``title > heading > heading`` and then the text.

    Where that line would be long, headings in the middle are left out first.
    """
    return f"{_context(title, heading_path)}\n{text}"


def page_spans(parsed: ParsedDocument) -> list[PageSpan]:
    """Where each page lies in the document text."""
    spans: list[PageSpan] = []
    at = 0
    for page in parsed.pages:
        spans.append(PageSpan(page.number, at, at + len(page.text)))
        at += len(page.text) + 1
    return spans


def _context(title: str, heading_path: Sequence[str]) -> str:
    parts = [title, *(heading for heading in heading_path if heading.casefold() != title.casefold())]
    while len(parts) > 2 and len(" > ".join(parts)) > CONTEXT_CHARACTERS:
        del parts[1]
    return " > ".join(parts)[:CONTEXT_CHARACTERS]


def _sections(text: str, headings: Sequence[Heading], pages: Sequence[PageSpan]) -> Iterator[_Section]:
    """Cut at headings and at pages without a number (sheets). A heading with nothing under it joins the next."""
    marks: dict[int, Heading | None] = {page.start: None for page in pages if page.number is None}
    marks |= {heading.start: heading for heading in sorted(headings, key=lambda heading: heading.start)}
    starts = sorted({0, *marks})
    stack: list[Heading] = []
    waiting: int | None = None
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        heading = marks.get(start)
        stack = _under(stack, heading) if heading else []
        body = _after_heading(text, start, heading)
        if not text[body:end].strip() and end < len(text):
            waiting = start if waiting is None else waiting
            continue
        yield _Section(start if waiting is None else waiting, body, end, tuple(found.text for found in stack))
        waiting = None


def _windows(text: str, section: _Section) -> Iterator[_Section]:
    """A section of usual length as it is; a book without headings in parts, so that few spans are held at a time."""
    start, body = section.start, section.body
    while section.end - body > SECTION_CHARACTERS:
        cut = _cut(text, body, body + SECTION_CHARACTERS)
        yield _Section(start, body, cut, section.path)
        start = body = cut
    yield _Section(start, body, section.end, section.path)


def _under(stack: list[Heading], heading: Heading) -> list[Heading]:
    return [*(above for above in stack if above.level < heading.level), heading]


def _after_heading(text: str, start: int, heading: Heading | None) -> int:
    """Where the heading's words end in the text; they may stand on several lines."""
    at = start
    for word in heading.text.split() if heading else []:
        found = text.find(word, at, at + HEADING_REACH)
        at = found + len(word) if found >= 0 else at
    return at


def _section_spans(text: str, section: _Section, token_counts: TokenCounts, title: str) -> Iterator[Span]:
    """Spans of one section's chunks, each within the token limit together with its context line."""
    context = _context(title, section.path)
    room = MAX_TOKENS - token_counts([context])[0]
    units = _units(text, section, token_counts, room)
    for span in _packed(units, room):
        yield from _within(text, span, context, token_counts)


def _units(text: str, section: _Section, token_counts: TokenCounts, room: int) -> list[_Unit]:
    spans = list(_sentence_spans(text, section))
    counts = [count - SPECIAL_TOKENS for count in token_counts([text[start:end] for start, end in spans])]
    single = [_Unit(start, end, tokens) for (start, end), tokens in zip(spans, counts, strict=True)]
    return [unit for group in _groups(text, single) for unit in _joined(group, room)]


def _sentence_spans(text: str, section: _Section) -> Iterator[Span]:
    """The heading and then the sentences under it; overlong ones in pieces."""
    if text[section.start : section.body].strip():
        yield section.start, section.body
    for start, end in sentences(text[section.body : section.end]):
        yield from _pieces(text, section.body + start, section.body + end)


def _pieces(text: str, start: int, end: int) -> Iterator[Span]:
    """Cut what is longer than a chunk may be, best after a mark, else between words, else anywhere."""
    while end - start > MAX_CHARACTERS:
        cut = _cut(text, start, start + TARGET_CHARACTERS)
        yield start, cut
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end


def _cut(text: str, start: int, latest: int) -> int:
    for mark in ("\n", "; ", ", ", " "):
        found = text.rfind(mark, start + (latest - start) // 2, latest)
        if found > start:
            return found + len(mark.rstrip())
    return latest


def _groups(text: str, units: Sequence[_Unit]) -> Iterator[list[_Unit]]:
    """Sentences one by one, but list items together with the line that leads to them."""
    group: list[_Unit] = []
    for number, unit in enumerate(units):
        follows = bool(group) and _belongs(text, units[number - 1], unit)
        if group and not follows:
            yield group
            group = []
        group.append(unit)
    if group:
        yield group


def _belongs(text: str, before: _Unit, unit: _Unit) -> bool:
    """Return whether a sentence continues the list, or opens it after its lead-in."""
    previous = text[before.start : before.end]
    if is_list_item(text[unit.start : unit.end]):
        return is_list_item(previous) or previous.endswith(":") or "\n" not in text[before.end : unit.start]
    return is_list_item(previous) and "\n" not in text[before.end : unit.start]


def _joined(group: Sequence[_Unit], room: int) -> list[_Unit]:
    """One unit if the group fits a chunk, else its parts."""
    tokens = sum(unit.tokens for unit in group)
    whole = _Unit(group[0].start, group[-1].end, tokens)
    return [whole] if tokens <= room and whole.end - whole.start <= MAX_CHARACTERS else list(group)


def _packed(units: Sequence[_Unit], room: int) -> Iterator[Span]:
    """Fill chunks of about equal size, none above the limits."""
    total = units[-1].end - units[0].start if units else 0
    aim = total / max(1, -(-total // TARGET_CHARACTERS))
    held: list[_Unit] = []
    for unit in units:
        if held and _is_full(held, unit, units[-1].end, room, aim):
            yield held[0].start, held[-1].end
            held = []
        held.append(unit)
    if held:
        yield held[0].start, held[-1].end


def _is_full(held: Sequence[_Unit], unit: _Unit, section_end: int, room: int, aim: float) -> bool:
    length = unit.end - held[0].start
    if length > MAX_CHARACTERS or sum(kept.tokens for kept in held) + unit.tokens > room:
        return True
    enough = held[-1].end - held[0].start >= aim or length > aim + (unit.end - unit.start) / 2
    return enough and section_end - unit.start >= SMALL_REST


def _within(text: str, span: Span, context: str, token_counts: TokenCounts) -> Iterator[Span]:
    """Halve a span until the embedder reads all of it; needed where words have very many tokens."""
    start, end = span
    if end - start < 2 or token_counts([f"{context}\n{text[start:end]}"])[0] <= MAX_TOKENS:
        yield span
        return
    middle = _cut(text, start, start + (end - start + 1) // 2)
    for part in _trimmed(text, ((start, middle), (middle, end))):
        yield from _within(text, part, context, token_counts)


def _trimmed(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Spans without blanks at their ends; blank ones are gone."""
    for start, end in spans:
        part = text[start:end]
        if part.strip():
            yield start + len(part) - len(part.lstrip()), start + len(part.rstrip())
