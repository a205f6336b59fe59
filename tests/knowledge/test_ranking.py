"""Meaning and words of a chunk and of its document decide together."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from assistant.knowledge.ranking import NEWEST, WEIGHTS, Candidate, Weights, Words, named, newest, ranked

NO_WORDS = Words({}, {})


def _order(scores: Mapping[int, float]) -> list[int]:
    return sorted(scores, key=lambda row: -scores[row])


def test_words_decide_between_equal_meanings_and_meaning_between_equal_words() -> None:
    cosines = {1: 0.5, 2: 0.5, 3: 0.7, 4: 0.6}
    found = {row: Candidate(row, [cosine]) for row, cosine in cosines.items()}
    order = _order(ranked(found, [Words({2: 9.0, 3: 3.0, 4: 3.0}, {})], 50))
    assert order.index(2) < order.index(1)
    assert order.index(3) < order.index(4)


def test_score_is_the_weighted_sum_of_its_parts() -> None:
    found = {1: Candidate("a", [0.8], frozenset({"leav"}), 1), 2: Candidate("b", [0.4], frozenset({"leav", "day"}), 1)}
    scores = ranked(found, [Words({2: 6.0, 1: 3.0}, {"leav": 1.0, "day": 3.0})], 50)
    about = 1 + WEIGHTS.document_cosine
    assert scores == pytest.approx(
        {
            1: 0.8 * about + WEIGHTS.bm25 / 2 + WEIGHTS.document_words / 4,
            2: 0.4 * about + WEIGHTS.bm25 + WEIGHTS.document_words,
        }
    )


def test_document_with_several_near_chunks_comes_before_one_with_a_single_near_chunk() -> None:
    alone = {1: Candidate("a", [0.6], siblings=3), 2: Candidate("a", [0.1], siblings=3)}
    together = {3: Candidate("b", [0.6], siblings=3), 4: Candidate("b", [0.55], siblings=3)}
    order = _order(ranked(alone | together, [NO_WORDS], 50))
    assert order[0] == 3
    assert order.index(4) < order.index(1) or order.index(1) == 1


def test_short_document_is_not_held_to_have_more_chunks_than_it_has() -> None:
    found = {1: Candidate("note", [0.6], siblings=1), 2: Candidate("book", [0.6], siblings=9), 3: Candidate("x", [0.2])}
    assert _order(ranked(found, [NO_WORDS], 50))[0] == 1


def test_words_of_a_question_may_stand_in_different_chunks_of_a_document() -> None:
    words = Words({}, {"travel": 2.0, "train": 2.0})
    found = {
        1: Candidate("policy", [0.5], frozenset({"travel"}), 2),
        2: Candidate("policy", [0.5], frozenset({"train"}), 2),
        3: Candidate("menu", [0.5], frozenset({"train"}), 1),
    }
    scores = ranked(found, [words], 50)
    assert scores[2] > scores[3]


def test_among_long_documents_the_title_tells_which_one_is_meant() -> None:
    words = Words({}, {}, frozenset({"2022", "acm"}))
    found = {
        1: Candidate("Acme 2021", [0.6], siblings=90, named=frozenset({"acm"})),
        2: Candidate("Acme 2022", [0.5], siblings=90, named=frozenset({"acm", "2022"})),
    }
    assert _order(ranked(found, [words], 50)) == [2, 1]


def test_first_page_names_a_long_document_as_its_title_does() -> None:
    words = Words({}, {}, frozenset({"acm"}))
    found = {
        1: Candidate("ABC 2021", [0.6], siblings=90),
        2: Candidate("XYZ 2021", [0.5], siblings=90, opening=frozenset({"acm"})),
    }
    assert _order(ranked(found, [words], 50)) == [2, 1]
    assert named(found, [words]) == ["XYZ 2021"]


def test_short_documents_and_those_without_a_name_are_not_looked_into() -> None:
    short = {1: Candidate("a", [0.6], siblings=5, named=frozenset({"acm"}))}
    assert named(short, [Words({}, {}, frozenset({"acm"}))]) == []
    assert named({1: Candidate("a", [0.6], siblings=90)}, [Words({}, {}, frozenset({"acm"}))]) == []


def test_among_mostly_short_documents_none_is_looked_into() -> None:
    words = Words({}, {}, frozenset({"acm"}))
    report = Candidate("report", [0.6], siblings=90, named=frozenset({"acm"}))
    notes = {row: Candidate(f"note {row}", [0.5]) for row in (2, 3)}
    assert named({1: report}, [words]) == ["report"]
    assert named({1: report, **notes}, [words]) == []


def test_documents_that_are_named_alike_are_looked_into_together() -> None:
    words = Words({}, {}, frozenset({"acm", "bolt", "2022"}))
    names = {"Acme 2021": {"acm"}, "Acme 2022": {"acm", "2022"}, "Bolt 2022": {"bolt", "2022"}, "Bolt 2021": {"bolt"}}
    found = {
        row: Candidate(title, [row / 10], siblings=90, named=frozenset(stems))
        for row, (title, stems) in enumerate(names.items())
    }
    assert named(found, [words]) == ["Bolt 2022", "Acme 2022"]


def test_newest_of_editions_is_told_by_the_numbers_of_its_title() -> None:
    titles = {1: "Acme 2022 Q3", 2: "Acme 2023 Q1", 3: "Acme 2022 Q1", 4: "Bolt 2024", 5: "Plan", 6: "Plan"}
    assert newest(titles) == {2}


def test_latest_names_the_newest_edition() -> None:
    words = Words({}, {}, frozenset({"acm", NEWEST}))
    found = {
        1: Candidate("Acme 2022", [0.6], siblings=90, named=frozenset({"acm"})),
        2: Candidate("Acme 2023", [0.55], siblings=90, named=frozenset({"acm"}), opening=frozenset({NEWEST})),
    }
    assert _order(ranked(found, [words], 50)) == [2, 1]


def test_within_a_named_document_what_is_left_of_the_question_decides() -> None:
    words = Words({1: 9.0}, {}, within={2: 3.0})
    found = {
        1: Candidate("report", [0.9], siblings=90, within=[0.2]),
        2: Candidate("report", [0.3], siblings=90, within=[0.6], added=True),
    }
    scores = ranked(found, [words], 50)
    assert scores[2] - scores[1] == pytest.approx(0.6 - 0.2 + WEIGHTS.bm25)


def test_within_a_named_document_tables_come_before_prose_that_is_as_near() -> None:
    words = Words({}, {}, within={})
    found = {
        1: Candidate("report", [0.5], siblings=90, within=[0.5]),
        2: Candidate("report", [0.5], siblings=90, within=[0.5], figures=0.6),
    }
    assert _order(ranked(found, [words], 50)) == [2, 1]


def test_among_short_documents_the_title_is_not_counted_once_more() -> None:
    words = Words({}, {}, frozenset({"2022"}))
    found = {1: Candidate("a", [0.6]), 2: Candidate("b", [0.5], named=frozenset({"2022"}))}
    assert _order(ranked(found, [words], 50)) == [1, 2]


def test_whole_title_in_the_question_lifts_its_document_and_a_word_of_a_long_title_hardly_does() -> None:
    words = Words({}, {}, frozenset({"travel", "polici", "book"}))
    found = {
        1: Candidate("Booking of rooms and cars for conferences", [0.5], named=frozenset({"book"}), title_words=5),
        2: Candidate("Travel policy", [0.4], named=frozenset({"travel", "polici"}), title_words=2),
        3: Candidate("untitled", [0.5]),
    }
    scores = ranked(found, [words], 50)
    assert scores[2] > scores[1]
    assert scores[1] - scores[3] < 0.01


def test_scores_of_queries_that_mean_the_same_are_added() -> None:
    found = {1: Candidate("a", [0.5, 0.1]), 2: Candidate("b", [0.2, 0.3])}
    both = ranked(found, [NO_WORDS, NO_WORDS], 50)
    one = ranked({1: Candidate("a", [0.5]), 2: Candidate("b", [0.2])}, [NO_WORDS], 50)
    other = ranked({1: Candidate("a", [0.1]), 2: Candidate("b", [0.3])}, [NO_WORDS], 50)
    assert both == pytest.approx({row: one[row] + other[row] for row in both})


def test_part_that_counts_nothing_changes_nothing() -> None:
    found = {1: Candidate("a", [0.5]), 2: Candidate("b", [0.4])}
    cosines_alone = Weights(bm25=0, document_words=0, document_cosine=0, title=0, whole_title=0)
    assert ranked(found, [Words({2: 9.0}, {})], 50, cosines_alone) == {1: 0.5, 2: 0.4}


def test_nothing_found_is_nothing_ranked() -> None:
    assert ranked({}, [NO_WORDS], 50) == {}
