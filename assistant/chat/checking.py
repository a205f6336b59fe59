"""Looks up each sentence of an answer in its passages as it streams, and marks or leaves out what is not there.

Read this before changing it: as with citations, what was given out never changes. A sentence is looked up once, when
it is complete; where unsupported ones are to be left out, nothing is given out before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from assistant.chat.citations import CitationResolver
from assistant.chat.claims import Sentence, Sentences
from assistant.chat.support import figures, support
from assistant.domain import Citation, Passage, Support, Unsupported

NOTE = "(Left out here: not found in the sources.)"
DIGITS = 3
_RENUMBERED = re.compile(r"`[^`]*`|\[(\d{1,4})\]")
_WORDS = re.compile(r"\S+\s?|\s")
_CALCULATION = re.compile(r"\d\s*[-+*/%^]|\b(?:sum|min|max|round|mean)\b")


class Checked:
    """Takes a model's text by way of a resolver; ``shown`` is how long the answer is by now.

    ``passages`` may grow meanwhile, ``asked`` is the question.
    """

    def __init__(
        self, resolver: CitationResolver, passages: Sequence[Passage], unsupported: Unsupported, shown: int, asked: str
    ) -> None:
        self.support: tuple[Support, ...] = ()
        self._resolver = resolver
        self._passages = passages
        self._withholds = unsupported == "withhold"
        self._asked = figures(asked)
        self._results: frozenset[str] = frozenset()
        self._operands: frozenset[str] = frozenset()
        self._numbers = {citation.n: citation.n for citation in resolver.citations}
        self._shown = shown
        self._sentences = Sentences()
        self._pending = ""  # text that waits for its sentence to be complete
        self._at = 0  # how much of the text fed has been given out, or left out
        self._gap = ""  # blanks behind the last note
        self._noted: tuple[int, int] | None = None  # the last note, as long as nothing follows it

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The citations of what was given out, by ascending number."""
        if not self._withholds:
            return self._resolver.citations
        shown = (
            replace(citation, n=self._numbers[citation.n])
            for citation in self._resolver.citations
            if citation.n in self._numbers
        )
        return tuple(sorted(shown, key=lambda citation: citation.n))

    def calculated(self, expression: str, result: str) -> None:
        """Note what was calculated: its result stands in no passage."""
        if _CALCULATION.search(expression):
            self._operands |= figures(expression)
            self._results |= figures(result)

    def feed(self, model_text: str) -> str:
        """Take more text and return what may be shown of it by now.

        It is read word by word, so that citation numbers do not depend on how the text was cut on its way.
        """
        return "".join(self._fed(self._resolver.feed(word).text) for word in _WORDS.findall(model_text))

    def finish(self) -> str:
        """Return what was held back: the text is complete for now."""
        shown = self._fed(self._resolver.finish().text) + self._taken("", self._sentences.finish())
        self._sentences, self._at = Sentences(), 0
        return shown

    def _fed(self, text: str) -> str:
        return self._taken(text, self._sentences.feed(text)) if text else ""

    def _taken(self, text: str, complete: Sequence[Sentence]) -> str:
        if not self._withholds:
            for sentence in complete:
                self._keep(sentence, self._shown - self._at + sentence.start, self._shown - self._at + sentence.end)
            self._shown += len(text)
            self._at += len(text)
            return text
        self._pending += text
        return "".join(self._released(complete))

    def _released(self, complete: Sequence[Sentence]) -> Iterator[str]:
        """What is decided of the held text, with a note for what is left out."""
        for sentence in complete:
            yield self._give(sentence.start)
            found = self._looked_up(sentence)
            if found is None or found.found:
                begin = self._shown
                yield self._give(sentence.end)
                self._add(found, begin, self._shown)
            else:
                yield self._note(sentence, found)
        yield self._give(self._sentences.decided)

    def _give(self, until: int) -> str:
        """The held text up to a place, with its citations numbered in the order in which they are shown."""
        length = max(0, until - self._at)
        text, self._pending = self._pending[:length], self._pending[length:]
        self._at += length
        if self._noted and not text.strip() and "\n" not in text:
            self._gap += text  # two sentences that are left out share a note
            return ""
        text, self._gap = self._gap + text, ""
        text = _RENUMBERED.sub(self._renumbered, text)
        if text.strip():
            self._noted = None
        self._shown += len(text)
        return text

    def _renumbered(self, match: re.Match[str]) -> str:
        if match[1] is None or int(match[1]) > len(self._resolver.citations):
            return match.group()
        return f"[{self._shown_number(int(match[1]))}]"

    def _note(self, sentence: Sentence, found: Support) -> str:
        """A note in place of a sentence; one for those that follow each other on a line."""
        before = self._give(sentence.begins) if not sentence.row else ""
        self._pending = self._pending[sentence.end - self._at :]
        self._at = sentence.end
        if self._noted and not before.strip():
            self._add(found, *self._noted)
            self._gap = ""
            return before
        glue = " " if before[-1:] not in ("", " ", "\n") else ""
        note = f"| {NOTE} |" if sentence.row else NOTE
        begin = self._shown + len(glue) + note.index(NOTE)
        self._noted = (begin, begin + len(NOTE))
        self._shown += len(glue) + len(note)
        self._add(found, *self._noted)
        return before + glue + note

    def _keep(self, sentence: Sentence, begin: int, end: int) -> None:
        self._add(self._looked_up(sentence), begin, end)

    def _add(self, found: Support | None, begin: int, end: int) -> None:
        if found is not None:
            self.support += (replace(found, start=begin, end=end, n=self._shown_number(found.n)),)

    def _shown_number(self, n: int | None) -> int | None:
        return n if n is None or not self._withholds else self._numbers.setdefault(n, len(self._numbers) + 1)

    def _looked_up(self, sentence: Sentence) -> Support | None:
        """What bears a sentence out; None when it needs nothing."""
        if not sentence.states or not self._passages or self._is_calculated(sentence.text):
            return None
        known = [n for n in sentence.cited if n <= len(self._resolver.citations)]
        cited = list(dict.fromkeys(self._resolver.passage_of(n) for n in known))
        found = support(sentence.text, self._passages, [index for index in cited if index >= 0])
        if not found.enough:
            return Support(0, 0, round(found.score, DIGITS), None, found=False)
        own = [n for n in known if self._resolver.passage_of(n) == found.index]
        n = own[-1] if own else self._resolver.cite(found.index, found.start, found.end)
        return Support(0, 0, round(found.score, DIGITS), n, found=True, verbatim=found.verbatim)

    def _is_calculated(self, text: str) -> bool:
        """Whether a sentence tells a result of figures that were asked about, calculated with, or found."""
        told = figures(text)
        if not told & self._results:
            return False
        known = self._results | self._operands | self._asked
        return told <= known or told <= known.union(*(figures(passage.text) for passage in self._passages))
