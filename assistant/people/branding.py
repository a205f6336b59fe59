"""How the app looks as the company's own: name, logo, colour, welcome and first questions. Admins set it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import dataclass
from typing import Any

from assistant.domain import Person
from assistant.errors import Conflict, WrongUse
from assistant.people.rights import Rights
from assistant.storage.database import Database
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.preferences import Preferences

NAME = "Internal Knowledge Assistant"
WELCOME = (
    "Answers come from your company's own documents, with the page and the sentence they rely on. "
    "When the documents do not answer a question, you are told so."
)
PREFERENCE, LOGO = "branding", "branding_logo"
CHANGED = "Somebody else changed this just now: look at it again."
NAME_CHARACTERS, WELCOME_CHARACTERS, SUGGESTION_CHARACTERS, MOST_SUGGESTIONS = 60, 500, 200, 6
LOGO_BYTES = 500_000
LOGO_SIZE = (480, 96)
"""Pixels that a logo is brought down to: twice what the sidebar shows."""
LOGO_PIXELS = 16_000_000
"""What is unpacked at most: a small file may say that it is a picture of any size."""
TOO_MANY_PIXELS = "The logo has too many pixels: take a smaller picture."
COLOUR = re.compile(r"#[0-9a-f]{6}")
CONTRAST = 4.5
"""Of white words on a button with the colour to the colour (WCAG 2.2, success criterion 1.4.3)."""


@dataclass(frozen=True, slots=True)
class Branding:
    """What the pages show. ``colour`` is #rrggbb, None the app's own; ``logo`` a digest; ``revision`` counts up."""

    name: str = NAME
    welcome: str = WELCOME
    suggestions: tuple[str, ...] = ()
    colour: str | None = None
    logo: str | None = None
    revision: int = 0


class BrandingService:
    """Keeps the branding; everybody sees it, the sign-in page too, so reading it asks for no person."""

    def __init__(self, database: Database, rights: Rights) -> None:
        self._preferences = Preferences(database)
        self._rights = rights
        self._logo: tuple[str, bytes] | None = None

    def shown(self) -> Branding:
        """Return what is set; what of it cannot be read is the app's own."""
        stored = self._preferences.get(PREFERENCE)
        return _read(stored.value or {}, stored.revision) if stored else Branding()

    def logo(self) -> bytes | None:
        """Return the logo as PNG; None where there is none."""
        digest = self.shown().logo
        if digest is None:
            return None
        if self._logo is None or self._logo[0] != digest:
            stored = self._preferences.get(LOGO)
            data = base64.b64decode(str(((stored and stored.value) or {}).get("png", "")))
            if hashlib.sha256(data).hexdigest() != digest:
                return None
            self._logo = digest, data
        return self._logo[1]

    @full_disk_told(NOTHING_CHANGED)
    def set(self, person: Person, branding: Branding) -> Branding:
        """Store the words and the colour, over those of ``branding.revision``; the logo stays as it is.

        Raises SignedOut, NotAllowed, WrongUse with what cannot be taken, Conflict.
        """
        self._rights.need_admin(person)
        return self._replace(person, _checked(branding), self.shown().logo, branding.revision)

    @full_disk_told(NOTHING_CHANGED)
    def set_logo(self, person: Person, picture: bytes | None) -> Branding:
        """Take a picture (PNG, JPEG, WebP or GIF) as the logo, or take the logo away.

        Raises SignedOut, NotAllowed, WrongUse for what is no picture or too large, Conflict.
        """
        self._rights.need_admin(person)
        now = self.shown()
        if picture is None:
            return self._replace(person, now, None, now.revision)
        data = _drawn(picture)
        stored = self._preferences.get(LOGO)
        value, line = {"png": base64.b64encode(data).decode()}, ("branding.logo_drawn", {"bytes": len(data)})
        if self._preferences.replace(LOGO, value, stored.revision if stored else 0, person.id, line) is None:
            raise Conflict(CHANGED)
        return self._replace(person, now, hashlib.sha256(data).hexdigest(), now.revision)

    def _replace(self, person: Person, branding: Branding, logo: str | None, revision: int) -> Branding:
        value = {
            "name": branding.name,
            "welcome": branding.welcome,
            "suggestions": list(branding.suggestions),
            "colour": branding.colour,
            "logo": logo,
        }
        if self._preferences.replace(PREFERENCE, value, revision, person.id, ("branding.changed", value)) is None:
            raise Conflict(CHANGED)
        return self.shown()


def _read(value: dict[str, Any], revision: int) -> Branding:
    given = value.get("suggestions")
    suggestions = tuple(map(str, given)) if isinstance(given, list) else ()
    logo = value.get("logo")
    try:
        words = str(value.get("name") or NAME), str(value.get("welcome") or WELCOME)
        checked = _checked(Branding(*words, suggestions, value.get("colour")))
    except (WrongUse, TypeError):
        checked = Branding()
    return Branding(
        checked.name, checked.welcome, checked.suggestions, checked.colour, str(logo) if logo else None, revision
    )


def _checked(branding: Branding) -> Branding:
    suggestions = tuple(
        line for one in branding.suggestions if (line := _line(one, "A suggestion", SUGGESTION_CHARACTERS))
    )
    if len(suggestions) > MOST_SUGGESTIONS:
        raise WrongUse(f"At most {MOST_SUGGESTIONS} suggestions are shown: take some away.")
    name = _line(branding.name, "The name", NAME_CHARACTERS)
    welcome = _line(branding.welcome, "The welcome", WELCOME_CHARACTERS)
    if not name:
        raise WrongUse("The name is missing: it stands in the title of every page.")
    return Branding(name, welcome or WELCOME, suggestions, _checked_colour(branding.colour))


def _checked_colour(colour: str | None) -> str | None:
    if not colour:
        return None
    written = str(colour).strip().lower()
    if not COLOUR.fullmatch(written):
        raise WrongUse("The colour is written as # with six digits from 0 to f, for example #1f5fbf.")
    if 1.05 / (_luminance(written) + 0.05) < CONTRAST:
        raise WrongUse("White words on this colour could not be read: take a darker one.")
    return written


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2, definition of relative luminance)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _line(text: str, what: str, limit: int) -> str:
    line = " ".join("".join(sign for sign in str(text) if sign.isprintable() or sign.isspace()).split())
    if len(line) > limit:
        raise WrongUse(f"{what} is longer than {limit} characters: shorten it.")
    return line


def _drawn(picture: bytes) -> bytes:
    """Return the picture drawn anew as PNG: nothing of the file itself but its pixels is ever sent to a browser."""
    from PIL import Image, UnidentifiedImageError

    if len(picture) > LOGO_BYTES:
        raise WrongUse(f"The logo is larger than {LOGO_BYTES // 1000} kB: take a smaller picture.")
    try:
        with Image.open(io.BytesIO(picture), formats=("PNG", "JPEG", "WEBP", "GIF")) as image:
            if image.width * image.height > LOGO_PIXELS:
                raise WrongUse(TOO_MANY_PIXELS)
            drawn = image.convert("RGBA")
    except Image.DecompressionBombError:
        raise WrongUse(TOO_MANY_PIXELS) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise WrongUse("This is no picture that can be shown: give a PNG, JPEG, WebP or GIF.") from error
    drawn.thumbnail(LOGO_SIZE)
    made = io.BytesIO()
    drawn.save(made, "PNG")
    return made.getvalue()
