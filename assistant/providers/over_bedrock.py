"""Claude through AWS Bedrock with Amazon's SDK, which is an extra of the installation."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    InvalidEndpointConfigurationError,
    InvalidRegionError,
    NoCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.tokens import FrozenAuthToken
from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.bedrock import BedrockConverseModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers.bedrock import BedrockProvider
from pydantic_ai.settings import ModelSettings

from assistant.errors import ProviderUnavailable
from assistant.providers import clients
from assistant.providers.clients import CONNECT_SECONDS, READ_SECONDS, Access

REGION = "us-east-1"
"""Asked when neither AWS_REGION nor the profile names one: where Bedrock usually has a model first."""
MOST_PROFILES = 2000
"""Ids that are looked at; a region has about a hundred."""


REASONS: tuple[tuple[type[BotoCoreError], str], ...] = (
    (ProfileNotFound, "there is no profile of the name in AWS_PROFILE"),
    (InvalidRegionError, "AWS_REGION is not the name of a region"),
    (NoCredentialsError, "no credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"),
    (SSOError, "the sign-in of the profile in AWS_PROFILE has ended: an admin signs in again with aws sso login"),
    (TokenRetrievalError, "the sign-in of the profile in AWS_PROFILE has ended: an admin signs in again"),
    (
        InvalidEndpointConfigurationError,
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME must begin with https:// for Bedrock's own key",
    ),
)
"""What is wrong, by Amazon's class for it; its own texts may hold paths."""

log = logging.getLogger(__name__)


class OneTryModel(BedrockConverseModel):
    """A model whose client tries once, so that a request for no retries is already granted.

    Amazon's SDK looks for credentials at the request; what it finds wrong becomes ProviderUnavailable.
    """

    unsupported_settings = BedrockConverseModel.unsupported_settings - {"max_retries"}

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask for a whole answer."""
        with _told():
            return await super().request(messages, model_settings, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask for a streamed answer."""
        with _told():
            async with super().request_stream(
                messages, model_settings, model_request_parameters, run_context
            ) as streamed:
                yield streamed


@contextmanager
def _told() -> Iterator[None]:
    """Say what Amazon's SDK finds wrong with the settings; faults of the wire have been told apart before."""
    try:
        yield
    except BotoCoreError as error:
        log.warning("Bedrock cannot be asked: %s", error)
        wrong = next((words for kind, words in REASONS if isinstance(error, kind)), "AWS's configuration does not fit")
        raise ProviderUnavailable(f"AWS Claude cannot be used: {wrong}. Until then pick another model.") from error


class TokenSession(botocore.session.Session):  # type: ignore[misc]  # an untyped base
    """Amazon's session with Bedrock's own kind of key, which by itself it reads from the environment only."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self._token = token

    def get_auth_token(self, **_: Any) -> FrozenAuthToken:
        """The key."""
        return FrozenAuthToken(self._token)

    def get_credentials(self) -> None:
        """None: the key stands alone."""


def model(model_id: str, access: Access) -> Model:
    """Return the model; raises ProviderUnavailable when AWS's own configuration does not fit the settings."""
    return OneTryModel(model_id, provider=BedrockProvider(bedrock_client=clients.client(access, client)))


def profile(kind: str, model_id: str) -> ModelProfile:
    """What pydantic-ai knows of the model."""
    del kind
    return BedrockProvider.model_profile(model_id) or ModelProfile()


def client(access: Access) -> Any:
    """Return a client of Bedrock's runtime."""
    return _client(access, "bedrock-runtime", access.address, READ_SECONDS)


def listed(access: Access, seconds: float) -> list[dict[str, str]]:
    """Return Claude's ids in the region as a list of models; ``seconds`` bounds each wait for an answer."""
    pages = _client(access, "bedrock", None, seconds).get_paginator("list_inference_profiles").paginate()
    profiles = islice((profile for page in pages for profile in page["inferenceProfileSummaries"]), MOST_PROFILES)
    names = ((profile["inferenceProfileId"], profile["inferenceProfileName"]) for profile in profiles)
    return [{"id": profile_id, "name": name} for profile_id, name in names if ".anthropic.claude" in profile_id]


def _client(access: Access, service: str, address: str | None, read_seconds: float) -> Any:
    token = access.option("token")
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"total_max_attempts": 1},
        signature_version="bearer" if token else None,
    )
    with _told():
        session = _session(access, token)
        region = session.region_name or REGION
        return session.client(service, region_name=region, config=config, endpoint_url=address)


def _session(access: Access, token: str | None) -> boto3.Session:
    """Bedrock's own key goes first, then a pair of keys, then what AWS's own configuration has."""
    region = access.option("region")
    if token:
        return boto3.Session(botocore_session=TokenSession(token), region_name=region)
    if access.secret is None:
        return boto3.Session(profile_name=access.option("profile"), region_name=region)
    return boto3.Session(
        aws_access_key_id=access.secret,
        aws_secret_access_key=access.option("secret"),
        aws_session_token=access.option("session"),
        region_name=region,
    )
