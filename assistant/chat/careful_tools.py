"""Tools that fail in a sentence: what goes wrong in one is told to the model, and the turn goes on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_ai import FunctionToolset, ModelRetry, Tool, ToolFailed, ToolReturn, WrapperToolset
from pydantic_ai.exceptions import AgentRunError, ApprovalRequired, CallDeferred, UserError

from assistant import log as logs
from assistant.chat.tools import AgentDeps
from assistant.errors import AssistantError
from assistant.providers.passages import render_result

if TYPE_CHECKING:
    from pydantic_ai import RunContext
    from pydantic_ai.toolsets import ToolsetTool

RESULT_CHARACTERS = 20_000
"""The longest result that a model is given: about the size of 16 passages."""
FAILED = "This did not work just now. Go on without it, and say what is missing."
FAILED_ACTION = "This could not be carried out. Say so, and do not claim that it was done."

log = logging.getLogger(__name__)


@dataclass
class CarefulTools(WrapperToolset[AgentDeps]):
    """Tools whose results are bounded and written as material, and whose errors are a sentence; traces are logged.

    A tool that returns ``ToolReturn`` has bounded and written its result by itself.
    """

    async def call_tool(
        self, name: str, tool_args: dict[str, Any], ctx: RunContext[AgentDeps], tool: ToolsetTool[AgentDeps]
    ) -> Any:
        """Run the tool; an error becomes a failed result."""
        try:
            result = await super().call_tool(name, tool_args, ctx, tool)
        except (ModelRetry, ToolFailed, CallDeferred, ApprovalRequired, AgentRunError, UserError):
            raise
        except AssistantError as error:
            raise ToolFailed(error.message) from error
        except Exception as error:
            logs.record(log, error)
            raise ToolFailed(FAILED_ACTION if tool.tool_def.sequential else FAILED) from error
        return result if isinstance(result, ToolReturn) else render_result(str(result)[:RESULT_CHARACTERS])


def careful(tools: Sequence[Tool[AgentDeps]]) -> CarefulTools:
    """Return the tools as a set that an agent takes."""
    return CarefulTools(FunctionToolset(list(tools)))
