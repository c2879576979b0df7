with

version_days as (select * from {{ ref('int_version_days__chosen') }}),

trained as (select * from {{ ref('int_version_features__trained') }}),

lineage as (select * from {{ ref('stg_training__lineage') }}),

identifiers as (

    select * from {{ source('catalog', 'identifiers') }}
    where source = 'features'

),

names as (select * from {{ ref('int_feature_names__watched') }}),

watched as (select * from {{ source('catalog', 'drift_features') }}),

models as (select * from {{ ref('dim_models') }}),

-- Features come from where they did when the version was trained; where nobody says when, when it first served.
versions as (

    select
        version_days.model_id,
        version_days.model_version,
        any_value(trained.training_snapshot_id) as training_snapshot_id,
        any_value(trained.training_snapshot_at) as training_snapshot_at,
        coalesce(
            any_value(trained.training_snapshot_at), cast(min(version_days.event_date) as timestamp)
        ) as made_at

    from version_days
    left join trained
        on
            version_days.model_id = trained.model_id
            and version_days.model_version = trained.model_version
    group by all

),

origins as (

    select
        identifiers.member_id as model_id,
        lineage.* replace (coalesce(names.feature, lineage.feature) as feature)

    from lineage
    inner join identifiers
        on
            lineage.logged_name = identifiers.identifier_value
            and {{ as_of('identifiers', 'lineage.stated_date') }}
    left join names
        on
            identifiers.member_id = names.model_id
            and lower(lineage.feature) = names.feature_key

),

-- The first statement holds for what was trained before it as well: nobody says otherwise.
stated as (

    select
        versions.model_id,
        versions.model_version,
        origins.feature,
        origins.source_table,
        origins.source_column,
        origins.stated_at

    from versions
    inner join origins on versions.model_id = origins.model_id
    window statements as (partition by versions.model_id, versions.model_version)
    qualify
        origins.stated_at = coalesce(
            max(origins.stated_at) filter (where origins.stated_at <= versions.made_at) over statements,
            min(origins.stated_at) over statements
        )

),

final as (

    select
        versions.model_id,
        versions.training_snapshot_id,

        versions.training_snapshot_at,
        stated.stated_at as lineage_stated_at,

        versions.model_version,
        models.model_name,
        coalesce(trained.feature, stated.feature) as feature,
        watched.signal,
        stated.source_table,
        stated.source_column,

        trained.feature is not null as is_in_snapshot,
        coalesce(watched.is_critical, false) as is_critical,

        trained.value_count

    from trained
    full outer join stated
        on
            trained.model_id = stated.model_id
            and trained.model_version = stated.model_version
            and trained.feature = stated.feature
    inner join versions
        on
            coalesce(trained.model_id, stated.model_id) = versions.model_id
            and coalesce(trained.model_version, stated.model_version) = versions.model_version
    inner join models on versions.model_id = models.model_id
    left join watched
        on
            versions.model_id = watched.member_id
            and coalesce(trained.feature, stated.feature) = watched.feature

)

select * from final
