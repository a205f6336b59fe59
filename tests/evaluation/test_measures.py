"""Each measure against values worked out by hand."""

from __future__ import annotations

import math

import pytest

from assistant.evaluation import measures

GAINS = {"a": 1.0, "b": 1.0}


def test_a_perfect_ranking_has_a_gain_of_one_and_a_miss_of_none() -> None:
    assert measures.ndcg(["a", "b", "c"], GAINS) == 1.0
    assert measures.ndcg(["c", "d"], GAINS) == 0.0
    assert measures.ndcg([], GAINS) == 0.0


def test_a_later_place_is_discounted_by_the_logarithm_of_two_and_the_ideal_takes_all_judged() -> None:
    # Found at places 2 and 3: 1/log2(3) + 1/log2(4); the ideal at 1 and 2: 1 + 1/log2(3).
    assert measures.ndcg(["x", "a", "b"], GAINS) == pytest.approx((1 / math.log2(3) + 0.5) / (1 + 1 / math.log2(3)))
    assert measures.ndcg(["a"], GAINS) == pytest.approx(1 / (1 + 1 / math.log2(3)))


def test_graded_scores_are_gains_as_they_are() -> None:
    # The worse one first: 1 + 3/log2(3); ideal: 3 + 1/log2(3).
    wanted = (1 + 3 / math.log2(3)) / (3 + 1 / math.log2(3))
    assert measures.ndcg(["little", "much"], {"much": 3.0, "little": 1.0}) == pytest.approx(wanted)


def test_what_stands_beyond_k_does_not_count() -> None:
    ranked = [*"cdefghijkl", "a"]
    assert measures.ndcg(ranked, GAINS, 10) == 0.0
    assert measures.recall(ranked, GAINS, 10) == 0.0
    assert measures.recall(ranked, GAINS, 11) == 0.5


def test_recall_is_the_share_of_the_relevant_and_a_hit_is_any_of_them() -> None:
    assert measures.recall(["a", "x", "y"], {"a": 2.0, "b": 1.0, "judged, not relevant": 0.0}) == 0.5
    assert measures.hit(["x", "a"], GAINS) == 0.0
    assert measures.hit(["x", "a"], GAINS, 2) == 1.0


def test_auroc_is_the_share_of_pairs_in_the_right_order_with_ties_counting_half() -> None:
    # Pairs: 0.9 beats both; 0.4 beats 0.1 and ties with 0.4. (2 + 1.5) / 4.
    assert measures.auroc([0.9, 0.4], [0.4, 0.1]) == 0.875
    assert measures.auroc([1.0], [0.0]) == 1.0
    assert measures.auroc([0.5], [0.5]) == 0.5
    assert math.isnan(measures.auroc([], [0.5]))


def test_coverage_at_a_rate_counts_what_lies_above_all_but_that_share_of_the_negatives() -> None:
    negatives = [number / 100 for number in range(100)]  # 0.00 to 0.99; five of them are above 0.94
    assert measures.threshold_at(negatives, 0.05) == 0.94
    assert measures.passed_at([0.95, 0.94, 0.2, 1.0], negatives, 0.05) == 0.5
    # Of fewer than twenty none may pass at 5 %.
    assert measures.passed_at([0.7, 0.5], [0.6, 0.1], 0.05) == 0.5


def test_token_f1_counts_shared_words_and_takes_the_best_reference() -> None:
    # Shared: the, cat; precision 2/3, recall 2/2.
    assert measures.token_f1("The cat sat.", ["the cat", "a dog"]) == pytest.approx(0.8)
    assert measures.token_f1("no", ["yes"]) == 0.0
    # A word that is said twice is shared twice only where both say it twice.
    assert measures.token_f1("very very", ["very"]) == pytest.approx(2 / 3)


def test_an_answer_holds_accepted_words_side_by_side_whatever_their_case_and_marks() -> None:
    assert measures.holds("It costs EUR 1,200.00 a month.", ["eur 1 200"])
    assert measures.holds("By Harald Moser, purchasing", ["J. Smith", "harald moser"])
    assert not measures.holds("Harald and Moser", ["Harald Moser"])
    assert not measures.holds("a smithy", ["smith"])
    assert not measures.holds("anything", ["..."])


def test_calibration_error_is_the_weighed_gap_between_what_was_said_and_what_came_true() -> None:
    # Two at 0.9 of which one is true (gap 0.4), two at 0.1 of which none is (gap 0.1): (0.8 + 0.2) / 4.
    assert measures.calibration_error([0.9, 0.9, 0.1, 0.1], [True, False, False, False]) == pytest.approx(0.25)
    assert measures.calibration_error([1.0], [True]) == 0.0
