from __future__ import annotations

import pytest

from assistant.knowledge.parsing.characters import clean, clean_lines, decoded, one_line


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("of\ufb01ce", "office"),
        ("a\u00a0b\u2009c", "a b c"),
        ("so\u00adft\u200b", "soft"),
        ("Cafe\u0301", "Café"),
        ("10\u00b2 m\u00b2, \u00bd", "10\u00b2 m\u00b2, \u00bd"),
        ("\uff36\uff30\uff2e", "VPN"),
        ("a\x00\x07b\ufeff\ufffe", "ab"),
        ("\u202eevil", "evil"),
        ("bad \ud800", "bad \ufffd"),
        ("a\r\nb\rc\u2028d\x0ce", "a\nb\nc\nd\ne"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_text_is_cleaned_without_changing_what_it_says(raw: str, cleaned: str) -> None:
    assert clean(raw) == cleaned


def test_blanks_are_single() -> None:
    assert clean_lines("\n  a \t b  \n\n c\n") == "a b\n\nc"
    assert one_line(" a\n  b ") == "a b"


@pytest.mark.parametrize(
    "encoding", ["punycode", "idna", "unicode_escape", "undefined", "zlib", "rot13", "x-none", "\x00"]
)
def test_what_is_no_encoding_of_text_is_not_believed(encoding: str) -> None:
    assert decoded("Grüße, a-b\\n".encode(), encoding) == "Grüße, a-b\\n"
