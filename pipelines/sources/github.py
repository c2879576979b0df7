"""GitHub: deployments with their statuses, and workflow runs (REST v3 pages, and webhook deliveries).

Which deployment reached production, and of which version, is said in dbt.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.spec import Column, Format, Names, Paging, Rule, Source, Table

REPOSITORY = r"/repos/([^/]+/[^/]+)"
"""How an API address names the repository."""

DEPLOYMENTS = Table(
    name="deployments",
    description="One row per delivered snapshot of a deployment: an attempt to put a commit into an environment.",
    columns=(
        Column("deployment_id", "VARCHAR", "GitHub's id of the deployment.", required=True),
        Column("repository", "VARCHAR", "owner/name.", required=True),
        Column("environment", "VARCHAR", "The environment, as the repository calls it.", required=True),
        Column("is_production", "BOOLEAN", "`production_environment`: whether end users use it directly."),
        Column("task", "VARCHAR", "deploy, or what the caller said: `rollback`, `deploy:migrations`, …"),
        Column("ref", "VARCHAR", "The branch, tag or commit that was asked for."),
        Column("sha", "VARCHAR", "The commit it resolved to."),
        Column("payload", "VARCHAR", "The caller's own JSON; `version` and `rollback` are read from it."),
        Column("url", "VARCHAR", "Where the API finds it."),
        Column("created_at", "TIMESTAMP", "When it was asked for.", required=True),
        Column("updated_at", "TIMESTAMP", "When anything of it last changed."),
    ),
    key=("deployment_id", "updated_at"),
    day="created_at",
    touched=("updated_at",),
)

STATUSES = Table(
    name="deployment_statuses",
    description="One row per delivered status: what became of a deployment, and when.",
    columns=(
        Column("status_id", "VARCHAR", "GitHub's id of the status.", required=True),
        Column("deployment_id", "VARCHAR", "The deployment it speaks of.", required=True),
        Column("state", "VARCHAR", "success, failure, error, inactive, or one of those before the end.", required=True),
        Column("environment", "VARCHAR", "The environment it went to, where a status moved it."),
        Column("created_at", "TIMESTAMP", "When it was set.", required=True),
    ),
    key=("status_id",),
    day="created_at",
    rules=(
        Rule(
            "state in ('error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success', 'waiting', "
            "'requested')",
            "state is not one GitHub has",
        ),
    ),
)

WORKFLOW_RUNS = Table(
    name="workflow_runs",
    description="One row per delivered snapshot of an attempt of a workflow run; its newest one holds.",
    columns=(
        Column("run_id", "VARCHAR", "GitHub's id of the run; a re-run keeps it.", required=True),
        Column("run_attempt", "BIGINT", "Which attempt of the run this is, from 1."),
        Column("repository", "VARCHAR", "owner/name.", required=True),
        Column("workflow", "VARCHAR", "The workflow's file: .github/workflows/deploy.yml.", required=True),
        Column("event", "VARCHAR", "What set it off: push, release, workflow_dispatch, …"),
        Column("status", "VARCHAR", "queued, in_progress, completed, …"),
        Column("conclusion", "VARCHAR", "success, failure, cancelled, …; null while it runs."),
        Column("head_branch", "VARCHAR", "The branch or tag it ran on."),
        Column("head_sha", "VARCHAR", "The commit it ran on."),
        Column("committed_at", "TIMESTAMP", "When that commit was made.", incidental=True),
        Column("url", "VARCHAR", "Where a person looks at it."),
        Column("created_at", "TIMESTAMP", "When it was set off.", required=True),
        Column("updated_at", "TIMESTAMP", "When it last changed: its end, once completed."),
    ),
    key=("run_id", "run_attempt", "updated_at", "status"),
    day="created_at",
    touched=("updated_at",),
)


def _payload(doc: str) -> str:
    """The payload of a deployment that lies at `doc`: JSON, or a text of it, or a text of such a text."""
    text = f"({doc} ->> '$.payload')"
    text = f"(case when json_type(try_cast({text} as json)) = 'VARCHAR' then {text} ->> '$' else {text} end)"
    return f"case when json_valid({text}) then {text} end"


def _deployment(doc: str) -> str:
    """The columns of a deployment that lies at `doc`."""
    return f"""
        {doc} ->> '$.id' as deployment_id,
        coalesce(
            regexp_extract({doc} ->> '$.repository_url', '{REPOSITORY}', 1),
            regexp_extract({doc} ->> '$.url', '{REPOSITORY}', 1)
        ) as repository,
        coalesce({doc} ->> '$.original_environment', {doc} ->> '$.environment') as environment,
        {doc} ->> '$.production_environment' as is_production,
        {doc} ->> '$.task' as task,
        {doc} ->> '$.ref' as ref,
        {doc} ->> '$.sha' as sha,
        {_payload(doc)} as payload,
        {doc} ->> '$.url' as url,
        {doc} ->> '$.created_at' as created_at,
        {doc} ->> '$.updated_at' as updated_at
    """


def _status(doc: str) -> str:
    """The columns of a deployment status that lies at `doc`."""
    return f"""
        {doc} ->> '$.id' as status_id,
        regexp_extract({doc} ->> '$.deployment_url', '/deployments/([0-9]+)', 1) as deployment_id,
        {doc} ->> '$.state' as state,
        {doc} ->> '$.environment' as environment,
        {doc} ->> '$.created_at' as created_at
    """


_HOOK_DEPLOYMENT, _HOOK_STATUS = "(doc -> '$.deployment')", "(doc -> '$.deployment_status')"

SOURCE = Source(
    name="github",
    title="GitHub",
    description="Deployments, their statuses and workflow runs: pages of the API, and webhook deliveries.",
    owner="group:ml-platform",
    glob=("github/**/*",),
    tables=(DEPLOYMENTS, STATUSES, WORKFLOW_RUNS),
    formats=(
        Format(
            name="REST deployments",
            container="json",
            requires=("$.id", "$.sha", "$.environment", "$.statuses_url"),
            select={"deployments": f"select _row, _raw, {_deployment('doc')} from rows"},
        ),
        Format(
            name="REST deployment statuses",
            container="json",
            requires=("$.id", "$.state", "$.deployment_url"),
            select={"deployment_statuses": f"select _row, _raw, {_status('doc')} from rows"},
        ),
        Format(
            name="REST workflow runs",
            container="json",
            records=("$.workflow_runs",),
            paging=Paging(total="page ->> '$.total_count'", query="page ->> '$.workflow_runs[0].repository.full_name'"),
            requires=("$.id", "$.head_sha", "$.path", "$.status"),
            select={
                "workflow_runs": """
                    select
                        _row, _raw,
                        doc ->> '$.id' as run_id,
                        doc ->> '$.run_attempt' as run_attempt,
                        doc ->> '$.repository.full_name' as repository,
                        split_part(doc ->> '$.path', '@', 1) as workflow,
                        doc ->> '$.event' as event,
                        doc ->> '$.status' as status,
                        doc ->> '$.conclusion' as conclusion,
                        doc ->> '$.head_branch' as head_branch,
                        doc ->> '$.head_sha' as head_sha,
                        doc ->> '$.head_commit.timestamp' as committed_at,
                        doc ->> '$.html_url' as url,
                        doc ->> '$.created_at' as created_at,
                        doc ->> '$.updated_at' as updated_at
                    from rows
                """
            },
        ),
        Format(
            name="deployment_status webhook",
            container="json",
            requires=("$.deployment.id", "$.deployment_status.state"),
            select={
                "deployments": f"select _row, _raw, {_deployment(_HOOK_DEPLOYMENT)} from rows",
                "deployment_statuses": f"select _row, _raw, {_status(_HOOK_STATUS)} from rows",
            },
        ),
    ),
    # A deployment's last status may come days after it was asked for.
    late=timedelta(days=7),
    day_by="rows",
    role="deployments",
    identifiers=("environment", "repository", "workflow"),
    names=(
        Names("deployments", "environment", "repository || ':' || environment", is_lower=True),
        Names("deployments", "repository", "repository", is_lower=True),
    ),
)
