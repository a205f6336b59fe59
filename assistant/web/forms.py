"""The pages of signing in: plain HTML from the server, without a script, everything from outside escaped."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse

from assistant.people.branding import NAME
from assistant.people.passwords import LEAST_CHARACTERS, MOST_CHARACTERS

STYLE = "/auth/style.css"
STYLE_FILE = Path(__file__).parent / "assets" / "sign_in.css"
HEADERS = {"Cache-Control": "no-store"}
AGAIN_SECONDS = 2
"""How soon a browser looks again whether the app has started."""
FIRST = "Nobody can sign in yet: this makes you the administrator."
NO_WAY_IN = "No account yet, or the password forgotten? An administrator can give you a link."
PASSWORD_RULE = f"At least {LEAST_CHARACTERS} characters; a few words in a row are easy to keep in mind."


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a form. ``autocomplete`` tells browsers and password managers what it is."""

    name: str
    label: str
    kind: str
    autocomplete: str
    value: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """What went wrong, in a sentence, and the number by which it is found in the log."""

    sentence: str = ""
    reference: str = ""


NONE = Alert()


def page(
    title: str, text: str, body: str = "", *, status: int = 200, alert: Alert = NONE, name: str = NAME
) -> HTMLResponse:
    """Return a page. ``title``, ``text``, ``alert`` and the app's ``name`` are plain text, ``body`` is HTML of ours."""
    warning = f'<div role="alert">{escape(alert.sentence)}</div>' if alert.sentence else ""
    if alert.reference:
        warning += f"<small>Reference {escape(alert.reference)}</small>"
    return HTMLResponse(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · {escape(name)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f'<link rel="icon" href="/favicon.png"><link rel="stylesheet" href="{STYLE}"></head>'
        f"<body><main><h1>{escape(title)}</h1><p>{escape(text)}</p>{warning}{body}</main></body></html>",
        status_code=status,
        headers=HEADERS,
    )


def sign_in(name: str, goes_to: str, email: str = "", alert: Alert = NONE, status: int = 200) -> HTMLResponse:
    """The form for address and password, which leads to ``goes_to`` afterwards."""
    fields = (
        Field("email", "Mail address", "email", "username", email),
        Field("password", "Password", "password", "current-password"),
    )
    body = _form("/login", fields, {"next": goes_to}, "Sign in") + f"<p>{escape(NO_WAY_IN)}</p>"
    return page("Sign in", name, body, status=status, alert=alert, name=name)


def set_up(token: str, name: str = "", email: str = "", alert: Alert = NONE, status: int = 200) -> HTMLResponse:
    """The form by which the first admin comes in."""
    fields = (
        Field("name", "Your name", "text", "name", name),
        Field("email", "Mail address", "email", "username", email),
        *_new_password(),
    )
    body = _form("/auth/setup", fields, {"token": token}, "Create the first administrator")
    return page("First start", FIRST, body, status=status, alert=alert)


def new_password(kind: str, token: str, email: str, alert: Alert = NONE, status: int = 200) -> HTMLResponse:
    """The form for the password of an invitation or a reset."""
    # For password managers, which keep a password with the address that stands before it.
    known = f'<input type="hidden" name="username" autocomplete="username" value="{escape(email)}">'
    body = _form(f"/auth/{kind}", _new_password(), {"token": token}, "Set password and sign in", known)
    return page("Set your password", f"For {email}", body, status=status, alert=alert)


def link(title: str, text: str, address: str, words: str, status: int = 200, alert: Alert = NONE) -> HTMLResponse:
    """A page with one way on; ``address`` is one of ours."""
    body = f'<a class="button" href="{escape(address)}">{escape(words)}</a>'
    return page(title, text, body, status=status, alert=alert)


def log_out() -> HTMLResponse:
    """The question that a log-out asks which another site's link led to."""
    return page("Log out?", "A link led here. Log out of this app?", _form("/auth/logout", (), {}, "Log out"))


def starting(reason: str) -> HTMLResponse:
    """What is shown while the services start; looks again by itself."""
    answer = page("One moment", f"{reason} This page looks again by itself.", status=503)
    answer.headers["Refresh"] = str(AGAIN_SECONDS)
    answer.headers["Retry-After"] = str(AGAIN_SECONDS)
    return answer


def _new_password() -> tuple[Field, Field]:
    return (
        Field("password", "New password", "password", "new-password", hint=PASSWORD_RULE),
        Field("repeated", "The same again", "password", "new-password"),
    )


def _form(action: str, fields: tuple[Field, ...], hidden: dict[str, str], words: str, more: str = "") -> str:
    kept = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items())
    to_fill_in = next((field.name for field in fields if not field.value), "")
    lines = "".join(_line(field, focused=field.name == to_fill_in) for field in fields)
    button = f'<button type="submit">{escape(words)}</button>'
    return f'<form method="post" action="{escape(action)}">{kept}{more}{lines}{button}</form>'


def _line(field: Field, *, focused: bool) -> str:
    hint = f'<small id="{field.name}-hint">{escape(field.hint)}</small>' if field.hint else ""
    described = f' aria-describedby="{field.name}-hint"' if field.hint else ""
    return (
        f'<div class="line"><label for="{field.name}">{escape(field.label)}</label>'
        f'<input id="{field.name}" name="{field.name}" type="{field.kind}" value="{escape(field.value)}" '
        f'autocomplete="{field.autocomplete}" maxlength="{MOST_CHARACTERS}" required{described}'
        f"{' autofocus' if focused else ''}>{hint}</div>"
    )
