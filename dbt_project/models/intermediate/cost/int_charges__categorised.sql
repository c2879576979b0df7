{# A rate published up to a week before a charge converts it: a changed day changes the seven after it. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ clear_worklist('charge_date', forward=7) }}"
    )
}}
{% set fields = ['charge_category', 'commitment', 'stage', 'usage_unit', 'sku_meter', 'service_category'] %}

with

charges as (

    select
        *,
        case
            when commitment_discount_status = 'Unused' then 'unused'
            when charge_category = 'Purchase' and commitment_discount_id is not null then 'purchase'
        end as commitment,
        coalesce(tags ->> '$.stage', tags ->> '$.Stage', tags ->> '$.workload', tags ->> '$.Workload') as stage

    from {{ ref('int_charges__converted') }}
    where {{ in_worklist('charge_date', forward=7) }}

),

rules as (select * from {{ ref('cost_category_rules') }}),

-- Few kinds of charge, many charges: the patterns are tried once a kind.
kinds as (

    select distinct {{ fields | join(', ') }}

    from charges

),

matched as (

    select
        {% for field in fields -%}
        kinds.{{ field }},
        {% endfor -%}
        rules.category

    from kinds
    inner join rules
        on regexp_matches(
            case rules.field
                {% for field in fields -%}
                when '{{ field }}' then kinds.{{ field }}
                {% endfor -%}
            end,
            rules.pattern
        )
    qualify
        row_number() over (
            partition by kinds.{{ fields | join(', kinds.') }}
            order by rules.rule_order
        ) = 1

),

final as (

    select
        charges.*,
        coalesce(matched.category, 'other') as category

    from charges
    left join matched
        on
            {% for field in fields -%}
            {{ 'and ' if not loop.first }}charges.{{ field }} is not distinct from matched.{{ field }}
            {% endfor %}

)

select * from final
