"""What counts as a secret or a personal datum in a text, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.redaction import Kind, blanked, found, redacted

LETTERS = "aB3dE5gH7jK9mN1pQ2sT4vW6xY8zA0cD"
SHORTER = LETTERS[:20]
SECRETS = [
    f"sk-proj-{LETTERS}",
    f"sk-ant-api03-{LETTERS}",
    f"sk-or-v1-{LETTERS}",
    f"gsk_{LETTERS}",
    f"hf_{LETTERS}",
    f"ika_{LETTERS}",
    f"ghp_{LETTERS}",
    f"github_pat_{LETTERS}",
    f"glpat-{SHORTER}",
    f"xoxb-123456789012-{SHORTER}",
    f"AIza{LETTERS}abc",
    f"pk-lf-{SHORTER}",
    f"sk_live_{SHORTER}",
    "AKIA" + "Z7Y6X5W4V3U2T1S0",
    f"eyJhbGciOiJI.eyJzdWIiOiIx.{SHORTER}",
    f"-----BEGIN RSA PRIVATE KEY-----\n{LETTERS}\n-----END RSA PRIVATE KEY-----",
]
SAID = [
    ("password: Winter2026!", "Winter2026!"),
    ("The Wi-Fi password is Sunny-Graz-26.", "Sunny-Graz-26"),
    ("**Passwort:** `Graz1234`", "Graz1234"),
    ("mot de passe : Soleil+42", "Soleil+42"),
    ("api_key=abcd1234efgh", "abcd1234efgh"),
    ('{"client_secret": "s3cr3t-of-ours"}', "s3cr3t-of-ours"),
    ("password = 'swordfish'", "swordfish"),
    ("PIN: 4821", "4821"),
    ("postgresql://app:hunter2@db.internal/app", "hunter2"),
    (f"Authorization: Bearer {LETTERS}", LETTERS),
    (f"the token we use is this one: {LETTERS}", LETTERS),
    (f"?sv=2024&sig={LETTERS}%3D", f"{LETTERS}%3D"),
    ("AKIA" + "Z7Y6X5W4V3U2T1S0" + " and " + LETTERS + "+/aB3dE5", LETTERS + "+/aB3dE5"),
]
HARMLESS = [
    "Password: must be changed every 90 days",
    "Your password is at least 14 characters long, with two digits",
    "token: your-token-here-1",
    "API_KEY=${OPENAI_API_KEY1}",
    "password = os.environ['SECRET_1']",
    "set password=<password1>",
    "API key: sk-your-key-goes-here-1",
    "the secret of sk-learn and of scikit-learn-tutorials-2",
    "Call +43 316 876 543 210 or write to hr@north.example",
    "sha256 of the token file: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "See https://north.example/reset/password-2026/how-to-choose-one-2",
    "Asset tag NL-2231-0098, order 4000 1234 5678 9010",
    "Ticket 4409607962387 or 12345678901234567 and /articles/4409607962387-Copy",
    "IBAN DE89 3704 0044 0532 0130 01",
    "Section 000-12-3456 and part 123-45-67890, sample 078-05-1120",
]


@pytest.mark.parametrize("key", SECRETS)
def test_a_key_is_known_by_its_shape(key: str) -> None:
    text = f"We use {key} here."
    assert [(one.kind, text[one.start : one.end]) for one in found(text)] == [(Kind.SECRET, key)]


@pytest.mark.parametrize(("text", "secret"), SAID)
def test_a_secret_is_known_by_the_word_before_it(text: str, secret: str) -> None:
    assert secret in [text[one.start : one.end] for one in found(text)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Pay to DE89 3704 0044 0532 0130 00 today", Kind.IBAN, "DE89 3704 0044 0532 0130 00"),
        ("Pay to AT611904300234573201.", Kind.IBAN, "AT611904300234573201"),
        ("Card 4111 1111 1111 1111, valid", Kind.CARD, "4111 1111 1111 1111"),
        ("Card 378282246310005", Kind.CARD, "378282246310005"),
        ("SSN 536-22-8145", Kind.NATIONAL_ID, "536-22-8145"),
    ],
)
def test_personal_data_are_known_by_their_check_digits_and_rules(text: str, kind: Kind, value: str) -> None:
    assert [(one.kind, text[one.start : one.end]) for one in found(text)] == [(kind, value)]


@pytest.mark.parametrize("text", HARMLESS)
def test_words_of_a_handbook_are_no_secrets(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("path", sorted(Path("data/samples").glob("*.[mhtc][dtxs]*")), ids=lambda path: path.name)
def test_nothing_is_found_in_the_samples(path: Path) -> None:
    assert found(path.read_text(encoding="utf-8")) == []


def test_no_more_than_four_characters_are_shown_and_of_a_short_one_none() -> None:
    assert [one.shown for one in found(f"gsk_{LETTERS} and password: Graz1234")] == ["gsk_••••", "••••"]


def test_a_redacted_text_keeps_its_other_words() -> None:
    assert redacted(f"key gsk_{LETTERS} of Ada", ["Ada"]) == "key [hidden] of [hidden]"


def test_a_blanked_text_keeps_its_length_and_its_personal_data() -> None:
    text = f"Use gsk_{LETTERS}; pay to AT611904300234573201."
    assert len(blanked(text)) == len(text)
    assert blanked(text).endswith("; pay to AT611904300234573201.")
    assert "gsk_" not in blanked(text)


@pytest.mark.parametrize(
    "unit", ["sk-", "eyJ", "eyJaaaaaaaa.", "a://b:", "password: ", "DE89 ", "1234 ", "'", "token a1"]
)
def test_a_long_text_of_beginnings_has_no_findings_and_an_end(unit: str) -> None:
    assert len(found("password" + unit * 60_000)) <= 1
