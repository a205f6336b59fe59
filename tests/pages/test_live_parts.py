"""What an answer shows while it is under way: the wait that is counted down, and the reasoning that grows."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def waits(age: float) -> None:
    from assistant.events import Waiting
    from pages.components.waiting import Countdown

    countdown = Countdown()
    countdown.start(Waiting(5.0, "Groq is *busy*."), age)
    countdown.tick()


def waited() -> None:
    from assistant.events import Waiting
    from pages.components.waiting import Countdown

    countdown = Countdown()
    countdown.start(Waiting(5.0, "Groq is busy."), 0.0)
    countdown.end()


def thinks() -> None:
    from pages.components.reasoning import LiveReasoning

    reasoning = LiveReasoning()
    for piece in ("First I", " look.\n\nThen", " I <b>write</b> ![x](http://other.example/x.png).", "\n", "\nEnd"):
        reasoning.add(piece)
        reasoning.draw()


def thought() -> None:
    from pages.components.reasoning import draw_reasoning

    draw_reasoning("First I look.\n\nThen I <b>write</b> ![x](http://other.example/x.png).\n\nEnd")


def test_a_wait_says_why_and_how_many_seconds_are_left() -> None:
    app = AppTest.from_function(waits, kwargs={"age": 0.0}).run()
    assert "Groq is \\*busy\\*. **5 s** left; Stop ends the wait." in app.markdown[0].value


def test_who_comes_late_to_a_wait_sees_what_is_left_of_it() -> None:
    app = AppTest.from_function(waits, kwargs={"age": 3.0}).run()
    assert "**2 s**" in app.markdown[0].value


def test_a_wait_that_is_over_is_not_counted_below_zero() -> None:
    app = AppTest.from_function(waits, kwargs={"age": 60.0}).run()
    assert app.markdown[0].value.endswith("Asking now.")


def test_the_line_goes_when_the_wait_has_ended() -> None:
    assert not AppTest.from_function(waited).run().markdown


def test_reasoning_grows_into_the_same_paragraphs_as_it_is_shown_in_afterwards() -> None:
    live = [element.value for element in AppTest.from_function(thinks).run().expander[0].markdown]
    after = [element.value for element in AppTest.from_function(thought).run().expander[0].markdown]
    assert live == after
    assert len(live) == 3


def test_reasoning_is_folded_and_literal() -> None:
    app = AppTest.from_function(thought).run()
    assert app.expander[0].label == "Reasoning"
    assert not app.expander[0].proto.expanded
    assert "\\<b>write\\</b> !\\[x\\]" in app.expander[0].markdown[1].value
