"""A vendor that repeats what it was sent gets the token into nothing that is written, whatever connector asks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from pipelines.connect.system import System, tried
from pipelines.orchestration.pulls import pull_assets
from pipelines.pulls.connectors import all_connectors
from pipelines.pulls.overview import overview
from pipelines.pulls.run import SystemClock
from tests.pulls import amplitude, github, jira, langfuse, mixpanel, mlflow, qualtrics, typeform, zendesk
from tests.pulls.conftest import Home
from tests.pulls.vendor import TOKEN, Request, Response, Vendor

OWN: dict[str, dict[str, Any]] = {
    "amplitude": {"api_key": amplitude.API_KEY},
    "github": {"repositories": [github.REPOSITORY]},
    "jira": {"user": jira.USER, "projects": ["OPS"]},
    "langfuse": {"public_key": langfuse.PUBLIC_KEY},
    "mixpanel": {"user": mixpanel.USER, "project_id": mixpanel.PROJECT},
    "mlflow": {"user": mlflow.USER},
    "qualtrics": {"surveys": [qualtrics.SURVEY]},
    "typeform": {"forms": [typeform.FORM]},
    "zendesk": {"user": zendesk.USER},
}
"""The settings that a connector cannot do without."""
NAMES = {"authorization", "x-api-key", "x-api-token"}


def _told(request: Request) -> str:
    """All that the vendor was sent, the token as well, in words."""
    return f"{TOKEN} in {dict(request.headers)}"


ANSWERS: dict[str, Callable[[Request], Response]] = {
    "wrong token": lambda request: Response({"error": {"message": _told(request)}}, 401),
    "no permission": lambda request: Response({"message": _told(request), "errors": [_told(request)]}, 403),
    "redirect": lambda request: Response(
        _told(request).encode(), 302, {"Location": f"http://127.0.0.1:9/{TOKEN}?token={TOKEN}#{TOKEN}"}
    ),
    "not found": lambda request: Response(_told(request).encode(), 404, {"X-Token": TOKEN}),
    "another shape": lambda request: Response({TOKEN: [_told(request)], "token": TOKEN}),
    "a web page": lambda request: Response(f"<!DOCTYPE html>{_told(request)}".encode()),
}


@pytest.fixture(params=ANSWERS)
def vendor(request: pytest.FixtureRequest, home: Home) -> Iterator[Vendor]:
    """A server that gives this answer to everything, with every connector at it."""
    with Vendor(ANSWERS[request.param], lambda _: True).up() as server:
        for name in all_connectors():
            home.connect(name, server, since=(datetime.now(UTC) - timedelta(days=5)).date(), **OWN.get(name, {}))
        yield server


def secrets(vendor: Vendor) -> set[str]:
    """The token, and the forms of it that were sent: of basic authentication, its base64."""
    sent = [request.headers[name].split()[-1] for request in vendor.requests for name in NAMES & set(request.headers)]
    return {TOKEN, *sent}


def test_neither_errors_nor_state_nor_what_doctor_shows_hold_a_token(
    vendor: Vendor, home: Home, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    home.clock.time = datetime.now(UTC)
    said = [repr(home.pull(name)) for name in all_connectors()]
    for name, connector in all_connectors().items():
        values = home.settings.pulls.configured()[name].model_dump(exclude_none=True)
        result = tried(System(connector, values), TOKEN, home.clock)
        assert result.fault or result.note, name
        said.append(repr(result))
    said += [repr(overview(home.settings, home.clock.now())), caplog.text, *capsys.readouterr()]
    for secret in secrets(vendor):
        assert not [line for line in said if secret in line]
        assert not _files_with(home, secret)


def test_dagsters_events_and_storage_hold_no_token(vendor: Vendor, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemClock, "sleep", lambda *_: None)
    home.settings.dagster_home.mkdir()
    with dg.DagsterInstance.local_temp(str(home.settings.dagster_home)) as instance:
        result = dg.materialize(pull_assets(home.settings), instance=instance, raise_on_error=False)
        # 404 is Amplitude's way to say that a day has no events.
        assert len(result.get_step_failure_events()) >= len(all_connectors()) - 1
        events = repr(instance.all_logs(result.run_id))
    for secret in secrets(vendor):
        assert secret not in events
        assert not _files_with(home, secret)


def _files_with(home: Home, secret: str) -> list[str]:
    files = [path for path in home.settings.home.rglob("*") if path.is_file()]
    assert files
    return [str(path) for path in files if secret.encode() in path.read_bytes()]
