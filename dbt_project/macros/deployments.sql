{# One spelling of a version to compare by: v2, V2 and 2 are one version. What is shown keeps its own. #}
{% macro version_key(column) -%}
    regexp_replace(lower({{ column }}), '^v([0-9])', '\1')
{%- endmacro %}

{# The version a git ref names, null where it is a branch or a commit: `v2`, `refs/tags/ranker-v2.1`, `2026.1`. #}
{% macro version_of_ref(ref) -%}
    nullif(regexp_extract(
        {{ ref }}, '(?i)^(refs/tags/)?([a-z0-9_-]*[-/@_])?(v[0-9]+([._-][0-9a-z]+)*|[0-9]+([.][0-9]+)+)$', 3
    ), '')
{%- endmacro %}

{#
  The environment a deployment went to. `name` is what the system calls it: `prod`, `eu-production`, `recs-staging`.
  `is_production` is the system's own word, where it has one. What names no environment at all is `otherwise`.
#}
{% macro deployment_environment(name, is_production, otherwise) -%}
    case
        when {{ is_production }} then 'prod'
        when regexp_matches(lower({{ name }}), '(^|[^a-z])(pre|non)[-_ ]?prod') then 'staging'
        when regexp_matches(lower({{ name }}), '(^|[^a-z])(prod|production|live)($|[^a-z])') then 'prod'
        when regexp_matches(lower({{ name }}), '(^|[^a-z])(stage|stg|staging|uat|test|qa)($|[^a-z])') then 'staging'
        when regexp_matches(lower({{ name }}), '(^|[^a-z])(dev|development|sandbox)($|[^a-z])') then 'dev'
        else {{ otherwise }}
    end
{%- endmacro %}
