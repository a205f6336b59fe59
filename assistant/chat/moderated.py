"""A turn whose question and answer are judged by the company's moderation service."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.chat.moderation import ANSWER, QUESTION
from assistant.chat.turn import Begun, TurnRun
from assistant.domain import Citation, Support, TurnError, TurnStatus

if TYPE_CHECKING:
    from assistant.chat.ending import Ending
    from assistant.chat.moderation import Moderation


class ModeratedTurn(TurnRun):
    """A turn whose question is judged before anything is asked of a model, and its answer before it is final.

    Where moderation fails closed nothing of an answer is told or stored before it was judged. Where it fails open the
    answer is told as it comes, and taken away when it turns out to be one that is kept back.
    """

    def moderate_by(self, moderation: Moderation) -> ModeratedTurn:
        """Use this moderation; before ``run``."""
        self._moderation = moderation
        if moderation.fails_closed:
            self._answer.hold()
        return self

    async def _work(self) -> Ending:
        if isinstance(self._start, Begun):
            question = self._start.question
            asked = "\n".join(filter(None, (question.text, question.standalone)))
            refused = await self._moderation.refused(asked, QUESTION)
            if refused is not None:
                return refused
        return await super()._work()

    async def _end(self, status: TurnStatus, error: TurnError | None) -> None:
        self._answer.finish()
        waiting = [json.dumps(call.arguments, ensure_ascii=False) for call in self.turn.pending]
        said = "\n".join(filter(None, (self._answer.text, self._answer.reasoning, *waiting)))
        refused = await self._moderation.refused(said, ANSWER)
        if refused is None:
            self._answer.release()
        else:
            status, error = refused
            self._answer.withdraw()
            self._messages_json = None
            self.turn = replace(self.turn, pending=(), abstained=False, nearest=())
        await super()._end(status, error)

    def _keep(self, answer: str, citations: Sequence[Citation], support: Sequence[Support]) -> None:
        if not self._answer.held:
            super()._keep(answer, citations, support)
