"""How far a run is, by a clock that the test sets."""

from __future__ import annotations

from assistant.evaluation.progress import Progress


def test_progress_tells_how_many_are_done_and_about_how_long_the_rest_takes() -> None:
    told: list[str] = []
    now = [0.0]
    for _ in Progress(told.append, lambda: now[0]).over(range(5), "papers: searching"):
        now[0] += 10.0
    assert told == [
        "papers: searching: 0 of 5",
        "papers: searching: 1 of 5, 40 s left",
        "papers: searching: 2 of 5, 30 s left",
        "papers: searching: 3 of 5, 20 s left",
        "papers: searching: 4 of 5, 10 s left",
        "",
    ]


def test_quick_steps_are_not_told_one_by_one() -> None:
    told: list[str] = []
    list(Progress(told.append, lambda: 0.0).over(range(1000), "quick"))
    assert told == ["quick: 0 of 1,000", ""]
