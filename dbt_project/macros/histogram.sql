{#
  Latency histograms: bucket b holds what lies in (e^((b-1)w), e^(bw)] milliseconds, w as below, the width that
  pipelines.sources.serving_logs counts with (LOG_GAMMA). Histograms merge by addition; what is read back is at
  most 1 % off.
#}
{% macro bucket_width() -%}
    ln(1.01e0 / 0.99e0)
{%- endmacro %}

{# The milliseconds that represent a bucket: the point that is 1 % at most from both of its edges. #}
{% macro latency_of_bucket(bucket) -%}
    (2 * exp({{ bucket }} * {{ bucket_width() }}) / (exp({{ bucket_width() }}) + 1))
{%- endmacro %}

{#
  Quantiles of merged histograms: a query giving `keys`, `request_count` and p50, p95 and p99 in milliseconds, each
  the smallest value that at least that share of the requests does not exceed.
#}
{% macro histogram_quantiles(relation, keys, measure) -%}
    select
        {{ keys | join(', ') }},
        cast(sum(request_count) as bigint) as {{ measure }}_request_count,
        {% for percent in [50, 95, 99] -%}
        {{ latency_of_bucket('min(bucket) filter (where 100 * running_count >= ' ~ percent ~ ' * total_count)') }}
            as {{ measure }}_p{{ percent }}_ms{{ ',' if not loop.last }}
        {% endfor %}
    from (
        select
            {{ keys | join(', ') }},
            bucket,
            request_count,
            sum(request_count) over (
                partition by {{ keys | join(', ') }} order by bucket
                rows between unbounded preceding and current row
            ) as running_count,
            sum(request_count) over (partition by {{ keys | join(', ') }}) as total_count
        from (
            select {{ keys | join(', ') }}, bucket, sum(request_count) as request_count
            from {{ relation }}
            where measure = '{{ measure }}'
            group by all
        ) as merged
    ) as ranked
    group by all
{%- endmacro %}

{# Per `keys`, the latency target of the day and how many requests kept it; no row where there is no target. #}
{% macro histogram_within_target(relation, keys) -%}
    select
        {% for key in keys -%}
        {{ relation }}.{{ key }},
        {% endfor -%}
        slas.latency_p95_ms as latency_target_ms,
        cast(
            coalesce(
                sum({{ relation }}.request_count) filter (
                    where {{ latency_of_bucket(relation ~ '.bucket') }} <= slas.latency_p95_ms
                ), 0
            ) as bigint
        ) as latency_good_count
    from {{ relation }}
    inner join slas
        on
            {{ relation }}.model_id = slas.member_id
            and {{ as_of('slas', relation ~ '.event_date') }}
    where {{ relation }}.measure = 'latency' and slas.latency_p95_ms is not null
    group by all
{%- endmacro %}

{# Two relations agree on every one of `keys`. #}
{% macro same_keys(left, right, keys) -%}
    {%- for key in keys %}{{ left }}.{{ key }} = {{ right }}.{{ key }}{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{# Production latency by `keys`: how many requests, the quantiles of latency and of time to first token, the day's
   target and how many met it. Put it where `latency` are the histograms and `slas` the catalog's targets. #}
{% macro latency_measures(keys) -%}
    select
        quantiles.*,
        first_token.ttft_request_count,
        first_token.ttft_p50_ms,
        first_token.ttft_p95_ms,
        first_token.ttft_p99_ms,
        within_target.latency_target_ms,
        within_target.latency_good_count

    from ({{ histogram_quantiles('latency', keys, 'latency') }}) as quantiles
    left join ({{ histogram_quantiles('latency', keys, 'ttft') }}) as first_token
        on {{ same_keys('quantiles', 'first_token', keys) }}
    left join ({{ histogram_within_target('latency', keys) }}) as within_target
        on {{ same_keys('quantiles', 'within_target', keys) }}
{%- endmacro %}
