"""The deployment of compose.yaml, each service as a process: a run by GraphQL, retries, an alert, the page."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from pipelines.settings import SAMPLE_CATALOG
from tests.deploy.composed import Deployment, free_port
from tests.integration.postgres import IN_A_URL, PASSWORD, started
from tests.notify.conftest import KEY
from tests.notify.receivers import WebServer

RATES = "Date,USD,JPY,\n2026-02-27,1.0812,162.35,\n2026-02-26,1.0790,161.90,\n"
LAUNCH = """mutation ($job: String!, $assets: [AssetKeyInput!]) {
  launchRun(executionParams: {runConfigData: "{}", selector: {
    repositoryLocationName: "scorecard", repositoryName: "__repository__", jobName: $job, assetSelection: $assets}}) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
RUN = """query ($id: ID!) { runOrError(runId: $id) { ... on Run { status
  eventConnection { events { __typename ... on MessageEvent { message } } } } } }"""
FINISHED = ("SUCCESS", "FAILURE", "CANCELED")


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebServer]:
    with WebServer().up() as server:
        yield server


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory, receiver: WebServer) -> Iterator[Deployment]:
    with started() as server:
        server.execute(
            f"create role scorecard login password '{PASSWORD}'", "create database scorecard owner scorecard"
        )
        found = Deployment(tmp_path_factory.mktemp("deployment"), f"127.0.0.1:{server.port}", IN_A_URL)
        company = found.folder / "company"
        shutil.copytree(SAMPLE_CATALOG, company / "catalog", dirs_exist_ok=True)
        (company / "landing" / "fx_rates").mkdir()
        (company / "landing" / "fx_rates" / "eurofxref-hist.csv").write_text(RATES)
        (company / "secrets" / "SCORECARD_WEBHOOK__URL").write_text(receiver.url)
        (company / "secrets" / "SCORECARD_WEBHOOK__SECRET").write_text(KEY)
        try:
            found.wait_for("postgres")
            # The marts' server is one that does not answer: a run that publishes to it tries again, and then fails.
            found.start("code", SCORECARD_POSTGRES_URL=f"postgresql://me@127.0.0.1:{free_port()}/marts")
            found.wait_for("code")
            for service in ("webserver", "daemon"):
                found.start(service)
            for service in ("webserver", "daemon"):
                found.wait_for(service)
            yield found
        finally:
            found.stop()


def asked(deployment: Deployment, query: str, **variables: object) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    url = f"http://127.0.0.1:{deployment.ports['3000']}/graphql"
    with urlopen(Request(url, body, {"Content-Type": "application/json"})) as answer:
        found = json.load(answer)
    assert "errors" not in found, found
    return found["data"]


def ran(deployment: Deployment, job: str, *path: str) -> tuple[str, list[dict[str, Any]]]:
    """Launch `job` for one asset; the run's status when it has ended, and its events."""
    launched = asked(deployment, LAUNCH, job=job, assets=[{"path": path}])["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    end = time.monotonic() + 600
    while time.monotonic() < end:
        run = asked(deployment, RUN, id=launched["run"]["runId"])["runOrError"]
        if run["status"] in FINISHED:
            return run["status"], run["eventConnection"]["events"]
        time.sleep(0.5)  # a run in another process; nothing says when it ends
    raise AssertionError(f"the run is {run['status']}: {deployment.log('daemon')} {deployment.log('code')}")


@pytest.mark.long
def test_a_run_launched_by_graphql_goes_through_the_queue_and_is_executed_by_the_code_server(
    deployment: Deployment,
) -> None:
    status, events = ran(deployment, "landing", "landing", "fx_rates")
    kinds = [event["__typename"] for event in events]
    assert status == "SUCCESS", events[-5:]
    assert "RunEnqueuedEvent" in kinds and "MaterializationEvent" in kinds
    assert (deployment.folder / "data" / "warehouse" / "intake" / "fx_rates").is_dir()
    assert not (deployment.folder / "data" / "dagster" / "history").exists(), "runs are in Postgres"
    for service in ("postgres", "code", "webserver", "daemon"):
        deployment.wait_for(service)


@pytest.mark.long
def test_a_transient_error_is_tried_again_and_a_failed_run_is_notified(
    deployment: Deployment, receiver: WebServer
) -> None:
    status, events = ran(deployment, "daily", "published", "postgres")
    kinds = [event["__typename"] for event in events]
    assert (status, kinds.count("ExecutionStepRestartEvent")) == ("FAILURE", 3), events[-5:]
    end = time.monotonic() + 600
    while not receiver.taken and time.monotonic() < end:
        time.sleep(0.5)  # the sensor's next tick
    (message,) = receiver.taken
    sent = message.body.decode()
    assert "run.failed" in sent and "published__postgres" in sent, sent


@pytest.mark.long
def test_the_page_is_served_and_nothing_else_of_the_home(tmp_path: Path) -> None:
    if shutil.which("nginx") is None:
        pytest.skip("nginx is not installed: `apt-get install nginx-light` lets this test run")
    deployment = Deployment(tmp_path, "127.0.0.1:5432", PASSWORD)
    published = deployment.folder / "data" / "published"
    (published / "versions" / "1").mkdir(parents=True)
    (published / "versions" / "1" / "marts.duckdb").write_text("marts")
    (published / "current").symlink_to("versions/1")
    (published / "marts.duckdb").symlink_to("current/marts.duckdb")
    (published / "scorecard.html").write_text("<title>page</title>")
    conf = deployment.folder / "nginx.conf"
    conf.write_text(
        f"pid {deployment.folder}/nginx.pid; error_log {deployment.folder}/page.log; events {{}} "
        f"http {{ access_log off; include {deployment.folder}/opt/page.conf; }}"
    )
    if os.getuid() == 0:  # nginx's workers then are another user, who must reach the folder below pytest's own
        conf.write_text("user root; " + conf.read_text())
    nginx = subprocess.Popen(["nginx", "-c", conf, "-g", "daemon off;"])  # noqa: S603, S607 - the system's
    deployment.processes["page"] = nginx
    try:
        deployment.wait_for("page", 30)
        base = f"http://127.0.0.1:{deployment.ports['8080']}"
        for path, text in {"/": "<title>page", "/scorecard.html": "<title>page", "/marts.duckdb": "marts"}.items():
            with urlopen(base + path) as answer:  # noqa: S310 - on loopback
                assert text in answer.read().decode()
        for path in ("/versions/1/marts.duckdb", "/../warehouse/warehouse.duckdb", "/%2e%2e/warehouse/.lock"):
            with pytest.raises(HTTPError):
                urlopen(base + path)  # noqa: S310 - on loopback
    finally:
        deployment.stop()
