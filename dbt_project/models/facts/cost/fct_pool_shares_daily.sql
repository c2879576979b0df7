{{ config(materialized='view') }}

with

pools as (select * from {{ source('catalog', 'shared_pools') }}),

members as (select * from {{ source('catalog', 'pool_members') }}),

days as (select * from {{ ref('dim_days') }}),

serving as (select * from {{ ref('fct_serving_hourly') }}),

used as (

    select
        model_id,
        event_date,
        -- Whole microseconds an hour: a sum of doubles depends on the order of its terms, a share may not.
        sum(cast(round(busy_seconds * 1000000) as bigint)) as busy_us,
        sum(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) as token_count,
        sum(prediction_count) as prediction_count

    from serving
    group by all

),

sharing as (

    select distinct
        pools.pool_id,
        pools.driver as declared_driver,
        members.member_id as model_id,
        days.event_date

    from pools
    inner join members on pools.pool_id = members.pool_id
    inner join days
        on
            {{ as_of('members', 'days.event_date') }}

),

weighed as (

    {% for driver, measure in [
        ('busy_seconds', 'used.busy_us'),
        ('tokens', 'used.token_count'),
        ('predictions', 'used.prediction_count'),
        ('equal', '1'),
    ] -%}
    select
        sharing.pool_id,
        sharing.declared_driver,
        sharing.model_id,
        sharing.event_date,
        '{{ driver }}' as driver,
        {{ loop.index }} as driver_order,
        cast(coalesce({{ measure }}, 0) as hugeint) as weight

    from sharing
    {% if driver != 'equal' -%}
    left join used
        on
            sharing.model_id = used.model_id
            and sharing.event_date = used.event_date
    {% endif -%}
    {{ 'union all' if not loop.last }}
    {% endfor -%}

),

totalled as (

    select
        *,
        max(case when driver = declared_driver then driver_order end) over (partition by pool_id) as declared_order,
        cast(sum(weight) over (partition by pool_id, event_date, driver) as hugeint) as total_weight

    from weighed

),

final as (

    select
        pool_id,
        model_id,

        event_date,

        driver,
        driver <> declared_driver as is_fallback,

        weight,
        total_weight

    from totalled
    where
        driver_order >= declared_order
        and total_weight > 0
    qualify rank() over (partition by pool_id, event_date order by driver_order) = 1

)

select * from final
