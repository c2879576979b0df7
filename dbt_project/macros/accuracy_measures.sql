{# The measures of accuracy that are a ratio of sums and better when higher, by the name the catalog gives them. #}
{% macro accuracy_measures() -%}
    {{ return({
        'accuracy': ('correct_count', 'decided_count'),
        'precision': ('true_positive_count', 'true_positive_count + false_positive_count'),
        'recall': ('true_positive_count', 'true_positive_count + false_negative_count'),
        'f1': ('2 * true_positive_count', '2 * true_positive_count + false_positive_count + false_negative_count'),
        'specificity': ('true_negative_count', 'true_negative_count + false_positive_count'),
        'auc': ('concordant_sum', 'cast(happened_count as double) * not_happened_count'),
        'forecast_accuracy': ('actual_sum - absolute_error_sum', 'actual_sum'),
        'ndcg': ('ndcg_sum', 'ndcg_count'),
        'hit': ('hit_count', 'ranked_count'),
    }) }}
{%- endmacro %}

{# What one figure of accuracy is about, a window. #}
{% macro accuracy_window_keys() -%}
    {{ return([
        'model_id', 'period', 'period_start_date', 'scope', 'model_version', 'label_source', 'cohort_attribute',
        'cohort_value'
    ]) }}
{%- endmacro %}
