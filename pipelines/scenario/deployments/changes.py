"""Change records, as CSV."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta

from pipelines.scenario.deployments.plan import Deployment, Exports, digits_of

CHANGE_FIELDS = (
    "number", "short_description", "type", "state", "close_code", "cmdb_ci", "u_environment", "u_model_version",
    "sys_created_on", "work_start", "work_end", "sys_updated_on",
)  # fmt: skip
CHANGE_LABELS = (
    "Number", "Short description", "Type", "State", "Close code", "Configuration item", "Environment",
    "Model version", "Created", "Actual start date", "Actual end date", "Updated",
)  # fmt: skip


def by_change(exports: Exports, deployment: Deployment) -> None:
    """Tell of the deployment by a change record."""
    name, version = deployment.log_name, deployment.version
    what = f"Roll back {name} to {version}" if deployment.is_rollback else f"Deploy {name} {version}"
    filed = deployment.deployed_at - timedelta(hours=6)
    # The company began to keep the version in a field of its own only lately: before, the text alone says it.
    _change(exports, f"{what} in production", name, "Production", filed, deployment.deployed_at)
    if not deployment.is_rollback:
        staged = deployment.registered_at + timedelta(hours=4)
        _change(exports, f"{what} in staging", name, "Staging", staged - timedelta(hours=1), staged, version)


def certificates(exports: Exports, at: datetime) -> None:
    """Tell of a change `at` that deploys nothing."""
    _change(exports, "Rotate certificates, see v2 of the manual", "fraud-score", "Production", at, at)


def _change(
    exports: Exports, what: str, item: str, environment: str, filed: datetime, done: datetime, version: str = ""
) -> None:
    """A change as its export shows it on the day it was filed, and again on the day it was closed."""
    row: dict[str, object] = {
        "number": f"CHG{int(digits_of(what, filed, length=5), 16):07d}",
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


def change_csv(rows: list[dict[str, object]], header: tuple[str, ...]) -> str:
    """The export's text: the rows under `header`."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    table.writerows([row.get(field, "") for field in CHANGE_FIELDS] for row in rows)
    return text.getvalue()
