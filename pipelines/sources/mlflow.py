"""MLflow's model registry: its REST pages, its SQLite file, and webhook deliveries.

A registry knows versions, not what serves: an alias or a stage is what somebody calls a version. A registry on
Postgres or MySQL is read by its REST pages, or copied into a SQLite file of the same tables.
"""

from __future__ import annotations

from datetime import timedelta

from pipelines.sources.instants import iso_or_milliseconds
from pipelines.sources.spec import Column, Format, Names, Paging, Source, Table

NAMED = "The registered model's name, as workspace/name outside the workspace `default`; the catalog maps it."
"""What a column with a model's name holds."""

PROMPT = "mlflow.prompt.is_prompt"
"""The tag of a registered model that is a prompt, and of its versions."""

MODEL_VERSIONS = Table(
    name="model_versions",
    description="One row per delivered snapshot of a model version; the newest one holds.",
    columns=(
        Column("model_name", "VARCHAR", NAMED, required=True),
        Column("version", "VARCHAR", "The registry's number of the version.", required=True),
        Column("registered_at", "TIMESTAMP", "When the version was created.", required=True),
        Column("updated_at", "TIMESTAMP", "When anything of it last changed."),
        Column("status", "VARCHAR", "READY, PENDING_REGISTRATION or FAILED_REGISTRATION."),
        Column("run_id", "VARCHAR", "The run that made it."),
        Column("artifact_uri", "VARCHAR", "Where its files lie."),
        Column("aliases", "VARCHAR", "What it is called at present, as a JSON list."),
        Column("tags", "VARCHAR", "Its tags, as a JSON object."),
        Column("is_deleted", "BOOLEAN", "Whether it was deleted: the registry's database keeps it, without its run."),
    ),
    key=("model_name", "version", "updated_at"),
    day="registered_at",
    touched=("updated_at",),
)

REGISTRY_EVENTS = Table(
    name="registry_events",
    description="One row per webhook delivery, repeated deliveries included.",
    columns=(
        Column(
            "delivery_id", "VARCHAR", "The header X-MLflow-Delivery-Id: a repeated delivery keeps it.", required=True
        ),
        Column("event_type", "VARCHAR", "model_version.created, model_version_alias.created, …", required=True),
        Column("model_name", "VARCHAR", NAMED, required=True),
        Column("version", "VARCHAR", "The registry's number of the version; null where it is not about one."),
        Column("alias", "VARCHAR", "The alias that was given or taken."),
        Column("tags", "VARCHAR", "The tags that were set, as a JSON object."),
        Column("run_id", "VARCHAR", "The run that made the version."),
        Column("occurred_at", "TIMESTAMP", "When it happened.", required=True),
    ),
    key=("delivery_id",),
    day="occurred_at",
)


def _named(workspace: str, name: str) -> str:
    """A registered model's name, qualified by its workspace (SQL); no name has a slash in it."""
    return f"concat_ws('/', nullif({workspace}, 'default'), {name})"


def _prompts(doc: str) -> str:
    """Whether what lies at `doc` says that it is a prompt (SQL): MLflow keeps these as registered models too."""
    return f"coalesce(list_contains(json_extract_string({doc}, '$.tags[*].key'), '{PROMPT}'), false)"


def _tags(pairs: str) -> str:
    """`pairs`, a JSON list of {key, value}, as a JSON object; a list without a pair is an object without a key."""
    return f"""cast(to_json(map_from_entries(list_transform(
            coalesce(cast(json_extract({pairs}, '$[*]') as json[]), []),
            lambda pair: {{'k': pair ->> '$.key', 'v': pair ->> '$.value'}}
        ))) as varchar)"""


def _version(doc: str) -> str:
    """The columns of a REST ModelVersion that lies at `doc`."""
    return f"""
        {doc} ->> '$.name' as model_name,
        {doc} ->> '$.version' as version,
        {iso_or_milliseconds(f"({doc} ->> '$.creation_timestamp')")} as registered_at,
        {iso_or_milliseconds(f"({doc} ->> '$.last_updated_timestamp')")} as updated_at,
        {doc} ->> '$.status' as status,
        {doc} ->> '$.run_id' as run_id,
        {doc} ->> '$.source' as artifact_uri,
        {_tags(f"{doc} -> '$.tags'")} as tags,
        false as is_deleted
    """


_SELECT_DATABASE = f"""
    with
    named as (
        select
            *,
            {_named("doc ->> '$.workspace'", "doc ->> '$.name'")} as model_name,
            doc ->> '$.version' as version
        from rows
    ),
    aliases as (
        select model_name, version, doc ->> '$.alias' as alias
        from named
        where _table = 'registered_model_aliases'
    ),
    tags as (
        select model_name, version, doc ->> '$.key' as key, doc ->> '$.value' as value
        from named
        where _table = 'model_version_tags'
    )
    select
        _row, _raw, model_name, version,
        {iso_or_milliseconds("(doc ->> '$.creation_time')")} as registered_at,
        {iso_or_milliseconds("(doc ->> '$.last_updated_time')")} as updated_at,
        doc ->> '$.status' as status,
        nullif(doc ->> '$.run_id', 'REDACTED-RUN-ID') as run_id,
        nullif(doc ->> '$.source', 'REDACTED-SOURCE-PATH') as artifact_uri,
        (
            select to_json(list(aliases.alias order by aliases.alias))
            from aliases
            where aliases.model_name = named.model_name and aliases.version = named.version
        ) as aliases,
        (
            select to_json(map(list(tags.key order by tags.key), list(tags.value order by tags.key)))
            from tags
            where tags.model_name = named.model_name and tags.version = named.version
        ) as tags,
        doc ->> '$.current_stage' = 'Deleted_Internal' as is_deleted
    from named
    where _table = 'model_versions' and not exists (
        from tags
        where tags.model_name = named.model_name and tags.version = named.version and tags.key = '{PROMPT}'
    )
"""


def _paging(records: str) -> Paging:
    return Paging(
        is_last=f"""case
            when json_exists(page, '$.{records}') then coalesce(page ->> '$.next_page_token', '') = ''
        end"""
    )


SOURCE = Source(
    name="mlflow",
    title="MLflow",
    description="The model registry: pages of its API, its SQLite file, and webhook deliveries.",
    owner="group:ml-platform",
    glob=("mlflow/**/*",),
    tables=(MODEL_VERSIONS, REGISTRY_EVENTS),
    formats=(
        Format(
            name="REST model versions",
            container="json",
            records=("$.model_versions",),
            paging=_paging("model_versions"),
            requires=("$.name", "$.version", "$.creation_timestamp"),
            select={
                "model_versions": f"""
                    select
                        _row, _raw, {_version("doc")},
                        to_json(coalesce(json_extract_string(doc, '$.aliases[*]'), [])) as aliases
                    from rows
                    where not {_prompts("doc")}
                """
            },
            skips="select _row, 'a version of a prompt' as _reason from rows",
        ),
        Format(
            name="REST registered models",
            container="json",
            records=("$.registered_models",),
            paging=_paging("registered_models"),
            requires=("$.name", "$.creation_timestamp", "$.latest_versions"),
            select={
                "model_versions": f"""
                    with
                    versions as (
                        select _row, _raw, doc, unnest(json_extract(doc, '$.latest_versions[*]')) as version_doc
                        from rows
                        where not {_prompts("doc")}
                    )
                    select
                        _row, _raw, {_version("version_doc")},
                        to_json(list_transform(
                            list_filter(
                                json_extract(doc, '$.aliases[*]'),
                                lambda given: given ->> '$.version' = version_doc ->> '$.version'
                            ),
                            lambda given: given ->> '$.alias'
                        )) as aliases
                    from versions
                """
            },
            skips=f"""
                select
                    _row,
                    case when {_prompts("doc")} then 'a prompt' else 'a model without versions' end as _reason
                from rows
            """,
        ),
        Format(
            name="SQLite registry",
            container="sqlite",
            records=("model_versions", "model_version_tags", "registered_model_aliases"),
            requires=("model_versions.name", "model_versions.version", "model_versions.creation_time"),
            select={"model_versions": _SELECT_DATABASE},
            skips="""
                select
                    _row, case _table
                        when 'model_versions' then 'a version of a prompt'
                        when 'model_version_tags' then 'a tag, kept with its version'
                        else 'an alias, kept with its version'
                    end as _reason
                from rows
            """,
        ),
        Format(
            name="webhook deliveries",
            container="json",
            requires=("$.headers", "$.body.entity", "$.body.action"),
            select={
                "registry_events": f"""
                    select
                        _row, _raw,
                        coalesce(
                            doc ->> '$.headers."X-MLflow-Delivery-Id"',
                            doc ->> '$.headers."x-mlflow-delivery-id"',
                            md5(doc ->> '$.body')
                        ) as delivery_id,
                        (doc ->> '$.body.entity') || '.' || (doc ->> '$.body.action') as event_type,
                        {_named("doc ->> '$.body.workspace'", "doc ->> '$.body.data.name'")} as model_name,
                        doc ->> '$.body.data.version' as version,
                        doc ->> '$.body.data.alias' as alias,
                        coalesce(
                            doc ->> '$.body.data.tags',
                            case
                                when doc ->> '$.body.data.key' is not null
                                then cast(to_json(map(
                                    [doc ->> '$.body.data.key'], [doc ->> '$.body.data.value']
                                )) as varchar)
                            end
                        ) as tags,
                        doc ->> '$.body.data.run_id' as run_id,
                        {iso_or_milliseconds("(doc ->> '$.body.timestamp')")} as occurred_at
                    from rows
                """
            },
        ),
    ),
    late=timedelta(days=7),
    # A registry is quiet between releases.
    fresh_within=timedelta(days=8),
    day_by="rows",
    role="versions",
    identifiers=("registered_model",),
    names=(Names("model_versions", "registered_model", "model_name"),),
)
