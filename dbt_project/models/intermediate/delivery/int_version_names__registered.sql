with

snapshots as (select * from {{ ref('stg_mlflow__model_versions') }}),

registry_events as (select * from {{ ref('stg_mlflow__registry_events') }}),

model_packages as (select * from {{ ref('stg_sagemaker__model_packages') }}),

identifiers as (select * from {{ source('catalog', 'identifiers') }}),

tagged as (

    select
        model_name,
        version,
        tags,
        coalesce(updated_at, registered_at) as known_at

    from snapshots
    where tags is not null

    union all

    select
        model_name,
        version,
        tags,
        occurred_at as known_at

    from registry_events
    where version is not null and tags is not null

),

-- A registry numbers versions; what people call one, and the commit it was made from, is in its tags.
labels as (

    select
        model_name,
        version,
        {% for key in var('release_tags') -%}
        max_by({{ json_property('tags', "'" ~ key ~ "'") }}, (known_at, tags)) as release_{{ loop.index }},
        {% endfor -%}
        max_by({{ json_property('tags', "'mlflow.source.git.commit'") }}, (known_at, tags)) as commit_sha

    from tagged
    group by model_name, version

),

registered as (

    select
        'mlflow' as registered_source,
        'registered_model' as identifier_kind,
        model_name,
        version,
        registered_at,
        is_deleted,
        is_ready

    from snapshots

    union all

    select
        'mlflow' as registered_source,
        'registered_model' as identifier_kind,
        model_name,
        version,
        occurred_at as registered_at,
        false as is_deleted,
        true as is_ready

    from registry_events
    where event_type = 'model_version.created'

    union all

    select
        'sagemaker' as registered_source,
        'model_package_group' as identifier_kind,
        model_package_group as model_name,
        version,
        coalesce(registered_at, occurred_at) as registered_at,
        false as is_deleted,
        true as is_ready

    from model_packages
    where model_package_group is not null and version is not null

),

versions as (

    select
        registered_source,
        identifier_kind,
        model_name,
        version,
        min(registered_at) as registered_at,
        bool_or(is_deleted) as is_deleted,
        bool_and(is_ready) as is_ready

    from registered
    group by all

),

labelled as (

    select
        identifiers.member_id as model_id,
        versions.version as registry_version,
        coalesce(
            {% for key in var('release_tags') -%}
            labels.release_{{ loop.index }},
            {% endfor -%}
            versions.version
        ) as version, -- noqa: RF04
        versions.registered_source,
        labels.commit_sha,
        versions.registered_at,
        versions.is_deleted,
        versions.is_ready

    from versions
    inner join identifiers
        on
            versions.registered_source = identifiers.source
            and versions.identifier_kind = identifiers.identifier_kind
            and versions.model_name = identifiers.identifier_value
            and {{ as_of('identifiers', 'cast(versions.registered_at as date)') }}
    left join labels
        on
            versions.registered_source = 'mlflow'
            and versions.model_name = labels.model_name
            and versions.version = labels.version

),

names as (

    select
        *,
        {{ version_key('version') }} as version_key,
        1 as name_rank

    from labelled

    union all

    select
        *,
        {{ version_key('registry_version') }} as version_key,
        2 as name_rank

    from labelled

),

final as (

    select
        model_id,

        version_key,
        version,
        registry_version,
        registered_source,
        commit_sha,

        is_deleted,
        is_ready,

        registered_at

    from names
    -- Where one version's release is called as another's number, the release is meant; of the attempts to register a
    -- release, one that did not fail; of a version that was deleted and registered again, the one that remained.
    qualify row_number() over (
        partition by model_id, version_key
        order by
            name_rank asc, is_ready desc, is_deleted asc, registered_at asc, {{ number_order('registry_version') }} asc
    ) = 1

)

select * from final
