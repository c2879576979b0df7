with

models as (select * from {{ ref('dim_models') }}),

shares as (select * from {{ source('catalog', 'project_members') }}),

states as (select * from {{ ref('int_project_states__dated') }}),

estimates as (select * from {{ ref('int_project_finance__estimated') }}),

days as (select * from {{ ref('dim_days') }}),

periods as (

    select
        period,
        period_start_date,
        max(event_date) as as_of_date

    from {{ by_period('days') }} as dated
    group by all

),

known as (

    select
        shares.member_id as model_id,
        shares.share,
        states.known_from_date,
        states.known_to_date,
        states.annual_discount,
        estimates.npv_usd

    from shares
    inner join states on shares.project_id = states.project_id
    left join estimates
        on
            states.project_id = estimates.project_id
            and states.known_from_date = estimates.known_from_date

),

final as (

    select
        models.model_id,
        'npv' as kpi_id,

        periods.period,
        periods.period_start_date,

        -- A sum of which one part is unknown is unknown.
        case when count(known.share) = count(known.npv_usd) then sum(known.share * known.npv_usd) end as numerator,
        case when count(known.share) > 0 then cast(1 as double) end as denominator,
        count(known.share) as sample_size,
        cast(null as double) as ci_low,
        cast(null as double) as ci_high,

        cast(max(known.known_from_date) as timestamp) as data_until_at,

        case
            when count(known.share) = 0 then 'no project of the model had a plan by then'
            when count(known.share) > count(known.annual_discount) then 'a project had no discount rate by then'
            when count(known.share) > count(known.npv_usd)
                then 'a flow is in a currency without an exchange rate for its day'
        end as gap_reason

    from models
    cross join periods
    left join known
        on
            models.model_id = known.model_id
            and periods.as_of_date >= known.known_from_date
            and (known.known_to_date is null or periods.as_of_date < known.known_to_date)
    group by all

)

select * from final
