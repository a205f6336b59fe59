"""What a person reads when a turn does not complete."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic_ai import exceptions as failed

from assistant.domain import TurnError
from assistant.errors import AssistantError


@dataclass(frozen=True, slots=True)
class Explanation:
    """A kind of failure: ``sentence`` may name ``{provider}`` and ``{wait}``."""

    category: str
    sentence: str
    retryable: bool


AGAIN = "ask again, or pick another model."
EXPLANATIONS: dict[type[Exception], Explanation] = {
    # The first class that fits counts, so the special ones stand before the general ones.
    failed.ModelAuthenticationError: Explanation(
        "key", "{provider} refused our key: an admin has to check it. Other models still work.", False
    ),
    failed.ModelQuotaExceededError: Explanation(
        "quota", "The account at {provider} has no credit left: tell an admin, or pick another model.", False
    ),
    failed.ModelRateLimitError: Explanation(
        "rate_limit", "{provider} lets us ask only so often{wait}: wait a moment and ask again.", True
    ),
    failed.ModelNotFoundError: Explanation(
        "model", "{provider} does not offer this model (any more): pick another one.", False
    ),
    failed.ModelContextWindowExceededError: Explanation(
        "context", "The conversation is too long for this model: start a new one, or pick a larger model.", False
    ),
    failed.ModelRequestTimeout: Explanation("timeout", f"{{provider}} did not begin to answer in time: {AGAIN}", True),
    failed.ModelTimeoutError: Explanation("timeout", f"{{provider}} did not answer in time: {AGAIN}", True),
    failed.ModelConnectionError: Explanation("connection", f"{{provider}} cannot be reached: {AGAIN}", True),
    failed.ModelUnavailableError: Explanation("overloaded", f"{{provider}} is overloaded: {AGAIN}", True),
    failed.ModelServerError: Explanation("server", f"{{provider}} has trouble on its side: {AGAIN}", True),
    failed.ModelRequestRejectedError: Explanation(
        "rejected", "{provider} did not accept the request: pick another model.", False
    ),
    failed.ModelAPIError: Explanation("server", f"{{provider}} broke off: {AGAIN}", True),
    failed.ContentFilterError: Explanation(
        "withheld", "{provider} withheld the answer by its own rules: word the question differently.", False
    ),
    failed.UsageLimitExceeded: Explanation(
        "limit", "The answer took more steps than allowed and was ended: ask for less at once.", False
    ),
    failed.UnexpectedModelBehavior: Explanation(
        "model", f"The model answered in a way that cannot be used: {AGAIN}", True
    ),
}
UNEXPECTED = Explanation(
    "unexpected", "Something went wrong in here. Ask again; if it stays, give an admin the number {reference}.", True
)


def turn_error(error: BaseException, reference: str, provider: str) -> TurnError:
    """Return the error of a turn; ``provider`` is the label that people know."""
    if isinstance(error, AssistantError):
        return TurnError(error.category, error.message, error.reference, error.retryable)
    found = next((text for kind, text in EXPLANATIONS.items() if isinstance(error, kind)), UNEXPECTED)
    sentence = found.sentence.format(provider=provider, wait=_wait(error), reference=reference)
    return TurnError(found.category, sentence, reference, found.retryable)


def broke_off(error: BaseException) -> bool:
    """Whether the wire ended an answer that had begun (as opposed to a mistake of ours)."""
    return isinstance(error, (failed.ModelAPIError, failed.UnexpectedModelBehavior))


def _wait(error: BaseException) -> str:
    seconds = getattr(error, "retry_after", None)
    return f" (it names {seconds:.0f} s)" if seconds else ""
