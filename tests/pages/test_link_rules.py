"""The hosts that answers may link to, as admins set them."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services

RunApp = Callable[..., AppTest]


def save(app: AppTest, hosts: str) -> None:
    next(one for one in app.text_area if one.label == "Hosts that answers may link to").set_value(hosts)
    next(button for button in app.button if button.label == "Save").click().run()


def test_an_admin_names_hosts_and_what_is_none_is_told(run_app: RunApp, services: Services) -> None:
    app = run_app()
    app.session_state["settings-section"] = "Links"
    app.switch_page("pages/settings.py").run()
    save(app, "wiki.example.com\nhttps://evil.example")
    assert any("is no host" in one.value for one in [*app.error, *app.warning])
    assert services.links_allowed.allowed().hosts == ()
    save(app, "wiki.example.com\n*.north.example")
    assert services.links_allowed.allowed().hosts == ("wiki.example.com", "*.north.example")
