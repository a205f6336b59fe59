"""How much a text is like an attack on the assistant.

That is an order to drop its rules, a jailbreak, fishing for its prompt, or an instruction buried in a document.
What embedding neighbours say of its sentences (``attack_examples.jsonl``, written for this) and the ways of speaking
in it (``attack_cues.toml``) are weighed by a logistic function (``attacks.json``, fitted by ``bench/fit_guardrail``).
"""

from __future__ import annotations

import json
import math
import re
import threading
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.providers.offline.attack_text import WHOLE_CHARACTERS, chosen, normalised, undisguised, windows
from assistant.providers.offline.kept_vectors import KeptVectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.providers.minilm import MiniLM

    Embed = Callable[[Sequence[str]], NDArray[np.float32]]

EXAMPLES = Path(__file__).with_name("attack_examples.jsonl")
CUES = {
    name: re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for name, pattern in tomllib.loads(Path(__file__).with_name("attack_cues.toml").read_text(encoding="utf-8")).items()
}
FITTED = json.loads(Path(__file__).with_name("attacks.json").read_text(encoding="utf-8"))

LABELS = TAKEOVER, TASK, PROMPT, DOCUMENT = "takeover", "task", "prompt", "document"
"""Of examples: an attack wherever it stands; what one may ask an assistant, but no document should; an ordinary
question, also one with words that attacks use; an ordinary sentence of a document."""
WIDTH = 12.0
"""How fast an example's vote fades with its distance (``exp(WIDTH * (cosine - 1))``). Held-out recall at 1 % of
harmless texts, mean of two divisions into five folds: 0.70, 0.69 and 0.71 at 8, 10 and 12; with whole sources left out
0.66, 0.65 and 0.64."""
SMOOTHING = 0.1
"""Pull of the votes towards zero; 0.03 and 0.3 did as well."""
DOCUMENT_WINDOWS = 3
"""From so many sentences on a text is looked at as a document: what is asked in it may not be what the person asks."""
MOST_COUNT = 2.0
"""A way of speaking counts by the log of how often it comes, up to this (three times)."""
SEARCH_WORDS, SEARCH_BYTES = 2, 24
"""Up to so many words a text orders nothing, while it is as near to attacks as its subject: "password" alone scored
0.998. Bytes, since a whole sentence is one word in scripts without blanks."""
_WAY = re.compile(
    r"(?!.*\b(?:you|your|yours|yourself|tell|say|write|show|print|repeat|spell)\b)"
    r"(?:where|when|who|how often|how (?:do|can|should|may|must) (?:i|we|one|staff|employees))\b"
    r"[^.?!:;\n\"]{1,120}[?.]?",
    re.IGNORECASE,
)
SHOUTED_CHARACTERS = 25
SHOUTED_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is made of a text: ``score`` from 0 to 1, ``direct`` the same without what only documents are looked at for.

    A ``flagged`` text is treated with care, one that is ``refused`` is not answered.
    """

    score: float
    direct: float

    @property
    def flagged(self) -> bool:
        """True for about one in a hundred harmless texts and most attacks."""
        return self.score >= float(FITTED["flagged_from"])

    @property
    def refused(self) -> bool:
        """True where the text itself, and not something quoted in it, is an attack beyond doubt."""
        return self.direct >= float(FITTED["refused_from"])


class AttackClassifier:
    """Scores texts. Safe to use from several threads; the examples' vectors are made when first needed.

    ``kept`` is a file for them, so that they are made once and not at each start.
    """

    def __init__(self, embedder: MiniLM, kept: Path | None = None, examples: Path = EXAMPLES) -> None:
        self._embedder = embedder
        self._kept = KeptVectors(kept)
        self._examples = examples
        self._lock = threading.Lock()
        self._neighbours: Neighbours | None = None

    def warm(self) -> None:
        """Load or compute the examples' vectors."""
        self._loaded()

    def judge(self, text: str, vector: NDArray[np.float32] | None = None) -> Verdict:
        """Return the verdict on a text; ``vector`` is the embedding of the whole of it when the caller has it."""
        if _is_search(text) or _asks_the_way(text):
            return Verdict(0.0, 0.0)
        return verdict(features(text, self._loaded(), self._embed_with(text, vector)))

    def features(self, text: str) -> dict[str, float]:
        """Return what a text is weighed by."""
        return features(text, self._loaded(), self._embedder.embed)

    def _embed_with(self, text: str, vector: NDArray[np.float32] | None) -> Embed:
        whole = " ".join(normalised(text).split())
        known = {} if vector is None or whole != " ".join(text.split()) else {whole[:WHOLE_CHARACTERS]: vector}

        def embed(texts: Sequence[str]) -> NDArray[np.float32]:
            fresh = [one for one in dict.fromkeys(texts) if one not in known]
            known.update(zip(fresh, self._embedder.embed(fresh), strict=True) if fresh else ())
            return np.stack([known[one] for one in texts])

        return embed

    def _loaded(self) -> Neighbours:
        with self._lock:
            if self._neighbours is None:
                labelled = read_examples(self._examples)
                vectors = np.stack(self._kept.of([text for text, _ in labelled], self._embedder.embed))
                self._neighbours = Neighbours([label for _, label in labelled], vectors)
            return self._neighbours


class Neighbours:
    """The votes of labelled examples on the label of a vector (kernel ridge regression, as in ``nearest``)."""

    def __init__(self, labels: Sequence[str], vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors
        targets = np.array([[float(label == one) for one in LABELS] for label in labels], dtype=np.float32)
        among = _kernel(vectors, vectors) + SMOOTHING * np.eye(len(vectors), dtype=np.float32)
        self._votes = np.linalg.solve(among, targets)

    def votes(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a row for each vector with a share, about 0 to 1, for each of ``LABELS``."""
        votes: NDArray[np.float32] = _kernel(vectors, self._vectors) @ self._votes
        return votes


def features(text: str, neighbours: Neighbours, embed: Embed) -> dict[str, float]:
    """Return what a text is weighed by, each from about 0 to 2.

    ``takeover`` is the vote of its most suspicious sentence, ``whole`` that of its beginning against harmless ones. In
    documents ``task`` is how much more one sentence is like a request to an assistant than like a document's own.
    ``hidden`` says that something was in disguise, ``capitals`` that a sentence shouts; the rest are ways of speaking.
    Where none is found in a text of one or two sentences, as in most questions, it is only looked at as a whole.
    """
    plain = normalised(text)
    hidden = undisguised(plain)
    every = windows(plain) or [" "]
    document = len(every) >= DOCUMENT_WINDOWS
    spoken = _spoken("\n".join([plain, *hidden]), document=document)
    quiet = not document and not any(spoken.values())
    looked_at = [] if quiet else [every[n] for n in chosen(every, [_loudness(window) for window in every])]
    vectors = embed([" ".join(plain.split())[:WHOLE_CHARACTERS] or " ", *looked_at, *hidden])
    whole, *votes = neighbours.votes(vectors)
    votes = votes or [whole]
    return {
        "takeover": float(max(vote[0] for vote in votes)),
        "whole": float(whole[0] - max(whole[2], whole[3])),
        "task": float(max(vote[1] - vote[3] for vote in votes)) if document else 0.0,
        "hidden": float(bool(hidden)),
        "capitals": float(any(map(_shouts, every))),
        **spoken,
    }


def kept_file(cache: Path, embedder: MiniLM) -> Path:
    """Return where in a folder the examples' vectors are kept."""
    return cache / f"attacks-{embedder.model_id}.npz"


def verdict(weighed: dict[str, float]) -> Verdict:
    """Return the verdict on a text that has these features."""
    weights = FITTED["weights"]
    parts = {name: weights[name] * value for name, value in weighed.items()}
    buried = sum(max(0.0, parts[name]) for name in ("task", "form"))
    total = FITTED["constant"] + sum(parts.values())
    return Verdict(_logistic(total), _logistic(total - buried))


def read_examples(path: Path) -> list[tuple[str, str]]:
    """Read labelled examples as (text, label) from lines of ``{"text", "label", "kind"}``."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [(row["text"], row["label"]) for row in rows]


def _is_search(text: str) -> bool:
    """Whether a text is only a word or two to search for, in no way of speaking that attacks have."""
    few = len(text.split()) <= SEARCH_WORDS and len(text.encode(errors="replace")) <= SEARCH_BYTES
    return few and not undisguised(text) and not any(cue.search(text) for cue in CUES.values())


def _asks_the_way(text: str) -> bool:
    """Whether a text is one question for where, when or how staff get something, or who has it.

    Such a question gives the assistant nothing to do, however near its subject is to what attacks are after: "Where do
    I find the secret key?" scored 0.999. None of 366 public attacks has this form.
    """
    spoken = any(cue.search(text) for name, cue in CUES.items() if name != "leak")
    return _WAY.fullmatch(text.strip()) is not None and not spoken and not undisguised(text)


def _spoken(text: str, *, document: bool) -> dict[str, float]:
    counts = {name: min(MOST_COUNT, math.log2(1 + len(cue.findall(text)))) for name, cue in CUES.items()}
    return {**counts, "form": counts["form"] * document}


def _loudness(window: str) -> int:
    return sum(cue.search(window) is not None for cue in CUES.values())


def _shouts(window: str) -> bool:
    letters = [sign for sign in window if sign.isalpha()]
    return len(window) > SHOUTED_CHARACTERS and sum(map(str.isupper, letters)) > SHOUTED_SHARE * len(letters)


def _kernel(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    closeness: NDArray[np.float32] = np.exp(WIDTH * (left @ right.T - 1.0))
    return closeness


def _logistic(total: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))
