"""What Chroma's own database says of its folder: Chroma leaves the files of a deleted collection where they are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

DATABASE = "chroma.sqlite3"


def unused_folders(folder: Path) -> list[Path]:
    """Return the folders of vectors in there that no collection names; none when the database cannot be read."""
    try:
        with closing(sqlite3.connect(f"{(folder / DATABASE).as_uri()}?mode=ro", uri=True)) as connection:
            used = {name for (name,) in connection.execute("SELECT id FROM segments")}
    except sqlite3.Error:
        return []
    return [path for path in folder.iterdir() if path.is_dir() and path.name not in used]
