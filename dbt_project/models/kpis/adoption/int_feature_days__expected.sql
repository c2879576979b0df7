with

features as (

    select
        feature_id,
        member_id as model_id,
        source
    from {{ source('catalog', 'features') }}

),

populations as (

    select distinct
        feature_id,
        valid_from,
        valid_to,
        size,
        property_name is not null as is_rule
    from {{ source('catalog', 'target_populations') }}

),

coverage as (

    select distinct
        source,
        day as event_date
    from {{ source('ledger', 'coverage') }}

),

covered as (

    select
        features.model_id,
        features.feature_id,
        coverage.event_date,
        populations.size,
        coalesce(populations.is_rule, false) as is_rule
    from features
    inner join coverage on features.source = coverage.source
    left join populations
        on
            features.feature_id = populations.feature_id
            and {{ as_of('populations', 'coverage.event_date') }}

),

feature_counts as (

    select
        model_id,
        count(*) as feature_count
    from features
    group by model_id

),

-- A model has a row over all of its features on days on which every one of them is covered.
final as (

    select
        model_id,
        feature_id,
        event_date,
        size,
        is_rule
    from covered
    union all
    select
        covered.model_id,
        'all' as feature_id,
        covered.event_date,
        sum(covered.size) as size,
        bool_or(covered.is_rule) as is_rule
    from covered
    inner join feature_counts on covered.model_id = feature_counts.model_id
    group by covered.model_id, covered.event_date
    having count(*) = max(feature_counts.feature_count)

)

select * from final
