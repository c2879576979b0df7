"""Typed settings, and the only package that reads the environment.

Every field can be set by `SCORECARD_<FIELD>`, nested ones by `SCORECARD_SOURCES__CLOUD_BILLING__GLOB`, or in
`scorecard.toml` in the folder the command runs in. If SCORECARD_SECRETS names a folder, a file in it sets the field it
is called after: `SCORECARD_POSTGRES_URL` holds the URL and nothing else. What is given in code wins over the
environment, that over such a file, that over `scorecard.toml`.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from pipelines.settings.channels import EmailSettings, PagerDutySettings, SlackSettings, WebhookSettings
from pipelines.settings.places import LOCAL, Bucket, BucketSettings, Place, place_named
from pipelines.settings.pulls import PullsSettings

_PACKAGE = Path(__file__).resolve().parent.parent
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
    def _parse_publish_to(cls, given: Any) -> Any:
        place = place_named(given)
        if isinstance(place, Path):
            raise ValueError("expected a bucket such as s3://bucket/prefix; what is published is in <home>/published")
        return place

    @field_validator("home")
    @classmethod
    def _check_home(cls, home: Path) -> Path:
        if "?" in str(home.resolve()):
            raise ValueError(
                "its path must not contain `?`, because DuckDB reads what follows as options. Choose another folder"
            )
        return home

    @model_validator(mode="after")
    def _check_buckets(self) -> Self:
        roots = sorted({place.root for place in (*self.places, self.publish_to) if isinstance(place, Bucket)})
        for name, given in self.buckets.items():
            if name not in roots:
                raise ValueError(
                    f"`buckets` has settings for `{name}`, and `landing` and `publish_to` name "
                    f"{', '.join(roots) or 'no bucket'}: write it as there, without a prefix"
                )
            parts = urlsplit(given.endpoint or "")
            if parts.scheme == "http" and not name.startswith("s3:") and parts.hostname not in LOCAL:
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
