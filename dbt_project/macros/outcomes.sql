{# What outcomes add up to beside their number: every one of these is a sum, and merges by addition. #}
{% macro outcome_sums() -%}
    {{ return([
        'label_count', 'unreadable_label_count', 'passed_over_count', 'delay_seconds', 'scored_count', 'score_sum',
        'log_loss_count', 'log_loss_sum', 'squared_score_error_sum',
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

{# Whether a label may be of a prediction: made on its day or up to `label_window_days` before, by the model it names. #}
{% macro label_fits(labels, predictions) -%}
            {{ labels }}.prediction_id = {{ predictions }}.prediction_id
            and {{ labels }}.labelled_at >= {{ predictions }}.event_date
            and {{ labels }}.labelled_at < {{ predictions }}.event_date + {{ var('label_window_days') + 1 }}
            and ({{ labels }}.logged_name is null or {{ labels }}.logged_name = {{ predictions }}.logged_name)
{%- endmacro %}

{# What outcomes are counted by before the catalog says which attributes make cohorts. #}
{% macro outcome_keys() -%}
    {{ return([
        'model_id', 'event_date', 'labelled_date', 'model_version', 'environment', 'label_source_number', 'cohorts',
        'predicted_label', 'actual_label', 'score_bin', 'times'
    ]) }}
{%- endmacro %}

{# A label's source as a number and back: millions of labels are joined and counted by the narrow one. #}
{% macro label_sources() -%}
    ['holdout', 'production', 'human_review', 'ground_truth']
{%- endmacro %}

{% macro label_source_number(label_source) -%}
    cast(list_position({{ label_sources() }}, {{ label_source }}) as tinyint)
{%- endmacro %}

{% macro label_source_name(number) -%}
    list_extract({{ label_sources() }}, {{ number }})
{%- endmacro %}

{# The probability that a log's JSON object gives to a class; null where it gives none. #}
{% macro class_score(scores, label) -%}
    try_cast({{ json_property(scores, label) }} as double)
{%- endmacro %}

{# Whether two classes are one, as both are written in logs: where there are two of them, `true` is 1 and `false` 0. #}
{% macro same_class(label, other) -%}
    (
        {% for name in [label, other] -%}
        case {{ name }} when 'true' then '1' when 'false' then '0' else {{ name }} end {{ '= ' if loop.first }}
        {%- endfor %}
    )
{%- endmacro %}
