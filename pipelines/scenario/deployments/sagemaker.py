"""SageMaker, as EventBridge delivers its events."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from pipelines.scenario.deployments.plan import Deployment, Exports, digits_of

ACCOUNT = "arn:aws:sagemaker:eu-west-1:123456789012"


def on_sagemaker(exports: Exports, deployment: Deployment) -> None:
    """Tell of the deployment by its endpoint's changes of state."""
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
    tell_eventbridge(exports, "Model Package", deployment.registered_at, registered | waiting)
    tell_eventbridge(exports, "Model Package", approved_at, registered | {"ModelApprovalStatus": "Approved"})
    begun = deployment.first_served_at - timedelta(minutes=8)
    tell_eventbridge(
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
    tell_eventbridge(
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
    tell_eventbridge(exports, "Endpoint", at - timedelta(minutes=6), detail | {"EndpointStatus": "UPDATING"})
    for turn in range(2):  # EventBridge may tell a change more than once
        tell_eventbridge(exports, "Endpoint", at, detail | {"EndpointStatus": "IN_SERVICE"}, turn)


def tell_eventbridge(exports: Exports, kind: str, at: datetime, detail: dict[str, object], turn: int = 0) -> None:
    """Keep an event as EventBridge envelops it."""
    exports.tell(
        "sagemaker",
        at,
        {
            "version": "0",
            "id": digits_of(kind, at, json.dumps(detail), turn, length=32),
            "detail-type": f"SageMaker {kind} State Change",
            "source": "aws.sagemaker",
            "account": "123456789012",
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "region": "eu-west-1",
            "resources": [],
            "detail": detail,
        },
    )
