from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from assistant.domain import Route
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import EXAMPLES, NearestLabels, RouteClassifier, read_examples, with_form


@pytest.fixture(scope="module")
def classifier(embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> RouteClassifier:
    return RouteClassifier(embedder, tmp_path_factory.mktemp("routes"))


# None of these sentences stands among the examples.
@pytest.mark.parametrize(
    ("question", "route"),
    [
        ("How many sick days are paid in full?", Route.KNOWLEDGE),
        ("Who signs off a hire car?", Route.KNOWLEDGE),
        ("How do I change the toner?", Route.KNOWLEDGE),
        ("Where are the first aid boxes kept?", Route.KNOWLEDGE),
        ("What is 23% of 1,850?", Route.FACT_FINDING),
        ("Compare the pension rules of the Dutch and the British site", Route.FACT_FINDING),
        ("9 nights at 95 GBP, what does that come to?", Route.FACT_FINDING),
        ("Open a ticket, my headset makes no sound", Route.ACTION),
        ("What is the status of my ticket 1203?", Route.ACTION),
        ("Remind me to call the landlord on Thursday", Route.ACTION),
        ("Hello there!", Route.GENERAL),
        ("Thanks, that is all", Route.GENERAL),
        ("What are you able to do?", Route.GENERAL),
    ],
)
def test_a_question_takes_its_route(classifier: RouteClassifier, question: str, route: Route) -> None:
    guess = classifier.classify(question)
    assert guess.route is route
    assert 0.25 < guess.confidence <= 1.0


def test_four_of_five_examples_left_out_find_their_route(embedder: MiniLM) -> None:
    examples = read_examples(EXAMPLES)
    rest = [example for at, example in enumerate(examples) if at % 8]
    texts = [text for text, _ in rest]
    nearest = NearestLabels(rest, with_form(texts, embedder.embed(texts)))
    asked = [text for text, _ in examples[::8]]
    vectors = with_form(asked, embedder.embed(asked))
    found = [nearest.classify(text, vector)[0] for text, vector in zip(asked, vectors, strict=True)]
    right = sum(label == expected for label, (_, expected) in zip(found, examples[::8], strict=True))
    assert right / len(asked) > 0.8


def test_every_route_has_at_least_sixty_different_examples() -> None:
    examples = read_examples(EXAMPLES)
    assert len({text.casefold() for text, _ in examples}) == len(examples)
    counts = Counter(Route(label) for _, label in examples)
    assert all(counts[route] >= 60 for route in Route)


def test_the_reason_names_the_nearest_example(classifier: RouteClassifier) -> None:
    guess = classifier.classify("How many days of annual leave do I get?")
    assert 'like "How many days of annual leave do I get?"' in guess.reason
    assert guess.sure


def test_a_given_vector_spares_the_embedding_and_changes_nothing(classifier: RouteClassifier, embedder: MiniLM) -> None:
    question = "When is payday?"
    assert classifier.classify(question, embedder.embed([question])[0]) == classifier.classify(question)


def test_the_examples_vectors_are_kept_for_the_next_start(embedder: MiniLM, tmp_path: Path) -> None:
    examples = tmp_path / "examples.jsonl"
    rows = [("When is payday?", "knowledge"), ("Hello", "general"), ("Open a ticket", "action")]
    examples.write_text("\n".join(json.dumps({"text": text, "label": label}) for text, label in rows))
    RouteClassifier(embedder, tmp_path / "cache", examples).warm()
    (kept,) = (tmp_path / "cache").iterdir()
    assert np.allclose(np.load(kept), embedder.embed([text for text, _ in rows]), atol=1e-6)
    np.save(kept, np.load(kept)[[1, 0, 2]])
    assert RouteClassifier(embedder, tmp_path / "cache", examples).classify("Hello").route is Route.KNOWLEDGE


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\x93NUMPY\x01\x00"])
def test_a_damaged_cache_of_the_examples_is_made_anew(embedder: MiniLM, tmp_path: Path, damage: bytes) -> None:
    RouteClassifier(embedder, tmp_path).classify("Hello there!")
    (kept,) = tmp_path.glob("routes-*.npy")
    kept.write_bytes(damage)
    assert RouteClassifier(embedder, tmp_path).classify("Hello there!").route is Route.GENERAL


ORDER = "Open a ticket, my headset makes no sound"
SMALL_TALK = "Hello there!"


@pytest.fixture
def fresh(embedder: MiniLM, classifier: RouteClassifier) -> RouteClassifier:
    """A classifier of its own over the vectors that are kept already."""
    classifier.warm()
    cache = classifier._cache_dir
    return RouteClassifier(embedder, cache)


def test_a_corrected_question_takes_the_route_it_was_corrected_to(fresh: RouteClassifier) -> None:
    fresh.learn([(ORDER, Route.KNOWLEDGE)])
    guess = fresh.classify(f"  {ORDER.upper()}\n")
    assert (guess.route, guess.confidence, guess.sure) == (Route.KNOWLEDGE, 1.0, True)
    assert guess.reason.endswith("as a person corrected it")


def test_a_later_correction_of_the_same_question_counts(fresh: RouteClassifier) -> None:
    fresh.learn([(ORDER, Route.KNOWLEDGE), (SMALL_TALK, Route.ACTION), (ORDER.lower(), Route.GENERAL)])
    assert fresh.classify(ORDER).route is Route.GENERAL
    assert fresh.classify(SMALL_TALK).route is Route.ACTION


def test_corrections_count_from_the_next_question_on_and_can_be_taken_back(fresh: RouteClassifier) -> None:
    assert fresh.classify(ORDER).route is Route.ACTION
    fresh.learn([(ORDER, Route.FACT_FINDING)])
    assert fresh.classify(ORDER).route is Route.FACT_FINDING
    fresh.learn([])
    assert fresh.classify(ORDER).route is Route.ACTION


def test_corrections_pull_questions_like_them(fresh: RouteClassifier) -> None:
    asked = "Which warehouse door opens with the yellow badge?"
    before = fresh.classify(asked)
    fresh.learn([(f"Which warehouse door opens with the {colour} badge?", Route.ACTION) for colour in ("red", "blue")])
    after = fresh.classify(asked)
    assert before.route is Route.KNOWLEDGE
    assert after.route is not before.route or after.confidence < before.confidence


def test_one_correction_weighs_as_much_as_one_example_and_turns_nothing_else_over(fresh: RouteClassifier) -> None:
    examples = [(text, Route(label)) for text, label in read_examples(EXAMPLES)]
    before = [fresh.classify(text).route for text, _ in examples]
    fresh.learn([("How many days of annual leave do I get?", Route.GENERAL)])
    after = [fresh.classify(text).route for text, _ in examples if text != "How many days of annual leave do I get?"]
    kept = [route for route, (text, _) in zip(before, examples, strict=True) if "annual leave do I get" not in text]
    changed = sum(one is not other for one, other in zip(kept, after, strict=True))
    assert changed <= len(examples) // 100


def test_a_question_of_another_person_is_never_told_as_the_reason(fresh: RouteClassifier) -> None:
    fresh.learn([("Will the plant in Zamosc be closed in spring?", Route.ACTION)])
    guess = fresh.classify("Will the plant in Zamosc be closed in autumn?")
    assert "Zamosc" not in guess.reason
    assert "Zamosc" not in fresh.classify("Will the plant in Zamosc be closed in spring?").reason


@pytest.mark.parametrize("message", ["ticket", "Request!", "access to the finance drive"])
def test_what_may_be_an_order_and_may_not_is_doubtful(classifier: RouteClassifier, message: str) -> None:
    assert classifier.classify(message).doubtful


@pytest.mark.parametrize("message", [ORDER, SMALL_TALK, "How many sick days are paid?", "What is 23% of 1,850?"])
def test_an_ordinary_message_is_not_doubtful(classifier: RouteClassifier, message: str) -> None:
    guess = classifier.classify(message)
    assert not guess.doubtful
    assert guess.confidence < 1
