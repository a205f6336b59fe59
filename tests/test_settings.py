"""Wrong settings stop the start with one sentence that names the variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant import settings
from assistant.errors import SettingsError


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ASSISTANT_AUTH", "nonsense"),
        ("ASSISTANT_SAMPLES", "perhaps"),
        ("ASSISTANT_QUESTION_MAX_CHARACTERS", "many"),
        ("ASSISTANT_UPLOAD_MAX_MB", "0"),
        ("ASSISTANT_RUNNING_PER_PERSON", "-1"),
        ("ASSISTANT_FIRST_TOKEN_SECONDS", "-5"),
        ("ASSISTANT_TELEMETRY", "perhaps"),
        ("ASSISTANT_TELEMETRY_CONTENT", "2"),
        ("ASSISTANT_DATABASE_URL", "mysql://db"),
        ("ASSISTANT_CHROMA_URL", "http://127.0.0.1:8000"),
    ],
)
def test_a_wrong_value_stops_with_a_sentence_that_names_the_variable(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    assert variable in caught.value.message
    assert "\n" not in caught.value.message


def test_a_wrong_variable_of_a_provider_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "with white space")
    monkeypatch.setenv("OPENAI_BASE_URL", "nonsense")
    assert settings.load().openai_base_url == "nonsense"


def test_an_unknown_variable_is_a_warning_with_the_nearest_known_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_SAMPELS", "off")
    assert "ASSISTANT_SAMPELS is not a setting; did you mean ASSISTANT_SAMPLES?" in settings.unknown_variables()


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_DATABASE_URL", "")
    assert settings.load().database_url is None


@pytest.mark.parametrize(("word", "meaning"), [("off", False), ("ON", True), ("0", False), ("yes", True)])
def test_samples_reads_the_usual_words(word: str, meaning: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSISTANT_SAMPLES", word)
    assert settings.load().samples is meaning


def test_the_database_stands_in_the_data_folder_by_default(tmp_path: Path) -> None:
    assert settings.load(data_dir=tmp_path).sqlalchemy_url == f"sqlite:///{tmp_path.resolve()}/assistant.sqlite"


def test_a_key_never_shows_in_the_settings_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "gsk_planted")
    assert "gsk_planted" not in repr(settings.load())


@pytest.mark.parametrize("text", ["OPENAI_API_KEY=sk-0123456789".encode("utf-16"), b"OPENAI_API_KEY=\xe4\xf6\xfc"])
def test_a_file_of_variables_that_is_no_text_stops_with_a_sentence(tmp_path: Path, text: bytes) -> None:
    (tmp_path / ".env").write_bytes(text)
    with pytest.raises(SettingsError, match=r"\.env is no UTF-8 text: save it as UTF-8"):
        settings.load(_env_file=tmp_path / ".env")
