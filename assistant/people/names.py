"""Names and addresses as people write them, made clean before they are stored."""

from __future__ import annotations

import re
import unicodedata

from assistant.errors import WrongUse
from assistant.storage.people import LOCAL

ADDRESS_CHARACTERS = 254
"""RFC 5321: longer ones cannot be sent to."""
NAME_CHARACTERS = 100
ADDRESS = re.compile(r"""[^\s@<>()\[\],;:\\"']{1,64}@[^\W_](?:[^\W_]|[.-](?=[^\W_]))*""")
"""One @, no white space, no signs that mail programs and pages read as more than text."""


def clean_name(text: str, what: str) -> str:
    """Return a name on one line, without signs that nobody sees; raises WrongUse, which says ``what`` is wrong."""
    line = "".join(sign for sign in unicodedata.normalize("NFC", _spaced(text)) if unicodedata.category(sign)[0] != "C")
    line = _spaced(line)
    if not line:
        raise WrongUse(f"{what} is missing: give one.")
    if len(line) > NAME_CHARACTERS:
        raise WrongUse(f"{what} is longer than {NAME_CHARACTERS} characters: shorten it.")
    return line


def clean_address(text: str) -> str:
    """Return a mail address in the letters by which people are known; raises WrongUse for what is none."""
    address = unicodedata.normalize("NFC", text.strip()).lower()
    is_one = ADDRESS.fullmatch(address) and not any(unicodedata.category(sign)[0] == "C" for sign in address)
    if not is_one or len(address) > ADDRESS_CHARACTERS:
        raise WrongUse("This is no mail address: write it as in name@example.com.")
    if address == LOCAL.email:
        raise WrongUse("This address stands for whoever runs the commands on the server: take another one.")
    return address


def _spaced(text: str) -> str:
    return " ".join(text.split())
