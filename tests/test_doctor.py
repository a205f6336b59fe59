"""What the doctor says: of providers where keys are from and what is wrong, never a key itself; of the library."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from assistant import bootstrap, doctor
from assistant import settings as settings_module
from assistant.doctor import Check
from assistant.knowledge.folders import Watching
from assistant.knowledge.parsing import ocr
from assistant.storage import audit
from assistant.storage.database import Database

KEY = "sk-test-PLANTED-0123456789-wxyz"
VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "GROQ_API_KEY", "GROQ_BASE_URL", "ANTHROPIC_API_KEY")


@pytest.fixture(autouse=True)
def _no_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def named(name: str, data_dir: Path, **settings: object) -> Check:
    checks = doctor.check_all(settings_module.load(data_dir=data_dir, samples=False, _env_file=None, **settings))
    return next(check for check in checks if check.name == name)


def providers(data_dir: Path, **settings: object) -> Check:
    return named("providers", data_dir, **settings)


def test_a_key_is_told_by_its_source_and_last_four_characters(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    check = providers(data_dir)
    assert check.ok
    assert "Groq (key from environment ending in wxyz)" in check.detail
    assert KEY not in check.detail


def test_a_broken_key_and_an_unknown_default_are_told_and_the_rest_goes_on(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", f"{KEY} x")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OLLAMA_BASE_URL", "localhost")
    check = providers(data_dir, default_provider="grok")
    assert not check.ok
    assert "OpenAI (key" in check.detail
    assert "Groq: GROQ_API_KEY has white space" in check.detail
    assert "Ollama: OLLAMA_BASE_URL" in check.detail
    assert "ASSISTANT_DEFAULT_PROVIDER names 'grok'" in check.detail
    assert KEY not in check.detail


def test_a_watched_folder_that_is_gone_is_told(data_dir: Path, tmp_path: Path) -> None:
    settings = settings_module.load(data_dir=data_dir, samples=False, _env_file=None)
    (tmp_path / "shared").mkdir()
    with bootstrap.opened(settings, own_index=False) as services:
        services.knowledge.folders.watch(services.people.local(), tmp_path / "shared")
        (tmp_path / "shared").rmdir()
        Watching(services.database, services.knowledge, services.knowledge.library, every_seconds=60.0).look()
    check = named("folders", data_dir)
    assert not check.ok
    assert "is not there" in check.detail


def test_an_audit_log_that_was_changed_by_hand_is_told(data_dir: Path) -> None:
    assert named("audit log", data_dir).ok
    database = Database(f"sqlite:///{data_dir / 'assistant.sqlite'}")
    with database.write() as session:
        audit.append(session, "ann", "document.deleted", "d")
        session.execute(text("DROP TRIGGER audit_log_no_update"))
        session.execute(text("UPDATE audit_log SET person_id = 'bob'"))
    database.close()
    assert "Line 1 of the audit log" in named("audit log", data_dir).detail


def test_recognition_that_is_switched_on_is_told_with_whether_it_is_there(data_dir: Path) -> None:
    check = named("readers of files", data_dir, ocr=True)
    assert check.ok == ocr.is_installed()
    assert named("readers of files", data_dir).ok
