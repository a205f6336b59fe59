"""What a turn has used, model by model: counted where the provider counts, else estimated from the text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pydantic_ai import RunUsage

from assistant.chat.history import tokens
from assistant.domain import OFFLINE, ModelChoice, Usage, UsageRecord
from assistant.providers.model_info import MOST_TOKENS
from assistant.usage.costs import priced, total


@dataclass
class Account:
    """What one model was used for. ``asked_tokens`` estimates what it read at each request.

    ``uncounted`` are requests that ended before the provider's count came, ``said`` and ``thought`` the text that came
    in them. Among them are those ``unanswered``, of which nothing came and ``usage`` does not know, and those with
    their ``input_counted``, as some providers count it first.
    """

    purpose: str
    choice: ModelChoice
    usage: RunUsage = field(default_factory=RunUsage)
    asked_tokens: int = 0
    uncounted: int = 0
    unanswered: int = 0
    input_counted: int = 0
    said: str = ""
    thought: str = ""

    def give_up(self, asked_tokens: int) -> None:
        """Count a request whose answer was not waited for: its text was read all the same."""
        self.asked_tokens = asked_tokens
        self.uncounted += 1
        self.unanswered += 1

    def break_off(self, *, input_counted: bool) -> None:
        """Count a request whose answer ended before its count."""
        self.uncounted += 1
        self.input_counted += input_counted

    def counted(self) -> Usage:
        """Return the usage with its cost; None as cost where nobody knows the price.

        A count of nothing, or of more than any model reads, is no count: then all is estimated.
        """
        used, uncounted = self.usage, self.usage.unmeasured_requests + self.uncounted
        if not 0 < _most(used) <= MOST_TOKENS:
            used = RunUsage(requests=used.requests, tool_calls=used.tool_calls)
            uncounted = used.requests + self.unanswered
        if self.choice.provider == OFFLINE:
            uncounted = 0
        thought = tokens(self.thought) if uncounted else 0
        usage = Usage(
            requests=used.requests + self.unanswered,
            input_tokens=used.input_tokens + max(uncounted - self.input_counted, 0) * self.asked_tokens,
            output_tokens=used.output_tokens + (tokens(self.said) + thought if uncounted else 0),
            tool_calls=used.tool_calls,
            estimated=bool(uncounted),
            reasoning_tokens=used.details.get("reasoning_tokens", 0) + thought,
            cached_tokens=used.cache_read_tokens,
        )
        if used.cost is not None and not uncounted:
            return replace(usage, cost=used.cost)
        return priced(usage, self.choice)


class Accounts:
    """The accounts of a turn, in the order in which its models were asked.

    A turn that waited goes on behind what it had used ``earlier``, in so many ``lines`` of the ledger.
    """

    def __init__(self, earlier: Usage | None = None, lines: int = 0) -> None:
        self._accounts: list[Account] = []
        self._earlier = earlier
        self._lines = lines

    def open(self, purpose: str, choice: ModelChoice) -> Account:
        """Begin an account; ``purpose`` is plan or answer."""
        account = Account(purpose, choice)
        self._accounts.append(account)
        return account

    @property
    def spent(self) -> RunUsage:
        """What the whole turn has used so far, as far as it was counted."""
        before = self._earlier or Usage()
        spent = RunUsage(requests=before.requests, tool_calls=before.tool_calls, cost=before.cost)
        for account in self._accounts:
            spent.incr(account.usage)
        return spent

    def usage(self) -> Usage:
        """What the whole turn has used, estimated where it was not counted."""
        used = [usage for account in self._accounts if (usage := account.counted()).requests]
        return total(used if self._earlier is None else [self._earlier, *used])

    def records(self, turn_id: str) -> tuple[UsageRecord, ...]:
        """Return a line of the ledger for each model that took a request."""
        used = [(account, usage) for account in self._accounts if (usage := account.counted()).requests]
        return tuple(
            UsageRecord(turn_id, number, account.purpose, account.choice.provider, account.choice.model or "", usage)
            for number, (account, usage) in enumerate(used, start=self._lines + 1)
        )


def _most(used: RunUsage) -> int:
    return max(used.input_tokens, used.output_tokens, used.cache_read_tokens, used.details.get("reasoning_tokens", 0))
