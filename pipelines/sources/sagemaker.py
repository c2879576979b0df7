"""SageMaker: the state changes EventBridge delivers, of endpoints, what they serve, and model packages.

An endpoint names a configuration, that names models, those name packages of the registry: four kinds of event,
four tables. Which version an endpoint served is put together in dbt.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.instants import iso_or_milliseconds
from pipelines.sources.spec import Column, Format, Names, Rule, Source, Table

_EVENT_ID = Column("event_id", "VARCHAR", "EventBridge's id of the event.", required=True)
_OCCURRED_AT = Column("occurred_at", "TIMESTAMP", "When it happened, to the second.", required=True)

_WEIGHED = """
    json_type(variants) = 'ARRAY' and len(list_filter(
        json_extract(variants, '$[*]'),
        lambda one: try_cast(coalesce(one ->> '$.CurrentWeight', one ->> '$.DesiredWeight', '1') as double)
            between 0 and 1e9 is not true
    )) = 0"""

ENDPOINT_CHANGES = Table(
    name="endpoint_changes",
    description="One row per delivered 'SageMaker Endpoint State Change'; several may report one change.",
    columns=(
        _EVENT_ID,
        Column("endpoint_name", "VARCHAR", "The endpoint; the catalog maps it to a member.", required=True),
        Column("endpoint_config_name", "VARCHAR", "The configuration it serves, or moves to.", required=True),
        Column("status", "VARCHAR", "CREATING, UPDATING, IN_SERVICE, FAILED, ROLLING_BACK, …", required=True),
        Column("variants", "VARCHAR", "Production variants with their traffic weights, as a JSON list."),
        Column("environment", "VARCHAR", "The tag `environment`; null where it has none."),
        _OCCURRED_AT,
    ),
    key=("event_id",),
    day="occurred_at",
    rules=(Rule(_WEIGHED, "variants are no list with a weight of 0 or more each"),),
)

ENDPOINT_CONFIGS = Table(
    name="endpoint_configs",
    description="One row per delivered 'SageMaker Endpoint Config State Change'.",
    columns=(
        _EVENT_ID,
        Column("endpoint_config_name", "VARCHAR", "The configuration.", required=True),
        Column("variants", "VARCHAR", "Its production variants with their models, as a JSON list."),
        _OCCURRED_AT,
    ),
    key=("event_id",),
    day="occurred_at",
)

MODELS = Table(
    name="models",
    description="One row per delivered 'SageMaker Model State Change'.",
    columns=(
        _EVENT_ID,
        Column(
            "sagemaker_model_name", "VARCHAR", "The SageMaker model: one version, ready to be served.", required=True
        ),
        Column("model_package_arn", "VARCHAR", "The package it was made from; null where it was made from files."),
        _OCCURRED_AT,
    ),
    key=("event_id",),
    day="occurred_at",
)

MODEL_PACKAGES = Table(
    name="model_packages",
    description="One row per delivered 'SageMaker Model Package State Change'; approvals are such changes too.",
    columns=(
        _EVENT_ID,
        Column("model_package_arn", "VARCHAR", "The package.", required=True),
        Column("model_package_group", "VARCHAR", "Its group; the catalog maps it to a member."),
        Column("version", "VARCHAR", "Its number within the group."),
        Column("approval_status", "VARCHAR", "Approved, Rejected or PendingManualApproval."),
        Column("registered_at", "TIMESTAMP", "When the package was created."),
        _OCCURRED_AT,
    ),
    key=("event_id",),
    day="occurred_at",
)


_ENVIRONMENT = """coalesce(
    json_extract_string(
        detail,
        '$.Tags."' || list_filter(json_keys(detail, '$.Tags'), lambda key: lower(key) = 'environment')[1] || '"'
    ),
    list_transform(
        list_filter(
            json_extract(detail, '$.Tags[*]'),
            lambda tag: lower(coalesce(tag ->> '$.Key', tag ->> '$.key')) = 'environment'
        ),
        lambda tag: coalesce(tag ->> '$.Value', tag ->> '$.value')
    )[1]
)"""
"""The tag `environment`, of an object of tags or of a list of keys and values."""


def _select(kind: str, columns: str) -> str:
    """The query for events of `kind`; `detail` is what the service says, beside EventBridge's envelope."""
    return f"""
        select
            _row, _raw,
            doc ->> '$.id' as event_id,
            {columns},
            doc ->> '$.time' as occurred_at
        from (select *, doc -> '$.detail' as detail from rows)
        where doc ->> '$."detail-type"' = 'SageMaker {kind} State Change'
    """


SOURCE = Source(
    name="sagemaker",
    title="Amazon SageMaker",
    description="State changes of endpoints, endpoint configurations, models and model packages from EventBridge.",
    owner="group:ml-platform",
    glob=("sagemaker/**/*",),
    tables=(ENDPOINT_CHANGES, ENDPOINT_CONFIGS, MODELS, MODEL_PACKAGES),
    formats=(
        Format(
            name="EventBridge events",
            container="json",
            requires=("$.id", "$.detail-type", "$.time", "$.detail"),
            skips="select _row, 'an event of another kind: ' || (doc ->> '$.\"detail-type\"') as _reason from rows",
            select={
                "endpoint_changes": _select(
                    "Endpoint",
                    f"""detail ->> '$.EndpointName' as endpoint_name,
                    detail ->> '$.EndpointConfigName' as endpoint_config_name,
                    detail ->> '$.EndpointStatus' as status,
                    detail ->> '$.ProductionVariants' as variants,
                    {_ENVIRONMENT} as environment""",
                ),
                "endpoint_configs": _select(
                    "Endpoint Config",
                    """detail ->> '$.EndpointConfigName' as endpoint_config_name,
                    detail ->> '$.ProductionVariants' as variants""",
                ),
                "models": _select(
                    "Model",
                    """detail ->> '$.ModelName' as sagemaker_model_name,
                    coalesce(
                        detail ->> '$.PrimaryContainer.ModelPackageName',
                        detail ->> '$.Containers[0].ModelPackageName'
                    ) as model_package_arn""",
                ),
                "model_packages": _select(
                    "Model Package",
                    f"""detail ->> '$.ModelPackageArn' as model_package_arn,
                    coalesce(
                        detail ->> '$.ModelPackageGroupName',
                        regexp_extract(detail ->> '$.ModelPackageArn', 'model-package/([^/]+)/[0-9]+$', 1)
                    ) as model_package_group,
                    coalesce(
                        detail ->> '$.ModelPackageVersion',
                        regexp_extract(detail ->> '$.ModelPackageArn', '/([0-9]+)$', 1)
                    ) as version,
                    detail ->> '$.ModelApprovalStatus' as approval_status,
                    {iso_or_milliseconds("(detail ->> '$.CreationTime')")} as registered_at""",
                ),
            },
        ),
    ),
    late=timedelta(days=3),
    # Endpoints may go weeks without a change; a day's file says so by its name.
    fresh_within=timedelta(days=8),
    day_by="rows",
    role="deployments",
    identifiers=("endpoint", "model_package_group"),
    names=(
        Names("endpoint_changes", "endpoint", "endpoint_name"),
        Names("model_packages", "model_package_group", "model_package_group"),
    ),
)
