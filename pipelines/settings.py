"""Typed settings, and the only place that reads the environment.

Every field can be set by `SCORECARD_<FIELD>`, nested ones by `SCORECARD_SOURCES__CLOUD_BILLING__GLOB`, or in
`scorecard.toml` in the folder the command runs in. If SCORECARD_SECRETS names a folder, a file in it sets the field it
is called after: `SCORECARD_POSTGRES_URL` holds the URL and nothing else. What is given in code wins over the
environment, that over such a file, that over `scorecard.toml`.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

_PACKAGE = Path(__file__).resolve().parent
PROJECT_ROOT = _PACKAGE.parent
"""The checkout, where the package is one; of an installed copy, the folder it was installed into."""
IS_CHECKOUT = (PROJECT_ROOT / "dbt_project").is_dir()
BUNDLED = PROJECT_ROOT if IS_CHECKOUT else _PACKAGE / "bundled"
"""What comes with the package and is no Python: the wheel holds it where `hatch_build.py` says. Never written to."""
DBT_PROJECT = BUNDLED / "dbt_project"
SAMPLE_CATALOG = _PACKAGE / "scenario" / "catalog"
"""The sample company's catalog, of a company that starts on a fixed day. Never written to."""
DEFAULT_HOME = PROJECT_ROOT / "data" if IS_CHECKOUT else Path("scorecard-data")
"""`data` in a checkout; else a folder where the command is run."""

_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Bucket:
    """The objects of a bucket below a prefix, as a place for exports; as text, `s3://acme-exports/scorecard`."""

    scheme: Literal["s3", "gs", "az"]
    name: str
    prefix: str = ""

    @property
    def root(self) -> str:
        """The bucket without the prefix, as `buckets` in scorecard.toml names it."""
        return f"{self.scheme}://{self.name}"

    def __str__(self) -> str:
        """The address."""
        return f"{self.root}/{self.prefix}" if self.prefix else self.root


_ADDRESS = re.compile(r"(s3|gs|az)://([A-Za-z0-9][A-Za-z0-9._-]+)(?:/(.*))?")


def _place(given: Any) -> Any:
    if isinstance(given, Path | Bucket) or given is None:
        return given
    if "://" not in str(given):
        return Path(given).expanduser()
    found = _ADDRESS.fullmatch(str(given))
    prefix = (found[3] or "").strip("/") if found else ""
    if found is None or not set(prefix.split("/")).isdisjoint({".", ".."}) or "//" in prefix:
        raise ValueError("expected a folder, or a bucket such as s3://bucket/prefix, gs://bucket or az://container")
    return Bucket(found[1], found[2], prefix)  # type: ignore[arg-type] # one of the three, by the expression


Place = Annotated[Path | Bucket, BeforeValidator(_place)]
"""Where exports are: a folder, or a bucket."""


class BucketSettings(BaseModel):
    """How a bucket is reached; credentials come from the vendor's own places in the environment only."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    endpoint: str | None = Field(None, description="The address of the service; null: the vendor's own.")
    region: str | None = Field(None, description="S3: the bucket's region; null: AWS_REGION or the profile's.")
    account: str | None = Field(None, description="Azure: the storage account; null: AZURE_STORAGE_ACCOUNT_NAME.")
    requester_pays: bool = Field(False, description="S3: whether who reads agrees to pay for it.")
    anonymous: bool = Field(False, description="Whether the bucket is public, so that requests are not signed.")
    retry_seconds: int = Field(
        120, ge=1, le=280, description="How long a request that is throttled or breaks off is tried again."
    )

    @field_validator("endpoint")
    @classmethod
    def _is_address(cls, endpoint: str | None) -> str | None:
        parts = urlsplit(endpoint or "https://the.vendor")
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("expected an address that begins with https:// or http://")
        if parts.username or parts.password or parts.query:
            raise ValueError("expected an address without user, password and query")
        return endpoint.rstrip("/") if endpoint else None


SECRETS = "SCORECARD_SECRETS"
"""The environment variable that names the folder of secrets, a file each, as Docker and Kubernetes mount them."""


class SourceSettings(BaseModel):
    """What a user sets per source."""

    model_config = ConfigDict(extra="forbid")

    landing: Place | None = Field(None, description="The folder or bucket of its exports; null: `landing`.")
    glob: tuple[str, ...] | None = Field(
        None,
        description="Where its files lie, relative to the landing folder; null: the source's default.",
    )
    decimal: Literal["", ".", ","] = Field("", description="Its CSV files' decimal mark; empty: what each file shows.")
    date_order: Literal["", "dmy", "mdy"] = Field(
        "", description="Whether its dates such as 05/01/2026 begin with the day or the month; empty: as for `decimal`."
    )


class LimitSettings(BaseModel):
    """What a landing file may ask for before it, or the row in it, is set aside."""

    model_config = ConfigDict(extra="forbid")

    line_bytes: int = Field(64 * 2**20, ge=1024, description="The longest line, or JSON document, that is read.")
    header_bytes: int = Field(4 * 2**20, ge=1024, description="How far into a CSV file its header is looked for.")
    nesting: int = Field(200, ge=8, description="How deep a JSON document may be nested.")
    unpacked_bytes: int = Field(200 * 10**9, ge=1024, description="What a compressed file may unpack to.")
    unpacked_ratio: float = Field(
        500, ge=1, description="How many times its size a compressed file may unpack to, where that is over 256 MiB."
    )
    zip_members: int = Field(10_000, ge=1, description="How many files a .zip may hold.")


Severity = Literal["page", "ticket"]
"""How urgent a notification is: page (somebody should look now) or ticket."""


class ChannelSettings(BaseModel):
    """Settings common to all notification channels."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    least_severity: Severity = Field("ticket", description="ticket: all notifications; page: only urgent ones.")


class SlackSettings(ChannelSettings):
    """A Slack channel, by its incoming webhook."""

    webhook_url: SecretStr = Field(description="The incoming webhook's address; whoever has it can post.")


class WebhookSettings(ChannelSettings):
    """Any program that receives signed JSON."""

    url: SecretStr = Field(description="Where notifications are posted.")
    secret: SecretStr = Field(description="The key they are signed with: `whsec_` and 24 to 64 bytes in base64.")

    @field_validator("secret")
    @classmethod
    def _is_key(cls, secret: SecretStr) -> SecretStr:
        prefix, _, key = secret.get_secret_value().partition("_")
        try:
            length = len(base64.b64decode(key, validate=True))
        except binascii.Error:
            length = 0
        if prefix != "whsec" or not 24 <= length <= 64:
            raise ValueError("expected `whsec_` and 24 to 64 bytes in base64; docs/alerts.md shows how to make one")
        return secret


class EmailSettings(ChannelSettings):
    """A mail server, and the recipients."""

    host: str = Field(description="The mail server.")
    port: int = Field(587, description="Its port: 587 for STARTTLS, 465 for TLS.")
    tls: Literal["starttls", "tls", "none"] = Field("starttls", description="none: for a relay on this machine only.")
    ca_file: Path | None = Field(None, description="The authority that signed its certificate; null: the system's.")
    user: str | None = Field(None, description="The login; null: none.")
    password: SecretStr | None = None
    sender: str = Field(description="The sender's address.")
    to: tuple[str, ...] = Field(min_length=1, description="The recipients' addresses.")

    @model_validator(mode="after")
    def _keeps_its_password(self) -> Self:
        if (self.user is None) != (self.password is None):
            raise ValueError("`user` and `password` go together: set both or neither")
        if self.password is not None and self.tls == "none":
            raise ValueError("a password is sent over TLS only: set `tls` to starttls or tls")
        return self


class PagerDutySettings(ChannelSettings):
    """A PagerDuty service, by its Events API v2 integration."""

    least_severity: Severity = Field("page", description="ticket: all notifications; page: only urgent ones.")
    routing_key: SecretStr = Field(description="The integration key.")
    url: str = Field("https://events.pagerduty.com/v2/enqueue", description="The EU's region has its own.")


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
    def _is_safe(cls, base_url: str | None) -> str | None:
        if base_url is None:
            return None
        parts = urlsplit(base_url)
        is_local = parts.hostname in _LOCAL
        if parts.scheme != "https" and not (parts.scheme == "http" and is_local):
            raise ValueError("expected an address that begins with https://, because a token is sent there")
        if parts.username or parts.password or parts.query:
            raise ValueError("expected an address without user, password and query")
        return base_url.rstrip("/")

    @model_validator(mode="after")
    def _has_one_token(self) -> Self:
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


class Settings(BaseSettings):
    """Where things lie and how much of the machine may be used."""

    model_config = SettingsConfigDict(
        env_prefix="SCORECARD_",
        env_nested_delimiter="__",
        toml_file="scorecard.toml",
        extra="forbid",
        hide_input_in_errors=True,  # a channel's settings are secrets
    )

    home: Path = Field(DEFAULT_HOME, description="Holds everything the pipeline writes.")
    landing: Place | None = Field(None, description="The vendors' exports, a folder or a bucket; null: <home>/landing.")
    catalog: Path | None = Field(None, description="The AI workforce as YAML; null: <home>/catalog.")
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    links_to: tuple[Path, ...] = Field(
        (), description="Folders outside the landing folder that symbolic links in it may lead to."
    )
    buckets: dict[str, BucketSettings] = Field(
        default_factory=dict, description='How buckets are reached, by their address: `[buckets."s3://acme-exports"]`.'
    )
    fetched_bytes: int = Field(
        5 * 10**9, ge=0, description="How many bytes of each source's objects are kept on disk, once they are read."
    )
    limits: LimitSettings = Field(default_factory=LimitSettings)
    first_day: date = Field(date(2015, 1, 1), description="No day before this one is ever built.")
    memory_limit: str = Field("2.7GB", description="What DuckDB may use before it spills to disk.")
    threads: int = Field(default_factory=lambda: os.cpu_count() or 2, ge=1)
    quarantine_limit: float = Field(
        0.2,
        ge=0,
        le=1,
        description="A source's day with a larger share of quarantined rows is rejected, unless it has so few that "
        "chance explains it (99.9 % Wilson bound).",
    )
    history_days: int = Field(
        14, ge=1, description="How long finished runs are kept, and what former versions of a source read of its files."
    )
    pulls: PullsSettings = Field(default_factory=PullsSettings, description="What is pulled from vendors' APIs.")
    publish_to: Bucket | None = Field(
        None,
        description="A bucket that marts and page are published to as well, such as s3://acme-scorecard/published.",
    )
    page_url: str | None = Field(None, description="Where people open the page; notifications link to it.")
    slack: SlackSettings | None = Field(None, description="Send alerts and failed runs to Slack.")
    webhook: WebhookSettings | None = Field(None, description="Send them to a program.")
    email: EmailSettings | None = Field(None, description="Send them by mail.")
    pagerduty: PagerDutySettings | None = Field(None, description="Send them to PagerDuty, for who is on call.")
    postgres_url: SecretStr | None = Field(
        None, description="Postgres that the marts are published to as well; null: to none."
    )
    postgres_schema: str = Field("marts", description="The schema they go to; the pipeline's alone.")
    postgres_reader: str | None = Field(None, description="The role that may read them there; null: nobody is granted.")
    lock_url: SecretStr | None = Field(
        None,
        description="Postgres that separates writers of this home on different machines; null: file locks alone.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Code, then the environment, then files of secrets, then `scorecard.toml`."""
        secrets = os.environ.get(SECRETS)
        files = NestedSecretsSettingsSource(
            file_secret_settings,
            secrets_dir=secrets or None,
            secrets_dir_missing="error",
            secrets_nested_delimiter="__",
        )
        return init_settings, env_settings, files, TomlConfigSettingsSource(settings_cls)

    @field_validator("publish_to", mode="before")
    @classmethod
    def _is_bucket(cls, given: Any) -> Any:
        place = _place(given)
        if isinstance(place, Path):
            raise ValueError("expected a bucket such as s3://bucket/prefix; what is published is in <home>/published")
        return place

    @field_validator("home")
    @classmethod
    def _opens(cls, home: Path) -> Path:
        if "?" in str(home.resolve()):
            raise ValueError(
                "its path must not contain `?`, because DuckDB reads what follows as options. Choose another folder"
            )
        return home

    @model_validator(mode="after")
    def _names_its_buckets(self) -> Self:
        roots = sorted({place.root for place in (*self.places, self.publish_to) if isinstance(place, Bucket)})
        for name, given in self.buckets.items():
            if name not in roots:
                raise ValueError(
                    f"`buckets` has settings for `{name}`, and `landing` and `publish_to` name "
                    f"{', '.join(roots) or 'no bucket'}: write it as there, without a prefix"
                )
            parts = urlsplit(given.endpoint or "")
            if parts.scheme == "http" and not name.startswith("s3:") and parts.hostname not in _LOCAL:
                raise ValueError(f"`endpoint` of {name} must begin with https://, because a token is sent there")
        return self

    @property
    def landing_dir(self) -> Path:
        """The folder of the vendors' exports; where they are in a bucket, of those that are pulled."""
        return (self.landing if isinstance(self.landing, Path) else self.home / "landing").resolve()

    @property
    def places(self) -> tuple[Path | Bucket, ...]:
        """The folders and buckets that exports are in: the one for all sources, then those of single ones."""
        chosen = (source.landing for source in self.sources.values() if source.landing)
        whole = self.landing if isinstance(self.landing, Bucket) else self.landing_dir
        return tuple(dict.fromkeys([whole, *(one.resolve() if isinstance(one, Path) else one for one in chosen)]))

    def place_of(self, source: str) -> Path | Bucket:
        """Where the exports of `source` are: the folder or bucket."""
        chosen = self.sources.get(source)
        if chosen and chosen.landing:
            return chosen.landing.resolve() if isinstance(chosen.landing, Path) else chosen.landing
        return self.places[0]

    def pulled_to(self, source: str) -> Path:
        """The folder that pulls of `source` write to: its own, or the landing folder where its exports are a bucket."""
        place = self.place_of(source)
        return place if isinstance(place, Path) else self.landing_dir

    @property
    def catalog_dir(self) -> Path:
        """The folder of the catalog."""
        return (self.catalog or self.home / "catalog").resolve()

    @property
    def warehouse_dir(self) -> Path:
        """The folder of the warehouse, its intake and its lock; the pipeline's alone."""
        return (self.home / "warehouse").resolve()

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB database that only the pipeline opens."""
        return self.warehouse_dir / "warehouse.duckdb"

    @property
    def published_dir(self) -> Path:
        """What people and BI tools read."""
        return (self.home / "published").resolve()

    @property
    def outbox_dir(self) -> Path:
        """The record of notifications: it cannot be rebuilt from files, catalog and code."""
        return (self.home / "outbox").resolve()

    @property
    def pulls_dir(self) -> Path:
        """How far each source has been pulled."""
        return (self.home / "pulls").resolve()

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage: runs, events, schedules."""
        return (self.home / "dagster").resolve()

    def globs(self, source: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """The landing globs of `source`: the user's, else `default`."""
        chosen = self.sources.get(source)
        return chosen.glob if chosen and chosen.glob else default
