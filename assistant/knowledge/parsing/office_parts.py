"""Parts of an Office file by what they are for, as its relationships say; a missing part is no error."""

from __future__ import annotations

import posixpath
import zipfile
from typing import Any
from urllib.parse import unquote

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import DAMAGED, read
from assistant.knowledge.parsing.xml_parts import xml_root

CORE = "docprops/core.xml"
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
# The strict kind of these files has other names for the same marks.
_STRICT = b"http://purl.oclc.org/ooxml/wordprocessingml/main"
_USUAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"


class OfficeParts:
    """Finds parts whatever the case of their names and the direction of their slashes."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._parts = {_plain(part.filename): part for part in archive.infolist()}

    def main(self) -> str | None:
        """Name of the part that holds the text."""
        return self._target("", "officeDocument")

    def related(self, part: str, purpose: str) -> Any:
        """Root element of what a part refers to for a purpose; None where there is no such part."""
        target = self._target(part, purpose)
        return None if target is None else self.root(target)

    def root(self, part: str) -> Any:
        """Root element of a part; raises UnreadableDocument when it is missing or no XML."""
        found = self._parts.get(_plain(part))
        if found is None:
            raise UnreadableDocument(DAMAGED)
        return xml_root(read(self._archive, found).replace(_STRICT, _USUAL))

    def title(self) -> str:
        """The title that its writer gave it; empty where there is none."""
        found = self.root(CORE).find(f".//{_TITLE}") if CORE in self._parts else None
        return "".join(found.itertext()) if found is not None else ""

    def _target(self, part: str, purpose: str) -> str | None:
        folder, name = posixpath.split(part)
        relations = posixpath.join(folder, "_rels", f"{name}.rels")
        if _plain(relations) not in self._parts:
            return None
        for relation in self.root(relations).iter(_RELATION):
            if relation.get("Type", "").endswith(f"/{purpose}"):
                target = posixpath.normpath(posixpath.join("/", folder, unquote(relation.get("Target", ""))))
                if _plain(target) in self._parts:
                    return _plain(target)
        return None


def _plain(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
