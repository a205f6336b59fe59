"""Reading documents: from bytes of unknown kind to pages of clean text with headings.

``parse`` reads in this process; ``sandbox.ParserSandbox`` does the same in a killable child, which is how
uploads are read. A file's kind is told by its content first and its name second.
"""

from __future__ import annotations

from assistant.knowledge.parsing.formats import media_type
from assistant.knowledge.parsing.reading import parse

__all__ = ["media_type", "parse"]
