"""KServe: snapshots of InferenceServices, as a Kubernetes watch or a list gives them.

Read by `kubectl get inferenceservices -A -w -o json --output-watch-events`, or without `-w` as a list.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.spec import Column, Format, Names, Paging, Source, Table

INFERENCE_SERVICES = Table(
    name="inference_services",
    description="One row per delivered snapshot of an InferenceService: what it should serve, and what it does.",
    columns=(
        Column("inference_service", "VARCHAR", "namespace/name; the catalog maps it to a member.", required=True),
        Column("resource_version", "VARCHAR", "Kubernetes' number of this state.", required=True),
        Column("version_label", "VARCHAR", "The label or annotation that names the model's version."),
        Column("storage_uri", "VARCHAR", "Where the served model lies; of several places all, with blanks between."),
        Column("environment", "VARCHAR", "The label `environment`; null where it has none."),
        Column("is_ready", "BOOLEAN", "The condition Ready, with what was asked for last the one that is ready."),
        Column("is_failed", "BOOLEAN", "Whether what was asked for last could not be loaded."),
        Column("revision", "VARCHAR", "The newest revision."),
        Column("traffic_percent", "DOUBLE", "Traffic that goes to the newest revision; 100 where none is split."),
        Column("uid", "VARCHAR", "Kubernetes' id of the service; one that is created again has another."),
        Column("observed", "VARCHAR", "Changes with each requested version, and so separates their statuses."),
        Column(
            "changed_at",
            "TIMESTAMP",
            "The newest transition of its conditions; where these bear no time, when the status was last written; "
            "where that is not shown either, when the service was made.",
            required=True,
        ),
        Column("moment_kind", "VARCHAR", "Which of them it is: condition, status_written or object_created."),
        Column("written_at", "TIMESTAMP", "When the status was last written, where `managedFields` are shown."),
    ),
    key=("inference_service", "resource_version"),
    day="changed_at",
)


def _skips(doc: str) -> str:
    """The query for why an object that lies at `doc` is none of the rows: the first one has no status yet."""
    return f"""
        select
            _row,
            case
                when {doc} ->> '$.kind' = 'InferenceService' then 'an InferenceService without a status yet'
                else 'a ' || ({doc} ->> '$.kind') || ', no InferenceService'
            end as _reason
        from rows
    """


def _evaluated(doc: str) -> str:
    """The services that lie at `doc` and have a status; whether what was asked for last is the one that is ready."""
    return f"""
        with
        services as (
            select
                _row, _raw,
                {doc} as service,
                {doc} -> '$.status' as status,
                {doc} -> '$.status.components.predictor' as predictor,
                {doc} ->> '$.status.components.predictor.latestCreatedRevision' as revision,
                {doc} ->> '$.status.modelStatus.transitionStatus' as transition,
                json_extract({doc}, '$.status.conditions[*]') as conditions
            from rows
            where {doc} ->> '$.kind' = 'InferenceService' and json_array_length({doc}, '$.status.conditions') > 0
        ),
        validated as (
            select
                *,
                len(list_filter(
                    conditions, lambda one: one ->> '$.type' = 'Ready' and one ->> '$.status' = 'True'
                )) > 0
                -- A service without revisions (RawDeployment, ModelMesh) stays Ready while its next model loads.
                and case
                    when revision is null then coalesce(transition, '') in ('', 'UpToDate')
                    else revision is not distinct from predictor ->> '$.latestReadyRevision'
                end as is_ready
            from services
        )
    """


# A custom predictor names the place in a variable of its container, or is an image with the model in it.
_STORED_AT = """coalesce(
                service ->> '$.spec.predictor.model.storageUri',
                json_extract_string(service, '$.spec.predictor.*.storageUri')[1],
                nullif(array_to_string(json_extract_string(service, '$.spec.predictor.storageUris[*].uri'), ' '), ''),
                nullif(array_to_string(json_extract_string(service, '$.spec.predictor.*.storageUris[*].uri'), ' '), ''),
                '/' || json_extract_string(service, '$.spec.predictor.*.storage.path')[1],
                list_filter(
                    json_extract(service, '$.spec.predictor.containers[*].env[*]'),
                    lambda one: one ->> '$.name' = 'STORAGE_URI'
                )[1] ->> '$.value',
                '/' || (service ->> '$.spec.predictor.containers[0].image')
            )"""


def _select(doc: str) -> str:
    """The query for snapshots that lie at `doc`."""
    return f"""
        {_evaluated(doc)},
        timed as (
            select
                *,
                list_max(list_transform(conditions, lambda one: one ->> '$.lastTransitionTime')) as moved_at,
                list_max(list_transform(
                    list_filter(
                        json_extract(service, '$.metadata.managedFields[*]'),
                        lambda one: one ->> '$.subresource' = 'status'
                    ),
                    lambda one: one ->> '$.time'
                )) as written_at,
                service ->> '$.metadata.creationTimestamp' as made_at
            from validated
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
            {_STORED_AT} as storage_uri,
            coalesce(
                service ->> '$.metadata.labels.environment',
                service ->> '$.metadata.labels."app.kubernetes.io/environment"'
            ) as environment,
            is_ready,
            coalesce(transition in ('BlockedByFailedLoad', 'InvalidSpec'), false) and not is_ready as is_failed,
            revision,
            coalesce(
                list_filter(
                    json_extract(predictor, '$.traffic[*]'), lambda one: one ->> '$.latestRevision' = 'true'
                )[1] ->> '$.percent',
                service ->> '$.spec.predictor.canaryTrafficPercent',
                '100'
            ) as traffic_percent,
            service ->> '$.metadata.uid' as uid,
            -- `observedGeneration` is that of what KServe makes of a component; of several, of the last one written.
            coalesce(
                case when len(json_keys(status, '$.components')) = 1 then status ->> '$.observedGeneration' end,
                md5(cast(status as varchar))
            ) as observed,
            coalesce(moved_at, written_at, made_at) as changed_at,
            case
                when moved_at is not null then 'condition'
                when written_at is not null then 'status_written'
                when made_at is not null then 'object_created'
            end as moment_kind,
            written_at
        from timed
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
            skips=_skips("(doc -> '$.object')"),
        ),
        Format(
            name="InferenceService list",
            container="json",
            records=("$.items",),
            paging=Paging(
                is_last="""case
                    when json_exists(page, '$.items') then coalesce(page ->> '$.metadata.continue', '') = ''
                end"""
            ),
            requires=("$.kind", "$.metadata.resourceVersion", "$.spec.predictor"),
            select={"inference_services": _select("doc")},
            skips=_skips("doc"),
        ),
    ),
    late=timedelta(days=3),
    fresh_within=timedelta(days=8),
    day_by="rows",
    role="deployments",
    identifiers=("inference_service",),
    names=(Names("inference_services", "inference_service", "inference_service"),),
)
