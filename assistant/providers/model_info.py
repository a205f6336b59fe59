"""What is known of a model and of its provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from assistant.domain import Effort

OutputMode = Literal["tool", "native", "prompted"]
"""How a model is asked for a structure: by a tool's arguments, by its own JSON schema mode, or in words."""
MOST_TOKENS = 100_000_000
"""Above it what others give as a number of tokens is a mistake: about a hundred times the largest context."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model of the catalogue, or one that its provider named (``discovered``).

    ``character`` is one word (Speed, Balance, Quality), ``note`` a few more. ``context`` and ``max_output`` are
    tokens, prices US dollars per million tokens; None is unknown. ``sampling`` says whether it takes temperature and
    top-p. From the day ``retires`` on the provider refuses it; ``successor`` is the model to take instead.
    ``unlisted`` is the day of the provider's own list when that did not name the model; it may still answer.
    """

    id: str
    label: str
    character: str = ""
    note: str = ""
    context: int | None = None
    max_output: int | None = None
    tools: bool = True
    output: OutputMode = "tool"
    efforts: tuple[Effort, ...] = ()
    sampling: bool = True
    retires: date | None = None
    successor: str | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    discovered: bool = False
    unlisted: date | None = None

    def retired(self, today: date) -> bool:
        """Whether its provider refuses it on this day."""
        return self.retires is not None and self.retires <= today


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider of the catalogue.

    ``kind`` picks the builder. ``needs`` are the variables without which it cannot be used, the key first;
    ``base_url`` is the variable of its address and ``address`` the usual one. ``extra`` names the optional part of
    the installation with its SDK, ``module`` what that makes importable. Text given to a ``private`` provider stays
    in the house. ``models`` are offered, the default first; a provider without any is asked for its own, and takes
    every id. ``retired`` are ids of earlier days, each with the day of its end (it may be ahead) and its successor.
    ``quick`` and ``thorough`` are the models that Auto picks from.
    """

    id: str
    label: str
    kind: str
    needs: tuple[str, ...] = ()
    base_url: str | None = None
    address: str | None = None
    extra: str | None = None
    module: str | None = None
    private: bool = False
    models: tuple[ModelInfo, ...] = ()
    retired: tuple[ModelInfo, ...] = ()
    quick: str | None = None
    thorough: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A provider as these settings have it. ``problem`` is a sentence when it cannot be used, empty when it can.

    ``models`` are those of the catalogue, then those its own list adds, then the retired ones. ``key_source`` says
    where its key comes from ("environment" or ".env"), ``key_tail`` are the key's last four characters; the key itself
    is nowhere in here.
    """

    id: str
    label: str
    configured: bool
    models: tuple[ModelInfo, ...]
    problem: str = ""
    private: bool = False
    key_source: str | None = None
    key_tail: str | None = None
    quick: str | None = None
    thorough: str | None = None
