with

users as (

    select * from {{ ref('int_experiment_users__assigned') }}
    where inclusion_status = 'counted'

),

units as (

    select
        experiment_id,
        metric_id,
        is_complete
    from {{ ref('fct_study_units') }}
    union all
    select
        measured.experiment_id,
        measured.metric_id,
        measured.x is not null as is_complete
    from {{ ref('int_experiment_users__measured') }} as measured
    inner join users
        on
            measured.experiment_id = users.experiment_id
            and measured.user_id = users.user_id

),

final as (

    select
        experiment_id,
        metric_id,

        count(*) as unit_count,
        count(*) filter (where not is_complete) as incomplete_unit_count

    from units
    group by all

)

select * from final
