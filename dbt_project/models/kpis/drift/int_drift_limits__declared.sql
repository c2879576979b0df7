with

declared as (select * from {{ source('catalog', 'drift') }}),

watched as (select * from {{ source('catalog', 'drift_features') }}),

final as (

    select
        watched.member_id as model_id,

        watched.feature,
        watched.feature_kind,
        watched.signal,

        watched.is_critical,

        watched.psi_floor,
        declared.significance,
        declared.minimum_count

    from watched
    inner join declared on watched.member_id = declared.member_id

)

select * from final
