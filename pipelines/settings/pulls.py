"""What is pulled from vendors' APIs: a class of settings for each vendor that needs more than a token."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, field_validator, model_validator

from pipelines.settings.places import LOCAL


class PullSettings(BaseModel):
    """How a source is pulled from its vendor's API."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token_env: str | None = Field(None, description="The environment variable that holds the token.")
    token_file: Path | None = Field(None, description="The file that holds the token and nothing else.")
    base_url: str | None = Field(
        None, description="The API's address; null: the vendor's, where all customers share one."
    )
    since: date | None = Field(None, description="The first day to pull; null: 90 days before the first pull.")

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, base_url: str | None) -> str | None:
        if base_url is None:
            return None
        parts = urlsplit(base_url)
        is_local = parts.hostname in LOCAL
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
            raise ValueError("expected an address that begins with https://, because a token is sent there")
        if parts.username or parts.password or parts.query:
            raise ValueError("expected an address without user, password and query")
        return base_url.rstrip("/")

    @model_validator(mode="after")
    def _check_token(self) -> Self:
        if (self.token_env is None) == (self.token_file is None):
            raise ValueError("set either `token_env` or `token_file`; the token itself does not belong here")
        return self

    def token(self) -> SecretStr:
        """The token.

        Raises:
            ValueError: there is none; says where it was looked for.
        """
        if self.token_env is not None:
            found, place = os.environ.get(self.token_env, ""), f"the environment variable {self.token_env}"
        else:
            assert self.token_file is not None  # noqa: S101 - one of the two is set
            place = f"the file {self.token_file}"
            try:
                found = self.token_file.expanduser().read_text(encoding="utf-8")
            except OSError as error:
                raise ValueError(f"{place} cannot be read: {(error.strerror or 'error').lower()}") from None
        if not found.strip():
            raise ValueError(f"{place} is {'empty' if found else 'not set or empty'}")
        if not found.strip().isascii() or len(found.split()) != 1:
            raise ValueError(f"{place} does not hold a token: expected one word")
        return SecretStr(found.strip())


class AmplitudePullSettings(PullSettings):
    """An Amplitude project; the EU's `base_url` is https://analytics.eu.amplitude.com."""

    api_key: str = Field(description="The project's API key; the token is its secret key.")


class GitHubPullSettings(PullSettings):
    """GitHub's repositories."""

    repositories: tuple[Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+$")], ...] = Field(
        min_length=1, description="owner/name of each."
    )
    workflows: tuple[Annotated[str, StringConstraints(pattern=r"^[\w.-]+\.ya?ml$")], ...] = Field(
        (), description="Files of workflows that deploy, such as deploy.yml; none: the runs of every workflow."
    )


class JiraPullSettings(PullSettings):
    """Jira's projects; `base_url` is the site's address."""

    user: str | None = Field(None, description="The e-mail address of the token's user; null: a bearer token.")
    projects: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]+$")], ...] = Field(
        min_length=1, description="The keys of the projects."
    )


class LangfusePullSettings(PullSettings):
    """A Langfuse project; the US's `base_url` is https://us.cloud.langfuse.com, a self-hosted one its own address."""

    public_key: str = Field(description="The project's public key (pk-lf-…); the token is its secret key.")


class MixpanelPullSettings(PullSettings):
    """A Mixpanel project; the EU's and India's `base_url` are https://data-eu.mixpanel.com and data-in.mixpanel.com."""

    user: str = Field(description="The service account's username.")
    project_id: int = Field(description="The project's number.")
    events: tuple[str, ...] = Field((), description="Names of the events to pull; none: all.")


class MlflowPullSettings(PullSettings):
    """An MLflow tracking server, or a Databricks workspace; `base_url` is its address."""

    user: str | None = Field(None, description="The user of basic authentication; null: the token is sent as a bearer.")


class QualtricsPullSettings(PullSettings):
    """Qualtrics' surveys; `base_url` is the data center's, https://iad1.qualtrics.com."""

    surveys: tuple[Annotated[str, StringConstraints(pattern=r"^SV_[A-Za-z0-9]+$")], ...] = Field(
        min_length=1, description="Ids of the surveys."
    )
    questions: tuple[Annotated[str, StringConstraints(pattern=r"^QID[A-Za-z0-9_]+$")], ...] = Field(
        (), description="Ids of the questions to pull answers to; none: all."
    )


class TypeformPullSettings(PullSettings):
    """Typeform's forms; the EU's `base_url` is https://api.eu.typeform.com."""

    forms: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")], ...] = Field(
        min_length=1, description="Ids of the forms, as in their addresses."
    )


class ZendeskPullSettings(PullSettings):
    """Zendesk's account; `base_url` is its address."""

    user: str | None = Field(None, description="The e-mail address of the token's user; null: an OAuth token.")


class PullsSettings(BaseModel):
    """What is pulled, each in a table of its own: `[pulls.pagerduty]`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    amplitude: AmplitudePullSettings | None = None
    anthropic: PullSettings | None = None
    github: GitHubPullSettings | None = None
    incident_io: PullSettings | None = None
    jira: JiraPullSettings | None = None
    langfuse: LangfusePullSettings | None = None
    mixpanel: MixpanelPullSettings | None = None
    mlflow: MlflowPullSettings | None = None
    openai: PullSettings | None = None
    pagerduty: PullSettings | None = None
    qualtrics: QualtricsPullSettings | None = None
    typeform: TypeformPullSettings | None = None
    zendesk: ZendeskPullSettings | None = None

    def configured(self) -> dict[str, PullSettings]:
        """Name → its settings, of the pulls that are configured."""
        return {name: found for name in type(self).model_fields if (found := getattr(self, name)) is not None}
