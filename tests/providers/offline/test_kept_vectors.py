"""Vectors are computed once for each text, in this process and the next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assistant.providers.offline.kept_vectors import KeptVectors


class Counting:
    """Embeds a text as its length, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


@pytest.mark.parametrize("kept_on_disk", [True, False])
def test_each_text_is_embedded_once_and_let_go_when_it_is_no_longer_asked_for(
    tmp_path: Path, kept_on_disk: bool
) -> None:
    embed, kept = Counting(), KeptVectors(tmp_path / "cache" / "v.npz" if kept_on_disk else None)
    assert [row[0] for row in kept.of(["a", "bb"], embed)] == [1.0, 2.0]
    assert [row[0] for row in kept.of(["ccc", "bb"], embed)] == [3.0, 2.0]
    assert embed.asked == ["a", "bb", "ccc"]
    kept.of(["a"], embed)
    assert embed.asked == ["a", "bb", "ccc", "a"]
    assert kept.of([], embed) == []


def test_the_next_start_reads_what_was_kept_and_the_file_holds_no_text(tmp_path: Path) -> None:
    embed, file = Counting(), tmp_path / "v.npz"
    KeptVectors(file).of(["a secret question", "\ud800"], embed)
    assert [row[0] for row in KeptVectors(file).of(["\ud800", "a secret question"], embed)] == [1.0, 17.0]
    assert len(embed.asked) == 2
    assert b"secret" not in file.read_bytes()
    assert list(tmp_path.iterdir()) == [file]
    KeptVectors(file).of([], embed)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"garbage", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    embed, file = Counting(), tmp_path / "v.npz"
    file.write_bytes(damage)
    assert [row[0] for row in KeptVectors(file).of(["a"], embed)] == [1.0]
    assert [row[0] for row in KeptVectors(file).of(["a"], embed)] == [1.0]
    assert embed.asked == ["a"]
