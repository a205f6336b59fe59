"""The model's server of the streaming benchmark, and what is made of the times."""

from __future__ import annotations

import re

from openai import OpenAI

from bench.streaming import share
from bench.streaming_turns import lags
from bench.wire_peer import FIRST_TOKEN_SECONDS, TOKENS, taken_log, token, wire_peer


def test_every_token_is_one_number_that_a_reader_finds_again() -> None:
    text = "".join(token(number) for number in range(TOKENS))
    assert re.findall(r"t(\d{3})", text) == [f"{number:03d}" for number in range(TOKENS)]


def test_a_lag_is_told_only_of_what_came() -> None:
    assert lags({0: 1.5, 1: 3.0}, [1.0, 2.0, 3.0]) == [0.5, 1.0]


def test_a_share_of_values_lies_below_it() -> None:
    values = [float(value) for value in range(100)]
    assert (share(values, 0.5), share(values, 0.95), share([7.0], 0.95)) == (50.0, 95.0, 7.0)


def test_the_server_streams_all_tokens_and_keeps_when_it_sent_them() -> None:
    with wire_peer() as url:
        client = OpenAI(api_key="bench", base_url=f"{url}/v1")
        chunks = client.chat.completions.create(model="m", stream=True, messages=[{"role": "user", "content": "?"}])
        said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
        client.close()
        (asked,) = taken_log(url)
        assert taken_log(url) == []
    assert said == "".join(token(number) for number in range(TOKENS))
    assert len(asked.sent) == TOKENS
    assert asked.sent[0] - asked.at >= FIRST_TOKEN_SECONDS
    assert asked.hung_up is None
