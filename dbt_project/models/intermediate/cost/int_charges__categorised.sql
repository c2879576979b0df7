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

),

rules as (select * from {{ ref('cost_category_rules') }}),

-- Few kinds of charge, many charges: the patterns are tried once a kind.
kinds as (

    select distinct {{ fields | join(', ') }}

    from charges

),

matched as (

    select
        {% for field in fields %}kinds.{{ field }}, {% endfor %}
        rules.category

    from kinds
    inner join rules
        on regexp_matches(
            case rules.field
                {% for field in fields %}when '{{ field }}' then kinds.{{ field }}
                {% endfor %}
            end,
            rules.pattern
        )
    qualify
        row_number() over (
            partition by {% for field in fields %}kinds.{{ field }}{{ ', ' if not loop.last }}{% endfor %}
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
            {% for field in fields %}
            charges.{{ field }} is not distinct from matched.{{ field }} {{ 'and' if not loop.last }}
            {% endfor %}

)

select * from final
