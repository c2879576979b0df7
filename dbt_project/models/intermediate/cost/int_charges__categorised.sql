{# A rate published up to a week before a charge converts it: a changed day changes the seven after it. #}
{{
    config(
        materialized='incremental',
        incremental_strategy='append',
        pre_hook="{{ delete_days_to_rebuild('charge_date', forward=var('rate_holds_days')) }}"
    )
}}
{% set fields = [
    'charge_category', 'commitment', 'tag_stage', 'usage_unit', 'sku_meter', 'service_name', 'service_category',
] %}

with

charges as (

    select
        *,
        case
            when commitment_discount_status = 'Unused' then 'unused'
            when charge_category = 'Purchase' and commitment_discount_id is not null then 'purchase'
        end as commitment,
        coalesce(tags ->> '$.stage', tags ->> '$.Stage', tags ->> '$.workload', tags ->> '$.Workload') as tag_stage

    from {{ ref('int_charges__converted') }}
    where {{ in_days_to_rebuild('charge_date', forward=var('rate_holds_days')) }}

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
            charges.charge_category is not distinct from matched.charge_category
            and charges.commitment is not distinct from matched.commitment
            and charges.tag_stage is not distinct from matched.tag_stage
            and charges.usage_unit is not distinct from matched.usage_unit
            and charges.sku_meter is not distinct from matched.sku_meter
            and charges.service_name is not distinct from matched.service_name
            and charges.service_category is not distinct from matched.service_category

)

-- Every column of the charge is passed on.
select * from final -- noqa: AM04
