"""The audit page: for admins alone; what was done is found, shown as text and exported."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.people.branding import Branding
from assistant.storage import audit

RunApp = Callable[..., AppTest]
PAGE = "pages/audit.py"
HOSTILE = "![x](http://other.example/p.png) :red[gone]"


def _text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.title, app.info, app.error, app.success)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def test_an_act_is_shown_with_its_person_and_rights_and_hostile_words_as_text(
    services: Services, run_app: RunApp
) -> None:
    with services.database.write() as session:
        audit.append(session, services.people.local().id, "document.deleted", "d1", {"name": HOSTILE})
    app = run_app(PAGE)
    text = _text_of(app)
    assert not app.exception
    assert "Document deleted" in text
    assert "local@localhost · admin" in text
    assert "![x]" not in text
    assert ":red[" not in text


def test_a_line_says_whom_it_is_about_and_that_no_person_did_it(services: Services, run_app: RunApp) -> None:
    with services.database.write() as session:
        audit.append(session, "", "sign_in.failed", "unknown:1")
        audit.append(session, "", "document.uploaded", "d1", {"name": "Leave.md"})
        audit.append(session, "", "person.invited", services.people.local().id)
    text = _text_of(run_app(PAGE))
    assert "**Person invited** local@localhost" in text
    assert "nobody signed in · line" in text
    assert "the app itself · line" in text


def test_words_narrow_the_list_and_nothing_found_is_said(run_app: RunApp) -> None:
    app = run_app(PAGE)
    app.text_input(key="audit-words").set_value("no such thing anywhere").run()
    assert "No line of the log is like that." in _text_of(app)


def test_verifying_tells_how_many_lines_are_sound_and_gives_the_digest(services: Services, run_app: RunApp) -> None:
    app = run_app(PAGE)
    app.button(key="audit-verify").click().run()
    assert "are as they were written" in _text_of(app)
    assert app.code[0].value == services.audit.verify(services.people.local()).head


def test_a_saved_look_is_on_every_page_at_the_next_click(services: Services, run_app: RunApp) -> None:
    app = run_app("pages/settings.py")
    app.text_input[0].set_value("Ask Acme")
    app.button[0].click().run()
    assert not app.exception
    assert services.branding.shown().name == "Ask Acme"
    assert "Saved." in _text_of(app)
    services.branding.set(services.people.local(), Branding(revision=services.branding.shown().revision))
