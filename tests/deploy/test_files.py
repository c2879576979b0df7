"""The files of a deployment agree with each other and with the code, and ask for no more rights than they need."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from importlib import metadata
from typing import Any

import pytest
import yaml

from pipelines.orchestration.instance import DAGSTER_YAML
from pipelines.settings import PROJECT_ROOT, SECRETS, Settings
from tests.deploy.composed import COMPOSE, DEPLOY, composed

COMPOSED = composed(COMPOSE.read_text(), {"POSTGRES_PASSWORD": "secret"})
SERVICES: dict[str, dict[str, Any]] = COMPOSED["services"]
VALUES = yaml.safe_load((DEPLOY / "kubernetes" / "values.yaml").read_text())
CRONJOB = yaml.safe_load((DEPLOY / "kubernetes" / "cronjob.yaml").read_text())
VOLUME = yaml.safe_load((DEPLOY / "kubernetes" / "volume.yaml").read_text())
DOCKERFILE = (PROJECT_ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
USER_CODE: dict[str, Any] = VALUES["dagster-user-deployments"]["deployments"][0]
POD: dict[str, Any] = CRONJOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]
PROGRAMS = {entry.name for entry in metadata.entry_points(group="console_scripts")}


def unknown_settings(names: list[str]) -> list[str]:
    """The variables that look like settings and are none."""
    fields = {f"SCORECARD_{field}".upper() for field in Settings.model_fields} | {SECRETS}
    return [name for name in names if name.startswith("SCORECARD_") and name.partition("__")[0] not in fields]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_nowhere_but_its_volumes_has_no_privileges_and_is_watched(service: str) -> None:
    found = SERVICES[service]
    assert found["read_only"] is True and found["cap_drop"] == ["ALL"]
    assert found["security_opt"] == ["no-new-privileges:true"]
    assert found["user"] not in ("root", "0", "0:0")
    assert found["healthcheck"]["test"][0] == "CMD"
    assert all(port.startswith("127.0.0.1:") for port in found.get("ports", [])), "Dagster has no login"
    assert re.fullmatch(r"[\w./-]+:\d[\w.-]*", found["image"]), "a version, never latest"


@pytest.mark.parametrize("service", ["code", "webserver", "daemon"])
def test_commands_and_settings_of_the_projects_services_exist(service: str) -> None:
    found = SERVICES[service]
    assert found["command"][0] in PROGRAMS
    assert not unknown_settings(list(found["environment"]))
    assert found["user"].split(":")[0] in re.findall(r"^USER (\d+)$", DOCKERFILE, re.MULTILINE)


def test_services_look_for_each_other_where_they_are() -> None:
    (location,) = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    server = location["grpc_server"]
    command = SERVICES[server["host"]]["command"]
    assert command[command.index("--port") + 1] == str(server["port"])
    assert importlib.util.find_spec(command[command.index("--module-name") + 1])
    for service in ("code", "webserver", "page"):
        port = {"page": "8080"}.get(service) or SERVICES[service]["command"][-3 if service == "code" else 4]
        assert port in " ".join(SERVICES[service]["healthcheck"]["test"])
        assert service == "code" or SERVICES[service]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert "listen 8080;" in (DEPLOY / "page.conf").read_text()


def test_a_deployments_dagster_has_the_settings_of_a_homes_and_a_shared_storage() -> None:
    deployed = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    variable = deployed.pop("storage")["postgres"]["postgres_url"]["env"]
    assert all(variable in SERVICES[name]["environment"] for name in ("code", "webserver", "daemon"))
    base = deployed.pop("local_artifact_storage")["config"]["base_dir"]
    assert base == f"{SERVICES['code']['environment']['SCORECARD_HOME']}/dagster"
    at_home = yaml.safe_load(DAGSTER_YAML)
    assert deployed == at_home
    assert {"sensor", "schedule"} <= VALUES["retention"].keys()
    for kind, days in at_home["retention"].items():
        assert VALUES["retention"][kind]["purgeAfterDays"] == days["purge_after_days"]
    queue = VALUES["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert queue["maxConcurrentRuns"] == at_home["concurrency"]["runs"]["max_concurrent_runs"] == 1


def test_the_image_is_of_this_version_runs_a_command_that_exists_and_installs_extras_that_exist() -> None:
    version = PROJECT["version"]
    assert SERVICES["code"]["image"] == f"scorecard:{version}"
    assert str(USER_CODE["image"]["tag"]) == version
    assert POD["containers"][0]["image"] == f"{USER_CODE['image']['repository']}:{version}"
    (command,) = re.findall(r'^CMD \["(\w+)"', DOCKERFILE, re.MULTILINE)
    assert command in PROJECT["scripts"]
    assert "ENTRYPOINT" not in DOCKERFILE, "Dagster's launchers start containers by whole commands"
    (extras,) = re.findall(r"\.whl\)\[([\w,]+)\]", DOCKERFILE)
    assert set(extras.split(",")) <= PROJECT["optional-dependencies"].keys()
    assert not re.search(r"^(FROM|ARG) .*latest", DOCKERFILE, re.MULTILINE)


def test_pods_write_nowhere_but_their_volumes_and_have_no_privileges() -> None:
    launcher = VALUES["runLauncher"]["config"]["k8sRunLauncher"]
    containers = [
        USER_CODE["securityContext"],
        VALUES["dagsterWebserver"]["securityContext"],
        VALUES["dagsterDaemon"]["securityContext"],
        launcher["securityContext"],
        POD["containers"][0]["securityContext"],
    ]
    for context in containers:
        assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]}
    for pod in (
        USER_CODE["podSecurityContext"],
        launcher["runK8sConfig"]["podSpecConfig"]["securityContext"],
        POD["securityContext"],
    ):
        assert pod["runAsNonRoot"] and f"USER {pod['runAsUser']}\n" in DOCKERFILE and pod["fsGroup"] == pod["runAsUser"]


def test_pods_have_settings_that_exist_one_home_and_one_writer() -> None:
    container = POD["containers"][0]
    for env in (USER_CODE["env"], container["env"]):
        assert not unknown_settings([variable["name"] for variable in env])
        home = next(variable["value"] for variable in env if variable["name"] == "SCORECARD_HOME")
        assert home == "/data"
    for volumes, mounts in (
        (USER_CODE["volumes"], USER_CODE["volumeMounts"]),
        (POD["volumes"], container["volumeMounts"]),
    ):
        assert volumes[0]["persistentVolumeClaim"]["claimName"] == VOLUME["metadata"]["name"]
        assert {mount["mountPath"] for mount in mounts} == {"/data", "/tmp"}  # noqa: S108 - the pod's own
    assert CRONJOB["spec"]["concurrencyPolicy"] == "Forbid"
    assert importlib.util.find_spec(USER_CODE["codeServerArgs"][1])
