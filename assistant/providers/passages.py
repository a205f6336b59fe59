"""The form in which a question and its passages stand in a prompt, for every model alike.

::

    <history>
    <turn role="user">How many days of annual leave do employees get?</turn>
    </history>
    <question>And for contractors?</question>
    <passages>
    <passage n="1" document="Employee Handbook 2026.pdf" page="12" heading="Leave &gt; Annual leave">
    Contractors have no paid leave.
    </passage>
    </passages>

``history`` and ``passages`` are left out when empty, as are ``page`` and ``heading``. A passage whose document does
not hold any more has ``expired`` with the last day on which it did. ``<`` is always written as an entity, so that no
text of a document, a question or a file name can open or close a tag.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.domain import Passage, Route
from assistant.library import today

CANNOT_ANSWER = "The knowledge base does not answer this."
"""What every model says, word for word, when the passages do not carry an answer."""

NOTHING_ABOUT = "The sources say nothing about"
"""Begins the offline model's own sentence on a part of a question that no passage covers."""

DIFFERENT = "The documents do not say the same:"
"""The offline model's own line above what two documents give different figures, dates or names for."""

AGENT_LINE = "Agent: "
"""Begins the first line of every agent's instructions; the rest of that line is the route's value."""

HEADING_SEPARATOR = " > "

_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&"}
_ENTITY = re.compile("|".join(_ENTITIES))
_QUESTION = re.compile(r"<question>(.*?)</question>", re.DOTALL)
_TURN = re.compile(r'<turn role="([^"<]*)">(.*?)</turn>', re.DOTALL)
_PASSAGE = re.compile(r"<passage ([^<>]*)>\n(.*?)\n</passage>", re.DOTALL)
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class PromptPassage:
    """A passage as a model sees it. ``n`` counts from 1 and is what a marker ``[n]`` names."""

    n: int
    document: str
    page: int | None
    heading: str
    text: str


def agent_line(route: Route) -> str:
    """Return the first line of the instructions of the agent that serves ``route``."""
    return f"{AGENT_LINE}{route.value}"


def read_agent(instructions: str) -> Route | None:
    """Return the route that an agent line in ``instructions`` names, None without one."""
    for line in instructions.splitlines():
        if line.startswith(AGENT_LINE) and line.removeprefix(AGENT_LINE).strip() in set(Route):
            return Route(line.removeprefix(AGENT_LINE).strip())
    return None


def render(
    question: str, passages: Sequence[Passage] = (), history: Sequence[tuple[str, str]] = (), first: int = 1
) -> str:
    """Write a prompt; passages are numbered from ``first`` in the given order, history is oldest first."""
    blocks = [f"<question>{_escape(question)}</question>"]
    if history:
        turns = [f'<turn role="{_escape_attribute(role)}">{_escape(text)}</turn>' for role, text in history]
        blocks.insert(0, "\n".join(["<history>", *turns, "</history>"]))
    if passages:
        numbered = [_render_passage(n, passage) for n, passage in enumerate(passages, start=first)]
        blocks.append("\n".join(["<passages>", *numbered, "</passages>"]))
    return "\n".join(blocks)


def render_result(text: str) -> str:
    """Write what a tool found or did as material: no text in it can open or close a tag."""
    return f"<result>{_escape(text)}</result>"


def read(text: str) -> tuple[str, list[PromptPassage]]:
    """Read question and passages out of a prompt; a text without a question tag is a bare question."""
    found = _QUESTION.search(text)
    if found is None:
        return text.strip(), []
    return _unescape(found.group(1)), [_read_passage(match) for match in _PASSAGE.finditer(text)]


def read_history(text: str) -> list[tuple[str, str]]:
    """Read the (role, text) turns out of a prompt, oldest first."""
    return [(_unescape(role), _unescape(said)) for role, said in _TURN.findall(text)]


def _render_passage(n: int, passage: Passage) -> str:
    last = passage.valid_until
    attributes = {
        "n": str(n),
        "document": passage.document,
        "page": "" if passage.page is None else str(passage.page),
        "heading": HEADING_SEPARATOR.join(passage.heading_path),
        "expired": last.isoformat() if last and last < today() else "",
    }
    written = " ".join(f'{name}="{_escape_attribute(value)}"' for name, value in attributes.items() if value)
    return f"<passage {written}>\n{_escape(passage.text)}\n</passage>"


def _read_passage(match: re.Match[str]) -> PromptPassage:
    attributes = {name: _unescape(value) for name, value in _ATTRIBUTE.findall(match.group(1))}
    page = attributes.get("page", "")
    return PromptPassage(
        n=int(attributes["n"]),
        document=attributes.get("document", ""),
        page=int(page) if page else None,
        heading=attributes.get("heading", ""),
        text=_unescape(match.group(2)),
    )


def _escape(text: str) -> str:
    """Write ``<`` as an entity; ``&`` only where it would read as one, so that "R&D" stays quotable as it is."""
    return re.sub(r"&(?=(?:lt|gt|quot|amp);)", "&amp;", text).replace("<", "&lt;")


def _escape_attribute(text: str) -> str:
    return " ".join(_escape(text).replace(">", "&gt;").replace('"', "&quot;").split())


def _unescape(text: str) -> str:
    return _ENTITY.sub(lambda match: _ENTITIES[match.group()], text)
