"""Tools with an effect: they run only after the person said yes to the exact arguments.

The life of such a call: the model asks for it, the run ends with it, the turn waits (``AWAITING_APPROVAL``) with the
model's messages in its row, and costs nothing while it waits. The person's decision is written by compare-and-set
before the run goes on, so that of two clicks one counts.

The tool's function must store ``idempotency_key(ctx)`` with its effect, in one transaction, under a unique
constraint, and return what is there already when the key is known. When the process is killed between the effect and
the end of the turn, the turn is found running without its process: it is ended as ``cut`` and says that the approved
call may have been carried out, and the key, looked up where the effect is stored, tells whether it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError
from pydantic_ai import DeferredToolRequests, DeferredToolResults, RunContext, Tool, ToolApproved, ToolDenied
from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelRequest

from assistant.chat.guard import storable, storable_values
from assistant.chat.tools import AgentDeps
from assistant.domain import Decision, Passage, PendingCall
from assistant.errors import DecisionRefused

if TYPE_CHECKING:
    from pydantic_ai.tools import DeferredToolApprovalResult

    from assistant.storage.conversations import TakenUp

UNDECIDED = "Decide about each of the waiting actions: yes or no."
GONE = "“{title}” can no longer be done: say no to it."
UNREADABLE = "What this waited with cannot be read any more, so nothing was done: ask for it again."
UNKNOWN = "This action is not (or no longer) waiting for you."
WRONG = "“{title}” cannot be done as it stands: “{field}” {problem}."
PROBLEMS = {"missing": "is missing", "missing_argument": "is missing", "extra_forbidden": "is not known to it"}
"""What is wrong with an argument, by pydantic's names of errors; others bring their own words."""
DENIED = "The person said no to this. Do not try it again; say that it was not done."
NOTE_CHARACTERS = 1_000
"""What a model is told of a person's reason."""
_PASSAGES: TypeAdapter[list[Passage]] = TypeAdapter(list[Passage])


def action(function: Callable[..., Any], title: str) -> Tool[AgentDeps]:
    """Make a tool with an effect of a function; ``title`` says in a few words what it does, as in "Create a ticket".

    Such tools never run beside another one, and never before the person approved the call.
    """
    return Tool(function, requires_approval=True, sequential=True, metadata={"title": title})


def title_of(tool: Tool[AgentDeps]) -> str:
    """Return what a tool with an effect does, in words."""
    return str((tool.metadata or {}).get("title") or tool.name)


def idempotency_key(ctx: RunContext[AgentDeps]) -> str:
    """Return what is the same when a call is carried out once more, and different for every other call."""
    return f"{ctx.deps.turn_id}:{ctx.deps.asked_before}:{ctx.tool_call_id}"


@dataclass(frozen=True)
class Decided:
    """A turn that waited, as it was taken up again, with what the person decided."""

    taken: TakenUp
    decisions: tuple[Decision, ...]

    @property
    def said_from(self) -> tuple[str, ...]:
        """Ids of the documents whose words may be in what was said until then."""
        return self.taken.said_from


@dataclass
class Resumed:
    """A turn that goes on after its calls were decided.

    ``decisions`` is empty once they were carried out: a repeated request then begins behind them, with ``messages``
    that hold their results. ``asked_before`` counts the times that this turn has waited.
    """

    messages: list[ModelMessage]
    passages: list[Passage]
    decisions: Sequence[Decision]
    asked_before: int

    @classmethod
    def read(cls, stored: str, decisions: Sequence[Decision]) -> Resumed:
        """Take up what ``suspended`` wrote; raises DecisionRefused when it cannot be read (any more)."""
        try:
            values = json.loads(stored)
            messages = ModelMessagesTypeAdapter.validate_python(values["messages"])
            passages = _PASSAGES.validate_python(values["passages"])
            return cls(messages, passages, decisions, int(values["asked_before"]))
        except (ValueError, TypeError, KeyError) as error:  # another release of the library may write otherwise
            raise DecisionRefused(UNREADABLE) from error

    def results(self) -> DeferredToolResults | None:
        """Return the decisions as the agent takes them; None when they were carried out already."""
        if not self.decisions:
            return None
        return DeferredToolResults(approvals={one.call_id: _result(one) for one in self.decisions})

    def advance(self, messages: Sequence[ModelMessage]) -> None:
        """Keep how far the run came, so that beginning again repeats no call: the last request and all before it."""
        requests = [place for place, message in enumerate(messages) if isinstance(message, ModelRequest)]
        if requests and requests[-1] >= len(self.messages):
            self.messages = list(messages[: requests[-1] + 1])
            self.decisions = ()


def suspended(messages: Sequence[ModelMessage], passages: Sequence[Passage], asked_before: int) -> str:
    """Write what a waiting turn needs to go on in another process, as JSON."""
    values = {
        "messages": ModelMessagesTypeAdapter.dump_python(list(messages), mode="json"),
        "passages": _PASSAGES.dump_python(list(passages), mode="json"),
        "asked_before": asked_before,
    }
    return json.dumps(storable_values(values))


def pending_calls(requests: DeferredToolRequests, actions: Sequence[Tool[AgentDeps]]) -> tuple[PendingCall, ...]:
    """Return the calls that wait, with what the person needs to judge and change them."""
    known = {tool.name: tool for tool in actions}
    return tuple(
        PendingCall(
            id=call.tool_call_id,
            tool=call.tool_name,
            title=title_of(known[call.tool_name]),
            arguments=storable_values(call.args_as_dict(raise_if_invalid=False)),
            schema=known[call.tool_name].function_schema.json_schema,
        )
        for call in requests.approvals
    )


def checked(
    pending: Sequence[PendingCall], decisions: Sequence[Decision], actions: Sequence[Tool[AgentDeps]]
) -> tuple[Decision, ...]:
    """Return one decision for each pending call; raises DecisionRefused with a sentence when that cannot be."""
    made = {decision.call_id: decision for decision in decisions}
    waiting = {call.id: call for call in pending}
    if made.keys() - waiting.keys():
        raise DecisionRefused(UNKNOWN)
    if len(made) != len(decisions) or waiting.keys() - made.keys():
        raise DecisionRefused(UNDECIDED)
    known = {tool.name: tool for tool in actions}
    return tuple(_checked(made[call.id], call, known.get(call.tool)) for call in pending)


def _checked(decision: Decision, call: PendingCall, tool: Tool[AgentDeps] | None) -> Decision:
    if not decision.approved:
        return replace(decision, arguments=None)
    if tool is None:
        raise DecisionRefused(GONE.format(title=call.title))
    if decision.arguments is None:
        return decision
    arguments = storable_values(decision.arguments)
    try:
        tool.function_schema.validator.validate_python(arguments)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "value"
        problem = PROBLEMS.get(first["type"], f"is wrong ({first['msg']})")
        raise DecisionRefused(WRONG.format(title=call.title, field=name, problem=problem)) from None
    return replace(decision, arguments=arguments)


def _result(decision: Decision) -> DeferredToolApprovalResult:
    if decision.approved:
        return ToolApproved(override_args=None if decision.arguments is None else dict(decision.arguments))
    note = " ".join(storable(decision.note).split())[:NOTE_CHARACTERS]
    return ToolDenied(f"{DENIED} Their reason: {note}" if note else DENIED)
