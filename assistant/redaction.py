"""Secrets and personal data in text: keys, passwords, cards, bank accounts, national numbers. Fast, offline, linear.

What is found has a shape that nothing else has (a provider's prefix, a check digit), or stands behind a word that says
what it is ("password: ..."). E-mail addresses and telephone numbers are no findings: a company's documents are full of
them, and people look for them there.

Each pattern begins where a run of its own characters begins, is bounded, and gives nothing back that it took, so that
no text makes it slow.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

HIDDEN = "[hidden]"
SHOWN = 4
SHORTEST_SHOWN = 12
"""Characters. Of a shorter secret four would be too much to show: it is hidden whole."""


class Kind(StrEnum):
    """What a finding is."""

    SECRET = "secret"  # noqa: S105  # the word, not one
    CARD = "card"
    IBAN = "iban"
    NATIONAL_ID = "national id"


@dataclass(frozen=True, slots=True)
class Found:
    """A secret or a personal datum, ``[start, end)`` of the text; ``shown`` is what of it people may be shown."""

    kind: Kind
    start: int
    end: int
    shown: str


Spans = Iterator[tuple[int, int]]

_WORD = r"[A-Za-z0-9_-]"
_KEYS = re.compile(
    rf"(?<!{_WORD})(?:"
    # the assistant's own tokens, OpenAI and OpenRouter, Anthropic, Groq, Hugging Face, Langfuse
    rf"(?:ika_|gsk_|hf_|(?:sk|pk)-lf-|sk-){_WORD}{{16,300}}+"
    # GitHub, GitLab, npm, PyPI, Docker, Shopify
    rf"|(?:gh[pousr]_|github_pat_|glpat-|npm_|pypi-|dckr_pat_|shp(?:at|ca|pa|ss)_){_WORD}{{16,300}}+"
    # Slack, Stripe, SendGrid, Google, age
    rf"|xox[abeoprs]-{_WORD}{{10,300}}+|[rs]k_(?:live|test)_[A-Za-z0-9]{{16,200}}+"
    rf"|SG\.{_WORD}{{16,80}}+\.{_WORD}{{16,80}}+|AIza{_WORD}{{35}}+|ya29\.{_WORD}{{20,300}}+"
    rf"|AGE-SECRET-KEY-1[A-Z0-9]{{40,80}}+"
    # Amazon: access keys, and the bearer keys of Bedrock
    rf"|(?:AKIA|ASIA)[A-Z0-9]{{16}}+|(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/=]{{20,500}}+"
    rf")(?!{_WORD})"
)
_TOKEN = re.compile(rf"(?<![A-Za-z0-9_.-])eyJ{_WORD}{{8,2000}}+\.eyJ{_WORD}{{4,6000}}+(?:\.{_WORD}{{0,2000}}+)?")
"""A JSON web token."""
_BEARER = re.compile(r"\b(?:Bearer|Basic)[ \t]{1,3}([A-Za-z0-9+/_.~-]{16,4000}+=*)")
_IN_ADDRESS = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s:/@?#]{0,100}+:([^\s@/]{1,200}+)@")
"""``postgresql://name:password@host``"""
_HOOK = re.compile(
    r"hooks\.slack\.com/services/([A-Za-z0-9/]{20,100}+)|[?&;](?:sig|AccountKey)=([A-Za-z0-9%+/=]{20,200}+)"
)
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
_PEM_END = re.compile(r"-----END [A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?-----")
PEM_CHARACTERS = 8_000
"""What is hidden of a private key whose end is not there: more than one of 8,192 bits has."""

_SAID = re.compile(
    r"(?:pass(?:word|wd|phrase|code|wort)|pwd|kennwort|wachtwoord|contraseña|mot de passe|psk|secret|token|credentials?"
    r"|(?:api|access|secret|private|auth|encryption|signing|account|subscription|licen[cs]e)[ _-]?keys?)"
    r"[\"'`*_]{0,3}(?:[ \t]{0,4}(?:[:=]|=>|:=)[ \t]{0,4}|[ \t]{1,3}(?:is|ist|lautet|est|es)(?:[ \t]{1,3}|:[ \t]{0,3}))"
    r"[*_]{0,2}[ \t]{0,2}([\"'`]?)([^\s\"'`<>|,;]{5,200}+)"
)
"""A word for a secret, a sign or "is", and the value; for text in lower case. Quotes around it are the first group."""
_PIN = re.compile(r"\bPIN(?:[ \t]?[:=][ \t]{0,3}|[ \t]+is[ \t]+)([0-9]{4,8})(?![0-9.,/:-]?[0-9])", re.IGNORECASE)
_RANDOM = re.compile(r"(?<![A-Za-z0-9+/_=.-])[A-Za-z0-9+/_-]{20,200}+={0,2}(?![A-Za-z0-9+/_=-])")
_CUE = re.compile(
    r"secret|token|credential|api[ _-]?key|access[ _-]?key|private[ _-]?key|passw|bearer|schlüssel", re.IGNORECASE
)
_DIGEST = re.compile(r"sha-?\d|md5|digest|checksum|hash|fingerprint|commit|uuid|guid", re.IGNORECASE)
CUE_CHARACTERS = 60
"""How far before a random string the word may stand, on its line."""
RANDOM_BITS = 3.5
"""Bits a character from which a string of 20 or more counts as random: names and paths have about 3, keys 4 to 6."""
_PLACEHOLDER = re.compile(
    r"^[$%{<\[(]|\*{3}|x{4}|\.{3}|…|•|your|example|placeholder|changeme|redacted|hidden|dummy|sample", re.IGNORECASE
)
_BLANK = re.compile(r"x{6}|your", re.IGNORECASE)
"""In what begins as a key does, the mark of a form to fill in."""
_CALL = re.compile(r"[A-Za-z_][\w.]*\(|(?:os|self|settings|config|process)\.", re.IGNORECASE)

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?:[ \u00a0]?[A-Z0-9]){11,30}+")
_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 "
    "LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 "
    "QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
IBAN_LENGTHS = {pair[:2]: int(pair[2:]) for pair in _LENGTHS.split()}
"""Characters by country, from the registry of ISO 13616."""
_CARD = re.compile(
    r"(?<![A-Za-z0-9./-])(?:[0-9]{14,19}+|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}+"
    r"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5}+)"
    r"(?![A-Za-z0-9-]|[.,][0-9]| [0-9])"
)
CARDS = (
    (r"4", {16, 19}),
    (r"5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720", {16}),
    (r"3[47]", {15}),
    (r"6011|65|64[4-9]", {16, 19}),
    (r"30[0-5]|36|38", {14}),
    (r"35(?:2[89]|[3-8])", {16, 19}),
)
"""How the numbers of Visa, Mastercard, American Express, Discover, Diners Club and JCB begin, and their digits."""
_SSN = re.compile(r"(?<![0-9-])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}(?![0-9-])")
SSN_IN_ADVERTISEMENTS = {"078-05-1120", "219-09-9999"}
"""Printed on sample cards once and invalid since."""


def found(text: str, kinds: Collection[Kind] = frozenset(Kind)) -> list[Found]:
    """Return what is found of these kinds, in order of place; those that overlap as one."""
    lower = text.lower()
    spans = sorted(
        (start, -end, kind)
        for kind, finder, words in _FINDERS
        if kind in kinds and (not words or any(word in lower for word in words))
        for start, end in finder(text)
    )
    kept: list[tuple[Kind, int, int]] = []
    for start, negative_end, kind in spans:
        last = kept[-1] if kept else None
        if last is None or start >= last[2]:
            kept.append((kind, start, -negative_end))
        elif -negative_end > last[2]:
            kept[-1] = (last[0], last[1], -negative_end)
    return [Found(kind, start, end, masked(text[start:end])) for kind, start, end in kept]


def masked(value: str) -> str:
    """Return what people may be shown of a value: its first four characters where it is long, and bullets."""
    return (value[:SHOWN] if len(value) >= SHORTEST_SHOWN else "") + "••••"


def redacted(text: str, hide: Iterable[str] = ()) -> str:
    """Return the text with all that is found, and each value of ``hide``, replaced by a word; for logs."""
    for value in hide:
        text = text.replace(value, HIDDEN)
    parts: list[str] = []
    end = 0
    for one in found(text):
        parts += [text[end : one.start], HIDDEN]
        end = one.end
    return "".join([*parts, text[end:]])


def blanked(text: str, kinds: Collection[Kind] = (Kind.SECRET,)) -> str:
    """Return the text with bullets over what is found of these kinds: as long as before, so that places still hold."""
    for one in found(text, kinds):
        text = text[: one.start] + "•" * (one.end - one.start) + text[one.end :]
    return text


def _keys(text: str) -> Spans:
    for match in _KEYS.finditer(text):
        if _has_digit(match.group()) and not _BLANK.search(match.group()):
            yield match.span()
            if match.group().startswith(("AKIA", "ASIA")):
                yield from _amazon_secret(text, match.end())


def _amazon_secret(text: str, after: int) -> Spans:
    """The 40 characters that belong to an access key, where they stand near it."""
    for match in _RANDOM.finditer(text, after, min(len(text), after + 200)):
        if len(match.group()) == 40 and _is_random(match.group()):  # as Amazon makes them
            yield match.span()


def _web_tokens(text: str) -> Spans:
    yield from (match.span() for match in _TOKEN.finditer(text))


def _in_headers_and_addresses(text: str) -> Spans:
    for pattern in (_BEARER, _IN_ADDRESS, _HOOK):
        for match in pattern.finditer(text):
            group = match.lastindex or 0
            if not _PLACEHOLDER.search(match.group(group)):
                yield match.span(group)


def _private_keys(text: str) -> Spans:
    end: int | None = 0
    for match in _PEM.finditer(text):
        if end is not None and end <= match.end():
            closing = _PEM_END.search(text, match.end())
            end = closing.end() if closing else None  # none from here on: it is not looked for again
        yield match.start(), min(end or len(text), match.start() + PEM_CHARACTERS)


def _said(text: str) -> Spans:
    for match in _SAID.finditer(_lower(text)):
        if match.start() and text[match.start() - 1].isalnum():  # the end of another word
            continue
        value = text[match.start(2) : match.end(2)].rstrip("" if match.group(1) else ".:?)*_]}")
        if _is_secret_value(value, quoted=bool(match.group(1))):
            yield match.start(2), match.start(2) + len(value)
    yield from (match.span(1) for match in _PIN.finditer(text))


def _lower(text: str) -> str:
    """The text in lower case, as long as before: in some alphabets a letter has two in the other case."""
    lower = text.lower()
    return (
        lower if len(lower) == len(text) else "".join(char if len(char.lower()) > 1 else char.lower() for char in text)
    )


def _is_secret_value(value: str, *, quoted: bool) -> bool:
    """Whether what follows a word for a secret is one, and no word of a sentence, address, variable or blank form."""
    if len(value) < 5 or _PLACEHOLDER.search(value) or _CALL.match(value) or "://" in value:
        return False
    letters, digits = any(char.isalpha() for char in value), _has_digit(value)
    signs = any(not char.isalnum() for char in value.strip("-_./"))
    mixed = value.lower() != value and value[1:].lower() != value[1:] and not value.isupper()
    if quoted:
        return letters and (digits or mixed or len(value) >= 8)  # "swordfish" in quotes is meant
    return (
        (letters and digits)
        or (letters and signs and any(char in "!@#^&*+=~" for char in value))
        or (digits and len(value) >= 8 and value.isdigit())
    )


def _random(text: str) -> Spans:
    for match in _RANDOM.finditer(text):
        line = text.rfind("\n", 0, match.start()) + 1
        before = text[max(line, match.start() - CUE_CHARACTERS) : match.start()]
        if _CUE.search(before) and not _DIGEST.search(before) and _is_random(match.group()):
            yield match.span()


def _is_random(value: str) -> bool:
    digits = sum("0" <= char <= "9" for char in value)
    if digits < 2 or digits == len(value) or value.count("/") > 3 or value[0] == "/":
        return False
    counts = Counter(value).values()
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts) >= RANDOM_BITS


def _ibans(text: str) -> Spans:
    for match in _IBAN.finditer(text):
        length = IBAN_LENGTHS.get(match.group()[:2])
        end = _end_after(match.group(), length) if length else None
        if end is not None and _is_iban(match.group()[:end]):
            yield match.start(), match.start() + end


def _end_after(words: str, characters: int) -> int | None:
    """The place behind so many characters that are no blanks; None where there are fewer, or a word goes on."""
    places = [place for place, char in enumerate(words) if not char.isspace()]
    if len(places) < characters:
        return None
    end = places[characters - 1] + 1
    return end if end == len(words) or words[end].isspace() else None


def _is_iban(words: str) -> bool:
    plain = "".join(words.split())
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def _cards(text: str) -> Spans:
    for match in _CARD.finditer(text):
        digits = re.sub(r"[ -]", "", match.group())
        known = any(len(digits) in lengths and re.match(begins, digits) for begins, lengths in CARDS)
        if known and len(set(digits)) > 1 and _holds_luhn(digits):
            yield match.span()


def _holds_luhn(digits: str) -> bool:
    doubled = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits)))
    return sum(value - 9 * (value > 9) for value in doubled) % 10 == 0


def _national_ids(text: str) -> Spans:
    for match in _SSN.finditer(text):
        if match.group() not in SSN_IN_ADVERTISEMENTS:
            yield match.span()


def _has_digit(value: str) -> bool:
    return any("0" <= char <= "9" for char in value)


_KEY_BEGINNINGS = (
    *("ika_", "gsk_", "hf_", "sk-", "pk-lf-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "npm_"),
    *("pypi-", "dckr_pat_", "shp", "xox", "sk_", "rk_", "sg.", "aiza", "ya29.", "age-secret", "akia", "asia", "absk"),
    "bedrock-api-key-",
)
_FINDERS: tuple[tuple[Kind, Callable[[str], Spans], tuple[str, ...]], ...] = (
    (Kind.SECRET, _keys, _KEY_BEGINNINGS),
    (Kind.SECRET, _web_tokens, ("eyj",)),
    (Kind.SECRET, _in_headers_and_addresses, ("://", "bearer", "basic", "hooks.slack", "sig=", "accountkey=")),
    (Kind.SECRET, _private_keys, ("-----begin",)),
    (
        Kind.SECRET,
        _said,
        ("pass", "pwd", "kennwort", "wachtwoord", "contrase", "psk", "key", "secret", "token", "cred", "pin"),
    ),
    (Kind.SECRET, _random, ("secret", "token", "credential", "key", "passw", "bearer", "schlüssel")),
    (Kind.CARD, _cards, ()),
    (Kind.IBAN, _ibans, ()),
    (Kind.NATIONAL_ID, _national_ids, ("-",)),
)
"""What looks for each kind, and of which words one must be in the text, in lower case, before it does."""
