"""Which route a question takes, by its nearest labelled examples."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.domain import Route
from assistant.providers.offline.kept_vectors import KeptVectors
from assistant.providers.offline.nearest import NearestLabels
from assistant.providers.offline.terms import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.providers.minilm import MiniLM

__all__ = ["EXAMPLES", "NearestLabels", "RouteClassifier", "RouteGuess", "read_examples", "with_form"]

EXAMPLES = Path(__file__).with_name("routes.jsonl")

SURE = 0.8
"""Confidence from which no second opinion is asked for: 92% of held-out examples are above it, 97% of those right."""

CLEAR = 0.85
"""Confidence from which something may be done without asking: below it, where doing something was one of the two
likeliest readings, 78% of held-out examples were right (4% of all are there), above it 98%."""

SUREST = 0.999
"""As sure as a guess can be; 1 is what a person said."""

CUE_WEIGHT = 0.4
"""How far one cue moves a question, against 1 for its whole meaning (accuracy is flat from 0.2 to 0.6)."""

_REQUESTS = (
    "open create raise log file submit book remind assign close cancel add make set send delete remove change update "
    "register order request unlock reset install escalate report post upload schedule mark move rename put sign fill "
    "approve start reopen track give"
)
# Meaning is mostly topic, while the route hangs on the form: each cue is one more dimension beside the vector.
_CUES = tuple(
    re.compile(pattern)
    for pattern in (
        r"^(?:and |so |but |ok )?(?:what|which|who|whom|whose|where|when|why|how)\b",
        r"^(?:is|are|am|do|does|did|may|must|should|will|can (?:i|we|staff|employees|contractors)|has|have)\b",
        r"\bhow (?:do|can|to|should)\b|\bwhat (?:should|do|can) (?:i|we)\b|\b(?:steps|process|procedure)\b",
        r"^(?:please |can you |could you |i (?:want|need)(?: you)? to |i'd like to )*"
        rf"(?:{_REQUESTS.replace(' ', '|')})\b",
        r"\b(?:ticket|task|reminder|remind|to-?do|incident|case)s?\b",
        r"\bmy (?:open )?(?:ticket|task|request|to-?do|reminder|case)s?\b",
        r"\b(?:compar\w+|differ\w*|versus|vs|contradict\w*|overview|side by side|rank|similarit\w+|pros and cons|than"
        r"|stricter|cheap\w+|longest|highest|lowest|most|longer|heavier)\b",
        r"\b(?:total|sum|average|median|calculate|compute|convert|add|divide|percent of|percentage|times|plus|minus"
        r"|across|all (?:sites|countries|documents|policies)|each (?:site|document|country))\b|%",
        r"\d[\d.,]*\s*(?:[-+*/x\u00d7]|%|percent|times|plus|minus)\s*(?:of )?\d|\d.*\b(?:at|by|from .* to)\b.*\d",
        r"^(?:hi|hello|hey|good (?:morning|evening|afternoon|day|job)|thanks?|thank you|bye|okay|ok|lol|haha|great"
        r"|perfect|cool|sure|yes|no|please|test|huh|hmm)\b",
        r"\byour?\b",
        r"\b(?:web|internet|online|search|look up|exchange rate)\b",
        r"\?$",
        r"^\S*(?: \S+)?$",
    )
)
_REASONS = {
    Route.KNOWLEDGE: "a question about the company's documents",
    Route.FACT_FINDING: "asks to calculate, compare or collect",
    Route.ACTION: "asks to do something: a ticket, a task, a request",
    Route.GENERAL: "small talk, or about the assistant itself",
}


@dataclass(frozen=True, slots=True)
class RouteGuess:
    """A route, the chance that it is the right one (0 to 1) and why; ``sure`` when no second opinion is needed.

    On held-out examples the chance is off by 0.013 on average (0.025 before it was learned from the examples).
    ``doubtful`` when it may ask for something to be done, and may not.
    """

    route: Route
    confidence: float
    reason: str
    sure: bool
    doubtful: bool = False


class RouteClassifier:
    """Nearest labelled examples over the embedder's vectors and a question's form. Safe to use from several threads.

    The examples are embedded when first needed; with ``cache_dir`` their vectors are kept between starts. What people
    corrected stands among them, each correction weighing as much as one shipped example.
    """

    def __init__(self, embedder: MiniLM, cache_dir: Path | None = None, examples: Path = EXAMPLES) -> None:
        self._embedder = embedder
        self._cache_dir = cache_dir
        self._examples = examples
        self._lock = threading.Lock()
        self._loaded: tuple[NearestLabels, list[str]] | None = None
        self._shipped: NDArray[np.float32] | None = None
        self._corrected: dict[str, tuple[str, Route]] = {}  # by the words, whatever their blanks and case
        self._learns = False  # before that nothing is known of corrections, and what is kept of them stays
        self._corrected_vectors = KeptVectors(
            None if cache_dir is None else cache_dir / f"routes-corrected-{embedder.model_id}.npz"
        )

    def learn(self, corrections: Sequence[tuple[str, Route]]) -> None:
        """Take the corrections that count from now on, oldest first; of the same question the last one counts.

        Their texts are embedded with the next question, those already known once.
        """
        corrected = {_same(text): (text, route) for text, route in corrections}
        with self._lock:
            self._learns = True
            if corrected != self._corrected:
                self._corrected = corrected
                self._loaded = None

    def warm(self) -> None:
        """Load or compute the examples' vectors."""
        self._nearest()

    def classify(self, question: str, vector: NDArray[np.float32] | None = None) -> RouteGuess:
        """Return the route of ``question``; ``vector`` is its embedding when the caller has it already.

        A question that was corrected is routed as it was corrected. Another person's question is never told.
        """
        exact = self._corrected.get(_same(question))
        if exact is not None:
            return RouteGuess(exact[1], 1.0, f"{_REASONS[exact[1]]}, as a person corrected it", sure=True)
        nearest, told = self._nearest()
        meaning = self._embedder.embed([question]) if vector is None else vector.reshape(1, -1)
        guess = nearest.guess(question, with_form([question], meaning)[0])
        route = Route(guess.label)
        # The text of a correction is what some person asked, which others may not read.
        like = f'like "{told[guess.nearest]}"' if guess.nearest < len(told) else "like one that a person corrected"
        confidence = min(round(guess.choice, 3), SUREST)
        doubtful = _is_doubtful(question, route, Route(guess.second), confidence)
        return RouteGuess(route, confidence, f"{_REASONS[route]}, {like}", confidence >= SURE, doubtful)

    def _nearest(self) -> tuple[NearestLabels, list[str]]:
        """Return the examples' votes, and the shipped texts, which stand before the corrections."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._fitted()
            return self._loaded

    def _fitted(self) -> tuple[NearestLabels, list[str]]:
        examples = read_examples(self._examples)
        corrected = list(self._corrected.values())
        texts = [text for text, _ in examples]
        if self._shipped is None:
            self._shipped = self._vectors(texts)
        ours = self._corrected_vectors.of([text for text, _ in corrected], self._embedder.embed) if self._learns else []
        vectors = np.vstack([self._shipped, *ours])
        known = [*examples, *((text, route.value) for text, route in corrected)]
        return NearestLabels(known, with_form([text for text, _ in known], vectors)), texts

    def _vectors(self, texts: list[str]) -> NDArray[np.float32]:
        kept = self._cache_file()
        loaded = None if kept is None else _kept(kept, len(texts))
        if loaded is not None:
            return loaded
        vectors = self._embedder.embed(texts)
        if kept is not None:
            _keep(kept, vectors)
        return vectors

    def _cache_file(self) -> Path | None:
        if self._cache_dir is None:
            return None
        written = hashlib.sha256(self._examples.read_bytes()).hexdigest()[:16]
        return self._cache_dir / f"routes-{self._embedder.model_id}-{written}.npy"


def _is_doubtful(question: str, route: Route, second: Route, confidence: float) -> bool:
    """Whether something may have to be done, and may not; one word alone orders nothing."""
    vague = route is Route.ACTION and len(words(question)) < 2
    return vague or (Route.ACTION in (route, second) and confidence < CLEAR)


def _same(question: str) -> str:
    return " ".join(question.split()).casefold()


def with_form(texts: list[str], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return unit vectors that carry the texts' form (question, order, sum, greeting) beside their meaning."""
    cues = np.array([_form(text) for text in texts], dtype=np.float32).reshape(len(texts), len(_CUES))
    joined = np.hstack([vectors, CUE_WEIGHT * cues])
    unit: NDArray[np.float32] = joined / np.maximum(np.linalg.norm(joined, axis=1, keepdims=True), 1e-9)
    return unit


def _form(text: str) -> list[float]:
    plain = " ".join(text.lower().split())
    return [1.0 if cue.search(plain) else 0.0 for cue in _CUES]


def read_examples(path: Path) -> list[tuple[str, str]]:
    """Read labelled examples as (text, label) from lines of ``{"text", "label"}``."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(row["text"], row["label"]) for row in rows]


def _kept(path: Path, count: int) -> NDArray[np.float32] | None:
    """Return the vectors of an earlier run; None where there are none or the file is damaged."""
    try:
        vectors: NDArray[np.float32] = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return vectors if vectors.ndim == 2 and len(vectors) == count else None


def _keep(file: Path, vectors: NDArray[np.float32]) -> None:
    """Write by one rename, so that a reader never sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".npy", delete=False) as scratch:
        np.save(scratch, vectors)
    Path(scratch.name).replace(file)
