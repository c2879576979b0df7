"""Deployments and registries in their vendors' own forms, through the pipeline's intake."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.settings import Settings
from pipelines.sources import all_sources
from pipelines.warehouse.days import replace_days
from pipelines.warehouse.intake import take_in
from pipelines.warehouse.ledger import FileReport

# The response examples of GitHub's REST documentation, users shortened and ten years on.
DEPLOYMENT = {
    "url": "https://api.github.com/repos/octocat/example/deployments/1",
    "id": 1,
    "node_id": "MDEwOkRlcGxveW1lbnQx",
    "sha": "a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d",
    "ref": "topic-branch",
    "task": "deploy",
    "payload": {},
    "original_environment": "staging",
    "environment": "production",
    "description": "Deploy request from hubot",
    "creator": {"login": "octocat", "id": 1},
    "created_at": "2022-07-20T01:19:13Z",
    "updated_at": "2022-07-20T01:19:13Z",
    "statuses_url": "https://api.github.com/repos/octocat/example/deployments/1/statuses",
    "repository_url": "https://api.github.com/repos/octocat/example",
    "transient_environment": False,
    "production_environment": True,
}
STATUS = {
    "url": "https://api.github.com/repos/octocat/example/deployments/42/statuses/1",
    "id": 1,
    "state": "success",
    "description": "Deployment finished successfully.",
    "environment": "production",
    "target_url": "https://example.com/deployment/42/output",
    "created_at": "2022-07-20T01:19:13Z",
    "updated_at": "2022-07-20T01:19:13Z",
    "deployment_url": "https://api.github.com/repos/octocat/example/deployments/42",
    "repository_url": "https://api.github.com/repos/octocat/example",
}
RUN = {
    "id": 30433642,
    "name": "Build",
    "head_branch": "v2.1",
    "head_sha": "acb5820ced9479c074f688cc328bf03f341a511d",
    "path": ".github/workflows/build.yml@main",
    "run_number": 562,
    "run_attempt": 2,
    "event": "push",
    "status": "completed",
    "conclusion": "success",
    "html_url": "https://github.com/octo-org/octo-repo/actions/runs/30433642",
    "created_at": "2020-01-22T19:33:08Z",
    "updated_at": "2020-01-22T19:40:08Z",
    "run_started_at": "2020-01-22T19:33:08Z",
    "head_commit": {"id": "acb5820ced9479c074f688cc328bf03f341a511d", "timestamp": "2020-01-22T19:33:05+02:00"},
    "repository": {"id": 217723378, "full_name": "octo-org/octo-repo"},
}
# MLflow's documented payload, in the envelope that a receiver keeps of a delivery.
DELIVERY = {
    "headers": {"X-MLflow-Delivery-Id": "d-1", "X-MLflow-Timestamp": "1753950452"},
    "body": {
        "entity": "model_version",
        "action": "created",
        "timestamp": "2025-07-31T08:27:32.080217+00:00",
        "data": {
            "name": "example_model",
            "version": "1",
            "source": "models:/123",
            "run_id": "abcd1234abcd5678",
            "tags": {"example_key": "example_value"},
            "description": "An example model version",
        },
    },
}
# The example of an endpoint's state change in SageMaker's documentation of EventBridge.
ENDPOINT = {
    "version": "0",
    "id": "d2921b5a-b0ac-4a83-a6d5-f9d1b0a4d7e0",
    "detail-type": "SageMaker Endpoint State Change",
    "source": "aws.sagemaker",
    "account": "123456789012",
    "time": "2020-03-10T10:44:49Z",
    "region": "us-east-1",
    "resources": ["arn:aws:sagemaker:us-east-1:123456789012:endpoint/myendpoint"],
    "detail": {
        "EndpointName": "MyEndpoint",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint/myendpoint",
        "EndpointConfigName": "MyEndpointConfig",
        "ProductionVariants": [{"DesiredWeight": 1.0, "DesiredInstanceCount": 1.0}],
        "EndpointStatus": "UPDATING",
        "CreationTime": 1583831889050,
        "LastModifiedTime": 1583831889050,
        "Tags": {},
    },
}
SERVICE = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "sklearn-iris", "namespace": "kserve-test", "resourceVersion": "712", "labels": {}},
    "spec": {"predictor": {"canaryTrafficPercent": 10, "model": {"storageUri": "gs://kfserving-examples/iris/2"}}},
    "status": {
        "components": {
            "predictor": {
                "latestCreatedRevision": "sklearn-iris-predictor-00002",
                "latestReadyRevision": "sklearn-iris-predictor-00002",
                "latestRolledoutRevision": "sklearn-iris-predictor-00001",
                "traffic": [
                    {"latestRevision": True, "percent": 10, "revisionName": "sklearn-iris-predictor-00002"},
                    {"latestRevision": False, "percent": 90, "revisionName": "sklearn-iris-predictor-00001"},
                ],
            }
        },
        "conditions": [
            {"type": "PredictorReady", "status": "True", "lastTransitionTime": "2026-01-05T09:59:00Z"},
            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-05T10:00:00Z"},
        ],
    },
}
CHANGES = (
    "number,short_description,state,close_code,cmdb_ci,sys_created_on,work_end\n"
    'CHG0030001,"Deploy scorer v2, at last",Closed,Successful,scorer,2026-01-05 10:00:00,2026-01-05 12:00:00\n'
    "CHG0030002,Open,New,,scorer,2026-01-05 11:00:00,\n"
    "CHG0030003,Undated,Closed,Successful,scorer,05/01/26,\n"
)


def load(settings: Settings, source: str, name: str, content: object) -> FileReport:
    """What the intake says of one landing file; its rows are then in the raw tables."""
    path = settings.landing_dir / source / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return taken_in(settings, source)


def taken_in(settings: Settings, source: str) -> FileReport:
    (report,) = take_in(settings, all_sources()[source])
    replace_days(settings, all_sources()[source])
    return report


def rows(settings: Settings, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(settings.warehouse_file), read_only=True) as connection:
        return connection.execute(query).fetchall()


def at(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type, unused-ignore]  # noqa: DTZ001  (the warehouse keeps UTC without saying so)


def test_github_pages_and_webhooks_say_the_same(settings: Settings) -> None:
    bare = DEPLOYMENT | {"payload": "", "original_environment": "production"}
    hook = {"action": "created", "deployment": bare, "deployment_status": STATUS, "repository": {"full_name": "x/y"}}
    assert load(settings, "github", "deployments.json", [bare]).format == "REST deployments"
    assert load(settings, "github", "statuses.json", [STATUS]).format == "REST deployment statuses"
    assert load(settings, "github", "hook.jsonl", hook).format == "deployment_status webhook"
    assert (
        rows(
            settings,
            "select deployment_id, repository, environment, is_production, payload from raw.github__deployments",
        )
        == [("1", "octocat/example", "production", True, None)] * 2
    )
    assert (
        rows(settings, "select deployment_id, state, created_at from raw.github__deployment_statuses")
        == [("42", "success", at(2022, 7, 20, 1, 19, 13))] * 2
    )


def test_a_deployment_keeps_the_environment_it_was_asked_for_and_its_payload(settings: Settings) -> None:
    load(settings, "github", "one.json", [DEPLOYMENT | {"payload": {"version": "v7"}}])
    load(settings, "github", "two.json", [DEPLOYMENT | {"id": 2, "payload": '{"version": "v8"}'}])
    assert rows(settings, "select environment, payload ->> '$.version' from raw.github__deployments order by 2") == [
        ("staging", "v7"),
        ("staging", "v8"),
    ]


def test_a_workflow_run_is_known_by_its_file_and_its_commit(settings: Settings) -> None:
    load(settings, "github", "runs.json", {"total_count": 1, "workflow_runs": [RUN]})
    (found,) = rows(
        settings, "select repository, workflow, head_branch, committed_at, updated_at from raw.github__workflow_runs"
    )
    assert found[:3] == ("octo-org/octo-repo", ".github/workflows/build.yml", "v2.1")
    assert found[3:] == (at(2020, 1, 22, 17, 33, 5), at(2020, 1, 22, 19, 40, 8))


def test_a_quiet_day_of_every_kind_of_page_is_no_error(settings: Settings) -> None:
    for name, page in (
        ("deployments-2026-01-05.json", []),
        ("runs-2026-01-06.json", {"total_count": 0, "workflow_runs": []}),
    ):
        assert load(settings, "github", name, page).status == "loaded"
    assert rows(settings, "select day from ledger.coverage where source = 'github' order by day") == [
        (at(2026, 1, 5).date(),),
        (at(2026, 1, 6).date(),),
    ]


def test_a_status_that_github_does_not_have_is_set_aside(settings: Settings) -> None:
    report = load(settings, "github", "statuses.json", [STATUS, STATUS | {"id": 2, "state": "done"}])
    assert (report.rows_loaded, report.rows_quarantined) == (1, 1)


def registry(path: Path) -> None:
    """An MLflow database of one model with two versions, as its own schema holds them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            """
            create table model_versions (name varchar(256), version integer, creation_time bigint,
                last_updated_time bigint, current_stage varchar(20), source varchar(500), run_id varchar(32),
                status varchar(20), primary key (name, version));
            create table model_version_tags (name varchar(256), version integer, key varchar(250), value text);
            create table registered_model_aliases (name varchar(256), alias varchar(256), version integer);
            create table metrics (key varchar(250), value double);
            insert into model_versions values
                ('fraud "x"', 1, 1767603600123, 1767603604000, 'None', 's3://m/1', 'r1', 'READY'),
                ('fraud "x"', 2, 1767690000000, null, 'None', 's3://m/2', null, 'READY');
            insert into model_version_tags values ('fraud "x"', 1, 'release', 'v1'), ('fraud "x"', 1, 'a', 'b');
            insert into registered_model_aliases values ('fraud "x"', 'champion', 2), ('fraud "x"', 'beta', 2);
            """
        )


def test_a_registry_is_read_from_its_sqlite_file_which_stays_as_it_was(settings: Settings) -> None:
    path = settings.landing_dir / "mlflow" / "mlflow-2026-02-01.db"
    registry(path)
    before = path.read_bytes()
    report = taken_in(settings, "mlflow")
    assert (report.format, report.status, report.rows_read, report.rows_loaded) == ("SQLite registry", "loaded", 6, 2)
    assert rows(
        settings, "select version, registered_at, aliases, tags from raw.mlflow__model_versions order by version"
    ) == [
        ("1", at(2026, 1, 5, 9, 0, 0, 123000), None, '{"a":"b","release":"v1"}'),
        ("2", at(2026, 1, 6, 9), '["beta","champion"]', None),
    ]
    assert path.read_bytes() == before
    assert [found.name for found in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"SQLite format 3\x00 but no more", "unreadable"), (b"", "loaded")],
    ids=["cut off", "empty"],
)
def test_a_database_that_is_none_is_reported_and_stops_nobody(settings: Settings, content: bytes, status: str) -> None:
    path = settings.landing_dir / "mlflow" / "broken.db"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert taken_in(settings, "mlflow").status == status


def test_a_database_of_something_else_is_rejected_by_what_it_lacks(settings: Settings) -> None:
    path = settings.landing_dir / "mlflow" / "other.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute("create table runs (run_uuid text)")
        database.commit()
    report = taken_in(settings, "mlflow")
    assert report.status == "rejected"
    assert "model_versions.name" in str(report.message)


def test_mlflows_pages_and_its_webhooks_give_versions_and_events(settings: Settings) -> None:
    version = {
        "name": "m",
        "version": "3",
        "creation_timestamp": 1767603600123,
        "last_updated_timestamp": "1767603604000",
        "status": "READY",
        "tags": [{"key": "release", "value": "v3"}],
        "aliases": ["champion"],
    }
    model = {"name": "m", "creation_timestamp": 1, "latest_versions": [version | {"tags": [], "aliases": []}]}
    load(settings, "mlflow", "versions.json", {"model_versions": [version], "next_page_token": "x"})
    alias = {"alias": "champion", "version": "3"}
    load(settings, "mlflow", "models.json", {"registered_models": [model | {"aliases": [alias]}]})
    read = rows(settings, "select registered_at, aliases, tags from raw.mlflow__model_versions order by tags")
    assert read == [(at(2026, 1, 5, 9, 0, 0, 123000), '["champion"]', tags) for tags in ('{"release":"v3"}', "{}")]
    tag = {"name": "m", "version": "3", "key": "release", "value": "v3"}
    tagged = DELIVERY | {"body": DELIVERY["body"] | {"entity": "model_version_tag", "action": "set", "data": tag}}  # type: ignore[operator]
    load(settings, "mlflow", "hooks.jsonl", f"{json.dumps(DELIVERY)}\n{json.dumps(tagged)}\n")
    assert rows(
        settings, "select delivery_id, event_type, tags, occurred_at from raw.mlflow__registry_events order by tags"
    ) == [
        ("d-1", "model_version.created", '{"example_key":"example_value"}', at(2025, 7, 31, 8, 27, 32, 80217)),
        ("d-1", "model_version_tag.set", '{"release":"v3"}', at(2025, 7, 31, 8, 27, 32, 80217)),
    ]


def test_sagemakers_events_go_each_to_its_table_and_others_nowhere(settings: Settings) -> None:
    package = ENDPOINT | {
        "detail-type": "SageMaker Model Package State Change",
        "detail": {
            "ModelPackageArn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/group/2",
            "ModelApprovalStatus": "Approved",
            "CreationTime": "2020-03-09T10:00:00Z",
        },
    }
    training = ENDPOINT | {"detail-type": "SageMaker Training Job State Change", "detail": {}}
    # EventBridge's way to S3 writes one event after the other, without a line between.
    events = "".join(json.dumps(event) for event in (ENDPOINT, package, training))
    report = load(settings, "sagemaker", "events.json", events)
    assert (report.rows_read, report.rows_loaded, report.rows_skipped) == (3, 2, 1)
    assert report.skip_reasons == {"an event of another kind: SageMaker Training Job State Change": 1}
    assert rows(settings, "select endpoint_name, status, occurred_at from raw.sagemaker__endpoint_changes") == [
        ("MyEndpoint", "UPDATING", at(2020, 3, 10, 10, 44, 49))
    ]
    assert rows(
        settings, "select model_package_group, version, registered_at from raw.sagemaker__model_packages"
    ) == [("group", "2", at(2020, 3, 9, 10))]  # fmt: skip


def test_kserves_watch_and_its_list_say_the_same(settings: Settings) -> None:
    load(settings, "kserve", "watch.jsonl", json.dumps({"type": "MODIFIED", "object": SERVICE}))
    load(settings, "kserve", "list.json", {"apiVersion": "v1", "kind": "List", "items": [SERVICE]})
    read = rows(
        settings,
        "select inference_service, storage_uri, is_ready, is_failed, revision, traffic_percent, changed_at "
        "from raw.kserve__inference_services",
    )
    uri, revision = "gs://kfserving-examples/iris/2", "sklearn-iris-predictor-00002"
    assert read == [("kserve-test/sklearn-iris", uri, True, False, revision, 10.0, at(2026, 1, 5, 10))] * 2


def test_a_revision_that_is_not_ready_yet_is_not_ready(settings: Settings) -> None:
    predictor = {"latestCreatedRevision": "r-3", "latestReadyRevision": "r-2"}
    failed = SERVICE | {
        "status": SERVICE["status"]  # type: ignore[operator]
        | {"components": {"predictor": predictor}, "modelStatus": {"transitionStatus": "BlockedByFailedLoad"}}
    }
    load(settings, "kserve", "list.json", {"items": [failed]})
    assert rows(settings, "select is_ready, is_failed, traffic_percent from raw.kserve__inference_services") == [
        (False, True, 10.0)
    ]


def test_changes_are_read_by_field_names_and_by_labels_and_a_wrong_date_is_set_aside(settings: Settings) -> None:
    report = load(settings, "change_records", "by-name.csv", CHANGES)
    assert (report.rows_loaded, report.rows_quarantined) == (2, 1)
    labels = "Number;Short description;State;Close code;Configuration item;Created;Actual end date"
    load(settings, "change_records", "by-label.csv", labels + "\n" + "CHG9;x;Closed;Successful;y;2026-01-06 10:00:00;")
    read = rows(
        settings,
        "select change_number, short_description, close_code, work_ended_at from raw.change_records__change_requests "
        "order by 1",
    )
    assert read == [
        ("CHG0030001", "Deploy scorer v2, at last", "Successful", at(2026, 1, 5, 12)),
        ("CHG0030002", "Open", None, None),
        ("CHG9", "x", "Successful", None),
    ]


@pytest.mark.parametrize("variants", [{"VariantName": "a"}, [{"CurrentWeight": "many"}], [{"DesiredWeight": -1}]])
def test_weights_that_are_none_are_set_aside(settings: Settings, variants: object) -> None:
    detail = {
        "EndpointName": "e",
        "EndpointConfigName": "c",
        "EndpointStatus": "IN_SERVICE",
        "ProductionVariants": variants,
    }
    event = {
        "id": "1",
        "detail-type": "SageMaker Endpoint State Change",
        "time": "2026-01-05T10:00:00Z",
        "detail": detail,
    }
    assert load(settings, "sagemaker", "events.jsonl", event).rows_quarantined == 1
