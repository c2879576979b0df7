"""GitHub: deployments with their statuses, and workflow runs."""

from __future__ import annotations

from datetime import datetime, timedelta

from pipelines.scenario.deployments.plan import BY_COMMIT, REPOSITORIES, SAGEMAKER, Deployment, Exports, digits_of

ENVIRONMENTS = {"recommender": "recommender-production"}
"""Who shares a repository has an environment of its own; the others' is called production."""
API = "https://api.github.com/repos/meridian"


def on_github(exports: Exports, deployment: Deployment) -> None:
    """Tell of the deployment by GitHub's, in staging first."""
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
        tell_github(exports, repository, staging, deployment.sha, staged, "success", **how)
    tell_github(exports, repository, environment, deployment.sha, done, "success", **how)


def tell_github(
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
    number = int(digits_of(repository, environment, sha, at, length=8), 16)
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


def by_workflow(exports: Exports, deployment: Deployment) -> None:
    """Tell of the deployment by a run of its workflow."""
    number = int(digits_of(deployment.model_id, deployment.version, length=8), 16)
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
