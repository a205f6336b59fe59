"""Imported once by the server that forks parser children: what is loaded here, no child has to load.

The process that asks for children never imports it and stays small. pypdf and python-pptx (11 MB in each child) are not
among these; few files need them.
"""

from __future__ import annotations

import lxml.etree  # noqa: F401
import pypdfium2  # noqa: F401
import python_calamine  # noqa: F401
import selectolax.lexbor  # noqa: F401

from assistant.knowledge.parsing import (  # noqa: F401
    bundle,
    csv_rows,
    epub,
    json_text,
    mail,
    markdown,
    odf,
    pdf,
    pdf_fonts,
    plain,
    rtf,
    sheets,
    slides,
    web,
    word,
)
