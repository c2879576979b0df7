{# One spelling of a version to compare by: v2, V2 and 2 are one version. What is shown keeps its own. #}
{% macro version_key(column) -%}
    regexp_replace(lower({{ column }}), '^v([0-9])', '\1')
{%- endmacro %}

{# The kinds of identifier that say where a model is deployed; a registry's say which versions it has. #}
{% macro identifiers_of_deployments() -%}
    {{ return(['repository', 'environment', 'workflow', 'endpoint', 'inference_service', 'configuration_item']) }}
{%- endmacro %}

{# The version a git ref names, null where it is a branch or a commit: `v2`, `refs/tags/ranker-v2.1`, `2026.1`. #}
{% macro version_of_ref(ref) -%}
    nullif(regexp_extract(
        {{ ref }}, '(?i)^(refs/tags/)?([a-z0-9_-]*[-/@_])?(v[0-9]+([._-][0-9a-z]+)*|[0-9]+([.][0-9]+)+)$', 3
    ), '')
{%- endmacro %}

{#
  What distinguishes one stored model from the next: `uri` less its query, and less the files and folders at its end
  that are called the same in every version, `model.joblib` or `artifacts/model`.
#}
{% macro storage_path(uri) -%}
    regexp_replace(
        regexp_replace({{ uri }}, '[?#].*$', ''),
        '(/(models?|artifacts?|export|saved_model|[^/]*[.]{{ model_file() }}))*/*$', ''
    )
{%- endmacro %}

{# The endings of files that hold a model; a version may precede one. #}
{% macro model_file() -%}
    (joblib|pkl|pickle|bst|json|ubj|txt|pmml|onnx|pb|pt|pth|mar|h5|keras|safetensors|gguf|bin|zip|tgz|tar|tar[.]gz)
{%- endmacro %}

{#
  The version in the place of a stored model, null where nothing in it reads as one: what follows the colon
  (`hf://repo/model:hash`, `image:tag`; `latest` and `main` move), a version in the name of the file, a date of folders,
  else the last name that distinguishes models, if it begins or ends with a number (`v2`, `1.0`, `triage-v2`) or is a
  hash.
#}
{% macro version_of_storage(uri) -%}
    coalesce(
        nullif(regexp_extract(
            regexp_replace({{ uri }}, '[?#].*$|:(latest|main)$', ''), '[^/]:([^:/][^/]*)$', 1
        ), ''),
        nullif(regexp_extract(
            regexp_replace({{ uri }}, '[?#].*$', ''),
            '/(v?[0-9][^/]*|[^/]*[-_.](v[0-9]+|[0-9]{4,})([-_.][0-9]+)*)[.]{{ model_file() }}$', 1
        ), ''),
        nullif(regexp_extract({{ storage_path(uri) }}, '/((19|20)[0-9]{2}/[0-9]{1,2}(/[0-9]{1,2})?)$', 1), ''),
        nullif(regexp_extract(
            {{ storage_path(uri) }},
            '/(v?[0-9][^/]*|[^/]*[-_.]v?[0-9]+([-_.][0-9]+)*|(m-)?[0-9a-f]{7,64})$', 1
        ), '')
    )
{%- endmacro %}

{#
  The environment a deployment went to. `name` is what the system calls it: `prod`, `eu-production`, `recs-staging`.
  `is_production` is the system's own word, where it has one. What names no environment at all is `otherwise`.
#}
{% macro deployment_environment(name, is_production, otherwise) -%}
    case
        when {{ is_production }} then 'prod'
        when regexp_matches(lower({{ name }}), '(^|[^a-z])(pre|non)[-_ ]?prod') then 'staging'
        when regexp_matches(lower({{ name }}), '(^|[^a-z])(prod|production|prd|live)($|[^a-z])') then 'prod'
        when regexp_matches(
            lower({{ name }}),
            '(^|[^a-z])(produktion|produktiv|producci[oó]n|produ[cç][aã]o|produzione|productie)($|[^a-z])'
        ) then 'prod'
        when regexp_matches(lower({{ name }}), '(^|[^a-z])(stage|stg|staging|uat|test|qa)($|[^a-z])') then 'staging'
        when regexp_matches(lower({{ name }}), '(^|[^a-z])(dev|development|sandbox)($|[^a-z])') then 'dev'
        else {{ otherwise }}
    end
{%- endmacro %}

{# What environments are called here; any other name is the company's own word. #}
{% macro known_environments() -%}
    ('prod', 'staging', 'dev')
{%- endmacro %}

{# An environment of the company's own word is production if the catalog maps it to a model: `member_id`, else null. #}
{% macro mapped_environment(environment, identifier_kind, member_id) -%}
    case
        when
            {{ identifier_kind }} = 'environment'
            and {{ member_id }} is not null
            and {{ environment }} not in {{ known_environments() }}
            then 'prod'
        else {{ environment }}
    end
{%- endmacro %}
