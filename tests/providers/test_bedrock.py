"""What Amazon's SDK finds wrong with the settings when it is asked becomes a sentence without its own words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic_ai.direct import model_request, model_request_stream
from pydantic_ai.exceptions import ModelConnectionError
from pydantic_ai.messages import ModelRequest
from wire_server import closed_port

from assistant.domain import ModelChoice
from assistant.errors import ProviderUnavailable
from assistant.providers import clients
from assistant.providers.builders import build_model
from assistant.providers.minilm import MiniLM
from assistant.settings import load

PROFILES = """
[profile empty]
region = eu-west-1
[profile over]
sso_start_url = https://planted.example.com/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = staff
"""
PAIR = {"AWS_ACCESS_KEY_ID": "AKIA0123456789", "AWS_SECRET_ACCESS_KEY": "secret-0123456789"}
OVER_HTTP = {"AWS_BEARER_TOKEN_BEDROCK": "bedrock-0123456789", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:9"}


@pytest.fixture(autouse=True)
def _own_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").write_text(PROFILES)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in (*PAIR, "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_BEARER_TOKEN_BEDROCK"):
        monkeypatch.delenv(name, raising=False)


def ask(variables: Mapping[str, str], embedder: MiniLM, *, streamed: bool) -> None:
    configured = load(_env_file=None, **variables)
    asked = [ModelRequest.user_text_prompt("Hello?")]

    async def run() -> None:
        try:
            model = build_model(ModelChoice("aws-claude"), configured, embedder)
            if not streamed:
                await model_request(model, asked)
            async with model_request_stream(model, asked) as events:
                async for _ in events:
                    pass
        finally:
            await clients.close_clients()

    asyncio.run(run())


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"AWS_PROFILE": "nowhere"}, "no profile of the name in AWS_PROFILE"),
        ({"AWS_PROFILE": "empty"}, "no credentials were found"),
        ({"AWS_PROFILE": "over"}, "sign-in of the profile in AWS_PROFILE has ended"),
        ({**PAIR, "AWS_REGION": "nowhere 1"}, "AWS_REGION is not the name of a region"),
        (OVER_HTTP, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME must begin with https://"),
    ],
)
def test_a_wrong_setting_of_aws_is_named(
    variables: dict[str, str], words: str, streamed: bool, embedder: MiniLM
) -> None:
    with pytest.raises(ProviderUnavailable, match=words) as caught:
        ask(variables, embedder, streamed=streamed)
    assert "planted" not in caught.value.message


def test_a_fault_of_the_wire_stays_one(embedder: MiniLM) -> None:
    nobody = {**PAIR, "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://127.0.0.1:{closed_port()}"}
    with pytest.raises(ModelConnectionError):
        ask(nobody, embedder, streamed=True)
