"""What goes wrong with a model, told in a sentence: what happened, what to do now, and what we may try ourselves.

Nothing of a provider's own words is shown: they are written for others, may carry keys, and cannot be trusted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from traceback import walk_tb

from pydantic_ai import exceptions as failed

from assistant.domain import TurnError
from assistant.errors import AssistantError, BudgetSpent, ModelFailed
from assistant.providers.web_pages import WebPage

CUT_OFF = "The answer was cut off. "
TOO_LARGE = 413
"""The status for a request that is too long, whatever the body says; Groq calls it a rate limit there."""
REDIRECTS = range(300, 400)
"""Nobody is followed there: an address in the house could lead a question out of it."""
SERVER_ERRORS = 500
"""Statuses from here on are troubles of the server, also when a gateway writes them as a page."""


class EndlessAnswer(Exception):  # the fault is what came
    """Raised when a model writes or thinks beyond all that an answer may hold."""


class Remedy(Enum):
    """What may be tried once more before a person is told."""

    NONE = auto()
    WAIT = auto()
    LESS_TEXT = auto()
    TOOLS_IN_WORDS = auto()
    NO_TOOLS = auto()


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who was asked, as people know it, and how many seconds they had for a first token."""

    provider: str
    model: str
    first_token_seconds: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """A kind of failure: ``cause`` and ``advice`` make the sentence "{cause}: {advice}".

    Both may name ``{provider}``, ``{model}``, ``{seconds}`` and ``{wait}``. ``replaceable`` says that another model
    may answer instead, where the admin set one.
    """

    category: str
    cause: str
    advice: str
    retryable: bool = True
    remedy: Remedy = Remedy.NONE
    replaceable: bool = True


AGAIN = "ask again, or pick another model."
STAYS = "ask again in a minute, or pick another model; if it stays, tell an admin."
ADDRESS = (
    "pick another model; if it stays, an admin has to check the address of {provider}, as something else may answer "
    "there."
)
KEY = Explanation(
    "key", "{provider} refused our key", "an admin has to check it. Other models still work.", retryable=False
)
NO_KEY = Explanation(
    "key", "There is no valid key for {provider}", "an admin has to set one. Other models still work.", retryable=False
)
QUOTA = Explanation(
    "quota",
    "The account at {provider} has no credit left",
    "tell an admin, or pick another model.",
    retryable=False,
)
RATE_LIMIT = Explanation(
    "rate_limit", "{provider} is rate-limiting us", "ask again in {wait}, or pick another model.", remedy=Remedy.WAIT
)
MODEL = Explanation(
    "model", "{provider} does not offer the model {model} (any more)", "pick another one.", retryable=False
)
CONTEXT = Explanation(
    "context",
    "This is more text than {model} can read",
    "start a new conversation, ask for less at once, or pick a model that reads more.",
    retryable=False,
    remedy=Remedy.LESS_TEXT,
)
FIRST_TOKEN = Explanation("timeout", "{provider} did not begin to answer within {seconds} s", AGAIN)
TIMEOUT = Explanation("timeout", "{provider} did not answer in time", AGAIN)
CONNECTION = Explanation("connection", "{provider} cannot be reached", STAYS, remedy=Remedy.WAIT)
LOST = Explanation("connection", "The connection to {provider} broke off", AGAIN)
NO_END = Explanation("connection", "The connection ended before the answer did", AGAIN)
OVERLOADED = Explanation("overloaded", "{provider} is overloaded", AGAIN, remedy=Remedy.WAIT)
SERVER = Explanation("server", "{provider} has trouble on its side", AGAIN, remedy=Remedy.WAIT)
BROKE_OFF = Explanation("server", "{provider} broke off with an error of its own", AGAIN, remedy=Remedy.WAIT)
PAGE = Explanation("address", "A web page answered in place of {provider}", ADDRESS, retryable=False)
MOVED = Explanation("address", "{provider} sends its callers on to another address", ADDRESS, retryable=False)
EMPTY = Explanation("empty", "{provider} sent an answer without any content", f"ask again, or {ADDRESS}")
GARBLED = Explanation("garbled", "{provider} sent something that cannot be read", f"ask again, or {ADDRESS}")
REJECTED = Explanation(
    "rejected",
    "{provider} did not accept the request for {model}",
    "pick another model, or leave its settings at their defaults; if it stays, tell an admin.",
    retryable=False,
)
TOOL_CALL = Explanation(
    "tools", "{model} could not call its tools", "pick another model.", remedy=Remedy.TOOLS_IN_WORDS
)
TOOLS = Explanation(
    "tools",
    "{model} could not use its tools",
    "ask in other words, or pick another model.",
    remedy=Remedy.NO_TOOLS,
)
WITHHELD = Explanation(
    "withheld",
    "{provider} withheld the answer by its own rules",
    "word the question differently.",
    retryable=False,
    replaceable=False,
)
NOTHING_SAID = Explanation(
    "length",
    "{model} reached its length limit before it said anything",
    "allow a longer answer, lower the effort, or pick another model.",
)
ENDLESS = Explanation(
    "length",
    "{model} did not come to an end",
    "ask for less at once, or pick another model.",
    replaceable=False,
)
COST = Explanation(
    "limit",
    "The answer reached the cost limit of a turn",
    "ask for less at once, or pick a cheaper model; an admin can raise the limit.",
    retryable=False,
    replaceable=False,
)
STEPS = Explanation(
    "limit",
    "The answer took more steps than allowed and was ended",
    "ask for less at once.",
    retryable=False,
    replaceable=False,
)
UNUSABLE = Explanation("model", "{model} answered in a way that cannot be used", AGAIN)
UNEXPECTED = Explanation(
    "unexpected",
    "Something went wrong in here",
    "ask again; if it stays, give an admin the number {reference}.",
    replaceable=False,
)

BY_CLASS: dict[type[Exception], Explanation] = {
    # The first class that fits counts, so the special ones stand before the general ones.
    failed.ModelAuthenticationError: KEY,
    failed.ModelQuotaExceededError: QUOTA,
    failed.ModelRateLimitError: RATE_LIMIT,
    failed.ModelNotFoundError: MODEL,
    failed.ModelContextWindowExceededError: CONTEXT,
    failed.ModelRequestTimeout: FIRST_TOKEN,
    failed.ModelTimeoutError: TIMEOUT,
    failed.ModelConnectionError: CONNECTION,
    failed.ModelUnavailableError: OVERLOADED,
    failed.ModelServerError: SERVER,
    failed.ModelRequestRejectedError: REJECTED,
    failed.ModelAPIError: BROKE_OFF,
    failed.ContentFilterError: WITHHELD,
    failed.OutputTokenLimitExceeded: NOTHING_SAID,
    failed.UsageLimitExceeded: STEPS,
    failed.UnexpectedModelBehavior: UNUSABLE,
}
BY_WORDS = (
    # What pydantic-ai 2.68 tells by its wording alone; the wire tests hold these.
    ("without a `finish_reason`", NO_END),
    ("ended without content", EMPTY),
    ("maximum output retries", EMPTY),
    ("failed to decode", GARBLED),
    ("exceeded max retries count", TOOLS),
    ("`cost_limit`", COST),
)
BY_SDK_NAME = {
    # The SDKs' own errors, which pydantic-ai lets through in places; by name, as no SDK is imported here.
    "NoCredentialsError": NO_KEY,
    "PartialCredentialsError": NO_KEY,
    "TokenRetrievalError": NO_KEY,
    "UnauthorizedSSOTokenError": NO_KEY,
    "CredentialRetrievalError": NO_KEY,
    "SSOTokenLoadError": NO_KEY,
    "AuthenticationError": KEY,
    "PermissionDeniedError": KEY,
    "RateLimitError": RATE_LIMIT,
    "NotFoundError": MODEL,
    "BadRequestError": REJECTED,
    "ParamValidationError": REJECTED,
    "ReadTimeoutError": TIMEOUT,
    "ReadTimeout": TIMEOUT,
    "APITimeoutError": TIMEOUT,
    "EndpointConnectionError": CONNECTION,
    "ConnectionError": CONNECTION,
    "APIConnectionError": CONNECTION,
    "HTTPClientError": CONNECTION,
    "ConnectTimeoutError": CONNECTION,
    "ConnectTimeout": CONNECTION,
    "ConnectError": CONNECTION,
    "InternalServerError": SERVER,
    "OverloadedError": OVERLOADED,
    "ServiceUnavailableError": OVERLOADED,
    "JSONDecodeError": GARBLED,
    "ResponseParserError": GARBLED,
    "ParserError": GARBLED,
    "APIResponseValidationError": GARBLED,
}
SDKS = {"openai", "groq", "anthropic", "botocore", "boto3", "httpx", "httpx2", "httpcore", "httpcore2", "urllib3"}
TOO_LONG = re.compile(
    r"context.{0,10}(length|window|size)|(prompt|input|request|message).{0,20}too (long|large)|too many (input )?tokens"
    r"|exceed.{0,40}tokens|tokens.{0,40}exceed|reduce the length",
    re.IGNORECASE | re.DOTALL,
)
NO_TOOLS = re.compile(
    r"does(n't| not) support (tool|function)s?\b|no endpoints found that support tool use"
    r"|tool choice requires --enable-auto-tool-choice|tools? (use |calling )?(is|are) not supported",
    re.IGNORECASE,
)
"""How Ollama, OpenRouter and vLLM say that a model or its server has no tools of its own."""
READERS = {"_get_event_iterator", "get"}
"""The library's functions in its models that go through what came of an answer."""
LONGEST_TOLD_WAIT = 3600
"""Seconds. A provider that names more may as well say: not today."""
WORDS_CHARACTERS = 4_000
"""How much of a provider's error is searched for words: theirs stand in the first line."""


def explain(error: BaseException) -> Explanation:
    """Return what kind of failure this is."""
    if isinstance(error, ModelFailed | EndlessAnswer):
        return EMPTY if isinstance(error, ModelFailed) else ENDLESS
    if any(isinstance(cause, WebPage) for cause in _chain(error)):
        return PAGE
    if isinstance(error, failed.ModelAPIError):
        return _by_body(error) or _by_class(error)
    if isinstance(error, failed.AgentRunError):
        return _by_words(error) or _by_class(error)
    told = next((found for cause in _chain(error) if (found := _by_sdk(cause))), None)
    return told or (GARBLED if _came_in_reading(error) else UNEXPECTED)


def cause(error: BaseException, asked: Answerer) -> str:
    """Return what happened, without a full stop."""
    if isinstance(error, BudgetSpent):
        return error.cause
    return _told(explain(error).cause, error, asked)


def turn_error(error: BaseException, reference: str, asked: Answerer, *, begun: bool = False) -> TurnError:
    """Return the error of a turn; ``begun`` says that some of the answer is there."""
    if isinstance(error, AssistantError) and not isinstance(error, ModelFailed):
        return TurnError(error.category, error.message, error.reference, error.retryable)
    found = explain(error)
    if begun and found is CONNECTION:
        found = LOST
    elif not begun and found is NO_END:
        found = EMPTY
    sentence = _told(f"{found.cause}: {found.advice}", error, asked, reference)
    if begun and broke_off(error):
        return TurnError(found.category, f"{CUT_OFF}{sentence}", reference, retryable=True)
    return TurnError(found.category, sentence, reference, found.retryable)


def broke_off(error: BaseException) -> bool:
    """Whether the other side ended an answer that had begun (as opposed to a mistake of ours)."""
    return isinstance(error, failed.AgentRunError) or explain(error) is not UNEXPECTED


def named_wait(error: BaseException) -> float | None:
    """Return the seconds that the provider asked us to wait."""
    seconds = getattr(error, "retry_after", None)
    return float(seconds) if isinstance(seconds, (int, float)) and math.isfinite(seconds) and seconds >= 0 else None


def _by_body(error: failed.ModelAPIError) -> Explanation | None:
    words = str(error.body or "")[:WORDS_CHARACTERS]
    status = getattr(error, "status_code", None) or getattr(error.__cause__, "status_code", None) or 0
    if error.provider_error_code == "tool_use_failed" or (_refused(error) and NO_TOOLS.search(words)):
        return TOOL_CALL
    if status == TOO_LARGE or (_plainly_refused(error) and TOO_LONG.search(words)):
        return CONTEXT
    if status in REDIRECTS:
        return MOVED
    if status < SERVER_ERRORS and words.lstrip().lower().startswith(("<!doctype html", "<html")):
        return PAGE
    if error.in_stream and isinstance(error, failed.ModelServerError):
        return BROKE_OFF
    return _by_words(error) if not error.body else None


def _refused(error: BaseException) -> bool:
    return isinstance(error, failed.ModelRequestRejectedError) and not isinstance(
        error, failed.ModelAuthenticationError
    )


def _plainly_refused(error: BaseException) -> bool:
    """Whether the request was refused and the class does not say why, as with Anthropic's and Bedrock's models."""
    return _refused(error) and not isinstance(error, failed.ModelNotFoundError)


def _by_words(error: BaseException) -> Explanation | None:
    words = str(error)[:WORDS_CHARACTERS].lower()
    return next((found for phrase, found in BY_WORDS if phrase in words), None)


def _by_class(error: BaseException) -> Explanation:
    return next((found for kind, found in BY_CLASS.items() if isinstance(error, kind)), UNUSABLE)


def _by_sdk(error: BaseException) -> Explanation | None:
    if type(error).__module__.partition(".")[0] not in SDKS:
        return None
    names = [kind.__name__ for kind in type(error).__mro__]
    return next((BY_SDK_NAME[name] for name in names if name in BY_SDK_NAME), BROKE_OFF)


def _came_in_reading(error: BaseException) -> bool:
    """Whether the library broke down over what a provider's stream held, such as a number in place of a text."""
    frames = [(str(frame.f_globals.get("__name__")), frame.f_code.co_name) for frame, _ in walk_tb(error.__traceback__)]
    in_library = bool(frames) and frames[-1][0].startswith("pydantic_ai.")
    return in_library and any(module.startswith("pydantic_ai.models") and name in READERS for module, name in frames)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(5):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__


def _told(text: str, error: BaseException, asked: Answerer, reference: str = "") -> str:
    seconds = named_wait(error)
    return text.format(
        provider=asked.provider,
        model=asked.model,
        seconds=f"{asked.first_token_seconds:g}",
        wait=_wait(seconds),
        reference=reference,
    )


def _wait(seconds: float | None) -> str:
    if seconds is None:
        return "a minute"
    return "some hours" if seconds > LONGEST_TOLD_WAIT else f"{max(1, math.ceil(seconds))} s"
