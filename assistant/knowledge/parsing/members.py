"""Files that lie in another file (members of an archive, attachments of a letter), each a section under its name.

They are read in the same child with the same limits. One that cannot be read is left out and told in the note.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import TOO_MUCH
from assistant.knowledge.parsing.characters import one_line
from assistant.knowledge.parsing.pages import DocumentBuilder
from assistant.library import Heading, ParsedDocument

# Files in one file, those in its own inner files included: more is no document but a folder.
MOST_MEMBERS = 1_000
# Letters in letters in letters; deeper nesting is made to hang readers.
DEEPEST = 3
TOO_MANY = f"This file holds more than {MOST_MEMBERS:,} files; split it and upload its parts."
TOO_DEEP = f"Files lie more than {DEEPEST} deep in one another; unpack them and upload the inner ones."
NESTED = "An archive inside an archive is not opened; unpack it and upload its files."
NAMES_TOLD = 3
NAME_MAX = 200
_DRIVE = re.compile(r"[A-Za-z]:")


class _Nest:
    """What all files within one uploaded file share."""

    def __init__(self) -> None:
        self.depth = 0
        self.members = 0
        self.in_archive = False

    @contextmanager
    def one_deeper(self) -> Iterator[None]:
        """Count a member that is read within; raises UnreadableDocument when that is one too many or too deep."""
        self.members += 1
        if self.members > MOST_MEMBERS:
            raise UnreadableDocument(TOO_MANY)
        if self.depth >= DEEPEST:
            raise UnreadableDocument(TOO_DEEP)
        self.depth += 1
        token = _NEST.set(self)
        try:
            yield
        finally:
            self.depth -= 1
            _NEST.reset(token)


_NEST: ContextVar[_Nest | None] = ContextVar("nest", default=None)


class Members:
    """Adds inner files to ``document`` and remembers those that could not be read."""

    def __init__(self, document: DocumentBuilder) -> None:
        self._document = document
        self._nest = _NEST.get() or _Nest()
        self._read = 0
        self._left_out: list[tuple[str, str]] = []

    def add(self, name: str, data: bytes) -> None:
        """Read one as a section; raises UnreadableDocument only when there are too many or they unpack to too much."""
        shown = shown_name(name)
        try:
            with self._nest.one_deeper():
                parsed = _parsed(data, shown)
        except UnreadableDocument as error:
            self.refuse(shown, error)
            return
        self._read += 1
        self._document.start_page()
        self._document.heading(1, shown)
        self._document.verbatim("\n\n")
        self._document.verbatim(parsed.text, tuple(_deeper(parsed)))

    @contextmanager
    def of_archive(self) -> Iterator[None]:
        """Add the members of an archive; raises UnreadableDocument when that lies in another archive itself."""
        if self._nest.in_archive:
            raise UnreadableDocument(NESTED)
        self._nest.in_archive = True
        try:
            yield
        finally:
            self._nest.in_archive = False

    def refuse(self, name: str, error: UnreadableDocument) -> None:
        """Note a file that cannot be read; raises the error again when it is about the whole."""
        if error.message in (TOO_MUCH, TOO_MANY):
            raise error
        self.leave_out(name, error.message)

    def leave_out(self, name: str, reason: str) -> None:
        """Note a file that is not read, and why."""
        self._left_out.append((shown_name(name), reason))

    def note(self, what: str) -> str:
        """The sentence about what was left out; empty when nothing was."""
        if not self._left_out:
            return ""
        names = [name for name, _ in self._left_out]
        more = ", …" if len(names) > NAMES_TOLD else ""
        total = self._read + len(names)
        return f"{len(names)} of {total} {what} could not be read: {', '.join(names[:NAMES_TOLD])}{more}."

    def document(self, title: str, what: str) -> ParsedDocument:
        """The whole; raises UnreadableDocument when there is no text in it, with the first file's own reason."""
        try:
            return replace(self._document.build(title), note=self.note(what))
        except UnreadableDocument:
            if not self._left_out:
                raise
        name, reason = self._left_out[0]
        raise UnreadableDocument(f"None of the {what} can be read, for example {name}: {reason}")


def shown_name(name: str) -> str:
    """A member's name as people see it: no way up or out of its folder, no hidden characters."""
    parts = (one_line(part) for part in _DRIVE.sub("", name).replace("\\", "/").split("/"))
    kept = "/".join(part for part in parts if part not in ("", ".", ".."))
    return kept[-NAME_MAX:] or "unnamed"


def _parsed(data: bytes, name: str) -> ParsedDocument:
    from assistant.knowledge.parsing.reading import parse

    try:
        return parse(io.BytesIO(data), name, lambda _done, _total: None)
    except (UnreadableDocument, MemoryError):
        raise
    except Exception as error:  # a parser's bug with one file shall not cost the others
        if "memory" in str(error).lower():
            raise MemoryError from None
        raise UnreadableDocument("It is damaged.") from None


def _deeper(parsed: ParsedDocument) -> Iterator[Heading]:
    return (replace(heading, level=heading.level + 1) for heading in parsed.headings)
