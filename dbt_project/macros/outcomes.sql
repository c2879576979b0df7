{# What outcomes add up to beside their number: every one of these is a sum, and merges by addition. #}
{% macro outcome_sums() -%}
    {{ return([
        'label_count', 'delay_seconds', 'scored_count', 'score_sum', 'log_loss_sum', 'squared_score_error_sum',
        'valued_count', 'error_sum', 'absolute_error_sum', 'squared_error_sum', 'fourth_power_error_sum',
        'actual_sum', 'squared_actual_sum', 'error_actual_sum', 'relative_error_sum', 'relative_error_count',
        'ranked_count', 'hit_count', 'ndcg_count', 'ndcg_sum', 'squared_ndcg_sum'
    ]) }}
{%- endmacro %}

{# The values of the attributes that the catalog declares, as one JSON text; an attribute not logged is `unknown`. #}
{% macro cohort_values(cohorts, attributes) -%}
    cast(to_json(map_from_entries(list_transform(
        coalesce({{ attributes }}, []),
        lambda attribute: struct_pack(
            k := attribute,
            v := coalesce(json_extract_string({{ cohorts }}, '$."' || attribute || '"'), 'unknown')
        )
    ))) as varchar)
{%- endmacro %}

{# The cohorts a row belongs to, as a list to unnest: everybody, and one for each attribute. #}
{% macro cohort_memberships(cohort_values) -%}
    list_prepend(
        struct_pack(cohort_attribute := 'all', cohort_value := 'all'),
        list_transform(
            json_keys({{ cohort_values }}),
            lambda attribute: struct_pack(
                cohort_attribute := attribute,
                cohort_value := json_extract_string({{ cohort_values }}, '$."' || attribute || '"')
            )
        )
    )
{%- endmacro %}

{# Whether a labelled prediction is evaluated: production on labels from production, holdout sets on their own. #}
{% macro is_evaluated(environment, label_source) -%}
    {{ environment }} = case {{ label_source }} when 'holdout' then 'holdout' else 'prod' end
{%- endmacro %}
