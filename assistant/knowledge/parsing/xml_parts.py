"""Opens XML from other people's files: no entity is looked up, no file or address is followed, no depth is endless."""

from __future__ import annotations

from typing import Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import DAMAGED


def xml_root(data: bytes) -> Any:
    """Return the root element; raises UnreadableDocument when it is no XML.

    lxml itself refuses elements nested deeper than 256 and entities that grow without bound.
    """
    from lxml import etree

    reader = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False)
    try:
        return etree.fromstring(data, reader)
    except (etree.XMLSyntaxError, ValueError):
        raise UnreadableDocument(DAMAGED) from None
