"""What a company's moderation service says of questions and answers, and what becomes of a turn by it."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from assistant.domain import TurnError, TurnStatus
from assistant.errors import new_reference
from assistant.providers.moderation import Judge, NotJudged, Verdict, judge_of

if TYPE_CHECKING:
    from assistant.chat.ending import Ending
    from assistant.settings import Settings

CATEGORY = "moderation"
VERDICTS_KEPT = 1_000
QUESTION = "The moderation service that the company uses took this question for {what}, so it was not answered."
ANSWER = "The moderation service that the company uses took the answer for {what}, so it is not shown."
OTHERWISE = "Ask in other words, or tell an admin the number if that is wrong."
NOT_JUDGED = (
    "The moderation service could not be asked, and without it nothing is answered here. Try again in a moment; "
    "if it stays, give an admin the number."
)
UNNAMED = "something that it keeps back"

log = logging.getLogger(__name__)


def moderation_of(settings: Settings) -> Moderation | None:
    """Return the moderation that these settings want; raises SettingsError when its provider's key is missing."""
    judge = judge_of(settings)
    return None if judge is None else Moderation(judge, fails_closed=settings.moderation_fail == "closed")


class Moderation:
    """Asks the judge, once for equal texts. ``fails_closed`` says that nothing passes which was not judged."""

    def __init__(self, judge: Judge, *, fails_closed: bool) -> None:
        self._judge = judge
        self.fails_closed = fails_closed
        self._known: OrderedDict[str, Verdict] = OrderedDict()

    async def refused(self, text: str, sentence: str) -> Ending | None:
        """Return the end of a turn whose text is kept back, by the sentence; None when the text may pass."""
        if not text.strip():
            return None
        try:
            verdict = await self._verdict(text)
        except NotJudged as error:
            log.warning("reference %s: %s", error.reference, error.message)
            failed = TurnError(CATEGORY, NOT_JUDGED, error.reference, retryable=True)
            return (TurnStatus.FAILED, failed) if self.fails_closed else None
        if not verdict.flagged:
            return None
        what, reference = ", ".join(verdict.categories) or UNNAMED, new_reference()
        log.info("reference %s: kept back by moderation for %s", reference, what)
        return TurnStatus.REFUSED, TurnError(CATEGORY, f"{sentence.format(what=what)} {OTHERWISE}", reference)

    async def _verdict(self, text: str) -> Verdict:
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        if digest not in self._known:
            self._known[digest] = await self._judge(text)
            while len(self._known) > VERDICTS_KEPT:
                self._known.popitem(last=False)
        return self._known[digest]
