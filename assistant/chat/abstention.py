"""What the assistant says when the documents do not carry an answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from assistant.domain import Passage
from assistant.providers.offline.topic import subject
from assistant.providers.passages import CANNOT_ANSWER

NEAREST = 3
REPHRASED = 2
"""Questions that are offered: more would be a menu."""
OFFER = "Try other words, or name the document you mean. If it should be in here, ask for it to be added."

ASK_BACK = (
    "Is this a question, or is something to be done? No document answers it as it stands. "
    "I can show what comes nearest in the documents, or take it as a request."
)
"""The question back where the documents are silent and what was asked for is in doubt."""

LOOKED_FOR = 300
"""Characters of the question that are said again: enough to know it by; a page of text would hide what to do now."""

EMPTY = "There are no documents in the knowledge base yet. Whoever keeps it can add some."
PENDING = "Documents that are still being read: {}. Ask again in a minute."


def abstention(question: str, passages: Sequence[Passage], pending: int = 0, *, empty: bool = False) -> str:
    """Return the fixed sentence, what was looked for, the nearest documents and what to do now.

    ``pending`` documents are still on their way into the search and may hold the answer. ``empty`` says that there is
    no document at all, so that other words would not help.
    """
    if empty:
        return f"{CANNOT_ANSWER}\n\n{EMPTY}"
    nearest = nearest_documents(passages)
    many = "documents are" if len(nearest) > 1 else "document is"
    near = f"The nearest {many} {_listed(nearest)}." if nearest else "No document comes near it."
    wait = f" {PENDING.format(pending)}" if pending else ""
    return f"{CANNOT_ANSWER}\n\nLooked for: {_shortened(question)}\n\n{near} {OFFER}{wait}"


def nearest_documents(passages: Sequence[Passage]) -> tuple[str, ...]:
    """Return the names of the best passages' documents, best first."""
    return tuple(dict.fromkeys(passage.document for passage in passages))[:NEAREST]


def rephrasings(question: str, nearest: Sequence[str]) -> tuple[str, ...]:
    """Return questions that may be asked instead: what each of the nearest documents says of the matter.

    A document that is named is found first, so that the next answer is from it or says that it is silent. Empty where
    the question has no short subject, or names the document already.
    """
    matter = subject(question)
    names = [PurePath(name).stem.replace("_", " ") or name for name in nearest]
    asked = question.casefold()
    return tuple(f"What does {name} say about {matter}?" for name in names if matter and name.casefold() not in asked)[
        :REPHRASED
    ]


def abstains(answer: str) -> bool:
    """Whether a model's answer is the fixed sentence for not knowing."""
    return answer.lstrip().startswith(CANNOT_ANSWER)


def _shortened(question: str) -> str:
    return question if len(question) <= LOOKED_FOR else f"{question[:LOOKED_FOR].rstrip()} …"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
