"""How careful answers are: the false answers that admins put up with, and the answers that this costs. For admins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from assistant.knowledge.caution import Wanted
from assistant.knowledge.evidence import curve
from pages.components.guard import Entered
from pages.components.problems import told_here, told_later

if TYPE_CHECKING:
    from assistant.knowledge.evidence import CurvePoint

SAVED = "caution-saved"
"""Session key: whether the last save went well."""
WHAT = (
    "Before it answers, the assistant estimates whether the passages it found carry an answer. The surer it must be, "
    "the fewer questions it answers that the documents do not, and the more often it says that it does not know "
    "although they do. The figures were measured on public question sets; your documents will differ somewhat."
)
PAID = (
    "Offline answers follow this bound. Other models get the passages and are told to say when they do not answer; "
    "they are not asked at all, and nothing is paid, only where the passages are hopelessly far from the question."
)
TABLE_STEPS = (1, 2, 3, 5, 8, 10, 15, 20, 25, 30)
"""Rates of the table in percent; all thirty would be a wall of numbers."""
HEIGHT = 260


def draw(entered: Entered) -> None:
    """Draw the setting with its curve; what is shown changes with the slider, what holds when it is saved."""
    with told_here():
        wanted = entered.services.knowledge.caution.wanted(entered.person)
        if st.session_state.pop(SAVED, False):
            st.success("Saved. The next questions follow it.", icon=":material/check_circle:")
        st.markdown(WHAT)
        _draw_fields(entered, wanted)
        st.caption(PAID)


def _draw_fields(entered: Entered, wanted: Wanted) -> None:
    rates = [_percent(point.rate) for point in curve()]
    key = f"caution-{wanted.revision}"  # a setting that somebody else changed begins with its own value
    chosen = st.slider(
        "False answers you put up with, of 100 questions that the documents do not answer",
        rates[0],
        rates[-1],
        _percent(wanted.false_answers),
        format="%d",
        key=key,
    )
    point = next(point for point in curve() if _percent(point.rate) == chosen)
    st.markdown(
        f"Of 100 questions **without an answer** in the documents, about **{chosen}** are answered all the same. "
        f"Of 100 **with an answer**, about **{_percent(point.kept)}** are answered."
    )
    _draw_curve(point)
    st.button("Save", type="primary", key="caution-save", on_click=_save, args=(entered, key, wanted.revision))
    with st.expander("The curve as a table"):
        st.table(_table())


def _draw_curve(chosen: CurvePoint) -> None:
    """The curve with the chosen point on it; the table says the same to those who cannot see it."""
    rows = [_row(point) for point in curve()]
    axes = {
        "x": {"field": "false", "type": "quantitative", "title": "False answers, of 100 questions without an answer"},
        "y": {
            "field": "kept",
            "type": "quantitative",
            "title": "Answered, of 100 with one",
            "scale": {"domain": [0, 100]},
        },
    }
    point = {"mark": {"type": "point", "filled": True, "size": 140}, "data": {"values": [_row(chosen)]}}
    spec = {
        "height": HEIGHT,
        "description": "Share of answerable questions that are answered, by the rate of false answers",
        "encoding": axes,
        "layer": [{"mark": {"type": "area", "line": True, "opacity": 0.25}, "data": {"values": rows}}, point],
    }
    st.vega_lite_chart(spec=spec, key="caution-curve")


def _row(point: CurvePoint) -> dict[str, int]:
    return {"false": _percent(point.rate), "kept": _percent(point.kept)}


def _table() -> list[dict[str, str]]:
    shown = [point for point in curve() if _percent(point.rate) in TABLE_STEPS]
    return [
        {
            "False answers of 100 without one": str(_percent(point.rate)),
            "Answered of 100 with one": str(_percent(point.kept)),
            "Estimate needed": f"{point.threshold:.0%}",
        }
        for point in shown
    ]


def _save(entered: Entered, key: str, revision: int) -> None:
    with told_later():
        wanted = Wanted(st.session_state[key] / 100, revision)
        entered.services.knowledge.caution.set_wanted(entered.person, wanted)
        st.session_state[SAVED] = True


def _percent(share: float) -> int:
    return round(100 * share)
