"""Admins make the app look like the company's own; what cannot be shown safely is refused with a sentence."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from persons import person
from PIL import Image

from assistant.access import AuditQuery
from assistant.domain import Role
from assistant.errors import Conflict, NotAllowed, WrongUse
from assistant.people.branding import NAME, Branding, BrandingService
from assistant.people.rights import Rights
from assistant.storage import audit
from assistant.storage.database import Database


def _service(database: Database) -> BrandingService:
    return BrandingService(database, Rights(database))


def _picture(kind: str = "PNG", size: tuple[int, int] = (40, 20)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "red").save(made, kind)
    return made.getvalue()


def test_what_an_admin_sets_is_shown_and_audited(database: Database) -> None:
    service, admin = _service(database), person(database, "eve", Role.ADMIN)
    assert service.shown().name == NAME
    wanted = Branding("Ask  Acme", "Hello.", ("Who does payroll?", " "), "#1F5FBF")
    shown = service.set(admin, wanted)
    assert shown == Branding("Ask Acme", "Hello.", ("Who does payroll?",), "#1f5fbf", None, 1)
    assert [entry.action for entry in audit.AuditLog(database).lines(AuditQuery())] == ["branding.changed"]


@pytest.mark.parametrize("role", [Role.STAFF, Role.KB_ADMIN])
def test_only_admins_set_it(database: Database, role: Role) -> None:
    service, ann = _service(database), person(database, "ann", role)
    with pytest.raises(NotAllowed):
        service.set(ann, Branding())
    with pytest.raises(NotAllowed):
        service.set_logo(ann, _picture())


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"welcome": "x" * 501},
        {"suggestions": ("x" * 201,)},
        {"suggestions": tuple("abcdefg")},
        {"colour": "red"},
        {"colour": "#fff000"},
        {"colour": "#1f5fbf;background:url(//other.example)"},
    ],
)
def test_what_cannot_be_shown_is_refused(database: Database, wrong: dict[str, object]) -> None:
    service, admin = _service(database), person(database, "eve", Role.ADMIN)
    with pytest.raises(WrongUse):
        service.set(admin, replace(Branding(), **wrong))  # type: ignore[arg-type]  # the table's values fit their fields
    assert service.shown() == Branding()


def test_of_two_admins_the_second_is_told(database: Database) -> None:
    service, admin = _service(database), person(database, "eve", Role.ADMIN)
    service.set(admin, Branding("One"))
    with pytest.raises(Conflict):
        service.set(admin, Branding("Two"))
    assert service.shown().name == "One"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_logo_is_drawn_anew(database: Database, kind: str) -> None:
    service, admin = _service(database), person(database, "eve", Role.ADMIN)
    service.set_logo(admin, _picture(kind, (4000, 800)))
    logo = service.logo()
    assert logo is not None
    with Image.open(io.BytesIO(logo)) as image:
        assert (image.format, image.size) == ("PNG", (480, 96))
    service.set_logo(admin, None)
    assert service.logo() is None


@pytest.mark.parametrize(
    "picture",
    [b"", b"<svg onload='alert(1)'/>", _picture()[:60], b"x" * 600_000],
    ids=["empty", "svg", "cut", "large"],
)
def test_what_is_no_picture_is_no_logo(database: Database, picture: bytes) -> None:
    service, admin = _service(database), person(database, "eve", Role.ADMIN)
    with pytest.raises(WrongUse):
        service.set_logo(admin, picture)
    assert service.shown() == Branding()


@pytest.mark.parametrize("side", [5_000, 20_000])
def test_a_small_file_that_says_it_is_huge_is_refused_before_it_is_unpacked(database: Database, side: int) -> None:
    made = io.BytesIO()
    Image.new("1", (side, side)).save(made, "PNG")
    with pytest.raises(WrongUse, match="pixels"):
        _service(database).set_logo(person(database, "eve", Role.ADMIN), made.getvalue())
