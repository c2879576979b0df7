{# The one scale of severities, P0 (worst) to P5, from what PagerDuty and Jira call a priority; 'unset' where none
   was given or the name says nothing. #}
{% macro incident_severity(priority_name) -%}
    case
        when regexp_matches(upper({{ priority_name }}), '^(P|S|SEV|SEVERITY)[ _-]?[0-5]([^0-9]|$)')
            then 'P' || regexp_extract({{ priority_name }}, '([0-5])', 1)
        when lower({{ priority_name }}) in ('highest', 'critical', 'blocker') then 'P1'
        when lower({{ priority_name }}) in ('high', 'major') then 'P2'
        when lower({{ priority_name }}) in ('medium', 'normal') then 'P3'
        when lower({{ priority_name }}) in ('low', 'minor') then 'P4'
        when lower({{ priority_name }}) in ('lowest', 'trivial') then 'P5'
        else 'unset'
    end
{%- endmacro %}
