"""Cuts an answer into sentences while it streams, and tells which of them state something that sources must bear out.

Nothing needs a source that states nothing: questions back, headings, lead-ins ("Here are the steps:"), code, greetings,
what the assistant says of itself, and that the sources are silent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.chat.quotes import LEADING
from assistant.chat.support import has_content
from assistant.providers.passages import CANNOT_ANSWER
from assistant.sentences import sentences

MARKER = re.compile(r"\[(\d{1,4})\]")
LONGEST = 1_000
"""Characters after which a sentence that does not end is taken as it is: a hostile one must not be read again and
again while it grows."""

SHORT = 25
"""Characters of a greeting or the like: "Hope that helps." """
LONG = 200
"""Characters from which a sentence is looked at only as often as it has grown by an eighth."""
BOTH = 2
"""Sentences from which the first may be complete."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_EMPHASIS = re.compile(r"\*+(?=\S)|(?<=\S)\*+|(?<!\w)_+(?=\S)|(?<=\S)_+(?!\w)")
_STARRED = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*]+)(?<=\S)\1(?![\w*])")
_OPENING = re.compile(r"[*_]+$|(?<!\S)(?:\[\d{1,4}\]\s*)+$")
_CLOSING = re.compile(r"[*_~`\"'”’)]*(?:\s*\[\d{1,4}\])*[*_.]*")  # noqa: RUF001 - the punctuation of other scripts is meant
_MAY_END = re.compile(r"[.!?…。！？]")  # noqa: RUF001 - as above
_HEADING = re.compile(r"\s*#{1,6}\s|\s*\*\*[^*.!?]{1,80}\*\*\W*$|[\s|:=+*_-]*$")
_ROW = re.compile(r"\s*\|")
_BLOCK = re.compile(r"\s*(?:[#>|]|[-*+•]\s|\d{1,3}[.)]\s)")
_NOUN = r"(?:sources?|documents?|passages?|excerpts?|texts?|knowledge base|polic(?:y|ies)|handbooks?|guides?)"
_TELL = (
    r"(?:say|mention|contain|state|specify|answer|cover|include|provide|give|address|describe|list|name|tell|hold|"
    r"explain|define|carry)"
)
_SILENCE = re.compile(
    rf"\b{_NOUN}(?: \w+){{0,3}} (?:do|does|did)(?: not|n['\u2019]t) (?:\w+ )?{_TELL}\b"
    rf"|\b{_NOUN}(?: \w+){{0,2}} {_TELL}e?s? (?:nothing|no)\b"
    rf"|\b(?:not|nothing|nowhere|n['\u2019]t)\b(?: \w+){{0,4}} (?:in|by|from) (?:the|these|your|any|our) (?:\w+ )?"
    rf"{_NOUN}\b"
    r"|\bno (?:information|mention|details?|answer|data)\b|\b(?:is|are) missing\b",
    re.IGNORECASE,
)
_TURNS = re.compile(r"\b(?:but|however|although|though|instead|so|therefore|that)\b|[;\d]", re.IGNORECASE)
"""Behind these a statement may follow."""
_LEADS_ON = re.compile(r"\b(?:but|however|although|though|instead|so|therefore)\b|;", re.IGNORECASE)
_OF_ITSELF = re.compile(
    r"(?:Hello|Hi|Sure|Certainly|Of course|Yes|No|OK|Okay|Right|Correct|Exactly)(?:,? (?:there|again|thing))?\W*$"
    r"|Thank(?:s| you)(?: for (?:\w+ ?){1,4})?\W*$|You(?: are|['\u2019]re) welcome\W*$"
    r"|(?:I )?[Hh]ope (?:this|that) helps\W*$"
    r"|(?:I(?: am|['\u2019]m) )?[Ss]orry(?: about that| for that)?\W*$|It depends\W*$"
    r"|I (?:cannot|can['\u2019]t|could not|couldn['\u2019]t) (?:answer|say|tell|find|help|do|confirm)\b"
    r"|I (?:do not|don['\u2019]t|did not|didn['\u2019]t) (?:know|have|see|find)\b|I found (?:no|nothing)\b"
    r"|(?:I will|I['\u2019]ll|Let me) (?:know|look|search|check|see)\b|Please (?:ask|tell me|rephrase)\b"
)
"""Said of the assistant itself, or to the person; nothing of this leads over to a statement."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence at characters ``[start, end)`` of what was fed, its markers included.

    ``text`` is without markers, ``cited`` are their numbers, ``begins`` is where its words begin behind the mark of a
    list and before any emphasis, ``row`` says that it is a row of a table.
    """

    start: int
    end: int
    text: str
    cited: tuple[int, ...]
    states: bool
    begins: int
    row: bool = False


class Sentences:
    """Reads an answer piece by piece; a sentence comes out once what follows shows that it is complete.

    ``decided`` is how far the text belongs to sentences that came out, or to none.
    """

    def __init__(self) -> None:
        self.decided = 0
        self._open = ""
        self._looked = 0  # so far no sentence ends in what is open
        self._again = 0  # how long it must have grown before it is looked at again
        self._fence = ""
        self._in_table = False

    def feed(self, text: str) -> list[Sentence]:
        """Take more text and return the sentences that are complete by now."""
        self._open += text
        return list(self._complete(ends=False))

    def finish(self) -> list[Sentence]:
        """Return the sentences that are left: the text is complete."""
        return list(self._complete(ends=True))

    def _complete(self, *, ends: bool) -> Iterator[Sentence]:
        while True:
            line = self._line(ends=ends)
            if line is None:
                break
            yield from self._whole(line)
        if not self._fence and _MAY_END.search(self._open, self._looked):
            yield from self._begun()
        if len(self._open) > LONGEST:
            yield from self._whole(self._open)

    def _line(self, *, ends: bool) -> str | None:
        """The next whole line with its end; lines that only wrap a paragraph are one."""
        at = self._open.find("\n")
        while at >= 0:
            following = self._open[at + 1 : at + 2]
            if following and not (following.islower() and not self._fence and not _BLOCK.match(self._open)):
                return self._open[: at + 1]
            if not following:
                break
            at = self._open.find("\n", at + 1)
        return self._open if ends and self._open else None

    def _whole(self, line: str) -> Iterator[Sentence]:
        """The sentences of a whole line."""
        if not self._is_code(line):
            header = _ROW.match(line) is not None and not self._in_table
            if line.strip():
                self._in_table = _ROW.match(line) is not None
            yield from self._sentences(line, _spans(line), quiet=header or _HEADING.match(line) is not None)
        self._advance(len(line))

    def _begun(self) -> Iterator[Sentence]:
        """The sentences of a line that still grows, without the last, and only before a next word that is whole."""
        if len(self._open) < self._again:
            return
        self._again = len(self._open) * 9 // 8 if len(self._open) > LONG else 0
        spans = _spans(self._open)
        if len(spans) < BOTH:  # the mark was of an abbreviation, or its sentence is the last so far
            self._looked = len(self._open.rstrip("\"'”’»)]*_ \t").rstrip(".!?…"))  # noqa: RUF001 - as above
            return
        while spans and not re.search(r"\w\s", self._open[spans[-1][0] :]):
            spans.pop()
        done = spans[:-1]
        if not done or _HEADING.match(self._open) or _ROW.match(self._open) or _FENCE.match(self._open):
            return
        yield from self._sentences(self._open, done, quiet=False)
        self._advance(spans[-1][0])

    def _is_code(self, line: str) -> bool:
        """Whether a line opens, closes or is within code."""
        found = _FENCE.match(line)
        if self._fence:
            if found and found[1].startswith(self._fence) and not line.strip().strip(self._fence[0]):
                self._fence = ""
            return True
        self._fence = found[1] if found else ""
        return found is not None

    def _advance(self, length: int) -> None:
        self._open = self._open[length:]
        self._looked = self._again = 0
        self.decided += length

    def _sentences(self, line: str, spans: Sequence[tuple[int, int]], *, quiet: bool) -> Iterator[Sentence]:
        for start, end in spans:
            whole = line[start:end]
            cited = tuple(dict.fromkeys(int(n) for n in MARKER.findall(whole)))
            text = MARKER.sub("", whole).strip()
            lead = LEADING.match(whole)
            yield Sentence(
                start=self.decided + start,
                end=self.decided + end,
                text=text,
                cited=cited,
                states=not quiet and states(text, cited=bool(cited)),
                begins=self.decided + start + (len(lead.group().rstrip("*")) if lead else 0),
                row=_ROW.match(whole) is not None,
            )


def states(text: str, *, cited: bool = False) -> bool:
    """Whether a sentence states something that a source must bear out."""
    bare = text.strip(" *_\t\n")
    if bare.startswith(CANNOT_ANSWER) or not has_content(LEADING.sub("", bare)):
        return False
    if cited:
        return True
    if bare.endswith((":", "?")):
        return False
    if _OF_ITSELF.match(bare):
        return bool(_TURNS.search(bare.removesuffix("."))) and len(bare) > SHORT
    return not _SILENCE.search(bare) or bool(_LEADS_ON.search(bare))


def words_of(answer: str, start: int, end: int) -> str:
    """Return the words of a sentence of an answer, without markers, emphasis, the mark of a list and a table's bars."""
    text = _STARRED.sub(r"\2", MARKER.sub("", answer[start:end])).strip(" |*_\t\n")
    return " ".join(LEADING.sub("", text).split())


def _spans(line: str) -> list[tuple[int, int]]:
    """The sentences of a line, each with the signs and markers at its ends."""
    plain = _EMPHASIS.sub(_blank, MARKER.sub(_blank, line)).replace("\n", " ")
    spans: list[tuple[int, int]] = []
    for start, end in sentences(plain):
        opened = _OPENING.search(line, spans[-1][1] if spans else 0, start)
        closed = _CLOSING.match(line, end)
        spans.append((opened.start() if opened else start, closed.end() if closed else end))
    return spans


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())
