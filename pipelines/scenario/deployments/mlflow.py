"""MLflow: webhooks, pages of registered versions, and the registry's own SQLite file."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

from pipelines.scenario.deployments.plan import (
    FIRST_REGISTERED,
    MLFLOW_DATABASE,
    MLFLOW_PAGES,
    MLFLOW_WEBHOOKS,
    Deployment,
    Exports,
    digits_of,
)
from pipelines.scenario.world import World


def by_webhooks(exports: Exports, deployment: Deployment) -> None:
    """Tell of the registered version and its alias."""
    name, number = MLFLOW_WEBHOOKS[deployment.model_id], deployment.version.removeprefix("v")
    created: dict[str, object] = {
        "name": name,
        "version": number,
        "source": f"gs://meridian-models/{name}",
        "run_id": "9",
        "tags": {},
    }
    tagged: dict[str, object] = {"name": name, "version": number, "key": "release", "value": deployment.version}
    _webhook(exports, "model_version", "created", deployment.registered_at, created)
    _webhook(exports, "model_version", "created", deployment.registered_at, created)
    _webhook(exports, "model_version_tag", "set", deployment.registered_at + timedelta(seconds=4), tagged)
    champion: dict[str, object] = {"name": name, "version": number, "alias": "champion"}
    _webhook(exports, "model_version_alias", "created", deployment.deployed_at - timedelta(hours=5), champion)


def champion_moves(exports: Exports, at: datetime) -> None:
    """Tell of an alias moved `at`, by which nothing is deployed."""
    for minutes, version in ((0, "1"), (50, "2")):
        data: dict[str, object] = {"name": "triage-priority", "version": version, "alias": "champion"}
        _webhook(exports, "model_version_alias", "created", at + timedelta(minutes=minutes), data)


def _webhook(exports: Exports, entity: str, action: str, at: datetime, data: dict[str, object]) -> None:
    exports.tell(
        "mlflow/webhooks",
        at,
        {
            "headers": {
                "X-MLflow-Delivery-Id": digits_of(entity, at, json.dumps(data), length=32),
                "X-MLflow-Timestamp": str(int(at.timestamp())),
            },
            "body": {"entity": entity, "action": action, "timestamp": at.isoformat(), "data": data},
        },
    )


def write_registries(world: World, landing: Path, deployments: list[Deployment]) -> None:
    """Write MLflow's pages and its database as they stood at the end of each day on which a version was registered."""
    for names, write in ((MLFLOW_PAGES, _write_pages), (MLFLOW_DATABASE, _write_database)):
        rows = []
        for model_id, name in names.items():
            versions = {d.version: d for d in deployments if d.model_id == model_id}
            rows.append((name, "1", "v1", world.at(world.start) - FIRST_REGISTERED, "0" * 40))
            rows += [(name, str(n), d.version, d.registered_at, d.sha) for n, d in enumerate(versions.values(), 2)]
        for day in world.dates:
            if any(registered.date() == day for _, _, _, registered, _ in rows):
                write(landing, day, [row for row in rows if row[3].date() <= day])


Registered = tuple[str, str, str, datetime, str]
"""A model's name in the registry, the version's number there, its release, when it was registered, and its commit."""


def _write_pages(landing: Path, day: date, rows: list[Registered]) -> None:
    versions = [
        {
            "name": name,
            "version": number,
            "creation_timestamp": int(registered.timestamp() * 1000),
            "last_updated_timestamp": int(registered.timestamp() * 1000) + 4000,
            "current_stage": "None",
            "source": f"s3://meridian-models/{name}/{number}",
            "run_id": sha[:32],
            "status": "READY",
            "tags": [{"key": "release", "value": release}, {"key": "mlflow.source.git.commit", "value": sha}],
            "aliases": [],
        }
        for name, number, release, registered, sha in rows
    ]
    path = landing / "mlflow" / "model-versions" / f"{day}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"model_versions": versions}))


def _write_database(landing: Path, day: date, rows: list[Registered]) -> None:
    path = landing / "mlflow" / "registry" / f"mlflow-{day}.db"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            """
            create table registered_models (
                name varchar(256) not null primary key, creation_time bigint, last_updated_time bigint,
                description varchar(5000)
            );
            create table model_versions (
                name varchar(256) not null, version integer not null, creation_time bigint, last_updated_time bigint,
                description varchar(5000), user_id varchar(256), current_stage varchar(20), source varchar(500),
                run_id varchar(32), status varchar(20), status_message varchar(500), run_link varchar(500),
                storage_location varchar(500), primary key (name, version)
            );
            create table model_version_tags (
                name varchar(256) not null, version integer not null, key varchar(250) not null, value text,
                primary key (name, version, key)
            );
            create table registered_model_aliases (
                name varchar(256) not null, alias varchar(256) not null, version integer not null,
                primary key (name, alias)
            );
            """
        )
        for name, number, release, registered, sha in rows:
            created = int(registered.timestamp() * 1000)
            database.execute(
                "insert into model_versions (name, version, creation_time, last_updated_time, current_stage, source, "
                "run_id, status) values (?, ?, ?, ?, 'None', ?, ?, 'READY')",
                (name, int(number), created, created + 4000, f"wasbs://models/{name}/{number}", sha[:32]),
            )
            tag = (name, int(number), "release", release)
            database.execute("insert into model_version_tags values (?, ?, ?, ?)", tag)
        name, number = rows[-1][:2]
        database.execute("insert into registered_models values (?, ?, ?, null)", (name, created, created))
        database.execute("insert into registered_model_aliases values (?, 'champion', ?)", (name, int(number)))
        database.commit()
