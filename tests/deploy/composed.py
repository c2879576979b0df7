"""compose.yaml's services as processes on loopback: their own commands and environments, other folders and ports."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipelines.settings import PROJECT_ROOT

COMPOSE = PROJECT_ROOT / "compose.yaml"
DEPLOY = PROJECT_ROOT / "deploy"
PORTS = ("3000", "4000", "8080")
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def composed(text: str, variables: Mapping[str, str]) -> dict[str, Any]:
    """The file with its `variables` filled in, or their defaults; KeyError names a required one that is missing."""

    def filled(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        return variables[name] if name in variables or kind != "-" else rest

    document: dict[str, Any] = yaml.safe_load(VARIABLE.sub(filled, text))
    return document


def free_port() -> str:
    """A port of loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@dataclass
class Deployment:
    """The services in `folder`, started one by one and stopped together."""

    folder: Path
    postgres: str
    """The server's address, host:port."""
    password: str
    ports: Mapping[str, str] = field(default_factory=lambda: {port: free_port() for port in PORTS})
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the folders that are mounts in a container, and the two files that the image has."""
        for name in ("data", "company", "company/landing", "company/catalog", "company/secrets", "opt"):
            (self.folder / name).mkdir()
        for name in ("dagster.yaml", "workspace.yaml", "page.conf"):
            (self.folder / "opt" / name).write_text(self.local((DEPLOY / name).read_text()))
        self.services = composed(self.local(COMPOSE.read_text()), {"POSTGRES_PASSWORD": self.password})["services"]

    def local(self, text: str) -> str:
        """`text` with folders, hosts and ports of this deployment in place of the containers'."""
        text = text.replace("@postgres:5432", f"@{self.postgres}").replace("host: code", "host: 127.0.0.1")
        for container, here in {"/opt/dagster": "opt", "/company": "company", "/data": "data"}.items():
            text = re.sub(rf"(?<![\w./]){container}\b", str(self.folder / here), text)
        text = text.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - taken away
        return re.sub(rf"\b({'|'.join(PORTS)})\b", lambda found: self.ports[found[0]], text)

    def environment(self, service: str, **more: str) -> dict[str, str]:
        """The file's variables, and what the image sets; neither this process's settings nor its Dagster."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("SCORECARD_", "DAGSTER_"))}
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        image = {"PATH": path, "SCORECARD_HOME": str(self.folder / "data"), "PYTHONUNBUFFERED": "1"}
        return ours | image | self.services[service].get("environment", {}) | more

    def start(self, service: str, **more: str) -> None:
        """Start the service by its command; its output goes to a file of its name."""
        with (self.folder / f"{service}.log").open("wb") as log:
            self.processes[service] = subprocess.Popen(  # noqa: S603 - the file's own command
                self.services[service]["command"], cwd=self.folder / "company", stdout=log, stderr=log,
                env=self.environment(service, **more),
            )  # fmt: skip

    def is_healthy(self, service: str) -> bool:
        """Whether its health check exits with 0."""
        (_, *command) = self.services[service]["healthcheck"]["test"]
        program = shutil.which(command[0], path=self.environment(service)["PATH"])
        assert program, f"{command[0]} is not installed"
        env = self.environment(service, PGHOST="127.0.0.1", PGPORT=self.postgres.rpartition(":")[2])
        done = subprocess.run([program, *command[1:]], env=env, capture_output=True, check=False)  # noqa: S603 - as above
        return done.returncode == 0

    def wait_for(self, service: str, seconds: float = 600) -> None:
        """Until it is healthy."""
        end = time.monotonic() + seconds
        while not self.is_healthy(service):
            process = self.processes.get(service)
            assert process is None or process.poll() is None, f"{service} ended: {self.log(service)}"
            assert time.monotonic() < end, f"{service} is not healthy after {seconds} s: {self.log(service)}"

    def log(self, service: str) -> str:
        """The end of its output."""
        return (self.folder / f"{service}.log").read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        """Stop what was started, last first, as Docker does."""
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in reversed(self.processes.values()):
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
