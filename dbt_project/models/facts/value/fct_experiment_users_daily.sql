with

users as (select * from {{ ref('int_experiment_users__assigned') }}),

known as (

    select max(day) + interval 1 day as until_at
    from {{ source('ledger', 'coverage') }}
    where source = 'experiments'

),

final as (

    select
        users.experiment_id,
        users.variation_id,

        users.first_exposed_date,

        users.inclusion_status,

        count(*) as user_count,
        count(*) filter (where users.window_until_at > known.until_at) as open_window_user_count,
        cast(sum(users.exposure_count) as bigint) as exposure_count,
        cast(sum(users.delivered_count) as bigint) as delivered_count

    from users
    cross join known
    group by all

)

select * from final
