"""The measures, each by its usual definition. All are 0 to 1 and higher is better, but for the calibration error."""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

_TOKEN = re.compile(r"[^\W_]+")


def ndcg(ranked: Sequence[str], gains: Mapping[str, float], k: int = 10) -> float:
    """Return the normalised discounted cumulative gain of the first ``k``.

    As trec_eval and BEIR have it: the gain of a place is the judged score itself (not 2^score - 1), its discount
    log2(place + 1), and the ideal takes all judged documents, found or not (Järvelin and Kekäläinen, TOIS 2002).
    """
    ideal = _dcg(sorted(gains.values(), reverse=True)[:k])
    return _dcg([gains.get(one, 0.0) for one in ranked[:k]]) / ideal if ideal else 0.0


def _dcg(gains: Iterable[float]) -> float:
    return sum(gain / math.log2(place + 1) for place, gain in enumerate(gains, start=1))


def recall(ranked: Sequence[str], gains: Mapping[str, float], k: int = 5) -> float:
    """Return the share of the relevant documents (score above 0) among the first ``k``."""
    relevant = {one for one, gain in gains.items() if gain > 0}
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def hit(ranked: Sequence[str], gains: Mapping[str, float], k: int = 1) -> float:
    """Return 1 when a relevant document is among the first ``k``, else 0."""
    return float(any(gains.get(one, 0.0) > 0 for one in ranked[:k]))


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> float:
    """Return the chance that a positive scores above a negative, ties counting half.

    The area under the ROC curve by Mann and Whitney's statistic (Hanley and McNeil, Radiology 1982). NaN when one of
    the sides is empty.
    """
    if not positives or not negatives:
        return math.nan
    below = np.sort(np.asarray(negatives, dtype=float))
    left = np.searchsorted(below, positives, side="left")
    right = np.searchsorted(below, positives, side="right")
    return float((left + right).mean() / (2 * len(below)))


def threshold_at(negatives: Sequence[float], rate: float) -> float:
    """Return the score that at most the share ``rate`` of the negatives lies above: what counts must exceed it."""
    allowed = math.floor(rate * len(negatives) + 1e-9)
    ordered = sorted(negatives, reverse=True)
    return ordered[allowed] if allowed < len(ordered) else -math.inf


def passed_at(positives: Sequence[float], negatives: Sequence[float], rate: float) -> float:
    """Return the share of positives above the score that at most ``rate`` of the negatives lie above.

    For questions that is the coverage at a rate of false answers, for attacks the recall at a rate of false alarms.
    """
    bound = threshold_at(negatives, rate)
    return mean([float(score > bound) for score in positives])


def token_f1(given: str, references: Sequence[str]) -> float:
    """Return the best F1 of shared words with any reference, as for SQuAD (Rajpurkar et al., EMNLP 2016).

    Words are compared as ``tokens`` gives them; other than there, articles count.
    """
    return max((_f1(tokens(given), tokens(reference)) for reference in references), default=0.0)


def _f1(given: Sequence[str], wanted: Sequence[str]) -> float:
    shared = sum((Counter(given) & Counter(wanted)).values())
    return 2 * shared / (len(given) + len(wanted)) if shared else float(not given and not wanted)


def holds(given: str, accepted: Sequence[str]) -> bool:
    """Whether the words of any accepted answer stand in ``given``, in their order and side by side."""
    words = f" {' '.join(tokens(given))} "
    return any(f" {' '.join(tokens(one))} " in words for one in accepted if tokens(one))


def tokens(text: str) -> list[str]:
    """Return the runs of letters and digits, in lower case."""
    return _TOKEN.findall(text.lower())


def calibration_error(chances: Sequence[float], truths: Sequence[bool], bins: int = 10) -> float:
    """Return the expected calibration error over bins of equal width (Guo et al., ICML 2017); lower is better.

    It is the mean distance between the chance that was given and the share that came true, weighed by the bins' sizes.
    """
    places = [min(int(chance * bins), bins - 1) for chance in chances]
    gaps = []
    for place in set(places):
        inside = [number for number, found in enumerate(places) if found == place]
        told, true = mean([chances[number] for number in inside]), mean([float(truths[number]) for number in inside])
        gaps.append(abs(told - true) * len(inside))
    return sum(gaps) / len(chances) if chances else math.nan


def mean(values: Sequence[float]) -> float:
    """Return the mean; NaN of nothing."""
    return statistics.fmean(values) if values else math.nan
