-- An amount, a ratio or a difference is there or its reason is, never both and never neither.
{%- set pairs = [
    ('claimed_usd', 'claimed'), ('measured_usd', 'measured'), ('actual_usd', 'actual'), ('planned_usd', 'planned'),
    ('measured_to_claimed_ratio', 'measured_to_claimed'), ('measured_to_actual_ratio', 'measured_to_actual'),
    ('actual_to_planned_ratio', 'actual_to_planned'), ('difference_usd', 'difference'),
] %}

select
    model_id,
    month_date
from {{ ref('mart_value_reconciliation') }}
where
    false
    {% for column, name in pairs -%}
    or ({{ column }} is null) <> ({{ name }}_gap_reason is not null)
    {% endfor -%}
