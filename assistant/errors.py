"""One tree of errors. Each carries a sentence for the person and says whether trying again can help.

::

    AssistantError
    ├── SettingsError          a setting is missing or wrong; the start stops
    ├── WrongUse               a command was given what it does not take
    ├── StartError             port or folder is not to be had; the start stops
    │   └── FolderInUse        another process owns the data folder's index
    ├── NotAllowed             the person lacks the right, or the thing is not theirs
    │   └── SignedOut          the session ended, or the person was disabled: sign in (again)
    ├── SignInRefused          wrong address or password, a used link, too many tries
    ├── PasswordRefused        a password that may not be set
    ├── NotFound               no such document, conversation or turn (for this person)
    ├── QuestionRefused        empty or over-long question, before any cost
    │   └── TooMany            more in a minute, or at once, than one person may
    ├── DecisionRefused        a yes or no to a tool call that cannot be taken: nothing is done, it goes on waiting
    ├── UploadRefused          too large or unnamed upload, before it is acknowledged
    │   └── DiskFull           no room to store it; nothing acknowledged is lost
    ├── Conflict               someone else changed the thing since the person saw it; nothing was done
    ├── UnreadableDocument     a parser cannot give text: unknown format, encrypted, no text, limits
    ├── ProviderUnavailable    a model provider that is not set up or cannot be reached
    ├── ModelFailed            the model answered wrongly or not at all
    ├── BudgetSpent            no budget of the person has room for another request of this model
    └── EmbeddingFailed        a server of embeddings refused, answered wrongly or not at all
"""

from __future__ import annotations

import secrets


class AssistantError(Exception):
    """Base of all errors meant for people. ``str(error)`` is the sentence; ``reference`` stands in the log."""

    category = "unexpected"
    retryable = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.reference = new_reference()


class SettingsError(AssistantError):
    """Raised at start when a setting is missing or wrong; the sentence names the variable."""

    category = "settings"


class WrongUse(AssistantError):
    """Raised by a command that was given what it does not take; the sentence names it."""

    category = "usage"


class StartError(AssistantError):
    """Raised at start when a port, a folder or the folder's lock is not to be had."""

    category = "start"


class FolderInUse(StartError):
    """Raised when another running process owns the data folder's index."""


class NotAllowed(AssistantError):
    """Raised by a service function when the person may not do this."""

    category = "not_allowed"


class SignedOut(NotAllowed):
    """Raised when the session or token that a person came by does not hold any more, or the person was disabled."""

    category = "signed_out"


class SignInRefused(AssistantError):
    """Raised when a sign-in is refused; the sentence never tells whether an account exists.

    ``retry_after`` are the seconds until another try is looked at.
    """

    category = "sign_in"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PasswordRefused(AssistantError):
    """Raised when a password may not be set: too short, too common, taken from the address."""

    category = "password"


class NotFound(AssistantError):
    """Raised when the thing does not exist, or not for this person."""

    category = "not_found"


class QuestionRefused(AssistantError):
    """Raised before anything is stored or spent when the question is empty or too long."""

    category = "question"


class TooMany(QuestionRefused):
    """Raised when a person asks more than the limits allow; ``retry_after`` are the seconds to wait."""

    category = "limit"
    retryable = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DecisionRefused(AssistantError):
    """Raised when a decision about a waiting tool call cannot be taken; nothing was done by it."""

    category = "decision"


class UploadRefused(AssistantError):
    """Raised before an upload is acknowledged."""

    category = "upload"


class DiskFull(UploadRefused):
    """Raised when there is no room to store an upload; nothing acknowledged is lost by it."""

    retryable = True


class Conflict(AssistantError):
    """Raised when someone else changed a thing since the person saw it: nothing was done, look again."""

    category = "conflict"


class UnreadableDocument(AssistantError):
    """Raised by parsing; its sentence becomes the document row's error."""

    category = "document"


class ProviderUnavailable(AssistantError):
    """Raised when a provider is not set up; the sentence names the variable that would."""

    category = "provider"


class ModelFailed(AssistantError):
    """Raised when a model answers wrongly or not at all."""

    category = "model"
    retryable = True


class BudgetSpent(AssistantError):
    """Raised before a request of a model for which a budget has no room.

    ``cause`` says which, without a full stop. What was not begun is answered by a cheaper model, or by none.
    """

    category = "limit"

    def __init__(self, cause: str) -> None:
        super().__init__(f"{cause}, so the answer was ended: ask again with Offline, which is free.")
        self.cause = cause


class EmbeddingFailed(AssistantError):
    """Raised when a server of embeddings refuses, answers wrongly or not at all.

    ``retry_after`` are the seconds that it asked to be left alone for.
    """

    category = "embedding"
    retryable = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def new_reference() -> str:
    """Return a short random reference number, for the person to quote and the admin to find in the log."""
    return secrets.token_hex(4)
