with

releases as (select * from {{ ref('int_releases__observed') }}),

incidents as (select * from {{ ref('fct_incidents') }}),

campaigns as (select * from {{ ref('stg_campaigns__annotations') }}),

models as (select * from {{ ref('dim_models') }}),

named as (

    select
        *,
        trim(unnest(string_split(models, ';'))) as member_id

    from campaigns
    where models is not null

),

-- One that names no member concerns all; a name that the catalog does not know is unmapped.
owned as (

    select
        campaigns.*,
        models.model_id

    from campaigns
    cross join models
    where campaigns.models is null

    union all

    select
        named.* exclude (member_id),
        coalesce(models.model_id, 'unmapped') as model_id

    from named
    left join models on named.member_id = models.model_id
    where named.member_id <> ''

),

final as (

    select
        'release:' || model_id || ':' || strftime(event_date, '%Y-%m-%d') as annotation_id,
        model_id,
        event_date,
        'release' as kind,
        'Version ' || model_version || ' after ' || previous_version as title,
        cast(null as varchar) as note,
        source,
        cast(null as varchar) as url,
        released_at as starts_at,
        cast(null as timestamp) as ends_at

    from releases

    union all

    select
        'incident:' || incident_id as annotation_id,
        model_id,
        cast(started_at as date) as event_date,
        'incident' as kind,
        title,
        severity as note,
        source,
        url,
        started_at as starts_at,
        resolved_at as ends_at

    from incidents

    union all

    select distinct
        kind || ':' || campaign_id as annotation_id,
        model_id,
        cast(starts_at as date) as event_date,
        kind,
        title,
        note,
        'campaigns' as source,
        url,
        starts_at,
        ends_at

    from owned

)

select * from final
