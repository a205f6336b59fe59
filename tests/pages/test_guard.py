"""What every page begins with: the services, waited for while they start."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from assistant import bootstrap


def _page() -> None:
    import streamlit as st

    from pages.components import guard

    services = guard._awaited()
    st.write(f"people: {len(services.people.local().id) > 0}")


def test_services_that_are_there_the_moment_a_page_begins_to_wait_are_taken(services: bootstrap.Services) -> None:
    del services
    page = AppTest.from_function(_page, default_timeout=30).run()
    assert not page.error
    assert page.markdown[-1].value == "people: True"
