{# Roles, ids with a comma between them, as people write them: data steward, SRE. `ROLES` of
   pipelines/scorecard/words.py says the same for texts written in Python. #}
{% macro role_names(roles) -%}
    regexp_replace(
        regexp_replace(replace(replace({{ roles }}, ',', ', '), '_', ' '), '\bsre\b', 'SRE', 'g'), '\bai\b', 'AI', 'g'
    )
{%- endmacro %}
