"""Typed settings, and the only place that reads the environment.

Every field can be set by `SCORECARD_<FIELD>`, nested ones by `SCORECARD_SOURCES__CLOUD_BILLING__GLOB`, or in
`scorecard.toml` in the folder the command runs in. What is given in code wins over the environment, that
over the file.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DBT_PROJECT = PROJECT_ROOT / "dbt_project"
SAMPLE_CATALOG = PROJECT_ROOT / "data" / "catalog"


class SourceSettings(BaseModel):
    """What a user sets per source."""

    model_config = ConfigDict(extra="forbid")

    glob: tuple[str, ...] | None = Field(
        None,
        description="Where its files lie, relative to the landing folder; null: the source's default.",
    )


class Settings(BaseSettings):
    """Where things lie and how much of the machine may be used."""

    model_config = SettingsConfigDict(
        env_prefix="SCORECARD_",
        env_nested_delimiter="__",
        toml_file="scorecard.toml",
        extra="forbid",
    )

    home: Path = Field(PROJECT_ROOT / "data", description="Holds everything the pipeline writes.")
    landing: Path | None = Field(None, description="The vendors' exports; null: <home>/landing.")
    catalog: Path | None = Field(None, description="The AI workforce as YAML; null: <home>/catalog.")
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    first_day: date = Field(date(2015, 1, 1), description="No day before this one is ever built.")
    memory_limit: str = Field("2GB", description="What DuckDB may use before it spills to disk.")
    threads: int = Field(default_factory=lambda: os.cpu_count() or 2, ge=1)
    quarantine_limit: float = Field(
        0.2, ge=0, le=1, description="A day with a larger share of quarantined rows is refused."
    )
    quarantine_floor: int = Field(
        10, ge=0, description="A day with no more quarantined rows than this is never refused for its share of them."
    )
    webhook_url: SecretStr | None = Field(None, description="Where a failed run is posted as JSON; null: the log only.")

    postgres_url: SecretStr | None = Field(
        None, description="Postgres that the marts are published to as well; null: to none."
    )
    postgres_schema: str = Field("marts", description="The schema they go to; the pipeline's alone.")
    postgres_reader: str | None = Field(None, description="The role that may read them there; null: nobody is granted.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Code, then the environment, then `scorecard.toml`."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def landing_dir(self) -> Path:
        """The folder of the vendors' exports."""
        return (self.landing or self.home / "landing").resolve()

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
    def dagster_home(self) -> Path:
        """Dagster's own storage: runs, events, schedules."""
        return (self.home / "dagster").resolve()

    def globs(self, source: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """The landing globs of `source`: the user's, else `default`."""
        chosen = self.sources.get(source)
        return chosen.glob if chosen and chosen.glob else default
