"""KServe: a watch of InferenceServices."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipelines.scenario.deployments.plan import Deployment, Exports, digits_of


def on_kserve(exports: Exports, deployment: Deployment) -> None:
    """Tell of the deployment by its InferenceService."""
    revision = 2 * int(deployment.version.removeprefix("v"))
    begun = deployment.deployed_at - timedelta(minutes=4)
    tell_kserve(exports, deployment, begun, revision, is_ready=False)
    tell_kserve(exports, deployment, deployment.deployed_at, revision)
    # Somebody labels the service: it has changed, and serves what it served.
    tell_kserve(exports, deployment, deployment.deployed_at, revision, label="on-call")
    staged = deployment.registered_at + timedelta(hours=2)
    tell_kserve(exports, deployment, staged, revision, namespace="hospital-staging")


def tell_kserve(
    exports: Exports,
    deployment: Deployment,
    at: datetime,
    revision: int,
    is_ready: bool = True,
    namespace: str = "hospital",
    label: str = "",
) -> None:
    """Tell of the deployment's roll-out, done `at`."""
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
                    "resourceVersion": str(int(digits_of(at, revision, namespace, is_ready, label, length=7), 16)),
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
