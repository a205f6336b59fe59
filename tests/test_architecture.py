"""The floors of the house, read from the imports."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# The longest prefix of a module's name decides its floor.
FLOORS = {
    "assistant": 1,
    "assistant.providers": 2,
    "assistant.storage": 2,
    "assistant.knowledge": 3,
    "assistant.chat": 3,
    "assistant.models": 3,
    "assistant.usage": 3,
    "assistant.people": 3,
    "assistant.limits": 3,
    "assistant.evaluation": 3,
    "assistant.bootstrap": 4,
    "assistant.cli": 5,
    "assistant.doctor": 5,
    "assistant.web": 5,
    "assistant.__main__": 5,
}
WORDS_OF_THE_FIRST_FLOOR = {
    *("access", "clock", "exports", "redaction"),
    *("domain", "errors", "events", "faults", "library", "log", "sentences", "settings", "table_rows"),
}
# Each engine has one home; a tuple of prefixes where it is allowed.
HOMES = {
    "openai": ("assistant.providers",),
    "groq": ("assistant.providers",),
    "anthropic": ("assistant.providers",),
    "boto3": ("assistant.providers",),
    "botocore": ("assistant.providers",),
    "opentelemetry": ("assistant.providers.telemetry",),
    "pydantic_ai": ("assistant.providers", "assistant.chat"),
    "pydantic_monty": ("assistant.chat",),
    "onnx": ("assistant.providers",),
    "onnxruntime": ("assistant.providers",),
    "tokenizers": ("assistant.providers",),
    "chromadb": ("assistant.knowledge.index",),
    "dbos": ("assistant.knowledge.jobs",),
    "pypdf": ("assistant.knowledge.parsing",),
    "pypdfium2": ("assistant.knowledge.parsing",),
    "docx": (),
    "pptx": ("assistant.knowledge.parsing",),
    "python_calamine": ("assistant.knowledge.parsing",),
    "selectolax": ("assistant.knowledge.parsing",),
    "lxml": ("assistant.knowledge.parsing",),
    "olefile": ("assistant.knowledge.parsing",),
    "rapidocr": ("assistant.knowledge.parsing.ocr_child",),
    "cryptography": ("assistant.knowledge.passwords",),
    "cv2": ("assistant.knowledge.parsing",),
    "pandas": (),
    "sqlalchemy": ("assistant.storage",),
    "alembic": ("assistant.storage",),
    "sqlite3": ("assistant.storage",),
    "starlette": ("assistant.web",),
    "authlib": ("assistant.web",),
    "joserfc": ("assistant.web",),
    "argon2": ("assistant.people.passwords",),
    "typer": ("assistant.cli",),
    "streamlit": (),
}


def sources(top: str) -> list[Path]:
    """The project's own files; the baseline of the benchmarks may have an environment of its own there."""
    return sorted(path for path in (ROOT / top).rglob("*.py") if ".venv" not in path.parts)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor_of(module: str) -> int:
    return FLOORS[max((name for name in FLOORS if within(module, name)), key=len)]


def within(module: str, prefix: str) -> bool:
    return module == prefix or module.startswith(prefix + ".")


MODULES = sources("assistant")


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_a_module_imports_only_from_its_own_or_lower_floors(path: Path) -> None:
    own = floor_of(module_name(path))
    above = [name for name in imports_of(path) if within(name, "assistant") and floor_of(name) > own]
    assert above == []


@pytest.mark.parametrize("path", MODULES, ids=module_name)
def test_an_engine_is_imported_only_at_its_home(path: Path) -> None:
    module = module_name(path)
    strays = [
        name
        for name in imports_of(path)
        for engine, homes in HOMES.items()
        if within(name, engine) and not any(within(module, home) for home in homes)
    ]
    assert strays == []


def test_the_first_floor_holds_words_only() -> None:
    found = {path.stem for path in (ROOT / "assistant").glob("*.py")} - {"__init__", "__main__", "bootstrap", "doctor"}
    assert found <= WORDS_OF_THE_FIRST_FLOOR


@pytest.mark.parametrize("path", sources("pages"), ids=module_name)
def test_pages_never_touch_engines(path: Path) -> None:
    engines = set(HOMES) - {"streamlit", "pandas"}
    assert [name for name in imports_of(path) if name.split(".")[0] in engines] == []


@pytest.mark.parametrize("path", sources("pages"), ids=module_name)
def test_a_part_of_a_page_that_is_drawn_alone_ends_with_the_session(path: Path) -> None:
    """Such a part is made by ``guard.fragment``, which knows what to do then."""
    made_here = "st.fragment" in path.read_text(encoding="utf-8")
    assert not made_here or module_name(path) == "pages.components.guard"


@pytest.mark.parametrize(
    "path",
    [path for top in ("assistant", "pages", "tests", "bench", "data") for path in sources(top)],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_a_file_stays_under_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400


def test_torch_is_not_importable() -> None:
    assert importlib.util.find_spec("torch") is None
