{# Written by `make generate` from pipelines/sources/: the sources of each role, by precedence. #}
{% macro sources_of_bills() %}{{ return(['cloud_billing']) }}{% endmacro %}
{% macro sources_of_campaigns() %}{{ return(['campaigns']) }}{% endmacro %}
{% macro sources_of_deployments() %}{{ return(['change_records', 'github', 'kserve', 'sagemaker']) }}{% endmacro %}
{% macro sources_of_experiments() %}{{ return(['experiments']) }}{% endmacro %}
{% macro sources_of_exchange_rates() %}{{ return(['fx_rates']) }}{% endmacro %}
{% macro sources_of_features() %}{{ return(['features']) }}{% endmacro %}
{% macro sources_of_feedback() %}{{ return(['ratings']) }}{% endmacro %}
{% macro sources_of_finance() %}{{ return(['finance']) }}{% endmacro %}
{% macro sources_of_incidents() %}{{ return(['pagerduty', 'incident_io', 'jira']) }}{% endmacro %}
{% macro sources_of_notes() %}{{ return(['notes']) }}{% endmacro %}
{% macro sources_of_predictions() %}{{ return(['predictions']) }}{% endmacro %}
{% macro sources_of_requests() %}{{ return(['serving_logs']) }}{% endmacro %}
{% macro sources_of_surveys() %}{{ return(['qualtrics', 'typeform']) }}{% endmacro %}
{% macro sources_of_tickets() %}{{ return(['zendesk']) }}{% endmacro %}
{% macro sources_of_training() %}{{ return(['training']) }}{% endmacro %}
{% macro sources_of_usage() %}{{ return(['amplitude', 'mixpanel', 'segment']) }}{% endmacro %}
{% macro sources_of_versions() %}{{ return(['mlflow']) }}{% endmacro %}
