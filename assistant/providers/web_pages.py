"""A sign-in page of a proxy, or any other page, that answers in place of a model's server."""

from __future__ import annotations

from typing import Any


class WebPage(Exception):  # the fault is what came
    """Raised instead of reading the page: to the SDKs its lines are an answer without any content."""


async def no_web_page(response: Any) -> None:
    """Look at a response of httpx or httpx2 before it is read; raises WebPage for a page that says all is well."""
    if response.is_success and response.headers.get("content-type", "").lower().startswith("text/html"):
        raise WebPage


HOOKS: dict[str, list[Any]] = {"response": [no_web_page]}
"""What the SDKs' connections are given."""
