from __future__ import annotations

import math
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from assistant.errors import StartError
from assistant.providers import minilm, minilm_int8
from assistant.providers.minilm import FILES, SUMS_FILE, MiniLM
from assistant.providers.minilm_graph import GRAPH_FILE, INT8_GRAPH_FILE
from assistant.providers.minilm_int8 import is_quick_here

Array = NDArray[np.float32]
TEXTS = [
    "How many days of annual leave do I have?",
    "",
    "The VPN client is installed from the self-service portal. " * 20,
    "Ünïcode: naïve café, 東京, Ωmega 😀",
    "receipts",
]


class PlainBert:
    """The forward pass written out with numpy alone, as the yardstick for the fused graph."""

    def __init__(self, folder: Path) -> None:
        self.w = load_file(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(256)

    def embed(self, text: str) -> Array:
        mean = self.tokens(text).mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)

    def tokens(self, text: str) -> Array:
        ids = self.tokenizer.encode(text).ids
        words = self.w["embeddings.word_embeddings.weight"][ids]
        positions = self.w["embeddings.position_embeddings.weight"][: len(ids)]
        hidden = self.norm("embeddings", words + positions + self.w["embeddings.token_type_embeddings.weight"][0])
        for layer in range(6):
            hidden = self.layer(f"encoder.layer.{layer}", hidden)
        return hidden

    def layer(self, at: str, hidden: Array) -> Array:
        attended = self.norm(
            f"{at}.attention.output", self.linear(f"{at}.attention.output.dense", self.attend(at, hidden)) + hidden
        )
        wide = self.linear(f"{at}.intermediate.dense", attended)
        bent = wide * 0.5 * (1 + np.vectorize(math.erf)(wide / math.sqrt(2)))
        return self.norm(f"{at}.output", self.linear(f"{at}.output.dense", bent) + attended)

    def attend(self, at: str, hidden: Array) -> Array:
        q, k, v = (
            self.linear(f"{at}.attention.self.{part}", hidden).reshape(-1, 12, 32).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = q @ k.transpose(0, 2, 1) / math.sqrt(32)
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        return np.asarray((shares @ v).transpose(1, 0, 2).reshape(-1, 384))

    def linear(self, at: str, hidden: Array) -> Array:
        return np.asarray(hidden @ self.w[f"{at}.weight"].T + self.w[f"{at}.bias"])

    def norm(self, at: str, hidden: Array) -> Array:
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return np.asarray(scaled * self.w[f"{at}.LayerNorm.weight"] + self.w[f"{at}.LayerNorm.bias"])


def test_vectors_equal_a_plain_numpy_forward_pass(embedder: MiniLM) -> None:
    plain = PlainBert(minilm._model_file("model.safetensors").parent)
    expected = np.stack([plain.embed(text) for text in TEXTS])
    np.testing.assert_allclose(embedder.embed(TEXTS), expected, atol=1e-5)


def test_token_vectors_equal_a_plain_numpy_forward_pass(embedder: MiniLM) -> None:
    plain = PlainBert(minilm._model_file("model.safetensors").parent)
    for text in TEXTS:
        rows = plain.tokens(text)
        expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        np.testing.assert_allclose(embedder.embed_tokens(text).vectors, expected, atol=1e-4)


def test_a_question_is_read_once_for_its_vector_and_its_tokens(embedder: MiniLM) -> None:
    question = "May a question be read once?"
    vector = embedder.embed([question])[0]
    tokens = embedder.embed_tokens(question)
    assert embedder.embed_tokens(question) is tokens
    many = [question, *(f"Sentence {n} of an answer." for n in range(8))]
    np.testing.assert_array_equal(embedder.embed(many)[0], vector)


def test_what_is_given_out_may_be_changed_without_changing_what_is_kept(embedder: MiniLM) -> None:
    first = embedder.embed(["Where are the keys?"])
    expected = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(embedder.embed(["Where are the keys?"]), expected)
    with pytest.raises(ValueError, match="read-only"):
        embedder.embed_tokens("Where are the keys?").vectors[:] = 0


def test_only_some_short_texts_are_kept(embedder: MiniLM) -> None:
    long, first = "vpn " * minilm.KEPT_TOKENS, "Which text was the first?"
    assert embedder.embed_tokens(long) is not embedder.embed_tokens(long)
    tokens = embedder.embed_tokens(first)
    for number in range(minilm.KEPT_TEXTS):
        embedder.embed([f"Which text was number {number}?"])
    assert embedder.embed_tokens(first) is not tokens


def test_each_token_has_its_place_in_the_text_and_the_special_ones_an_empty_one(embedder: MiniLM) -> None:
    found = embedder.embed_tokens("Straße, 東京!")
    words = ["Straße, 東京!"[start:end] for start, end in found.spans]
    assert (words[0], words[-1], "".join(words)) == ("", "", "Straße,東京!")
    assert len(embedder.embed_tokens("vpn " * 300).spans) == len(embedder.embed_tokens("vpn " * 300).vectors) == 256


def test_vectors_have_length_one_and_keep_the_input_order(embedder: MiniLM) -> None:
    together = embedder.embed(TEXTS)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert together.shape == (len(TEXTS), 384)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_no_texts_give_no_vectors(embedder: MiniLM) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_only_the_first_256_tokens_count(embedder: MiniLM) -> None:
    start = "vpn " * 254
    vectors = embedder.embed([start, start + "holiday " * 50])
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)


def test_token_counts_include_special_tokens_and_are_not_cut(embedder: MiniLM) -> None:
    assert embedder.token_counts(["", "vpn " * 300]) == [2, 2 + 2 * 300]


def test_paraphrases_are_nearer_than_strangers(embedder: MiniLM) -> None:
    question, near, far = embedder.embed(
        ["How long is my annual leave?", "Employees get 27 vacation days a year.", "Reset your VPN token."]
    )
    assert question @ near > question @ far + 0.2


def test_threads_may_share_one_model(embedder: MiniLM) -> None:
    expected = embedder.embed(TEXTS)
    results: list[Array] = []
    threads = [threading.Thread(target=lambda: results.append(embedder.embed(TEXTS))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        np.testing.assert_allclose(result, expected, atol=1e-5)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.mark.parametrize("damaged", [*FILES, SUMS_FILE])
def test_a_damaged_cache_is_built_again(embedder: MiniLM, cache: Path, damaged: str) -> None:
    with (minilm._cached_graph(cache) / damaged).open("r+b") as file:
        file.truncate(100)
    again = MiniLM(cache)
    np.testing.assert_allclose(again.embed(["leave"]), embedder.embed(["leave"]), atol=1e-6)
    assert [path.name for path in cache.iterdir() if path.name.startswith("building-")] == []


def test_the_graph_of_an_earlier_version_goes_once_the_new_one_is_there(tmp_path: Path) -> None:
    earlier, other = tmp_path / f"{MiniLM.model_id}-graph-{minilm.GRAPH_VERSION - 1}", tmp_path / "pages"
    for folder in (earlier, other):
        folder.mkdir()
        (folder / "file").write_bytes(b"1")
    folder = minilm._cached_graph(tmp_path)
    assert {path for path in tmp_path.iterdir() if path.is_dir()} == {folder, other}


def test_two_processes_that_start_at_once_share_one_graph(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from assistant.providers.minilm import MiniLM;"
        "print(MiniLM(Path(sys.argv[1])).embed(['leave'])[0, :3].tolist())"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [child.communicate(timeout=60)[0] for child in children]
    assert answers[0]
    assert answers[0] == answers[1]
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def test_weights_other_than_the_published_ones_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(StartError, match="not the published"):
        MiniLM(tmp_path).warm()


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm, "PACKAGE", "no_such_package")
    with pytest.raises(StartError, match="no-such-package is not installed"):
        MiniLM(tmp_path).warm()


def test_a_list_of_sums_that_is_no_text_counts_as_damaged(cache: Path) -> None:
    folder = minilm._cached_graph(cache)
    (folder / SUMS_FILE).write_bytes(b"\xff\xfe\x00")
    assert not minilm._is_whole(folder)


@pytest.fixture(scope="module")
def in_8_bits(embedder: MiniLM) -> MiniLM:
    """The model for documents, where the processor is one that runs it in 8 bits."""
    if not is_quick_here():
        pytest.skip("sums of such products may overflow on this processor, which therefore takes the exact graph")
    return MiniLM(embedder._cache_dir, int8=True)


def test_vectors_in_8_bits_are_near_the_exact_ones(embedder: MiniLM, in_8_bits: MiniLM) -> None:
    texts = [*TEXTS, *(f"Room {n} is booked at the desk for {n} days, and {n % 7} keys are given." for n in range(40))]
    exact, near = embedder.embed(texts), in_8_bits.embed(texts)
    np.testing.assert_allclose(np.linalg.norm(near, axis=1), 1, atol=1e-5)
    assert (exact * near).sum(axis=1).min() > 0.98
    assert not np.array_equal(exact, near)


def test_padding_does_not_count_in_8_bits(in_8_bits: MiniLM) -> None:
    short, long = (
        "Keys are at the desk.",
        "Keys are at the desk, and so are the cards, the lockers' list and the lamps.",
    )
    alone, together = in_8_bits.embed([short]), in_8_bits.embed([short, long])
    assert float(alone[0] @ together[0]) > 0.99


@pytest.mark.parametrize(
    ("flags", "file"),
    [
        ("flags : sse2 avx2 fma", GRAPH_FILE),
        ("flags : sse2 avx2 avx512_vnni", INT8_GRAPH_FILE),
        ("Features : fp asimd asimddp", INT8_GRAPH_FILE),
        (None, GRAPH_FILE),
    ],
)
def test_documents_are_embedded_exactly_where_8_bits_are_no_gain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str | None, file: str
) -> None:
    facts = tmp_path / "cpuinfo"
    if flags:
        facts.write_text(flags)
    monkeypatch.setattr(minilm_int8, "CPU_FACTS", facts)
    assert MiniLM(tmp_path, int8=True)._graph_file == file
    assert MiniLM(tmp_path)._graph_file == GRAPH_FILE
