"""The sample company's deployments, written as each system tells of them, and what was planted."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from pipelines.scenario.deployments.changes import CHANGE_FIELDS, CHANGE_LABELS, by_change, certificates, change_csv
from pipelines.scenario.deployments.github import by_workflow, on_github, tell_github
from pipelines.scenario.deployments.kserve import on_kserve, tell_kserve
from pipelines.scenario.deployments.mlflow import by_webhooks, champion_moves, write_registries
from pipelines.scenario.deployments.plan import (
    ALIAS_AGE,
    BROKEN_AGE,
    CHANGE_RECORDS,
    FAILED,
    KSERVE,
    MLFLOW_WEBHOOKS,
    REDEPLOY,
    REPOSITORIES,
    SAGEMAKER,
    UNMAPPED_AGES,
    WORKFLOW,
    Deployment,
    Exports,
    digits_of,
    plan_of,
    planted_at,
)
from pipelines.scenario.deployments.sagemaker import on_sagemaker, tell_eventbridge
from pipelines.scenario.world import World

LATE_AGE, LATE_BY = 21, timedelta(days=4)
"""What became of GitHub's deployments of that day is delivered so much later."""
REPEATED_AGE = 32
"""GitHub's page of that day is delivered again, the day before in it too."""
LABELS_AGE = 40
"""From this day after the start on the changes are exported from the list, by labels, and no longer by field names."""


def write_deployments(world: World, landing: Path) -> dict[str, object]:
    """Write the exports of deployments and registries under `landing`; return what was planted."""
    exports = Exports()
    deployments = plan_of(world)
    for deployment in deployments:
        if deployment.model_id in REPOSITORIES:
            on_github(exports, deployment)
        if deployment.model_id == WORKFLOW:
            by_workflow(exports, deployment)
        if deployment.model_id == SAGEMAKER:
            on_sagemaker(exports, deployment)
        if deployment.model_id == KSERVE:
            on_kserve(exports, deployment)
        if deployment.model_id == CHANGE_RECORDS:
            by_change(exports, deployment)
        if deployment.model_id in MLFLOW_WEBHOOKS:
            by_webhooks(exports, deployment)
    unmapped = [world.at(world.start + timedelta(days=age), 11.5) for age in UNMAPPED_AGES if age < world.days]
    for at in unmapped:
        tell_github(exports, "web-shop", "production", digits_of("web", at, length=40), at, "success", ref="main")
    redeployed, failed = planted_at(deployments, REDEPLOY, 1), planted_at(deployments, FAILED, -1)
    for one, at in redeployed:
        tell_kserve(exports, one, at, revision=9)
    for one, at in failed:
        tell_github(exports, REPOSITORIES[one.model_id], "production", one.sha, at, "failure", ref=one.version)
    champion_moves(exports, world.at(world.start + timedelta(days=ALIAS_AGE), 9.0))
    certificates(exports, world.at(world.start + timedelta(days=BROKEN_AGE), 14.0))
    _write(world, landing, exports)
    write_registries(world, landing, deployments)
    return _truth(world, deployments, unmapped, redeployed, failed)


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
            f"change_records/change_request-{day}.csv": change_csv(
                exports.of("change_records", day), CHANGE_FIELDS if age < LABELS_AGE else CHANGE_LABELS
            ),
        }
        if age == REPEATED_AGE:
            before = exports.of("github/deployments", day - timedelta(days=1))
            texts[f"github/deployments/again-{day}.json"] = json.dumps([*before, *deployments])
        if age == BROKEN_AGE:
            trained: dict[str, object] = {"TrainingJobName": "recs-ranker-17", "TrainingJobStatus": "Completed"}
            tell_eventbridge(exports, "Training Job", world.at(day, 4.0), trained)
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
