"""KServe: snapshots of InferenceServices, as a Kubernetes watch or a list gives them.

Read by `kubectl get inferenceservices -A -w -o json --output-watch-events`, or without `-w` as a list.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.spec import Column, Format, Names, Source, Table

INFERENCE_SERVICES = Table(
    name="inference_services",
    description="One row per delivered snapshot of an InferenceService: what it was told to serve, and what it does.",
    columns=(
        Column("inference_service", "VARCHAR", "namespace/name; the catalog maps it to a member.", required=True),
        Column("resource_version", "VARCHAR", "Kubernetes' number of this state.", required=True),
        Column("version_label", "VARCHAR", "The label or annotation that names the model's version."),
        Column("storage_uri", "VARCHAR", "Where the served model lies."),
        Column("environment", "VARCHAR", "The label `environment`; null where it has none."),
        Column("is_ready", "BOOLEAN", "The condition Ready, with the newest revision the one that is ready."),
        Column("is_failed", "BOOLEAN", "Whether the newest revision could not be loaded."),
        Column("revision", "VARCHAR", "The newest revision."),
        Column("traffic_percent", "DOUBLE", "Traffic that goes to the newest revision; 100 where none is split."),
        Column("changed_at", "TIMESTAMP", "The newest transition of its conditions.", required=True),
    ),
    key=("inference_service", "resource_version"),
    day="changed_at",
)


def _select(doc: str) -> str:
    """The query for snapshots that lie at `doc`."""
    return f"""
        with
        services as (
            select
                _row, _raw,
                {doc} as service,
                {doc} -> '$.status.components.predictor' as predictor,
                json_extract({doc}, '$.status.conditions[*]') as conditions
            from rows
            where {doc} ->> '$.kind' = 'InferenceService'
        )
        select
            _row, _raw,
            (service ->> '$.metadata.namespace') || '/' || (service ->> '$.metadata.name') as inference_service,
            service ->> '$.metadata.resourceVersion' as resource_version,
            coalesce(
                service ->> '$.metadata.labels."model-version"',
                service ->> '$.metadata.annotations."model-version"',
                service ->> '$.metadata.labels."app.kubernetes.io/version"'
            ) as version_label,
            coalesce(
                service ->> '$.spec.predictor.model.storageUri',
                json_extract_string(service, '$.spec.predictor.*.storageUri')[1]
            ) as storage_uri,
            coalesce(
                service ->> '$.metadata.labels.environment',
                service ->> '$.metadata.labels."app.kubernetes.io/environment"'
            ) as environment,
            len(list_filter(
                conditions, lambda one: one ->> '$.type' = 'Ready' and one ->> '$.status' = 'True'
            )) > 0
            and coalesce(predictor ->> '$.latestCreatedRevision' = predictor ->> '$.latestReadyRevision', true)
                as is_ready,
            coalesce(
                service ->> '$.status.modelStatus.transitionStatus' in ('BlockedByFailedLoad', 'InvalidSpec'), false
            ) as is_failed,
            predictor ->> '$.latestCreatedRevision' as revision,
            coalesce(
                list_filter(
                    json_extract(predictor, '$.traffic[*]'), lambda one: one ->> '$.latestRevision' = 'true'
                )[1] ->> '$.percent',
                service ->> '$.spec.predictor.canaryTrafficPercent',
                '100'
            ) as traffic_percent,
            list_max(list_transform(conditions, lambda one: one ->> '$.lastTransitionTime')) as changed_at
        from services
    """


SOURCE = Source(
    name="kserve",
    title="KServe",
    description="InferenceServices as a Kubernetes watch gives them, a JSON document a change, or as a list.",
    owner="group:ml-platform",
    glob=("kserve/**/*",),
    tables=(INFERENCE_SERVICES,),
    formats=(
        Format(
            name="watch events",
            container="json",
            requires=("$.type", "$.object.metadata.resourceVersion", "$.object.kind"),
            select={"inference_services": _select("(doc -> '$.object')")},
            skips="select _row, 'a ' || (doc ->> '$.object.kind') || ', no InferenceService' as _reason from rows",
        ),
        Format(
            name="InferenceService list",
            container="json",
            records=("$.items",),
            requires=("$.kind", "$.metadata.resourceVersion", "$.spec.predictor"),
            select={"inference_services": _select("doc")},
            skips="select _row, 'a ' || (doc ->> '$.kind') || ', no InferenceService' as _reason from rows",
        ),
    ),
    late=timedelta(days=3),
    fresh_within=timedelta(days=8),
    day_by="rows",
    names=(Names("inference_services", "inference_service", "inference_service"),),
)
