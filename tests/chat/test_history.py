"""What a model reads of what was said before."""

from __future__ import annotations

from pydantic_ai.messages import ModelRequest, ModelResponse

from assistant.chat.history import as_messages, recent, tokens

SAID = [("user", "How many days?"), ("assistant", "27 days. [1][2] See [the page](x)."), ("user", "And in Graz?")]


def test_answers_lose_their_markers_and_nothing_else() -> None:
    assert recent(SAID, 10, 1000)[1] == ("assistant", "27 days. See [the page](x).")


def test_only_the_latest_messages_are_kept_oldest_first() -> None:
    assert recent(SAID, 2, 1000) == [("assistant", "27 days. See [the page](x)."), ("user", "And in Graz?")]
    assert recent(SAID, 0, 1000) == []


def test_the_token_bound_cuts_at_whole_messages() -> None:
    assert recent(SAID, 10, tokens("And in Graz?")) == [("user", "And in Graz?")]
    assert recent(SAID, 10, 1) == []


def test_an_over_long_message_hides_what_came_before_it() -> None:
    said = [("user", "short"), ("assistant", "x" * 1000), ("user", "last")]
    assert recent(said, 10, 100) == [("user", "last")]


def test_roles_become_requests_and_responses() -> None:
    assert [type(message) for message in as_messages(SAID)] == [ModelRequest, ModelResponse, ModelRequest]
