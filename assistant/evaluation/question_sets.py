"""Question sets: a folder each, recognised by the files in it. ``.jsonl`` files may be compressed (``.jsonl.gz``).

==================================  ==================================================================================
``corpus.jsonl``                    documents: ``_id``, ``title``, ``text``, and ``html`` where they have it
``pdfs/`` or ``documents/``         the documents as files; with them the corpus is only their text
``set.json``                        ``{"documents": "../samples"}``: they stand in another folder
``queries.jsonl``                   ``_id``, ``text``; where known ``answerable``, ``answers``, ``answers_long`` or
                                    ``reference``, ``gold_sentences``, ``passage``, ``history``, ``rewrite``, ``route``
``qrels.tsv``                       a header, then query, document or page (``NAME#p0`` is the first), score
``train``, ``val``, ``test.jsonl``  ``text``, ``label``: texts to be told apart by labelled examples
any other ``.jsonl``                ``text``, ``label`` attack or benign, ``kind``
``manifest.json``                   a list of ``{"file"}``: files that must be read or refused
==================================  ==================================================================================
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from assistant.errors import AssistantError
from assistant.evaluation import json_rows
from assistant.evaluation.json_rows import Row, shown
from assistant.evaluation.queries import Query, read_queries

ATTACK, BENIGN = "attack", "benign"
LABELLED = ("train", "val", "test")
COLUMNS = 3
OWN_DOCUMENTS = ("pdfs", "documents")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text with its label; ``kind`` tells attacks apart."""

    text: str
    label: str
    kind: str = ""


@dataclass(frozen=True)
class QuestionSet:
    """One set; each part is read when first asked for."""

    folder: Path

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.name

    @cached_property
    def queries(self) -> Sequence[Query]:
        """The questions; empty without."""
        path = json_rows.find(self.folder, "queries")
        return [] if path is None else read_queries(path)

    @cached_property
    def qrels(self) -> Mapping[str, Mapping[str, float]]:
        """For each question's id the documents or pages that answer it, with their scores; empty without."""
        path = self.folder / "qrels.tsv"
        return _read_qrels(path) if path.is_file() else {}

    @cached_property
    def by_page(self) -> bool:
        """Whether the judgements name pages."""
        return self.documents is not None and any("#p" in one for judged in self.qrels.values() for one in judged)

    @property
    def corpus(self) -> Path | None:
        """The file of the documents' texts; None without."""
        return json_rows.find(self.folder, "corpus")

    @cached_property
    def documents(self) -> Path | None:
        """The folder of documents as files; None where the corpus is all there is."""
        named = self.folder / "set.json"
        if named.is_file():
            return _documents_of(named)
        return next((path for name in OWN_DOCUMENTS if (path := self.folder / name).is_dir()), None)

    @property
    def has_documents(self) -> bool:
        """Whether there is something to search in."""
        return self.corpus is not None or self.documents is not None

    def labelled(self, stem: str) -> list[Labelled]:
        """Return the labelled texts of a file; empty without it."""
        path = json_rows.find(self.folder, stem)
        return [] if path is None else [_labelled(row) for row in json_rows.read(path, "text", "label")]

    @cached_property
    def guarded(self) -> list[Labelled]:
        """Texts labelled attack or benign; empty without."""
        stems = sorted({path.name.partition(".")[0] for path in self.folder.glob("*.jsonl*")})
        other = [stem for stem in stems if stem not in (*LABELLED, "corpus", "queries")]
        found = [one for stem in other for one in self.labelled(stem)]
        strange = next((one.label for one in found if one.label not in (ATTACK, BENIGN)), None)
        if strange is not None:
            raise AssistantError(f"{self.name} has the label {strange!r}; a set of attacks has attack and benign.")
        return found

    @cached_property
    def files(self) -> list[Path]:
        """The files that a manifest lists; empty without one."""
        manifest = self.folder / "manifest.json"
        return _listed(manifest) if manifest.is_file() else []


def find_sets(folder: Path, names: Sequence[str] = ()) -> list[QuestionSet]:
    """Return the sets of a folder, or the folder itself where it is one; AssistantError when there is none.

    ``names`` picks some; one that is not there is an error.
    """
    if not folder.is_dir():
        raise AssistantError(f"There is no folder {str(folder)!r}.")
    inside = [folder] if _is_set(folder) else [path for path in sorted(folder.iterdir()) if _is_set(path)]
    found = {path.name: QuestionSet(path) for path in (one.resolve() for one in inside)}
    if not found:
        raise AssistantError(
            f"{str(folder)!r} holds no question set: one has queries.jsonl, train.jsonl, manifest.json or attacks."
        )
    missing = [name for name in names if name not in found]
    if missing:
        raise AssistantError(f"There is no set {missing[0]!r} in {str(folder)!r}; it has {', '.join(found)}.")
    return [one for name, one in found.items() if not names or name in names]


def _is_set(path: Path) -> bool:
    return path.is_dir() and ((path / "manifest.json").is_file() or any(path.glob("*.jsonl*")))


def _documents_of(named: Path) -> Path:
    try:
        told = json.loads(named.read_text(encoding="utf-8"))
        folder = (named.parent / str(told["documents"])).resolve()
    except (ValueError, KeyError, TypeError, OSError):
        raise AssistantError(f'{shown(named)} is not {{"documents": "FOLDER"}}.') from None
    if not folder.is_dir():
        raise AssistantError(f"{shown(named)} names a folder that is not there: {told['documents']!r}.")
    return folder


def _read_qrels(path: Path) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for query, document, score in _judgements(path):
        found.setdefault(query, {})[document] = score
    return found


def _judgements(path: Path) -> Iterator[tuple[str, str, float]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
        cells = line.split("\t")
        try:
            query, document, score = cells
            yield query, document, float(score)
        except ValueError:
            raise AssistantError(
                f"Line {number} of {shown(path)} is not a query, a document and a score, with tabs between."
            ) from None


def _labelled(row: Row) -> Labelled:
    return Labelled(row["text"], row["label"], str(row.get("kind", "")))


def _listed(manifest: Path) -> list[Path]:
    try:
        files = [manifest.parent / row["file"] for row in json.loads(manifest.read_text(encoding="utf-8"))]
    except (ValueError, KeyError, TypeError, OSError):
        raise AssistantError(f'{shown(manifest)} is not a list of {{"file": "PATH"}}.') from None
    missing = next((file for file in files if not file.is_file()), None)
    if missing is not None:
        raise AssistantError(f"{shown(manifest)} lists {missing.name!r}, which is not there.")
    return files
