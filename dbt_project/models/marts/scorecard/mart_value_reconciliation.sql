{%- set factor = var('value_gap_factor') %}
{%- set ratios = [
    ('measured_to_claimed', 'measured', 'claimed'),
    ('measured_to_actual', 'measured', 'actual'),
    ('actual_to_planned', 'actual', 'planned'),
] %}

with

months as (select * from {{ ref('int_value_months__united') }}),

compared as (

    select
        *,
        case when not is_whole then 'the data do not cover the whole month' end as month_gap_reason,
        coalesce(month_gap_reason, measured_gap_reason, actual_gap_reason) as difference_gap_reason
    from months

),

final as (

    select
        model_id,

        month_date,
        as_of,

        model_name,
        case
            when measured_usd is not null then 'measured'
            when actual_usd <> 0 then 'actual'
            when claimed_usd is not null then 'claimed'
            else 'none'
        end as evidence_grade,
        experiment_ids,

        is_whole,
        has_project,
        coalesce(claimed_usd is not null and measured_usd is null, false) as is_claimed_unmeasured,
        coalesce(actual_usd <> 0 and measured_usd is null, false) as is_actual_unmeasured,
        measured_usd is not null and not has_project as is_measured_unrecorded,
        coalesce(month_gap_reason is null and measured_usd > {{ factor }} * actual_usd, false)
            as is_measured_above_actual,
        coalesce(month_gap_reason is null and measured_usd < actual_usd / {{ factor }}, false)
            as is_measured_below_actual,
        case
            when month_gap_reason is null then actual_usd not between measured_ci_low_usd and measured_ci_high_usd
        end as is_gap_beyond_chance,

        claimed_usd,
        measured_usd,
        measured_ci_low_usd,
        measured_ci_high_usd,
        actual_usd,
        planned_usd,
        {% for name in ['claimed', 'measured', 'actual', 'planned'] -%}
        {{ name }}_gap_reason,
        {% endfor -%}

        {% for name, over, under in ratios -%}
        case when month_gap_reason is null then {{ ratio(over ~ '_usd', under ~ '_usd') }} end as {{ name }}_ratio,
        case
            when month_gap_reason is null and {{ over }}_usd is not null and {{ under }}_usd <> 0 then null
            else coalesce(
                month_gap_reason, {{ over }}_gap_reason, {{ under }}_gap_reason, 'the {{ under }} value is 0'
            )
        end as {{ name }}_gap_reason,
        {% endfor -%}

        {% for side in ['', '_ci_low', '_ci_high'] -%}
        case when month_gap_reason is null then measured{{ side }}_usd - actual_usd end
            as difference{{ side }}_usd,
        {% endfor -%}
        difference_gap_reason,

        investment_usd,
        running_usd,
        bill_usd,

        claimed_to_date_usd,
        measured_to_date_usd,
        measured_to_date_ci_low_usd,
        measured_to_date_ci_high_usd,
        {% for name in ['actual', 'planned', 'investment', 'running'] -%}
        case
            when count(*) filter (where has_project and {{ name }}_usd is null and not is_pending) over so_far = 0
                then sum({{ name }}_usd) over so_far
        end as {{ name }}_to_date_usd,
        {% endfor -%}
        sum(bill_usd) over so_far as bill_to_date_usd,

        day_count,
        unmeasured_day_count

    from compared
    window so_far as (partition by model_id order by month_date)

)

select * from final
