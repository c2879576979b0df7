{# One spelling for each environment; a log that names none is production's. #}
{% macro environment_name(column) -%}
    case
        when {{ column }} is null or lower({{ column }}) in ('', 'prod', 'production', 'live') then 'prod'
        when lower({{ column }}) in ('stage', 'stg', 'staging', 'pre-prod', 'preprod') then 'staging'
        else lower({{ column }})
    end
{%- endmacro %}
