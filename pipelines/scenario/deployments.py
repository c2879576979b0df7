"""The sample company's deployments, as GitHub, SageMaker, KServe and change records tell of them, and its registries.

What goes live, and when, is `World.releases`; here is which system tells of it, and how. What the pipeline makes of
the reports is not known here.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from pipelines.scenario.world import MEMBERS, World

REPOSITORIES = {"recommender": "ml-platform", "route-optimiser": "route-optimiser", "writing-assistant": "writing"}
"""Who is deployed by GitHub deployments, and from which repository."""
ENVIRONMENTS = {"recommender": "recommender-production"}
"""Who shares a repository has an environment of its own; the others' is called production."""
BY_COMMIT = "writing-assistant"
"""Its deployments name a branch and a commit; the registry knows which version was made from it."""
WORKFLOW = "support-assistant"
"""A workflow that makes no deployments puts it live; it is in no registry, so its lead time begins with a commit."""
SAGEMAKER, KSERVE, CHANGE_RECORDS = "recommender", "triage", "fraud-detector"
MLFLOW_PAGES = {"route-optimiser": "route-plan", "writing-assistant": "meridian-writer-8b"}
MLFLOW_DATABASE = {"fraud-detector": "fraud-score"}
MLFLOW_WEBHOOKS = {"triage": "triage-priority"}
CANARY = ("recommender", "v2", timedelta(days=2))
"""A tenth of the traffic goes to the version so long before all of it does."""
REDEPLOY = ("triage", "v2", timedelta(days=4, hours=10))
"""The same version is pushed again so long after it went live."""
FAILED = ("route-optimiser", "v3", timedelta(days=1))
"""An attempt fails so long before the version goes live."""
UNMAPPED_AGES = (9, 30)
"""Days after the start on which a repository goes live that no member of the catalog is known by."""
ALIAS_AGE = 25
"""Days after the start on which the registry's champion is moved, and nothing is deployed."""
LATE_AGE, LATE_BY = 21, timedelta(days=4)
"""What became of GitHub's deployments of that day is delivered so much later."""
REPEATED_AGE = 32
"""GitHub's page of that day is delivered again, the day before in it too."""
BROKEN_AGE = 3
FIRST_REGISTERED = timedelta(days=12)
"""Every v1 was registered so long before the first day."""
HORIZON = 45
"""Days that are planned beyond the last one: what goes live then is in the registries already."""
ACCOUNT = "arn:aws:sagemaker:eu-west-1:123456789012"
API = "https://api.github.com/repos/meridian"
CHANGE_FIELDS = (
    "number", "short_description", "type", "state", "close_code", "cmdb_ci", "u_environment", "u_model_version",
    "sys_created_on", "work_start", "work_end", "sys_updated_on",
)  # fmt: skip
CHANGE_LABELS = (
    "Number", "Short description", "Type", "State", "Close code", "Configuration item", "Environment",
    "Model version", "Created", "Actual start date", "Actual end date", "Updated",
)  # fmt: skip
LABELS_AGE = 40
"""From this day after the start on the changes are exported from the list, by labels, and no longer by field names."""


@dataclass(frozen=True)
class Deployment:
    """A version that begins to serve all production traffic; `first_served_at` is earlier where it had a canary."""

    model_id: str
    log_name: str
    version: str
    is_rollback: bool
    registered_at: datetime
    first_served_at: datetime
    deployed_at: datetime

    @property
    def sha(self) -> str:
        """The commit the version was made from."""
        return _digits(self.model_id, self.version, "commit", length=40)


class Exports:
    """What each system tells, by the folder of its exports and the day."""

    def __init__(self) -> None:
        """Nothing told yet."""
        self.told: defaultdict[tuple[str, date], list[dict[str, object]]] = defaultdict(list)

    def tell(self, folder: str, at: datetime, document: dict[str, object]) -> None:
        """Keep `document` for the file that `folder` has for the day of `at`."""
        self.told[folder, at.date()].append(document)

    def of(self, folder: str, day: date) -> list[dict[str, object]]:
        """What that file holds."""
        return self.told.get((folder, day), [])


def write_deployments(world: World, landing: Path) -> dict[str, object]:
    """Write the exports of deployments and registries under `landing`; return what was planted."""
    exports = Exports()
    deployments = _plan(world)
    for deployment in deployments:
        if deployment.model_id in REPOSITORIES:
            _on_github(exports, deployment)
        if deployment.model_id == WORKFLOW:
            _by_workflow(exports, deployment)
        if deployment.model_id == SAGEMAKER:
            _on_sagemaker(exports, deployment)
        if deployment.model_id == KSERVE:
            _on_kserve(exports, deployment)
        if deployment.model_id == CHANGE_RECORDS:
            _by_change(exports, deployment)
        if deployment.model_id in MLFLOW_WEBHOOKS:
            _by_webhooks(exports, deployment)
    unmapped = [world.at(world.start + timedelta(days=age), 11.5) for age in UNMAPPED_AGES if age < world.days]
    for at in unmapped:
        _github(exports, "web-shop", "production", _digits("web", at, length=40), at, "success", ref="main")
    redeployed, failed = _planted(deployments, REDEPLOY, 1), _planted(deployments, FAILED, -1)
    for one, at in redeployed:
        _kserve(exports, one, at, revision=9)
    for one, at in failed:
        _github(exports, REPOSITORIES[one.model_id], "production", one.sha, at, "failure", ref=one.version)
    _champion_moves(exports, world.at(world.start + timedelta(days=ALIAS_AGE), 9.0))
    _certificates(exports, world.at(world.start + timedelta(days=BROKEN_AGE), 14.0))
    _write(world, landing, exports)
    _write_registries(world, landing, deployments)
    return _truth(world, deployments, unmapped, redeployed, failed)


def _plan(world: World) -> list[Deployment]:
    planned = []
    for member in MEMBERS:
        registered: dict[str, datetime] = {}
        for release in replace(world, days=world.days + HORIZON).releases(member):
            live = world.at(world.start + timedelta(days=release.age))
            if release.lead_hours is not None:
                registered[release.version] = (live - timedelta(hours=release.lead_hours)).replace(microsecond=0)
            since, served = registered[release.version], live
            if (member.id, release.version) == CANARY[:2]:
                # One that was registered later than that has its canary halfway.
                served = live - CANARY[2]
                served = served if served > since else since + timedelta(seconds=(live - since).seconds // 2)
            planned.append(
                Deployment(member.id, member.log_name, release.version, release.is_rollback, since, served, live)
            )
    return planned


def _planted(
    deployments: list[Deployment], what: tuple[str, str, timedelta], sign: int
) -> list[tuple[Deployment, datetime]]:
    """The deployment that `what` speaks of, if there is one yet, and the moment it plants before or after it."""
    return [(d, d.deployed_at + sign * what[2]) for d in deployments if (d.model_id, d.version) == what[:2]]


def _on_github(exports: Exports, deployment: Deployment) -> None:
    repository = REPOSITORIES[deployment.model_id]
    environment = ENVIRONMENTS.get(deployment.model_id, "production")
    # Where the endpoint reports too, the workflow waits for it, and is done a little later.
    done = deployment.deployed_at + timedelta(minutes=3 if deployment.model_id == SAGEMAKER else 0)
    how: dict[str, object] = {"ref": deployment.version}
    if deployment.model_id == BY_COMMIT:
        how = {"ref": "main"}
    if deployment.model_id == SAGEMAKER:
        how = {"ref": "main", "payload": {"version": deployment.version}}
    staged = deployment.registered_at + timedelta(hours=1)
    staging = environment.replace("production", "staging")
    if deployment.model_id != BY_COMMIT:
        _github(exports, repository, staging, deployment.sha, staged, "success", **how)
    _github(exports, repository, environment, deployment.sha, done, "success", **how)


def _github(
    exports: Exports,
    repository: str,
    environment: str,
    sha: str,
    at: datetime,
    outcome: str,
    ref: object = "main",
    payload: object = "",
) -> None:
    """A deployment asked for twelve minutes before `at`, and what became of it then."""
    number = int(_digits(repository, environment, sha, at, length=8), 16)
    address = f"{API}/{repository}/deployments/{number}"
    asked = at - timedelta(minutes=12)
    is_production = environment.endswith("production")
    exports.tell(
        "github/deployments",
        asked,
        {
            "url": address,
            "id": number,
            "node_id": f"DE_{number:x}",
            "sha": sha,
            "ref": ref,
            "task": "deploy",
            "payload": payload,
            "original_environment": environment,
            "environment": environment,
            "description": None,
            "creator": {"login": "deploy-bot", "id": 41, "type": "Bot"},
            "created_at": f"{asked:%Y-%m-%dT%H:%M:%SZ}",
            "updated_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "statuses_url": f"{address}/statuses",
            "repository_url": f"{API}/{repository}",
            "transient_environment": False,
            "production_environment": is_production,
        },
    )
    courses = [("in_progress", asked + timedelta(minutes=1)), (outcome, at)]
    if not is_production:
        # `auto_inactive` leaves production alone.
        courses.append(("inactive", at + timedelta(days=1)))
    for place, (state, moment) in enumerate(courses):
        exports.tell(
            "github/statuses",
            moment,
            {
                "url": f"{address}/statuses/{number * 10 + place}",
                "id": number * 10 + place,
                "state": state,
                "creator": {"login": "deploy-bot", "id": 41, "type": "Bot"},
                "description": "",
                "environment": environment,
                "target_url": "",
                "created_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                "updated_at": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                "deployment_url": address,
                "repository_url": f"{API}/{repository}",
            },
        )


def _by_workflow(exports: Exports, deployment: Deployment) -> None:
    number = int(_digits(deployment.model_id, deployment.version, length=8), 16)
    begun = deployment.deployed_at - timedelta(minutes=9)
    run: dict[str, object] = {
        "id": number,
        "name": "Deploy the support assistant",
        "head_branch": f"support-assistant-{deployment.version}",
        "head_sha": deployment.sha,
        "path": ".github/workflows/deploy-support-assistant.yml",
        "run_number": number % 1000,
        "run_attempt": 1,
        "event": "push",
        "status": "completed",
        "conclusion": "success",
        "html_url": f"https://github.com/meridian/ml-platform/actions/runs/{number}",
        "created_at": f"{begun:%Y-%m-%dT%H:%M:%SZ}",
        "run_started_at": f"{begun:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{deployment.deployed_at:%Y-%m-%dT%H:%M:%SZ}",
        "head_commit": {"id": deployment.sha, "timestamp": f"{deployment.registered_at:%Y-%m-%dT%H:%M:%SZ}"},
        "repository": {"id": 9, "full_name": "meridian/ml-platform"},
    }
    exports.tell("github/runs", begun, run | {"status": "in_progress", "conclusion": None})
    exports.tell("github/runs", deployment.deployed_at, run)
    tests = {"id": number + 1, "path": ".github/workflows/test.yml", "name": "Test", "head_branch": "main"}
    exports.tell("github/runs", begun, run | tests)


def _on_sagemaker(exports: Exports, deployment: Deployment) -> None:
    name, number = deployment.log_name, deployment.version.removeprefix("v")
    package = f"{ACCOUNT}:model-package/{name}/{number}"
    model, config = f"{name}-{deployment.version}", f"{name}-{deployment.version}-config"
    created = int(deployment.registered_at.timestamp() * 1000)
    registered: dict[str, object] = {
        "ModelPackageGroupName": name,
        "ModelPackageVersion": int(number),
        "ModelPackageArn": package,
        "ModelPackageStatus": "Completed",
        "CreationTime": created,
    }
    approved_at = deployment.registered_at + timedelta(hours=2)
    waiting = {"ModelApprovalStatus": "PendingManualApproval"}
    _eventbridge(exports, "Model Package", deployment.registered_at, registered | waiting)
    _eventbridge(exports, "Model Package", approved_at, registered | {"ModelApprovalStatus": "Approved"})
    begun = deployment.first_served_at - timedelta(minutes=8)
    _eventbridge(
        exports, "Model", begun, {"ModelName": model, "PrimaryContainer": {"ModelPackageName": package}, "Tags": {}}
    )
    if deployment.first_served_at < deployment.deployed_at:
        before = f"{name}-v{int(number) - 1}"
        shares = {before: 0.9, model: 0.1}
        _endpoint(exports, name, f"{name}-{deployment.version}-canary", shares, deployment.first_served_at)
    _endpoint(exports, name, config, {model: 1.0}, deployment.deployed_at)
    # Scaling is a change of state too, and deploys nothing.
    _endpoint(exports, name, config, {model: 1.0}, deployment.deployed_at + timedelta(days=3, hours=7))
    staged = deployment.registered_at + timedelta(hours=3)
    _endpoint(exports, f"{name}-staging", config, {model: 1.0}, staged, environment="staging")


def _endpoint(
    exports: Exports,
    endpoint: str,
    config: str,
    shares: dict[str, float],
    at: datetime,
    environment: str = "production",
) -> None:
    """The endpoint moves to a configuration, in which each model has its share of the traffic, and is there `at`."""
    _eventbridge(
        exports,
        "Endpoint Config",
        at - timedelta(minutes=7),
        {
            "EndpointConfigName": config,
            "ProductionVariants": [
                {"VariantName": f"variant-{place}", "ModelName": model, "InitialVariantWeight": weight}
                for place, (model, weight) in enumerate(shares.items(), 1)
            ],
        },
    )
    detail: dict[str, object] = {
        "EndpointName": endpoint,
        "EndpointArn": f"{ACCOUNT}:endpoint/{endpoint}",
        "EndpointConfigName": config,
        "ProductionVariants": [
            {"VariantName": f"variant-{place}", "CurrentWeight": weight, "DesiredWeight": weight}
            for place, weight in enumerate(shares.values(), 1)
        ],
        "CreationTime": 1_764_547_200_000,
        "LastModifiedTime": int(at.timestamp() * 1000),
        "Tags": {"environment": environment},
    }
    _eventbridge(exports, "Endpoint", at - timedelta(minutes=6), detail | {"EndpointStatus": "UPDATING"})
    for turn in range(2):  # EventBridge may tell a change more than once
        _eventbridge(exports, "Endpoint", at, detail | {"EndpointStatus": "IN_SERVICE"}, turn)


def _eventbridge(exports: Exports, kind: str, at: datetime, detail: dict[str, object], turn: int = 0) -> None:
    exports.tell(
        "sagemaker",
        at,
        {
            "version": "0",
            "id": _digits(kind, at, json.dumps(detail), turn, length=32),
            "detail-type": f"SageMaker {kind} State Change",
            "source": "aws.sagemaker",
            "account": "123456789012",
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "region": "eu-west-1",
            "resources": [],
            "detail": detail,
        },
    )


def _on_kserve(exports: Exports, deployment: Deployment) -> None:
    revision = 2 * int(deployment.version.removeprefix("v"))
    begun = deployment.deployed_at - timedelta(minutes=4)
    _kserve(exports, deployment, begun, revision, is_ready=False)
    _kserve(exports, deployment, deployment.deployed_at, revision)
    # Somebody labels the service: it has changed, and serves what it served.
    _kserve(exports, deployment, deployment.deployed_at, revision, label="on-call")
    staged = deployment.registered_at + timedelta(hours=2)
    _kserve(exports, deployment, staged, revision, namespace="hospital-staging")


def _kserve(
    exports: Exports,
    deployment: Deployment,
    at: datetime,
    revision: int,
    is_ready: bool = True,
    namespace: str = "hospital",
    label: str = "",
) -> None:
    moment = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    name, newest = deployment.log_name, f"{deployment.log_name}-predictor-{revision:05d}"
    predictor: dict[str, object] = {"latestCreatedRevision": newest}
    if is_ready:
        predictor |= {
            "latestReadyRevision": newest,
            "latestRolledoutRevision": newest,
            "traffic": [{"latestRevision": True, "percent": 100, "revisionName": newest}],
        }
    exports.tell(
        "kserve",
        at,
        {
            "type": "MODIFIED",
            "object": {
                "apiVersion": "serving.kserve.io/v1beta1",
                "kind": "InferenceService",
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "generation": revision,
                    "resourceVersion": str(int(_digits(at, revision, namespace, is_ready, label, length=7), 16)),
                    "creationTimestamp": "2025-11-03T08:00:00Z",
                    "labels": {"environment": namespace.partition("-")[2] or "production", "note": label},
                },
                "spec": {
                    "predictor": {
                        "model": {
                            "modelFormat": {"name": "mlflow"},
                            "storageUri": f"gs://meridian-models/{name}/{deployment.version}",
                        }
                    }
                },
                "status": {
                    "components": {"predictor": predictor},
                    "conditions": [
                        {"type": kind, "status": "True" if is_ready else "Unknown", "lastTransitionTime": moment}
                        for kind in ("IngressReady", "PredictorReady", "Ready")
                    ],
                    "modelStatus": {"transitionStatus": "UpToDate" if is_ready else "InProgress"},
                },
            },
        },
    )


def _by_change(exports: Exports, deployment: Deployment) -> None:
    name, version = deployment.log_name, deployment.version
    what = f"Roll back {name} to {version}" if deployment.is_rollback else f"Deploy {name} {version}"
    filed = deployment.deployed_at - timedelta(hours=6)
    # The company began to keep the version in a field of its own only lately: before, the text alone says it.
    _change(exports, f"{what} in production", name, "Production", filed, deployment.deployed_at)
    if not deployment.is_rollback:
        staged = deployment.registered_at + timedelta(hours=4)
        _change(exports, f"{what} in staging", name, "Staging", staged - timedelta(hours=1), staged, version)


def _certificates(exports: Exports, at: datetime) -> None:
    _change(exports, "Rotate certificates, see v2 of the manual", "fraud-score", "Production", at, at)


def _change(
    exports: Exports, what: str, item: str, environment: str, filed: datetime, done: datetime, version: str = ""
) -> None:
    """A change as its export shows it on the day it was filed, and again on the day it was closed."""
    row: dict[str, object] = {
        "number": f"CHG{int(_digits(what, filed, length=5), 16):07d}",
        "short_description": what,
        "type": "Normal",
        "state": "Implement",
        "cmdb_ci": item,
        "u_environment": environment,
        "u_model_version": version,
        "sys_created_on": f"{filed:%Y-%m-%d %H:%M:%S}",
        "work_start": f"{filed:%Y-%m-%d %H:%M:%S}",
        "sys_updated_on": f"{filed:%Y-%m-%d %H:%M:%S}",
    }
    exports.tell("change_records", filed, row)
    closed = done + timedelta(minutes=25)
    exports.tell(
        "change_records",
        closed,
        row
        | {
            "state": "Closed",
            "close_code": "successful",
            "work_end": f"{done:%Y-%m-%d %H:%M:%S}",
            "sys_updated_on": f"{closed:%Y-%m-%d %H:%M:%S}",
        },
    )


def _by_webhooks(exports: Exports, deployment: Deployment) -> None:
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


def _champion_moves(exports: Exports, at: datetime) -> None:
    for minutes, version in ((0, "1"), (50, "2")):
        data: dict[str, object] = {"name": "triage-priority", "version": version, "alias": "champion"}
        _webhook(exports, "model_version_alias", "created", at + timedelta(minutes=minutes), data)


def _webhook(exports: Exports, entity: str, action: str, at: datetime, data: dict[str, object]) -> None:
    exports.tell(
        "mlflow/webhooks",
        at,
        {
            "headers": {
                "X-MLflow-Delivery-Id": _digits(entity, at, json.dumps(data), length=32),
                "X-MLflow-Timestamp": str(int(at.timestamp())),
            },
            "body": {"entity": entity, "action": action, "timestamp": at.isoformat(), "data": data},
        },
    )


def _write(world: World, landing: Path, exports: Exports) -> None:
    for age, day in enumerate(world.dates):
        deployments = exports.of("github/deployments", day)
        runs = exports.of("github/runs", day)
        texts = {
            f"github/deployments/{day}.json": json.dumps(deployments),
            f"github/statuses/{day}.json": json.dumps(exports.of("github/statuses", day)),
            f"github/runs/{day}.json": json.dumps({"total_count": len(runs), "workflow_runs": runs}),
            f"sagemaker/{day}.jsonl": _lines(exports.of("sagemaker", day)),
            f"kserve/watch-{day}.jsonl": _lines(exports.of("kserve", day)),
            f"mlflow/webhooks/{day}.jsonl": _lines(exports.of("mlflow/webhooks", day)),
            f"change_records/change_request-{day}.csv": _csv(
                exports.of("change_records", day), CHANGE_FIELDS if age < LABELS_AGE else CHANGE_LABELS
            ),
        }
        if age == REPEATED_AGE:
            before = exports.of("github/deployments", day - timedelta(days=1))
            texts[f"github/deployments/again-{day}.json"] = json.dumps([*before, *deployments])
        if age == BROKEN_AGE:
            trained: dict[str, object] = {"TrainingJobName": "recs-ranker-17", "TrainingJobStatus": "Completed"}
            _eventbridge(exports, "Training Job", world.at(day, 4.0), trained)
            texts[f"sagemaker/{day}.jsonl"] = _lines(exports.of("sagemaker", day))
            texts[f"sagemaker/{day}.jsonl"] += '{"version": "0", "id": "cut off\n'
            texts[f"change_records/change_request-{day}.csv"] += "CHG1,,,Closed,successful,x,,,some day,,,\n"
        for path, text in texts.items():
            target = landing / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    if world.days > LATE_AGE:
        day = world.dates[LATE_AGE]
        delivered = (world.at(day, 27.0) + LATE_BY).timestamp()
        os.utime(landing / "github" / "statuses" / f"{day}.json", (delivered, delivered))


def _lines(documents: list[dict[str, object]]) -> str:
    return "".join(json.dumps(document) + "\n" for document in documents)


def _csv(rows: list[dict[str, object]], header: tuple[str, ...]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows([row.get(field, "") for field in CHANGE_FIELDS] for row in rows)
    return text.getvalue()


def _write_registries(world: World, landing: Path, deployments: list[Deployment]) -> None:
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


def _truth(
    world: World,
    deployments: list[Deployment],
    unmapped: list[datetime],
    redeployed: list[tuple[Deployment, datetime]],
    failed: list[tuple[Deployment, datetime]],
) -> dict[str, object]:
    """What was planted, as somebody who saw everything until the last day would write it down."""
    end = world.at(world.start + timedelta(days=world.days))
    live = [deployment for deployment in deployments if deployment.deployed_at < end]
    counts: Counter[tuple[str, str, str]] = Counter()
    counts.update((d.model_id, f"{d.deployed_at:%Y-%m}", "deployment_count") for d in live)
    counts.update((d.model_id, f"{d.deployed_at:%Y-%m}", "rollback_count") for d in live if d.is_rollback)
    counts.update((d.model_id, f"{at:%Y-%m}", "redeploy_count") for d, at in redeployed if at < end)
    counts.update((d.model_id, f"{at:%Y-%m}", "failed_attempt_count") for d, at in failed if at < end)
    counts.update(("unmapped", f"{at:%Y-%m}", "deployment_count") for at in unmapped)
    return {
        "deployments": [
            {
                "model_id": d.model_id,
                "version": d.version,
                "is_rollback": d.is_rollback,
                "first_served_at": d.first_served_at.isoformat(),
                "deployed_at": d.deployed_at.isoformat(),
                "lead_seconds": None if d.is_rollback else (d.first_served_at - d.registered_at).total_seconds(),
            }
            for d in live
        ],
        "months": [
            {"model_id": model_id, "month": month, "measure": measure, "count": count}
            for (model_id, month, measure), count in sorted(counts.items())
        ],
        "quarantined": {"change_records": 1, "sagemaker": 1} if world.days > BROKEN_AGE else {},
    }


def _digits(*parts: object, length: int) -> str:
    """Hexadecimal digits that say nothing and are always the same for `parts`."""
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).hexdigest()[:length]
