{# Written by `make generate` from seeds/kpis.csv: the ids of the KPIs, in their order. #}
{% macro kpi_ids() %}{{ return(['throughput', 'deployment_cadence', 'cost_per_prediction', 'mttr', 'business_value', 'npv', 'accuracy', 'drift_rate', 'feature_adoption', 'satisfaction']) }}{% endmacro %}
