"""What the openai SDK sends of its own accord, and what of that another server than OpenAI's must not get."""

from __future__ import annotations

import os
from typing import cast

from openai import Omit

NO_KEY = "none"
"""The SDK wants a key where the server does not."""
OPENAI_HEADERS = ("OpenAI-Organization", "OpenAI-Project")
"""Sent by the SDK when OPENAI_ORG_ID and OPENAI_PROJECT_ID are set."""


def for_another(key: str | None) -> dict[str, str]:
    """Return the headers of a client for another server: its own key, and nothing that is OpenAI's business.

    Done by headers, because a copy of the client, as pydantic-ai makes one for a request, reads the environment anew.
    """
    meant = (line.partition(":")[0].strip() for line in os.environ.get("OPENAI_CUSTOM_HEADERS", "").splitlines())
    omitted = {name: Omit() for name in (*OPENAI_HEADERS, *meant) if name and name.lower() != "authorization"}
    # The SDK takes Omit here, its annotation does not say so.
    return {**cast("dict[str, str]", omitted), "Authorization": f"Bearer {key or NO_KEY}"}
